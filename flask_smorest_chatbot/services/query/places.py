"""Places that the catalogue does not have: "in Paris"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...catalog import Vocabulary
from .calendar_words import MONTHS, WEEKDAYS, any_of
from .holiday_names import HOLIDAY
from .plain_words import STOP, is_no_item
from .term import Term
from .text import Message, Scan, fold

_IN = re.compile(
    r"\b(?:in|near|around) (?P<name>[A-Z][^\W\d_]{2,20}(?: [A-Z][^\W\d_]{2,20}){0,2})"
    r"(?=\s?(?:$|[?!.,;)]|for\b|from\b|on\b|at\b|under\b|this\b|next\b|tomorrow\b|today\b"
    r"|and\b|or\b|please\b|by\b|that\b|to\b|with\b|starting\b|between\b|until\b|is\b))"
)
_TIME = re.compile(rf"(?:{any_of(MONTHS)}|{any_of(WEEKDAYS)})")
_NO_PLACES = frozenset(
    "english german french spanish italian dutch portuguese chinese japanese russian latin arabic"
    " black white red blue green yellow brown gold silver natural sunburst mint pink purple orange"
    " grey gray excel pdf word email stereo mono spring summer autumn fall winter easter christmas"
    " xmas halloween thanksgiving general particular person total cash advance app paypal euro"
    " euros dollars usd eur gbp major minor drop bass ordnung tune tuning god jesus love".split()
)
#: German writes every noun with a capital.
_GERMAN = re.compile(r"\b(?:ich|und|der|die|das|ist|haben|habt|ein|eine|einen|gibt|es)\b")


def take_unknown_places(
    message: Message, scan: Scan, vocabulary: Vocabulary, terms: Sequence[Term]
) -> tuple[str, ...]:
    """Return a sentence for each place that is not in the vocabulary, and take it."""
    if not vocabulary.places or _GERMAN.search(message.folded):
        return ()
    notices: list[str] = []
    for match in list(_IN.finditer(message.shown))[:5]:
        start, end = match.span("name")
        name = match["name"]
        words = fold(name).split()
        if scan.left[start:end] != message.folded[start:end]:
            continue  # a part of it is understood already
        if any(a < end and start < b for a, b in (term.span for term in terms)):
            continue
        if any(word in _NO_PLACES or _TIME.fullmatch(word) for word in words) or HOLIDAY.fullmatch(
            fold(name)
        ):
            continue
        if all(word in STOP or is_no_item(word) for word in words):
            continue
        scan.blank([match.span()])
        notices.append(f'"{name}" is no place that is known here.')
    return tuple(notices)
