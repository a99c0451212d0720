"""Products: what the offered items of one name are called. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from ...catalog import CatalogItem
from ..plurals import singular
from .words import Word, words_of_name

#: Words that tell no product, whatever a catalogue offers.
_TELL_NOTHING = frozenset("the and for with of in by a model kit set".split())
_NUMERALS = {"ii": "2", "iii": "3"}


@dataclass(frozen=True)
class Product:
    """The items of one name, best ranked first.

    :param words: of the name, folded
    :param brand: how many of them, at the beginning, are the maker's
    :param codes: ranges of words that are written as one, such as "FG800"
    :param telling: places of the words by which it is known
    """

    items: tuple[CatalogItem, ...]
    words: tuple[str, ...]
    brand: int
    codes: tuple[range, ...]
    telling: frozenset[int]

    @cached_property
    def joined(self) -> dict[str, tuple[int, int]]:
        """Two words of letters in a code as one, such as "xt" of "X-T5", with their places."""
        return {
            self.words[at] + self.words[at + 1]: (at, at + 1)
            for code in self.codes
            for at in code[:-1]
            if self.words[at].isalpha() and self.words[at + 1].isalpha()
        }

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The words that tell what it is: of its category, and of its name behind the maker's."""
        kinds = {word for item in self.items for word in _category_words(item)}
        words = (word for word in self.words[self.brand :] if word.isalpha() and len(word) > 3)
        return frozenset(kinds.union(words) - _TELL_NOTHING)


def canonical(word: str) -> str:
    """Return a folded word as names are compared: II is 2."""
    return _NUMERALS.get(word, word)


def common_words(items: Sequence[CatalogItem]) -> frozenset[str]:
    """Return words by which no item is known: of their categories, and what most have in common."""
    categories = {word for item in items for word in _category_words(item)}
    names = [{word.text for word in words_of_name(item.name)} for item in items]
    counts = Counter(word for name in names for word in name)
    frequent = {word for word, count in counts.items() if count > max(2, len(names) / 2)}
    return _TELL_NOTHING | categories | frequent


def _category_words(item: CatalogItem) -> set[str]:
    words = {word.text for word in words_of_name(item.category or "")}
    return words | set(map(singular, words))


def products_of(items: Iterable[CatalogItem], common: frozenset[str]) -> list[Product]:
    """Return the products of some items, best ranked first.

    :param common: from :func:`common_words`
    """
    grouped: dict[str, list[CatalogItem]] = {}
    for item in items:
        grouped.setdefault(" ".join(word.text for word in words_of_name(item.name)), []).append(
            item
        )
    return [_product(group, common) for name, group in grouped.items() if name]


def _product(items: Sequence[CatalogItem], common: frozenset[str]) -> Product:
    name = items[0].name
    written = words_of_name(name)
    words = tuple(canonical(word.text) for word in written)
    brand = _brand_length(items[0], written)
    telling = (at for at in range(brand, len(words)) if words[at] not in common)
    return Product(tuple(items), words, brand, tuple(_codes(name, written)), frozenset(telling))


def _codes(name: str, written: Sequence[Word]) -> Iterator[range]:
    """Yield the ranges of words that are joined and have a digit among them."""
    start = 0
    for at in range(1, len(written) + 1):
        if at < len(written) and name[written[at - 1].end : written[at].start] in ("", "-"):
            continue
        joined = written[start:at]
        if len(joined) > 1 and any(word.text.isdigit() for word in joined):
            yield range(start, at)
        start = at


def _brand_length(item: CatalogItem, written: Sequence[Word]) -> int:
    """Return how many words of a name are the maker's: as the host says, or else the first."""
    brand = [word.text for word in words_of_name(item.brand or "")]
    if brand and [word.text for word in written[: len(brand)]] == brand:
        return len(brand)
    joined = len(written) > 1 and written[1].start == written[0].end
    return 0 if len(written) < 2 or joined or not written[0].text.isalpha() else 1
