"""Models and other names that the user turns down: "but not the FG800", "not a Gazelle"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .negation import is_turned_down
from .plain_words import MODEL, MODEL_WORD, PIECE, STOP, is_no_item
from .spelling import is_english
from .term import Term
from .term_words import LIST, UNWANTED_AFTER
from .text import TAKEN, Message

_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)")
_OWNED = re.compile(
    r"\b(?:i|we)(?:'ve)? (?:(?:already|currently|now) (?:have|own|got|play|use|rent)"
    r"|own|have already(?: got)?) (?:an? |the |my |one of the )?$"
)
_NAME_REFUSED = re.compile(
    r"(?<!why )(?<!i'm )(?<!i am )(?<!we're )(?<!is )(?<!are )(?<!was )"
    r"\b(?:but not|not|except(?: for)?|excluding|other than|apart from|any \w{1,12} but"
    r"|anything but|everything but|anything except|avoid) (?:an? |the |another |any )?$"
)
#: A message that says no more than this turns a thing down, whatever its name.
_ALL_REFUSED = re.compile(
    r"(?:(?:but|and|no|please)[, ]+)?(?:not|anything but|except) (?:an?|the) [a-z]{5,20}"
    r"(?:,? please)?[ .!?]*"
)
_BRAND_BEFORE = re.compile(r"(?<![\w-])[^\W\d_]+ $")


def find_refused(
    message: Message, left: str, terms: Sequence[Term]
) -> tuple[list[str], list[tuple[int, int]], list[Term]]:
    """Return the models turned down, where they are, and the names but for their makers.

    "Except the Yamaha FG800" turns down neither Yamaha nor all that is a guitar.

    :param left: the folded message, but for what is understood already
    """
    words: list[str] = []
    spans: list[tuple[int, int]] = []
    for start, end, spellings in _names(left, terms):
        head = _head(message, left, start, terms)
        before = left[max(0, head - 60) : head]
        is_listed = bool(spans) and _is_listed(left[spans[-1][1] : head])
        is_unwanted = is_turned_down(before) or UNWANTED_AFTER.match(left[end : end + 40])
        if not (is_unwanted or is_listed or _OWNED.search(before)):
            continue
        words += spellings
        spans.append((head, end))
    for match in PIECE.finditer(left):
        if _is_refused_name(message, left, match, terms, spans):
            words.append(match[0].removesuffix("'s"))
            spans.append(match.span())
    kept = [term for term in terms if not any(a <= term.span[0] < b for a, b in spans)]
    return list(dict.fromkeys(words))[:20], spans, kept


def _names(left: str, terms: Sequence[Term]) -> Iterator[tuple[int, int, list[str]]]:
    """Yield the models' numbers of a message, in every spelling of each."""
    found: dict[int, tuple[int, list[str]]] = {}
    for match in MODEL.finditer(left):
        if match[1] in STOP or (" " in match[0] and len(match[1]) < 2):
            continue
        found[match.start()] = match.end(), [match[1] + match[2], f"{match[1]}-{match[2]}"]
    for match in PIECE.finditer(left):
        word = match[0]
        if any(a <= match.start() < b for a, (b, _) in found.items()) or _ORDINAL.match(word):
            continue
        is_number = re.fullmatch(r"\d{3,5}", word) and any(
            term.kind == "brand" and term.span[1] + 1 == match.start() for term in terms
        )
        if MODEL_WORD.fullmatch(word) or is_number:
            spellings = [word.replace("-", ""), word] if "-" in word else [word]
            found[match.start()] = match.end(), spellings
    for start, (end, spellings) in sorted(found.items()):
        yield start, end, spellings


def _head(message: Message, left: str, start: int, terms: Sequence[Term]) -> int:
    """Return where a model's name begins: with its maker, if that is said."""
    for term in terms:
        if term.kind == "brand" and term.span[1] + 1 == start:
            return term.span[0]
    if (match := _BRAND_BEFORE.search(left[max(0, start - 40) : start])) is not None:
        head = start - len(match[0])
        if message.shown[head].isupper() and head and match[0].strip() not in STOP:
            return head
    return start


def _is_listed(gap: str) -> bool:
    return bool(LIST.match(gap)) and len(gap) < 12


def _is_refused_name(
    message: Message,
    left: str,
    match: re.Match[str],
    terms: Sequence[Term],
    spans: Sequence[tuple[int, int]],
) -> bool:
    """Tell a name that the vocabulary does not have, such as "not a Gazelle"."""
    start, end = match.span()
    if TAKEN in match[0] or len(match[0]) < 3:
        return False
    is_name = message.shown[start].isupper() or (len(match[0]) > 4 and not is_english(match[0]))
    if not (is_name or _ALL_REFUSED.fullmatch(message.folded)):
        return False
    if match[0] in STOP or is_no_item(match[0]) or not match[0].isalpha():
        return False
    if any(a < end and start < b for a, b in (*spans, *(term.span for term in terms))):
        return False
    if spans and spans[-1][1] < start and _is_listed(left[spans[-1][1] : start]):
        return True
    return bool(_NAME_REFUSED.search(left[max(0, start - 60) : start]))
