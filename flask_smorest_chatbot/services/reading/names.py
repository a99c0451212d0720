"""Recognise the names of offered items as people and models write them. Pure.

"Yamaha FG800" is also met as "yamaha fg-800", "FG 800", "the Yahama FG800" and "FG800 guitar"; but
"Yamaha FG830", "FG800C" and "Gibson FG800" are other things. Names are compared word by word, a
model's letters and digits apart, numbers exactly and long words by their spelling's likeness.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from functools import cached_property
from itertools import pairwise

from ...catalog import CatalogItem
from .matches import INDEFINITE, Match, is_enough
from .others import SHORTENED, Others
from .products import Product, canonical, common_words, products_of
from .spelling import LONG_WORD, Spelling
from .words import Word, words_of

_ARTICLES = frozenset(
    "the this that our unser unsere notre nuestro nuestra la el le il die der das o a".split()
)
_SIZES = frozenset(
    "little small smaller big bigger cheaper compact classic new old trusty humble lovely"
    " great".split()
)
_AFTER_NAME = frozenset(
    "is has would will was s at costs suits fits may might or es est ist e tiene ha hat".split()
)
#: Letters of a maker that "the" makes an item: "the Nord".
_SHORT_MAKER = 4
#: Between a model and its maker.
_FROM = frozenset("from by de of von par di da van".split())
#: By how much the best of several products must beat the next.
_MARGIN = 0.5


class Names:
    """The names of the items offered for a turn.

    :param brands: makers that the host knows, offered here or not
    """

    def __init__(self, items: Iterable[CatalogItem], brands: Iterable[str] = ()) -> None:
        items = list(items)
        #: Words by which no item is known.
        self.common = common_words(items)
        self.products = products_of(items, self.common)
        makers = {word.text for brand in brands for word in words_of(brand)}
        self.brands = makers - self.common
        for product in self.products:
            self.brands.update(product.words[: product.brand])
        self._of_word: dict[str, list[Product]] = {}
        for product in self.products:
            for word in {**dict.fromkeys(product.words), **product.joined}:
                self._of_word.setdefault(word, []).append(product)
        self._spelling = Spelling(self._of_word)
        self._others = Others(self.common, self.brands, self._spelling)

    def find(self, text: str, words: Sequence[Word]) -> tuple[list[Match], list[Match]]:
        """Return where products are named in a text, in order, without overlaps; and where what is
        there of a name is part of another thing's."""
        words = self._completed(text, words)
        found: list[Match] = []
        others: list[Match] = []
        named: set[int] = set()
        at = 0
        for start in self._starts(words):
            if start < at:
                continue
            match = self._best_at(words, start)
            if match and self._tells_product(match, text, words):
                if self._others.have(match, text, words):
                    others.append(match)
                    match = self._again(named, words, start, text)
            else:
                match = self._again(named, words, start, text)
            if match is not None:
                found.append(match)
                named.add(id(match.product))
                at = match.last
        return found, others

    def _completed(self, text: str, words: Sequence[Word]) -> Sequence[Word]:
        """Return the words of a text with its last made whole if the text breaks off within it."""
        if len(words) < 2 or words[-1].end < len(text):
            return words
        before, cut = canonical(words[-2].text), words[-1]
        ways = {
            word
            for product in self.products
            for previous, word in pairwise(product.words)
            if previous == before and word.startswith(cut.text)
        }
        return [*words[:-1], cut._replace(text=ways.pop())] if len(ways) == 1 else words

    def _again(self, named: Set[int], words: Sequence[Word], at: int, text: str) -> Match | None:
        """Return the product meant by "the Roland" when one Roland alone was named before.

        :param named: ``id()`` of the products named
        """
        known = self._of_word[self._spelling[words[at].text]]
        before = [product for product in known if id(product) in named]
        if len(before) != 1:
            return None
        match = self._run(before[0], words, at)
        is_meant = self._is_short(match, text, words) and not self._others.have(match, text, words)
        return match if is_meant else None

    def _starts(self, words: Sequence[Word]) -> list[int]:
        """Return the places of the words that some name has."""
        spelling, names = self._spelling, self._of_word
        return [at for at, word in enumerate(words) if spelling[word.text] in names]

    def named(self, name: str) -> Product | None:
        """Return the product that a name, as a model cites it, means."""
        matches, _ = self.find(name, words_of(name))
        return max(matches, key=lambda match: match.score).product if matches else None

    def has_part(self, name: str) -> bool:
        """Tell whether several products' names begin with a name: it fits each, and names none."""
        words = tuple(canonical(word.text) for word in words_of(name))
        return sum(product.words[: len(words)] == words for product in self.products) > 1

    def _best_at(self, words: Sequence[Word], at: int) -> Match | None:
        """Return the product that words from a place on name, if it beats all others."""
        known = self._of_word[self._spelling[words[at].text]]
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
        while last < len(words):
            word = words[last].text
            found, until = _next_place(product.words, self._spelling[word], matched), last + 1
            if found is None and (pair := product.joined.get(word)) and matched.isdisjoint(pair):
                matched.update(pair)
                exact, last = exact + 1, until
                continue
            if found is None and _is_shortened(product.words, word, matched):
                found = max(matched) + 1
            if found is None and self._is_maker(product, word, words[until : until + 1]):
                last = until
                continue
            if found is None and until < len(words):
                word, until = word + words[until].text, until + 1
                found = _next_place(product.words, word, matched)
            if found is None:
                break
            matched.add(found)
            exact += product.words[found] == canonical(word)
            last = until
        return Match(product, at, last, frozenset(matched), exact)

    def _is_maker(self, product: Product, word: str, after: Sequence[Word]) -> bool:
        """Tell whether a word leads to the maker: "the SG from Epiphone"."""
        makers = product.words[: product.brand]
        return word in _FROM and any(self._spelling[maker.text] in makers for maker in after)

    # -- what is a name ------------------------------------------------------------------------

    def _tells_product(self, match: Match, text: str, words: Sequence[Word]) -> bool:
        return is_enough(match, text, words) or self._is_the_only(match, text, words)

    def _is_the_only(self, match: Match, text: str, words: Sequence[Word]) -> bool:
        """Tell "the Taylor is" when one product alone is a Taylor."""
        known = self._of_word[self._spelling[words[match.first].text]]
        return len(known) == 1 and self._is_short(match, text, words)

    def _is_short(self, match: Match, text: str, words: Sequence[Word]) -> bool:
        """Tell whether a word with a definite article may stand for a product's whole name."""
        word = words[match.first]
        before = words[match.first - 1].text if match.first else ""
        if before in _SIZES and match.first > 1:
            before = words[match.first - 2].text
        return (
            (match.has_brand or self._tells(match, before))
            and match.exact > 0
            and word.is_capital
            and len(word.text) >= (LONG_WORD if before in INDEFINITE else _SHORT_MAKER)
            and before in _ARTICLES
            and (len(match.matched) > 1 or self._ends_name(match, text, words))
        )

    def _ends_name(self, match: Match, text: str, words: Sequence[Word]) -> bool:
        """Tell "the Kawai wins" from "the Kawai MP11"."""
        if match.last == len(words):
            return True
        if self._is_of_other_kind(match, text, words):
            return False
        after, end = words[match.last], words[match.last - 1].end
        is_apart = text[end : after.start] not in (" ", "-")
        is_plain = match.has_brand and not (after.is_capital or after.text.isdigit())
        if after.text in self.common and match.last + 1 < len(words):  # "the Nord Piano 5"
            is_plain |= not words[match.last + 1].text.isdigit()
        return is_apart or is_plain or after.text in _AFTER_NAME

    @cached_property
    def _kinds(self) -> frozenset[str]:
        return frozenset().union(*(product.kinds for product in self.products))

    def _is_of_other_kind(self, match: Match, text: str, words: Sequence[Word]) -> bool:
        """Tell "the Yamaha guitar" when the only Yamaha is a piano."""
        own = match.product.kinds
        behind: list[str] = []
        for at in range(match.last, min(match.last + 2, len(words))):
            if text[words[at - 1].end : words[at].start] != " ":
                break
            behind.append(words[at].text)
        return own.isdisjoint(behind) and not self._kinds.isdisjoint(behind)

    @staticmethod
    def _tells(match: Match, before: str) -> bool:
        return before not in INDEFINITE and bool(match.matched & match.product.telling)


def _is_shortened(name: Sequence[str], word: str, taken: set[int]) -> bool:
    """Tell whether a word begins the next of a name: "alto sax"."""
    at = max(taken, default=len(name)) + 1
    return at < len(name) and len(word) >= SHORTENED and name[at].startswith(word)


def _next_place(name: Sequence[str], word: str, taken: set[int]) -> int | None:
    """Return where a word stands in a name behind the words taken, or else before them."""
    places = [at for at, known in enumerate(name) if known == word and at not in taken]
    behind = [at for at in places if at > max(taken, default=-1)]
    return next(iter(behind or places), None)
