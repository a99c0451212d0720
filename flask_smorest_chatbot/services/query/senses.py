"""Whether a word of the vocabulary is meant as the name that it is."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .names import WORD, Kind
from .plain_words import STOP
from .spelling import is_common, is_english
from .term import Term
from .term_words import (
    ADJECTIVES,
    ARTICLE_BEFORE,
    NAME_BEFORE,
    OF_MUSIC,
    OTHER_SENSE,
    OURS_BEFORE,
    PLACE_BEFORE,
)
from .text import Message

#: Before "recording", these make it what somebody does.
_DOING = re.compile(r"(?:'m|'re|\b(?:am|are|is|be|been|was|were|while|when|start|of|by)) $")

_BARE_KINDS: tuple[Kind, ...] = ("category", "brand", "level")


def is_meant(message: Message, terms: Sequence[Term], number: int) -> bool:
    """Tell a name from the same word in another sense: "my boss", "in the country"."""
    term = terms[number]
    text, (start, end) = message.folded, term.span
    word, before = text[start:end], text[max(0, start - 24) : start]
    following = terms[number + 1] if number + 1 < len(terms) else None
    is_before_kind = bool(
        following and following.kind == "category" and len(text[end : following.span[0]]) < 2
    )
    match term.kind:
        case "brand":
            if " " in word or message.shown[start].isupper():
                return not (len(word) < 3 and not message.shown[start:end].isupper())
            if len(word) < 3:
                return is_before_kind
            is_ours = OURS_BEFORE.search(before) and is_english(word)
            return is_before_kind or not is_ours or _stands_alone(text, before, end)
        case "genre":
            other = OTHER_SENSE.get(word)
            if is_before_kind and _is_behind("brand", term, terms, number):
                return False
            is_beside_kind = is_before_kind or _is_behind("category", term, terms, number)
            if is_beside_kind and word.startswith(ADJECTIVES):
                return False
            if OF_MUSIC.match(text, end):
                return True
            return not (other and other.search(before))
        case "category":
            return not (word.endswith("ing") and _DOING.search(before))
        case "place":
            if is_before_kind and _is_behind("brand", term, terms, number):
                return False  # "a Fender Nashville Telecaster"
            if NAME_BEFORE.search(before):
                return False
            if message.shown[start].isupper() or PLACE_BEFORE.search(before):
                return True
            return not is_common(word) or _is_put_briefly(text, terms, number)
    return True


def _is_put_briefly(text: str, terms: Sequence[Term], number: int) -> bool:
    """Tell a place among the bare facts of a request: "e-bike york $30", "jazz sax, york"."""
    start, end = terms[number].span
    is_behind_kind = any(_is_behind(kind, terms[number], terms, number) for kind in _BARE_KINDS)
    is_behind_comma = bool(re.search(r"(?:^|[,.;]) ?$", text[:start]))
    is_last = bool(re.match(r" ?(?:$|[,.;!?$\d])", text[end:]))
    return is_last and (is_behind_comma or (is_behind_kind and text[:end][-3:] != "ing"))


def _is_behind(kind: Kind, term: Term, terms: Sequence[Term], number: int) -> bool:
    """Tell whether a name of a kind stands just before one: "a Fender Jazz Bass"."""
    before = terms[number - 1] if number else None
    return bool(before and before.kind == kind and before.span[1] + 1 == term.span[0])


def _stands_alone(text: str, before: str, end: int) -> bool:
    """Tell "a taylor, please" from "a pearl finish"."""
    following = WORD.search(text, end)
    is_possessive = not ARTICLE_BEFORE.search(before)
    return not is_possessive and (following is None or following[0] in STOP)
