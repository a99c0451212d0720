"""Which names of a message are turned down: "I hate Behringer and Marshall"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from .plain_words import PIECE, STOP, is_no_item
from .spelling import is_english
from .term import Term
from .term_words import (
    ALL_UNWANTED_AFTER,
    ASKS,
    COMMA,
    LESS_LIKED,
    LIST,
    NOT_AFTER,
    UNWANTED,
    UNWANTED_AFTER,
)
from .text import TAKEN, Message

_Span = tuple[int, int]
#: A common word where a name is meant: "i hate orange and marshall".
_AND_BEFORE = re.compile(r"(?<![\w-])(?P<word>[a-z]{3,}) (?:and|or|nor|&) $")
_STARTS = re.compile(r"(?:^|[.!?:;]) ?$")


def is_turned_down(before: str) -> bool:
    """Tell whether the words before a name turn it down."""
    return bool(UNWANTED.search(before)) and not ASKS.search(before)


def with_unwanted(message: Message, left: str, terms: Sequence[Term]) -> list[Term]:
    """Mark the names that are not wanted; "except Ibanez or Fender" holds for both.

    :param left: the folded message, but for what is understood already
    """
    spans = _names(message, left, terms)
    listed = _listed(left, spans)
    unwanted = [False] * len(spans)
    known_end = 0
    for number, span in enumerate(spans):
        goes_on = listed[number] and unwanted[number - 1]
        unwanted[number] = goes_on or _is_refused(left, span, known_end)
        if ALL_UNWANTED_AFTER.match(left, span[1]):
            for earlier in range(number, 0, -1):
                unwanted[earlier - 1] |= unwanted[earlier] and listed[earlier]
        known_end = max([known_end, *(term.span[1] for term in terms if term.span[1] <= span[1])])
    starts = {start for (start, _), is_out in zip(spans, unwanted, strict=True) if is_out}
    return [replace(term, is_unwanted=term.span[0] in starts) for term in terms]


def _is_refused(left: str, span: _Span, known_end: int) -> bool:
    start, end = span
    before, after = left[max(known_end, start - 60) : start], left[end : end + 40]
    if is_turned_down(before) and not NOT_AFTER.match(after):
        return True
    one = _AND_BEFORE.search(before)
    if one and _may_be_name(one["word"]) and is_turned_down(before[: one.start()]):
        return True
    return bool(UNWANTED_AFTER.match(after) or LESS_LIKED.search(left[max(0, start - 60) : start]))


def _names(message: Message, left: str, terms: Sequence[Term]) -> list[_Span]:
    """Return where names are, known to the vocabulary or not; known neighbours are one name."""
    known = {term.span for term in terms}
    unknown = [
        match.span()
        for match in PIECE.finditer(left)
        if not any(start < match.end() and match.start() < end for start, end in known)
        and _is_name(message, left, match)
    ]
    spans: list[_Span] = []
    is_known = False
    for start, end in sorted([*known, *unknown]):
        is_neighbour = spans and left[spans[-1][1] : start] in (" ", "-")
        if is_neighbour and is_known == ((start, end) in known):
            start = spans.pop()[0]
        else:
            is_known = (start, end) in known
        spans.append((start, end))
    return spans


def _is_name(message: Message, left: str, match: re.Match[str]) -> bool:
    word = match[0]
    if len(word) < 3 or TAKEN in word or not _may_be_name(word):
        return False
    if message.shown[match.start()].isupper() and not _STARTS.search(left[: match.start()]):
        return True
    return word.isalpha() and not is_english(word)


def _may_be_name(word: str) -> bool:
    return word not in STOP and not is_no_item(word)


def _listed(left: str, spans: Sequence[_Span]) -> list[bool]:
    """Tell of each name whether it goes on with a list; a comma does if "and" or "or" follows."""
    listed = [False] * (len(spans) + 1)
    for number in range(len(spans) - 1, 0, -1):
        gap = left[spans[number - 1][1] : spans[number][0]]
        listed[number] = bool(LIST.match(gap) or (listed[number + 1] and COMMA.match(gap)))
    return listed
