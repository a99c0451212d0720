"""Kinds of things that a message names only to say what it needs another for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .term import Term

#: Between the kind asked for and what it is for: "an amp for my bass", "amp I can use for drums".
_FOR = re.compile(
    r"(?! (?:and|or|but|plus)\b)[^,.;:!?\x00]{0,24}(?<!looking)(?<!searching)(?<!hunting)"
    r" for (?:an? |the |some |my |our |his |her |their )?(?:\w+ )?$"
)
_AND = re.compile(r" (?:and|or|&) $")
#: Before what the user has already, or does something to.
_THEIRS = re.compile(
    r"\b(?:(?:my|our) (?!first |own |next |new |very )(?:\w+ )?"
    r"|(?<!can )(?<!could )(?<!may )(?<!might )(?<!do )(?<!should )(?:i|we)(?:'ve)?"
    r" (?:(?:already|only|just|currently|usually) )?(?:have|got|own|play)(?: got)?"
    r" (?:an? |the |some )?"
    r"|(?:record|sampl|mic|mik|amplify)(?:e|ing)?(?: up)? (?:an? |the |some )?)$"
)
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
    for number, term in enumerate(kinds):
        if _is_use(left, term, kinds[:number], uses):
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
    return end + 1 in uses or bool(_THEIRS.search(left[max(0, start - 40) : start]))


def _is_use(left: str, term: Term, earlier: Sequence[Term], uses: Sequence[Term]) -> bool:
    start, end = term.span
    before = left[max(0, start - 40) : start]
    if is_activity(left, term) or _OCCASION.match(left, end) or _THEIRS.search(before):
        return True
    if not earlier:
        return False
    gap = left[earlier[-1].span[1] : start]
    if earlier[-1] in uses:
        return bool(_AND.match(gap))
    return bool(_FOR.match(gap)) and not _TRADED.search(left)
