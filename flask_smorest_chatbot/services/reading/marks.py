"""The marks that a model writes beside its prose: what opens a data block, and what says nothing.

All patterns are bounded, so that no text takes more than linear time, and each comes with the one
for its beginnings: whether text is a mark must not depend on where a piece of it ends.
"""

from __future__ import annotations

import re

from ..prompts import BLOCK_TAG, TEMPLATE_MARK

_GAP = r"\s{0,20}+"
_CODE = rf"`{{3}}[\w+-]{{0,20}}+{_GAP}"
_FENCE = rf"(?P<fence>{_CODE}|`{{1,2}}(?!`))?+"
_TAG = rf"<{BLOCK_TAG}?\s{{0,9}}>"
_KEY = rf"[\"'\u201c\u2018]|(?:id|name|reason|items|{BLOCK_TAG})\s{{0,3}}:"
_THINKING = "think|thinking|thought|reasoning"

#: Where a block begins. The group that matched says which kind it is.
OPENING = re.compile(
    rf"<(?P<thought>{_THINKING})>"
    rf"|{_FENCE}(?:"
    rf"(?P<tag>{_TAG}){_GAP}(?P<inner>{_CODE})?+(?:(?P<tagged>[\[{{])|(?P<text>(?=[^`]|`{{1,2}}[^`])))"
    rf"|(?P<json>\[{_GAP}\{{|\{{{_GAP}(?:{_KEY}))"
    rf"|(?P<yaml>(?<=[\s\w])(?:-\s{{1,3}})?[\"']?id[\"']?\s{{0,3}}:))",
    re.IGNORECASE,
)
_NAMES = rf"items?|profile|{BLOCK_TAG}?|{_THINKING}"
#: Tags of our prompt and marks of chat templates: a model may repeat them, no reader needs them.
MARK = re.compile(
    rf"</?(?:{_NAMES})(?:\s[^<>\n]{{0,300}})?/?>|</?(?:tool_call|tool_response)>|{TEMPLATE_MARK}"
    rf"|&lt;/?{BLOCK_TAG}?&gt;",
    re.IGNORECASE,
)
_BROKEN_TAG = r"<[/|a-z_]{0,17}"
#: Beginnings of tags just before a whole one: taking that out must not join them to what follows.
BROKEN_TAGS = re.compile(rf"(?:{_BROKEN_TAG}){{1,8}}(?=<)", re.IGNORECASE)
#: What may still become one of the above.
PARTIAL = re.compile(
    rf"(?:`{{1,2}}|{_CODE})?(?:"
    rf"(?:{_BROKEN_TAG}){{0,8}}<(?:[^\s<>][^<>\n]{{0,300}})?|<</?sys>"
    rf"|(?:{_BROKEN_TAG}){{0,8}}{_TAG}{_GAP}(?:`{{1,2}}|{_CODE})?"
    rf"|&(?:l|lt|lt;/?[a-z]{{0,{len(BLOCK_TAG)}}}(?:&|&g|&gt)?)?"
    rf"|\[/?[a-z_]{{0,20}}|\[\s{{0,20}}|\{{\s{{0,20}}(?:[a-z]{{1,15}}\s{{0,3}})?"
    rf"|(?:-\s{{0,3}})?[\"']?(?:i|id[\"']?\s{{0,3}})?)",
    re.IGNORECASE,
)
_WHOLE = (
    *(f"<{name}>" for name in ("items", "profile", BLOCK_TAG, *_THINKING.split("|"))),
    *(f"</{name}>" for name in ("items", "profile", BLOCK_TAG, *_THINKING.split("|"))),
    *("<start_of_turn>", "<end_of_turn>", "<<sys>>", "<</sys>>", "[inst]", "[/inst]"),
)
_CUT_ITEM = re.compile(r"</?item\b[^<>\n]*", re.IGNORECASE)
_EMPTY_WRAPPING = re.compile(rf"\s*(?:{_CODE}|{_TAG})", re.IGNORECASE)


def is_cut_mark(text: str) -> bool:
    """Tell whether the end of an answer is a mark that was cut off in the middle."""
    mark = _EMPTY_WRAPPING.sub("", text).strip("` \n").lower()
    if not mark:
        return len(text.strip()) > 2
    if mark.startswith(("<|", "</")) or _CUT_ITEM.fullmatch(mark):
        return True
    return len(mark) > 2 and any(whole.startswith(mark) for whole in _WHOLE)


def without_marks(text: str) -> str:
    """Return text without the marks that stand in it, also where taking one out joins another."""
    for _ in range(8):
        stripped = MARK.sub("", text)
        if stripped == text:
            break
        text = stripped
    return text
