"""Which names of the vocabulary a message says, and which of them the user does not want."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from ..plurals import singular
from .corrections import ALSO, CORRECTS
from .names import WORD, Meaning, Names
from .negation import with_unwanted
from .senses import is_meant
from .term import Term
from .term_words import ANY_BEFORE, LIST, OWNED_BEFORE, RATHER
from .text import Message
from .uses import without_uses

#: What may follow a noun.
_ALONE = re.compile(r"\s?(?:$|[,.;!?)]|(?:or|and|for|in|at|by|under|from|on|with|please)\b)")
#: Before where somebody comes from: "from Austin to Dallas".
_FROM = re.compile(r"\bfrom (?:the )?$")
#: Most words of a message that are looked at for misspelt names.
_MOST_WORDS = 400


def find_terms(message: Message, names: Names, left: str) -> list[Term]:
    """Return the names that a message says, in its order.

    :param left: the folded message, but for what is understood already
    """
    spots = list(WORD.finditer(left))[:_MOST_WORDS]
    words = names.spelt_right([spot[0] for spot in spots])
    singulars = [singular(word) for word in words]
    terms: list[Term] = []
    place = 0
    while place < len(spots):
        found = _name_at(names, words, singulars, place)
        if found is None or not _is_unbroken(left, spots[place : place + found[0]]):
            place += 1
            continue
        length, meaning = found
        span = spots[place].start(), spots[place + length - 1].end()
        terms.append(Term(span=span, meaning=meaning))
        place += length
    terms = sorted([*terms, *_beside_makers(left, terms, names)], key=lambda term: term.span)
    terms = [term for number, term in enumerate(terms) if is_meant(message, terms, number)]
    terms = without_uses(left, terms)
    terms = [term for number, term in enumerate(terms) if not _says_which(left, terms, number)]
    terms = _without_left(left, with_unwanted(message, left, terms))
    if not any(term.kind == "category" for term in terms):
        terms += _people(spots, names)
    return [_one_kind(left, term, names) for term in terms]


def _name_at(
    names: Names, words: Sequence[str], singulars: Sequence[str], place: int
) -> tuple[int, Meaning] | None:
    """Return the name that begins at a word; "Pioneer" alone in "pioneer dj controller"."""
    found = names.at(words, singulars, place)
    for length in range(1, found[0] if found else 0):
        head = names.at(words[: place + length], singulars[: place + length], place)
        rest = names.at(words, singulars, place + length)
        if found and head == (length, found[1]) and rest and length + rest[0] > found[0]:
            return head
    return found


def _is_corrected(left: str, terms: Sequence[Term], number: int) -> bool:
    """Tell the first of two names of which the second puts it right: "Austin, no, Dallas"."""
    if number + 1 == len(terms) or terms[number].kind != terms[number + 1].kind:
        return False
    gap = left[terms[number].span[1] : terms[number + 1].span[0]]
    return bool(CORRECTS.search(gap)) and len(gap) < 40 and not ALSO.search(gap)


def _says_which(left: str, terms: Sequence[Term], number: int) -> bool:
    """Tell the first of two kinds that together are one: "bass clarinet"."""
    one, two = terms[number], terms[number + 1] if number + 1 < len(terms) else None
    if two is None or one.kind != "category" or two.kind != "category":
        return False
    return left[one.span[1] : two.span[0]] in (" ", "-")


def _without_left(left: str, terms: Sequence[Term]) -> list[Term]:
    kept: list[Term] = []
    for number, term in enumerate(terms):
        if not (_is_left(left, term, terms) or _is_corrected(left, terms, number)):
            kept.append(term)
        elif term.kind == "place":  # listings are not searched for its name either
            kept.append(replace(term, is_unwanted=True))
    return kept


def _is_left(left: str, term: Term, terms: Sequence[Term]) -> bool:
    """Tell what the message names only to ask for another: "I own an A, but want a B"."""
    start, end = term.span
    if term.kind == "place" and _FROM.search(left[max(0, start - 12) : start]):
        further = [other for other in terms if other.kind == "place" and other is not term]
        return any(not LIST.match(left[end : other.span[0]]) for other in further)
    others = [other for other in terms if other.kind == "brand" and other.span[0] > start]
    if term.kind != "brand" or term.is_unwanted or not others:
        return False
    if OWNED_BEFORE.search(left[max(0, start - 60) : start]):
        return True
    rather = RATHER.search(left, end)
    return rather is not None and any(other.span[0] >= rather.end() for other in others)


def _beside_makers(left: str, terms: Sequence[Term], names: Names) -> list[Term]:
    """Return the categories told by one word: "a Martin acoustic, please", "any acoustic"."""
    found: list[Term] = []
    ends = [term.span[1] + 1 for term in terms if term.kind == "brand"]
    if not any(term.kind == "category" for term in terms):
        ends += [match.end() for match in ANY_BEFORE.finditer(left)]
    for place in ends:
        word = WORD.match(left, place)
        meaning = word and names.attributes.get(singular(word[0]))
        if word and meaning and _ALONE.match(left, word.end()):
            found.append(Term(span=word.span(), meaning=meaning))
    return found


def _people(spots: Sequence[re.Match[str]], names: Names) -> list[Term]:
    """Return what a message that names no category asks for by who plays it: "a drummer"."""
    found = ((spot, names.people.get(singular(spot[0]))) for spot in spots)
    return [Term(span=spot.span(), meaning=meaning) for spot, meaning in found if meaning][:1]


def _one_kind(left: str, term: Term, names: Names) -> Term:
    """Take "no electric guitars" for a wish for other guitars."""
    if term.kind != "category" or not term.is_unwanted:
        return term
    words = [singular(word) for word in WORD.findall(left[slice(*term.span)])]
    is_one_kind = len(words) > 1 and names.meanings.get((words[-1],)) == term.meaning
    return replace(term, is_unwanted=False) if is_one_kind else term


def _is_unbroken(left: str, spots: Sequence[re.Match[str]]) -> bool:
    """Tell whether nothing but blanks and joining marks stands between the words of a name."""
    gaps = (left[one.end() : two.start()] for one, two in pairwise(spots))
    return all(re.fullmatch(r"[ \-&'/.,]{1,3}", gap) for gap in gaps)
