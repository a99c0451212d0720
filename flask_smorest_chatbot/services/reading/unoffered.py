"""Find what an answer names and looks like a product, but is not on offer. Pure.

Told by form, so only what plainly looks like a product counts: "**Beginner level**" does not.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence, Set

from .matches import Match, is_joined
from .mentions import Mention
from .names import Names
from .others import CONTRARY
from .words import Word, words_of

_NAME_WORD = r"[A-Z\u00c0-\u00de][\w'\u2019&-]{1,30}"
#: A model's code, such as "ES-335", "FG830", "P-125" or "9000".
_CODE = (
    r"(?:[A-Z]{1,5}[a-z]{0,2}-?\d{2,5}[A-Za-z]{0,4}\d{0,2}|\d{2,3}[A-Z]{1,2}|[A-Z]{2,5}(?:-\d|\d[A-Z])[A-Z\d]{0,3}"
    r"|(?!19\d\d|20\d\d)\d{3,4})(?![\w%]|[.,]\d|-[a-z])"
)
#: A made-up or unoffered product by its form: words with capitals, then a code.
_WITH_CODE = re.compile(rf"(?<![\w$#/.-]){_NAME_WORD}(?: {_NAME_WORD}){{0,3}} {_CODE}")
_AFTER_BRAND = re.compile(
    rf" (?:{_NAME_WORD}|{_CODE})(?: (?:{_NAME_WORD}|{_CODE}|\d{{1,2}}\b(?![.,]\d))){{0,3}}"
)
#: A name that is emphasised or begins the line of a list, with a price beside it.
_PRICED = re.compile(
    rf"(?:\*\*|^[ \t]{{0,8}}(?:[-*\u2022]|\d{{1,2}}[.)])[ \t]{{1,3}})"
    rf"({_NAME_WORD}(?: {_NAME_WORD}){{1,4}})"
    r"(?:\*\*)?[^\n\w]{0,9}[$\u20ac\u00a3]\d",
    re.MULTILINE,
)
_TITLE = rf"{_NAME_WORD}(?: {_NAME_WORD}){{1,3}}(?: (?:{_CODE}|\d{{1,2}}))?"
#: A name that the text plainly recommends.
_ADVISED = re.compile(
    r"\b(?:(?i:recommend|suggest|rent|take|get|choose|pick|go (?:for|with)"
    r"|(?:pick|choice) (?:is|would be))(?: (?:renting|getting|taking|trying))?"
    rf" (?:the|our|an?) (?:\*\*)?({_TITLE})|[Tt]ry (?:the|our|an?) \*\*({_TITLE})"
    rf"|(?:[Tt]he|[Oo]ur) (?:\*\*)?({_TITLE})(?=(?:\*\*)? (?:(?:would|will) (?:suit|fit)"
    r"|is (?:perfect|ideal|right|made) for) you))"
    r"(?=(?:\*\*)?(?:[^\w\s'-]|\s*$| (?:for|at|as|if|because|since|and|or|with|from|which|kit|set"
    r"|is|would|will)\b| [(\u2013\u2014-]))",
    re.MULTILINE,
)
#: The head of a list's line.
_HEAD = re.compile(
    rf"^([ \t]{{0,8}}(?:[-*\u2022]|\d{{1,2}}[.)])[ \t]{{1,3}}(?:\*\*)?)(?:({_TITLE})(?=\W*$|\*\*"
    r"|[:,(]| [(\u2013\u2014-])|(?=[A-Z\d]))|^(?![ \t]|[-*\u2022]|\d{1,2}[.)])\S",
    re.MULTILINE,
)
#: Words with capitals that numbers follow, or that follow a maker's name, without naming a thing.
_NO_NAME = frozenset(
    "try our it its this that these those their his her my your both we you if is at no only"
    " over under about price total cost day week month year "
    "january february march april may june july august september october november december "
    "monday tuesday wednesday thursday friday saturday sunday step option level top number item "
    "listing id page chapter opus highway route street room suite model models brand series "
    "company corporation inc dealer the and for with of in by a "
    "warranty best value rental deposit delivery shipping insurance fee rate daily weekly monthly "
    "budget range estimated overall final order special offer average starting".split()
)
#: Words of names that are no product's: of places and works, and of what a list tells of one.
_NO_PRODUCT = frozenset(
    "line street road park festival station hall school university center centre building bridge"
    " airport sonata symphony concerto prelude waltz song course magazine book club store shop"
    " rental period pickup location condition feature features note notes tip tips date dates"
    " availability duration size color colour material body sound tone style genre skill action"
    " neck strings finish weight size case bonus extra extras accessories included quality pros"
    " cons summary booking next why how what".split()
)

#: Words on either side of a part of a name that are looked at.
_LONGEST = 6


def unoffered_products(
    text: str,
    words: Sequence[Word],
    names: Names,
    mentions: Sequence[Mention],
    misnamed: Sequence[Match],
) -> list[tuple[int, int]]:
    """Return where a text names what looks like a product and is not offered.

    :param words: of the text
    :param mentions: of offered items in the text
    :param misnamed: parts of offered items' names that are part of another thing's
    """
    taken = [(mention.start, mention.end) for mention in mentions if not mention.by_id]
    found: list[tuple[int, int]] = []
    no_name = _NO_NAME | names.common
    coded, priced = _coded(text, no_name), _priced(text, no_name)
    branded = _branded(text, words, names, no_name)
    whole = _whole_names(text, words, misnamed, no_name)
    advised, heads = _advised(text, no_name), _heads(text, no_name, mentions)
    for start, end in sorted({*coded, *priced, *branded, *whole, *advised, *heads}):
        is_new = not _overlaps(taken, start, end) and not _overlaps(found[-1:], start, end)
        if is_new and not names.has_part(text[start:end]):
            found.append((start, end))
    return found


def _overlaps(places: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    """Tell whether one of some places, in order and apart, has a part of another."""
    at = bisect_left(places, end, key=lambda place: place[0])
    return at > 0 and places[at - 1][1] > start


def _coded(text: str, no_name: Set[str]) -> Iterator[tuple[int, int]]:
    for found in _WITH_CODE.finditer(text):
        words = words_of(found[0])
        while words and words[0].text in no_name:
            words = words[1:]
        named = [word for word in words if word.text.isalpha() and word.text not in no_name]
        # A bare number needs more of a name before it than a code with letters.
        if len(named) > 1 and len(named[0].text) > 1:
            yield found.start() + words[0].start, found.end()


def _priced(text: str, no_name: Set[str]) -> Iterator[tuple[int, int]]:
    for found in _PRICED.finditer(text):
        if not any(word.text in no_name for word in words_of(found[1])):
            yield found.span(1)


def _advised(text: str, no_name: Set[str]) -> Iterator[tuple[int, int]]:
    for found in _ADVISED.finditer(text):
        if _is_title(found[found.lastindex or 0], no_name):
            yield found.span(found.lastindex or 0)


def _heads(text: str, no_name: Set[str], mentions: Sequence[Mention]) -> Iterator[tuple[int, int]]:
    """Yield the heads of lists of which another line begins with an offered name."""
    offered = {mention.start for mention in mentions}
    heads: list[tuple[tuple[int, str], re.Match[str]]] = []
    paragraphs = 0
    for found in _HEAD.finditer(text):
        if found[1]:
            heads.append(((paragraphs, re.sub(r"\d+", "1", found[1])), found))
        else:
            paragraphs += 1
    lists = {key for key, found in heads if found.end(1) in offered}
    for key, found in heads:
        if key in lists and found[2] and _is_title(found[2], no_name):
            yield found.span(2)


def _is_title(name: str, no_name: Set[str]) -> bool:
    """Tell whether no word of a name is one of a place, a work or a heading."""
    return not any(word.text in no_name or word.text in _NO_PRODUCT for word in words_of(name))


def _branded(
    text: str, words: Sequence[Word], names: Names, no_name: Set[str]
) -> Iterator[tuple[int, int]]:
    for word in words:
        if word.text in names.brands and word.is_capital:
            found = _AFTER_BRAND.match(text, word.end)
            if found and _is_model(words_of(found[0]), no_name, names.common):
                yield word.start, found.end()


def _is_model(words: Sequence[Word], no_name: Set[str], common: Set[str]) -> bool:
    """Tell "Piano 5" and "Electro" behind a maker's name from "Piano"."""
    if words[0].text in common:
        return words[-1].text.isdigit()
    return words[0].text not in no_name


def _whole_names(
    text: str, words: Sequence[Word], misnamed: Sequence[Match], no_name: Set[str]
) -> Iterator[tuple[int, int]]:
    """Yield the names of which others' names are only a part: "Squier Jazz Bass"."""
    for match in misnamed:
        first, last = match.first, match.last
        least, most = max(0, first - _LONGEST), min(len(words), last + _LONGEST)
        while (
            first > least and is_joined(text, words, first) and _may_name(words[first - 1], match)
        ):
            first -= 1
        while words[first].text in no_name and first < match.first:
            first += 1
        while last < most and is_joined(text, words, last) and _may_name(words[last], match):
            last += 1
        if last - first > match.last - match.first and _NO_PRODUCT.isdisjoint(
            word.text for word in words[first:last]
        ):
            yield words[first].start, words[last - 1].end


def _may_name(word: Word, match: Match) -> bool:
    return word.is_capital or word.text.isdigit() or word.text in {*match.product.words, *CONTRARY}
