"""Tell what has a part of an offered item's name, but is another thing. Pure.

"FG800C", "the Squier Jazz Bass" and "the Selmer tenor" are not the Yamaha FG800, the Fender Jazz
Bass and the Selmer Alto that are on offer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from .matches import Match, is_joined
from .products import Product, canonical
from .words import Word

#: Words after a name that make it the name of something else.
_VARIANTS = frozenset(
    "ii iii iv v vi vii mk mkii mkiii pro plus deluxe custom special signature junior jr max xl "
    "limited ltd artist supreme ultra lite".split()
)
#: Behind a maker's name, these make it the maker's.
_OF_MAKERS = frozenset("shop store dealer brand website museum company factory".split())
#: Of each group a thing is one.
_GROUPS = (
    frozenset("soprano alto tenor baritone bass piccolo concert".split()),
    frozenset("acoustic electric electronic".split()),
)
CONTRARY = frozenset().union(*_GROUPS)
#: With a capital before a name, these are no part of it.
_LEADS_TO_NAME = frozenset("model modell modelo modele item listing type id".split())
#: In German any noun has a capital: "die Gitarre GS Mini".
_GERMAN = frozenset("der die das den dem des ein eine einen einem einer".split())
#: Letters of a word of a name that is cut short: "sax".
SHORTENED = 3


class Others:
    """Tells whether the words around a match make it another thing's name.

    :param common: words by which no item is known
    :param brands: makers' names, folded
    :param spelling: for each word of a text the word of a name that it is, or itself
    """

    def __init__(self, common: Set[str], brands: Set[str], spelling: Mapping[str, str]) -> None:
        self._common, self._brands, self._spelling = common, brands, spelling

    def have(self, match: Match, text: str, words: Sequence[Word]) -> bool:
        """Tell whether what is there of a name belongs to another thing."""
        return (
            self._goes_on(match, text, words)
            or _is_contrary(match, text, words)
            or self._is_led_to(match, text, words)
        )

    def _goes_on(self, match: Match, text: str, words: Sequence[Word]) -> bool:
        """Tell "FG800C", "Jazz Bass Deluxe" and "the Kawai MP11" by what stands behind."""
        after = words[match.last] if match.last < len(words) else None
        if after is None or canonical(after.text) in match.product.words:
            return False
        gap = text[words[match.last - 1].end : after.start]
        if gap == "":
            return after.text.isascii() and after.text != "s"
        if gap not in (" ", "-"):
            return False
        if after.text in _OF_MAKERS or (after.is_capital and after.text in _VARIANTS):
            return True
        if match.is_full or after.text in self._common:
            return False
        return after.text.isdigit() or (after.is_capital and gap == " ")

    def _is_led_to(self, match: Match, text: str, words: Sequence[Word]) -> bool:
        """Tell "the Squier Jazz Bass" and "a YAS-280 Alto Saxophone" by what stands before."""
        at, least = match.first, max(0, match.first - len(match.product.words))
        while at > least and self._is_own(match.product, words[at - 1].text):
            if not is_joined(text, words, at):
                break
            at -= 1
        if not at or match.has_brand or not is_joined(text, words, at):
            return False
        before = words[at - 1]
        if before.text in self._brands or match.is_full:
            return before.text in self._brands
        if at > 1 and _is_in_code(text, before):
            return True
        if not before.is_capital or at == 1 or not is_joined(text, words, at - 1):
            return False
        if match.has_code and _is_makers(match.product, before.text, words[at - 2].text):
            return False
        is_noun = any(word.text in _GERMAN for word in words[max(0, at - 4) : at - 1])
        return not is_noun and before.text not in _LEADS_TO_NAME | self._common

    def _is_own(self, product: Product, word: str) -> bool:
        """Tell whether a word is one of a product's name, perhaps misspelt or cut short."""
        return self._spelling[word] in product.words or (
            len(word) >= SHORTENED and any(known.startswith(word) for known in product.words)
        )


def _is_in_code(text: str, word: Word) -> bool:
    """Tell the "280" of "YAS-280" and the "H" of "88H" from words."""
    before = text[word.start - 1]
    return before.isalnum() or (before == "-" and word.text.isdigit())


def _is_makers(product: Product, word: str, before: str) -> bool:
    """Tell "Privia" behind "Casio", and "EV" for "Electro-Voice"."""
    maker = product.words[: product.brand]
    return before in maker or word == "".join(part[0] for part in maker)


def _is_contrary(match: Match, text: str, words: Sequence[Word]) -> bool:
    """Tell whether words beside a name say that it is of another size or sort than the product."""
    first, last = match.first, match.last
    while first and match.first - first < 2 and is_joined(text, words, first):
        first -= 1
    while last < len(words) and last - match.last < 2 and is_joined(text, words, last):
        last += 1
    beside = {word.text for word in words[first:last]}
    own = set(match.product.words)
    return any(group & own and group & beside - own for group in _GROUPS)
