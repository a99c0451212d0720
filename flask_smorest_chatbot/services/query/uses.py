"""Kinds of things that a message names only to say what it needs another for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .term import Term
from .term_words import OWNED_BEFORE

#: Between the kind asked for and what it is for: "an amp for my bass", "amp I can use for drums".
_FOR = re.compile(
    r"(?! (?:and|or|but|plus)\b)[^,.;:!?\x00]{0,24}(?<!looking)(?<!searching)(?<!hunting)"
    r" for (?:an? |the |some |my |our |his |her |their )?(?:\w+ )?$"
)
_AND = re.compile(r" (?:and|or|&) $")
_OCCASION = re.compile(
    r" (?:recital|lesson|class|concert|gig|exam|audition|player|teacher|competition|performance"
    r"|show|session|project|course|quartet|ensemble|practi[cs]e|solo|part)(?:s|es)?\b"
)
_TRADED = re.compile(r"\b(?:swap|trade|exchang|switch|chang|replac)")


def is_activity(left: str, term: Term) -> bool:
    """Tell a kind that is named by what is done with it: "recording"."""
    return term.kind == "category" and left[slice(*term.span)].endswith("ing")


def without_uses(left: str, terms: Sequence[Term]) -> list[Term]:
    """Return the names without those of a use, if the message names a kind that is none.

    :param left: the folded message, but for what is understood already
    """
    kinds = [term for term in terms if term.kind == "category"]
    uses: list[Term] = []
    makers = {term.span[1] + 1: term.span[0] for term in terms if term.kind == "brand"}
    for number, term in enumerate(kinds):
        head = makers.get(term.span[0], term.span[0])
        if _is_use(left, term, left[max(0, head - 40) : head], kinds[:number], uses):
            uses.append(term)
    asked = [kind for kind in kinds if kind not in uses]
    if not asked:
        return list(terms)
    starts = {use.span[0] for use in uses}
    return [
        term for term in terms if term not in uses and not _is_maker_left(left, term, starts, asked)
    ]


def _is_maker_left(left: str, term: Term, uses: set[int], asked: Sequence[Term]) -> bool:
    """Tell the maker of what is not asked for: "my Korg died, I need a synth"."""
    start, end = term.span
    if term.kind != "brand" or any(kind.span[0] == end + 1 for kind in asked):
        return False
    return end + 1 in uses or bool(OWNED_BEFORE.search(left[max(0, start - 40) : start]))


def _is_use(
    left: str, term: Term, before: str, earlier: Sequence[Term], uses: Sequence[Term]
) -> bool:
    start, end = term.span
    if is_activity(left, term) or _OCCASION.match(left, end) or OWNED_BEFORE.search(before):
        return True
    if not earlier:
        return False
    gap = left[earlier[-1].span[1] : start]
    if earlier[-1] in uses:
        return bool(_AND.match(gap))
    return bool(_FOR.match(gap)) and not _TRADED.search(left)
