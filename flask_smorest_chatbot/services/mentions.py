"""Find the offered items that an answer's prose recommends, by name or by id. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..catalog import CatalogItem
from .advice import is_advised
from .money import amounts_in
from .names import Match, Names, Word, fold

#: An id that is called one, and an id that may also be a rank or a footnote.
_CALLED_ID = re.compile(
    r"\b(?:id|item|listing|article|articulo|artikel)\b['\"]?\s{0,3}[:#=]?\s{0,3}[#'\"]?(\w[\w.-]{0,60})",
    re.IGNORECASE,
)
_MAYBE_ID = re.compile(r"#(\w[\w-]{0,60})|\[(?P<list>\w[\w-]{0,60}(?:, ?\w[\w-]{0,60}){0,9})\]")
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)|\n(?![ \t]+[-*\u2022])|\|\s*\n")
#: Characters behind a name within which its id, price or place is told.
_TOLD_WITHIN = 160
_ID_WITHIN = 50


@dataclass(frozen=True)
class Mention:
    """An item that a text names.

    :param start: place of its name or id in the text
    :param end: where that ends
    :param about: what the sentence goes on to say of it
    :param is_advised: whether the text does not speak against it
    :param by_id: whether an id stands there without a name
    """

    item: CatalogItem
    start: int
    end: int
    about: str
    is_advised: bool
    by_id: bool = False


def find_mentions(text: str, words: Sequence[Word], names: Names) -> list[Mention]:
    """Return what a text names of the items on offer, in order.

    :param words: of the text
    """
    matches = names.find(text, words)
    ends = [words[match.first].start for match in matches[1:]]
    named = [
        _by_name(text, match, words, until)
        for match, until in zip(matches, [*ends, len(text)], strict=False)
    ]
    known = {str(item.id): item for product in names.products for item in product.items}
    places = [(mention.start, mention.end) for mention in named]
    cited = [mention for mention in _by_id(text, known) if not stands_beside(mention, places, text)]
    return sorted([*named, *cited], key=lambda mention: mention.start)


def _by_name(text: str, match: Match, words: Sequence[Word], until: int) -> Mention:
    start, end = words[match.first].start, words[match.last - 1].end
    about = told_after(text, end, until)
    before = text[max(text.rfind("\n", 0, start), start - _ID_WITHIN, 0) : start]
    item = which(match.product.items, about, before)
    return Mention(item, start, end, about, is_advised(text, start, end))


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
    prices = set(amounts_in(about))
    for tells in (
        lambda item: re.search(rf"(?<![\w$.,]){re.escape(str(item.id))}(?![\w])", about),
        lambda item: re.search(rf"(?<![\w$.,]){re.escape(str(item.id))}(?![\w])", before),
        lambda item: item.amount in prices,
        lambda item: _place(item) and _place(item) in fold(about),
        lambda item: _place(item) and _place(item) in fold(before),
    ):
        told = [item for item in items if tells(item)]
        if len(told) == 1:
            return told[0]
    return items[0]


def _place(item: CatalogItem) -> str:
    return fold((item.location or "").split(",")[0].strip())


def _by_id(text: str, known: dict[str, CatalogItem]) -> list[Mention]:
    found = []
    for pattern in (_CALLED_ID, _MAYBE_ID):
        for cited in pattern.finditer(text):
            keys = (cited[cited.lastindex or 1]).split(",")
            for key in (key.strip().rstrip(".-") for key in keys):
                # "#1" is a rank more often than an id.
                if key in known and (pattern is _CALLED_ID or len(key) > 1):
                    advised = is_advised(text, cited.start(), cited.end())
                    found.append(Mention(known[key], cited.start(), cited.end(), "", advised, True))
    return found


def stands_beside(cited: Mention, places: Sequence[tuple[int, int]], text: str) -> bool:
    """Tell whether an id belongs to a name just before it.

    :param places: where the names start and end
    """
    return any(
        0 <= cited.start - end <= _ID_WITHIN and "\n" not in text[end : cited.start]
        for _, end in places
    )
