"""Which names of the vocabulary a message says, and which of them the user does not want."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from ..plurals import singular
from .corrections import ALSO, CORRECTS
from .names import WORD, Kind, Meaning, Names, is_common, is_english, spelt_right
from .negation import with_unwanted
from .plain_words import STOP
from .term import Term
from .term_words import (
    ADJECTIVES,
    ANY_BEFORE,
    ARTICLE_BEFORE,
    LIST,
    NAME_BEFORE,
    OF_MUSIC,
    OTHER_SENSE,
    OURS_BEFORE,
    OWNED_BEFORE,
    PLACE_BEFORE,
    RATHER,
)
from .text import Message
from .uses import without_uses

#: What may follow a noun.
_ALONE = re.compile(r"\s?(?:$|[,.;!?)]|(?:or|and|for|in|at|by|under|from|on|with|please)\b)")
#: Before "recording", these make it what somebody does.
_DOING = re.compile(r"(?:'m|'re|\b(?:am|are|is|be|been|was|were|while|when|start|of|by)) $")
#: Before where somebody comes from: "from Austin to Dallas".
_FROM = re.compile(r"\bfrom (?:the )?$")
#: Most words of a message that are looked at for misspelt names.
_MOST_WORDS = 400


def find_terms(message: Message, names: Names, left: str) -> list[Term]:
    """Return the names that a message says, in its order.

    :param left: the folded message, but for what is understood already
    """
    spots = list(WORD.finditer(left))[:_MOST_WORDS]
    words = spelt_right([spot[0] for spot in spots], names)
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
    terms = [term for number, term in enumerate(terms) if _is_meant(message, term, terms, number)]
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


def _is_meant(message: Message, term: Term, terms: Sequence[Term], number: int) -> bool:
    """Tell a name from the same word in another sense: "my boss", "in the country"."""
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
            is_capital = message.shown[start].isupper()
            return is_capital or bool(PLACE_BEFORE.search(before)) or not is_common(word)
    return True


def _is_behind(kind: Kind, term: Term, terms: Sequence[Term], number: int) -> bool:
    """Tell whether a name of a kind stands just before one: "a Fender Jazz Bass"."""
    before = terms[number - 1] if number else None
    return bool(before and before.kind == kind and before.span[1] + 1 == term.span[0])


def _stands_alone(text: str, before: str, end: int) -> bool:
    """Tell "a taylor, please" from "a pearl finish"."""
    following = WORD.search(text, end)
    is_possessive = not ARTICLE_BEFORE.search(before)
    return not is_possessive and (following is None or following[0] in STOP)
