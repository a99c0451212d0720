"""Find where an answer's prose names offered items, by name, by id or by their page. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ...catalog import CatalogItem
from .matches import Match
from .money import amounts_in
from .names import Names
from .words import Word, fold

#: Between ids: ", ", " and ", " and item ".
_ID_GLUE_TEXT = r"(?:, ?| ?& ?|,? (?:and|or|y|et|und) )(?:(?:id|item|listing) )?"
_ID_GLUE = re.compile(_ID_GLUE_TEXT, re.IGNORECASE)
#: An id that is called one, and an id that may also be a rank or a footnote.
_CALLED_ID = re.compile(
    r"\b(?:id|item|listing|article|articulo|artikel)s?\b['\"]?\s{0,3}[:#=]?\s{0,3}[#'\"]?"
    rf"(\w[\w.-]{{0,60}}(?:{_ID_GLUE_TEXT}#?\w[\w.-]{{0,60}}){{0,9}})",
    re.IGNORECASE,
)
_MAYBE_ID = re.compile(
    r"(?:#|\b(?:number|nummer|nr\.|no\.|num[\u00e9e]ro|n[\u00fau]mero) )(\w[\w-]{0,60})"
    r"|\[(?P<list>\w[\w-]{0,60}(?:, ?\w[\w-]{0,60}){0,9})\]",
    re.IGNORECASE,
)
#: An id that no word and no number can be taken for: "a2", "dr-1".
_CODED_ID = re.compile(r"(?<![\w/=-])([A-Za-z]{1,12}-?\d{1,9})(?![\w-])")
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)|\n(?![ \t]+[-*\u2022])|\|\s*\n")
_PLAIN_AMOUNT = re.compile(r"(?<![\w.,])\d{1,5}[.,]\d\d(?![\w.,]*\d)")
#: Between the places of two items with one name: "one in Austin and another in Dallas".
_ONE_MORE = re.compile(
    r"\b(?:ones?|other|another|and|or|second|otr[oa]|uno|una|y|autre|celui|celle|et|eine?[rs]?"
    r"|ander\w*|und|altr[oa]|quell[oa]|outr[oa]|e|drugi|i|das|die|der)\b"
)
#: Characters behind a name within which its id, price or place is told.
_TOLD_WITHIN = 160
_ID_WITHIN = 50


@dataclass(frozen=True)
class Mention:
    """An item that a text names.

    :param start: place of its name or id in the text
    :param end: where that ends
    :param about: what the sentence goes on to say of it
    :param by_id: whether an id or a link stands there without a name
    """

    item: CatalogItem
    start: int
    end: int
    about: str
    by_id: bool = False


def find_mentions(
    text: str, words: Sequence[Word], names: Names, matches: Sequence[Match]
) -> list[Mention]:
    """Return what a text names of the items on offer, in order.

    :param words: of the text
    :param matches: of names in it
    """
    ends = [words[match.first].start for match in matches[1:]]
    named = [
        mention
        for match, until in zip(matches, [*ends, len(text)], strict=False)
        for mention in _by_name(text, match, words, until)
    ]
    items = [item for product in names.products for item in product.items]
    places = [(mention.start, mention.end) for mention in named]
    cited = [*_by_id(text, items), *_by_link(text, items)]
    others = [mention for mention in cited if not _is_its_own(mention, cited, places, text)]
    return sorted([*named, *others], key=lambda mention: mention.start)


def _is_its_own(
    cited: Mention, all_cited: Sequence[Mention], places: Sequence[tuple[int, int]], text: str
) -> bool:
    """Tell whether an id is that of the name before it; of two behind a name the first may be."""
    name_end = max((end for _, end in places if end <= cited.start), default=0)
    is_first = not any(name_end <= other.start < cited.start for other in all_cited)
    return is_first and stands_beside(cited, places, text)


def _by_name(text: str, match: Match, words: Sequence[Word], until: int) -> Iterator[Mention]:
    start, end = words[match.first].start, words[match.last - 1].end
    about = told_after(text, end, until)
    items = match.product.items
    if len(items) == 1:
        yield Mention(items[0], start, end, about)
        return
    before = text[max(text.rfind("\n", 0, start), start - _ID_WITHIN, 0) : start]
    item = which(items, about, before)
    more = list(_more_of_one_name(items, item, end, about))
    yield Mention(item, start, end, about[: more[0].start - end] if more else about)
    yield from more


def _more_of_one_name(
    items: Sequence[CatalogItem], item: CatalogItem, start: int, about: str
) -> Iterator[Mention]:
    """Yield the other items of one name that a sentence tells by their places."""
    folded = fold(about)
    told = [(folded.find(_place(other)), other) for other in items if _place(other)]
    told.sort(key=lambda place: place[0])
    last = next((at + len(_place(other)) for at, other in told if other is item), -1)
    for at, other in told:
        if 0 <= last < at and _ONE_MORE.search(folded, last, at):
            last = at + len(_place(other))
            yield Mention(other, start + at, start + last, about[last:])


def told_after(text: str, end: int, until: int) -> str:
    """Return the rest of a sentence, with the list below it, at most up to a place."""
    rest = text[end : min(until, end + _TOLD_WITHIN)]
    found = _SENTENCE_END.search(rest)
    return rest[: found.start()] if found else rest


def which(items: Sequence[CatalogItem], about: str, before: str = "") -> CatalogItem:
    """Return the one of several items with one name that is meant; the first if nothing tells.

    :param about: what is said of it, such as its id, price or place
    :param before: the line as far as the name
    """
    if len(items) == 1:
        return items[0]
    prices = {*amounts_in(about), *map(_amount, _PLAIN_AMOUNT.findall(about))}
    after_it, before_it = fold(about), fold(before)
    tests: tuple[Callable[[CatalogItem], bool], ...] = (
        lambda item: _has_id(item, about),
        lambda item: _has_id(item, before),
        lambda item: item.amount in prices,
        lambda item: _is_in(item, after_it),
        lambda item: _is_in(item, before_it),
    )
    for tells in tests:
        told = [item for item in items if tells(item)]
        if len(told) == 1:
            return told[0]
    return _first_told(items, after_it)


def _first_told(items: Sequence[CatalogItem], about: str) -> CatalogItem:
    """Return the item whose place a text tells first, or else the first item."""
    told = [(about.find(_place(item)), at) for at, item in enumerate(items) if _place(item)]
    first = min(((place, at) for place, at in told if place >= 0), default=(0, 0))
    return items[first[1]]


def _has_id(item: CatalogItem, text: str) -> bool:
    return bool(re.search(rf"(?<![\w$.,]){re.escape(str(item.id))}(?![\w])", text))


def _is_in(item: CatalogItem, text: str) -> bool:
    return bool(_place(item)) and _place(item) in text


def _amount(plain: str) -> Decimal:
    return Decimal(plain.replace(",", "."))


def _place(item: CatalogItem) -> str:
    return fold((item.location or "").split(",")[0].strip())


def _by_id(text: str, items: Sequence[CatalogItem]) -> Iterator[Mention]:
    known = {str(item.id): item for item in items}
    told: set[int] = set()  # places that another pattern has read
    for pattern in (_CALLED_ID, _MAYBE_ID, _CODED_ID):
        for cited in pattern.finditer(text):
            if cited.start() in told:
                continue
            keys = _ID_GLUE.split(cited[cited.lastindex or 1])
            for key in (key.strip(" #").rstrip(".-") for key in keys):
                # "#1" is a rank more often than an id.
                if key in known and (pattern is _CALLED_ID or len(key) > 1):
                    told.update(range(*cited.span()))
                    yield Mention(known[key], cited.start(), cited.end(), "", by_id=True)


def _by_link(text: str, items: Sequence[CatalogItem]) -> Iterator[Mention]:
    for item in items:
        at = text.find(item.url) if item.url else -1
        end = at + len(item.url or "")
        if at >= 0 and not re.match(r"[\w/-]", text[end : end + 1]):
            yield Mention(item, at, end, "", by_id=True)


def stands_beside(cited: Mention, places: Sequence[tuple[int, int]], text: str) -> bool:
    """Tell whether an id belongs to a name just before it.

    :param places: where the names start and end, in order
    """
    at = bisect_right(places, cited.start, key=lambda place: place[1])
    end = places[at - 1][1] if at else -_ID_WITHIN - 1
    return cited.start - end <= _ID_WITHIN and "\n" not in text[end : cited.start]
