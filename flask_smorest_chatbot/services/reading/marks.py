"""The marks that a model writes beside its prose: what opens a data block, and what says nothing.

All patterns are bounded, so that no text takes more than linear time, and each comes with the one
for its beginnings: whether text is a mark must not depend on where a piece of it ends. A label that
no sign precedes is the exception where it begins with "I": unless a model writes letter by letter,
one piece must have three of it. To wait for more would hold back the first word of every other
sentence.
"""

from __future__ import annotations

import re

from ..prompts import BLOCK_TAG, REMINDER, TEMPLATE_MARK

_GAP = r"\s{0,20}+"
_CODE = rf"(?:`{{3}}|~{{3}})[\w+-]{{0,20}}+{_GAP}"
_CUT_CODE = rf"(?:`{{1,2}}|~{{1,2}}|{_CODE})"
_FENCE = rf"(?P<fence>{_CODE}|`{{1,2}}(?!`))?+"
_SPACE = "[ \\t]{0,3}"
_TAG = rf"<{_SPACE}{BLOCK_TAG}?\s{{0,9}}\\?>"
#: Our tag, opened or closed.
ANY_TAG = rf"<{_SPACE}/?{_SPACE}{BLOCK_TAG}?\s{{0,9}}\\?>"
#: Our tag as what begins a block; it may be emphasised, alone or with the block, or escaped.
TAG_OF_BLOCK = (
    rf"(?:(?P<bold>\*{{1,3}}+)\\?{_TAG}(?P=bold)|(?P<lead>\*{{1,3}}+)\\?{_TAG}(?!\*)|\\?{_TAG})"
)
_KEY = rf"[\"'\u201c\u2018]|(?:id|name|reason|items|{BLOCK_TAG})\s{{0,3}}:"
_THINKING = "think|thinking|thought|reasoning"

_LABELS = f"{BLOCK_TAG} recommendation recommended items picks selected ids json".split()
_EMPHASIS = "[*_\"'\u201c\u201d]"
#: What a model calls a list, before it: ``recommendations:``, ``"items" =``, ``json`` on a line.
_LABEL = (
    rf"(?:(?:#{{1,6}} )?{_EMPHASIS}{{0,3}}(?:{'|'.join(_LABELS)}){_EMPHASIS}{{0,3}}"
    rf"\s{{0,3}}[:=]\*{{0,2}}\s{{0,20}}+|(?:{'|'.join(_LABELS)})[ \t]{{0,3}}\n\s{{0,20}}+)"
)
LABEL = re.compile(_LABEL, re.IGNORECASE)
_IDS = r"\[\s{0,5}[\w-]{1,60}(?:\s{0,3},\s{0,3}[\w-]{1,60}){0,49}\s{0,5}\]"
#: Where a block begins. The group that matched says which kind it is.
OPENING = re.compile(
    rf"<(?P<thought>{_THINKING})>"
    rf"|(?P<label>{_LABEL})?+{_FENCE}(?:(?:(?<=`{{3}})|(?<!`)){_LABEL})?+(?:"
    rf"{TAG_OF_BLOCK}{_GAP}(?P<inner>{_CODE})?+"
    r"(?:(?P<tagged>[\[{])|(?P<text>(?=[^`~]|`{1,2}[^`]|~{1,2}[^~])))"
    rf"|(?(label)(?P<listed>[\[{{])|(?P<ids>{_IDS}(?=[ \t]*(?:`{{3}}|`?[ \t]*\n))))"
    rf"|(?P<json>\[{_GAP}(?:\{{|\")|\{{{_GAP}(?:{_KEY}))"
    rf"|(?P<yaml>(?<=[\s\w])(?:-\s{{1,3}})?[\"']?id[\"']?\s{{0,3}}:))",
    re.IGNORECASE,
)
_OURS = rf"items?|notes?|profile|{BLOCK_TAG}?"
_NAMES = rf"{_OURS}|{_THINKING}"
_BARE = rf"<{_SPACE}/?{_SPACE}(?:{_OURS})\s{{0,9}}\\?/?>"
#: An emphasised tag, of which the emphasis has not ended.
_HALF_STRONG = rf"(?P<half>\*{{1,3}}+)\\?{_BARE}(?!(?P=half))\*{{0,2}}"
_REMINDED = [r"\s{1,3}" if char == " " else re.escape(char) for char in REMINDER]
_CUT_REMINDER = "|".join("".join(_REMINDED[:end]) for end in range(1, len(_REMINDED)))
#: Words and tags of our prompt and marks of chat templates: a model may repeat them, no reader
#: needs them.
MARK = re.compile(
    rf"</?(?:{_NAMES})(?:\s[^<>\n]{{0,300}})?/?>|</?(?:tool_call|tool_response)>|{TEMPLATE_MARK}"
    rf"|&lt;/?{BLOCK_TAG}?&gt;|(?P<strong>\*{{1,3}}+)\\?{_BARE}(?P=strong)|\\?{_BARE}"
    rf"|{''.join(_REMINDED)}",
    re.IGNORECASE,
)
_BROKEN_TAG = r"<[/|a-z_]{0,17}"
#: Beginnings of tags just before a whole one: taking that out must not join them to what follows.
BROKEN_TAGS = re.compile(rf"(?:{_BROKEN_TAG}){{1,8}}(?=<)", re.IGNORECASE)
_BEFORE = rf"(?:(?:{_BROKEN_TAG}){{0,8}}|\*{{0,3}})\\?"
#: What may still become one of the above.
PARTIAL = re.compile(
    rf"{_CUT_CODE}|{_CUT_CODE}?(?:"
    rf"{_HALF_STRONG}|\*{{1,3}}\\?|\\|{_BEFORE}<{_SPACE}/?{_SPACE}[a-z]{{0,16}}\s{{0,9}}\\?/?"
    rf"|(?:{_BROKEN_TAG}){{0,8}}<(?:[^\s<>][^<>\n]{{0,300}})?|<</?sys>|{_CUT_REMINDER}"
    rf"|{_BEFORE}{_TAG}\*{{0,3}}{_GAP}(?:{_CODE})?(?:`{{1,2}}|~{{1,2}})?"
    rf"|&(?:l|lt|lt;/?[a-z]{{0,{len(BLOCK_TAG)}}}(?:&|&g|&gt)?)?"
    rf"|\[/?[a-z_]{{0,20}}|\[\s{{0,20}}|\{{\s{{0,20}}(?:[a-z]{{1,15}}\s{{0,3}})?)",
    re.IGNORECASE,
)
_LEAD = re.compile(rf"(?:{_LABEL})?+(?:{_CODE})?+(?:{_LABEL})?+", re.IGNORECASE)
_LONG_ENOUGH = 3  # letters; what is shorter may begin anything
_LABEL_STARTS = sorted({label[:end] for label in _LABELS for end in range(1, len(label) + 1)})
_RARE_STARTS = [start for start in _LABEL_STARTS if start not in ("i", "it")]  # as words
#: What may still become a label, or a list of ids, at the beginning of a line or behind a fence.
_CUT_LABEL, _CUT_LABEL_BY_LETTERS = (
    re.compile(
        rf"(?:(?:#{{1,6}} ?{_EMPHASIS}{{0,3}}|{_EMPHASIS}{{1,3}})(?:{'|'.join(_LABEL_STARTS)})?"
        rf"|(?:{'|'.join(bare)})?"
        rf"|(?:#{{1,6}} )?{_EMPHASIS}{{0,3}}(?:{'|'.join(_LABELS)}){_EMPHASIS}{{0,3}}\s{{0,23}}"
        rf"(?:[:=]\*{{0,2}}\s{{0,20}})?)",
        re.IGNORECASE,
    )
    for bare in (_RARE_STARTS, _LABEL_STARTS)
)
#: What may still become a list, or another label, behind a label or fence: rarely prose.
_CUT_LIST = re.compile(
    rf"(?:-\s{{0,3}})?[\"']?(?:i|id[\"']?\s{{0,3}})?|{'|'.join(_LABEL_STARTS)}", re.IGNORECASE
)
_CUT_IDS = re.compile(r"`{0,2}\[[\w\s,-]{0,600}(?:\][ \t]{0,20}`{0,2}[ \t]{0,20})?")
#: Where in a text a label may begin.
LABEL_START = r"(?<=\s)(?:(?=[\"'_#\u201c]|re|it|pi|se|id|js)|[ripsj]\Z)"
_WHOLE = (
    *(f"<{name}>" for name in ("items", "notes", "profile", BLOCK_TAG, *_THINKING.split("|"))),
    *(f"</{name}>" for name in ("items", "notes", "profile", BLOCK_TAG, *_THINKING.split("|"))),
    *("<start_of_turn>", "<end_of_turn>", "<<sys>>", "<</sys>>", "[inst]", "[/inst]"),
)
_CUT_ITEM = re.compile(r"</?item\b[^<>\n]*", re.IGNORECASE)
_EMPTY_WRAPPING = re.compile(rf"\s*(?:{_CODE}|{_TAG})", re.IGNORECASE)
_WHOLE_TAG = re.compile(_HALF_STRONG, re.IGNORECASE)


def may_go_on(text: str, *, starts_line: bool, by_letters: bool) -> bool:
    """Tell whether text may still become a mark, or what opens a block.

    :param starts_line: whether a label may stand where it begins
    :param by_letters: whether the model writes letter by letter
    """
    if PARTIAL.fullmatch(text):
        return True
    if not (starts_line or text.startswith(("```", "~~~"))):
        return False
    lead = _LEAD.match(text)
    known = lead[0] if lead else ""
    cut_label = _CUT_LABEL_BY_LETTERS if by_letters else _CUT_LABEL
    patterns = (cut_label, _CUT_IDS, PARTIAL, *([_CUT_LIST] if known else ()))
    return any(pattern.fullmatch(text, len(known)) for pattern in patterns)


def is_cut_label(text: str) -> bool:
    """Tell whether the end of an answer is the label of a list that never came."""
    label = LABEL.match(text)
    return label is not None and label.end() == len(text) and label[0].rstrip(" *\n")[-1] in ":="


def is_cut_mark(text: str) -> bool:
    """Tell whether the end of an answer is a mark that was cut off in the middle."""
    if _WHOLE_TAG.fullmatch(text) or not text.strip("*\\ \n"):
        return False
    mark = _EMPTY_WRAPPING.sub("", text).strip("`~*\\ \n").lower()
    if not mark:
        return len(text.strip()) >= _LONG_ENOUGH
    if mark.startswith(("<|", "</")) or _CUT_ITEM.fullmatch(mark):
        return True
    if mark.startswith("("):
        return len(mark) > len("(If items") and REMINDER.lower().startswith(" ".join(mark.split()))
    return len(mark) >= _LONG_ENOUGH and any(whole.startswith(mark) for whole in _WHOLE)


def without_marks(text: str) -> str:
    """Return text without the marks that stand in it, also where taking one out joins another."""
    for _ in range(8):
        stripped = MARK.sub("", text)
        if stripped == text:
            break
        text = stripped
    return text
