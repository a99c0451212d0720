"""Recognise the names of offered items as people and models write them. Pure.

"Yamaha FG800" is also met as "yamaha fg-800", "FG 800", "the Yahama FG800" and "FG800 guitar"; but
"Yamaha FG830", "FG800C" and "Gibson FG800" are other things. Names are compared word by word, a
model's letters and digits apart, numbers exactly and long words by their spelling's likeness.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from ..catalog import CatalogItem

_LATIN = r"A-Za-z\u00c0-\u024f"
_WORD = re.compile(rf"[{_LATIN}]+|\d+|[^\W\d_{_LATIN}]+")
#: Words that many names have, so that none is known by them.
COMMON = frozenset(
    "guitar guitars bass piano keyboard keyboards synth synthesizer drum drums kit set violin "
    "flute saxophone sax trumpet trombone clarinet cello amp amplifier acoustic electric electro "
    "classical digital model student the and for with of in by a".split()
)
#: Words after a name that make it the name of something else.
_VARIANTS = frozenset(
    "ii iii iv v vi vii mk mkii mkiii pro plus deluxe custom special signature junior jr max xl "
    "limited ltd artist supreme ultra lite".split()
)
_ARTICLES = frozenset("the this that la el le il die der das o a".split())
_AFTER_NAME = frozenset(
    "is has would will was s at costs suits fits may might or es est ist e tiene ha hat".split()
)
#: Likeness, 0 to 100, from which two long words count as one misspelt.
_LIKE = 80
_LONG_WORD = 5
#: By how much the best of several products must beat the next.
_MARGIN = 0.5


class Word(NamedTuple):
    """A word of a text: folded, with its place in the text."""

    text: str
    start: int
    end: int
    is_capital: bool


@dataclass(frozen=True)
class Product:
    """The items of one name, best ranked first.

    :param words: of the name, folded
    :param brand: how many of them, at the beginning, are the maker's
    :param codes: ranges of words that are written as one, such as "FG800"
    """

    items: tuple[CatalogItem, ...]
    words: tuple[str, ...]
    brand: int
    codes: tuple[range, ...]

    @property
    def telling(self) -> frozenset[int]:
        """Places of the words by which it is known."""
        return frozenset(
            at for at in range(self.brand, len(self.words)) if self.words[at] not in COMMON
        )


@dataclass(frozen=True)
class Match:
    """Words ``first`` to ``last`` (exclusive) of a text that name a product, in whole or part."""

    product: Product
    first: int
    last: int
    matched: frozenset[int]
    exact: int

    @property
    def is_full(self) -> bool:
        """Whether the whole name is there."""
        return len(self.matched) == len(self.product.words)

    @property
    def has_brand(self) -> bool:
        """Whether the maker is named."""
        return any(at < self.product.brand for at in self.matched)

    @property
    def score(self) -> float:
        """How well it fits: what of the name is there, less what is missing."""
        known = len(self.matched & self.product.telling)
        missing = len(self.product.words) - len(self.matched)
        return 2 * known + len(self.matched) + self.is_full - 0.25 * missing


@lru_cache(maxsize=2048)
def fold(text: str) -> str:
    """Return text case-folded and without accents."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))


def words_of(text: str) -> list[Word]:
    """Return the words of a text; letters and digits that are written together are two words."""
    return [
        Word(fold(found[0]), found.start(), found.end(), found[0][0].isupper())
        for found in _WORD.finditer(text)
    ]


class Names:
    """The names of the items offered for a turn.

    :param brands: makers that the host knows, offered here or not
    """

    def __init__(self, items: Iterable[CatalogItem], brands: Iterable[str] = ()) -> None:
        grouped: dict[tuple[str, ...], list[CatalogItem]] = {}
        for item in items:
            grouped.setdefault(tuple(word.text for word in words_of(item.name)), []).append(item)
        self.products = [_product(group) for name, group in grouped.items() if name]
        self.brands = {word for brand in brands for word in _brand_words(brand)}
        for product in self.products:
            self.brands.update(product.words[: product.brand])
        self._of_word: dict[str, list[Product]] = {}
        for product in self.products:
            for word in dict.fromkeys(product.words):
                self._of_word.setdefault(word, []).append(product)
        self._spelt: dict[str, str] = {}

    def find(self, text: str, words: Sequence[Word]) -> list[Match]:
        """Return where products are named in a text, in order, without overlaps."""
        found: list[Match] = []
        at = 0
        while at < len(words):
            match = self._best_at(words, at)
            if match is not None and self._is_name(match, text, words):
                found.append(match)
                at = match.last
            else:
                at += 1
        return found

    def named(self, name: str) -> Product | None:
        """Return the product that a name, as a model cites it, means."""
        matches = self.find(name, words_of(name))
        return max(matches, key=lambda match: match.score).product if matches else None

    def _best_at(self, words: Sequence[Word], at: int) -> Match | None:
        """Return the product that words from a place on name, if it beats all others."""
        known = self._of_word.get(self._spelling(words[at].text))
        if known is None:
            return None
        runs = sorted(
            (self._run(product, words, at) for product in known), key=lambda run: -run.score
        )
        if len(runs) > 1 and runs[0].score - runs[1].score < _MARGIN:
            return None
        return runs[0]

    def _run(self, product: Product, words: Sequence[Word], at: int) -> Match:
        """Follow a product's name along a text; words of it may be left out."""
        matched: set[int] = set()
        exact = 0
        last = at
        for place in range(at, len(words)):
            word = self._spelling(words[place].text)
            found = _next_place(product.words, word, matched)
            if found is None:
                break
            matched.add(found)
            exact += word == words[place].text
            last = place + 1
        return Match(product, at, last, frozenset(matched), exact)

    def _spelling(self, word: str) -> str:
        """Return the word of a name that a word is a misspelling of, or the word itself."""
        if len(word) < _LONG_WORD or word in self._of_word or not word.isalpha():
            return word
        if word not in self._spelt:
            self._spelt[word] = self._correct(word)
        return self._spelt[word]

    def _correct(self, word: str) -> str:
        from rapidfuzz import fuzz, process

        long_words = [known for known in self._of_word if len(known) >= _LONG_WORD]
        best = process.extractOne(word, long_words, scorer=fuzz.ratio, score_cutoff=_LIKE)
        return best[0] if best and best[0][0] == word[0] else word

    # -- what is a name ------------------------------------------------------------------------

    def _is_name(self, match: Match, text: str, words: Sequence[Word]) -> bool:
        is_enough = _is_enough(match, words) or self._is_the_only(match, words)
        return is_enough and not self.is_other(match, text, words)

    def _is_the_only(self, match: Match, words: Sequence[Word]) -> bool:
        """Tell "the Taylor is" when one product alone is a Taylor."""
        word = words[match.first]
        of_brand = [product for product in self.products if word.text in product.words]
        before = words[match.first - 1].text if match.first else ""
        after = words[match.last].text if match.last < len(words) else "is"
        return (
            len(of_brand) == 1
            and match.has_brand
            and word.is_capital
            and before in _ARTICLES
            and (after in COMMON or after in _AFTER_NAME)
        )

    def is_other(self, match: Match, text: str, words: Sequence[Word]) -> bool:
        """Tell whether the words around a match make it the name of another thing."""
        after = words[match.last] if match.last < len(words) else None
        if after and _makes_other(match, text[words[match.last - 1].end : after.start], after):
            return True
        before = words[match.first - 1] if match.first else None
        if before is None or match.has_brand:
            return False
        gap = text[before.end : words[match.first].start]
        return gap == " " and before.text in self.brands and before.text not in match.product.words


def _makes_other(match: Match, gap: str, after: Word) -> bool:
    if after.text in match.product.words:
        return False
    if gap == "":
        return after.text.isascii() and after.text != "s"
    if gap not in (" ", "-"):
        return False
    if after.is_capital and after.text in _VARIANTS:
        return True
    if match.is_full or after.text in COMMON:
        return False
    return after.text.isdigit() or (after.is_capital and gap == " ")


def _is_enough(match: Match, words: Sequence[Word]) -> bool:
    """Tell whether what is there of a name tells the product."""
    product, known = match.product, match.matched & match.product.telling
    if match.is_full and match.exact:
        return True
    if match.has_brand and match.exact > 2:
        return True
    if not known or not match.exact:
        return False
    if match.has_brand or any(set(code) <= match.matched for code in product.codes):
        return True
    if len(known) > 1 and match.exact > 1:
        return True
    written = words[match.first : match.last]
    if known == product.telling or len(match.matched) > 1:
        return all(word.is_capital for word in written)
    return written[0].is_capital and len(written[0].text) >= 8


def _next_place(name: Sequence[str], word: str, taken: set[int]) -> int | None:
    """Return where a word stands in a name behind the words taken, or else before them."""
    places = [at for at, known in enumerate(name) if known == word and at not in taken]
    behind = [at for at in places if at > max(taken, default=-1)]
    return next(iter(behind or places), None)


def _product(items: Sequence[CatalogItem]) -> Product:
    name = items[0].name
    written = words_of(name)
    return Product(
        tuple(items),
        tuple(word.text for word in written),
        _brand_length(items[0], written),
        tuple(_codes(name, written)),
    )


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


def _brand_words(brand: str) -> list[str]:
    return [word.text for word in words_of(brand) if word.text not in COMMON]


def _brand_length(item: CatalogItem, written: Sequence[Word]) -> int:
    """Return how many words of a name are the maker's: as the host says, or else the first."""
    brand = [word.text for word in words_of(item.brand or "")]
    if brand and [word.text for word in written[: len(brand)]] == brand:
        return len(brand)
    joined = len(written) > 1 and written[1].start == written[0].end
    return 0 if len(written) < 2 or joined or not written[0].text.isalpha() else 1
