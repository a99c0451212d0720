"""What words of a text have of a product's name, and whether that is enough to tell it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .products import Product
from .words import Word

#: Before a kind of thing, these make it any of the kind.
INDEFINITE = frozenset("a any most all every each some un una uno une ein eine um uma een".split())
#: Letters from which one word with a capital stands out as a name.
_STANDS_OUT = 8


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
    def has_code(self) -> bool:
        """Whether a whole code of the name is there."""
        return any(set(code) <= self.matched for code in self.product.codes)

    @property
    def score(self) -> float:
        """How well it fits: what of the name is there, less what is missing."""
        known = len(self.matched & self.product.telling)
        missing = len(self.product.words) - len(self.matched)
        return 2 * known + len(self.matched) + self.is_full - 0.25 * missing


def is_enough(match: Match, text: str, words: Sequence[Word]) -> bool:
    """Tell whether what is there of a name tells the product."""
    product, known = match.product, match.matched & match.product.telling
    if match.is_full and match.exact:
        return True
    if match.has_brand and match.exact > 2:
        return True
    if not known or not match.exact:
        return False
    if match.has_brand or match.has_code:
        return True
    if len(known) > 1 and match.exact > 1:
        return True
    written = words[match.first : match.last]
    if known == product.telling or len(match.matched) > 1:
        return all(word.is_capital for word in written)
    return (
        written[0].is_capital
        and len(written[0].text) >= _STANDS_OUT
        and _is_definite(match, text, words)
    )


def _is_definite(match: Match, text: str, words: Sequence[Word]) -> bool:
    """Tell "the Stratocaster", or one that stands out, from "a Stratocaster"."""
    before = words[match.first - 1] if match.first else None
    if before is None:
        return True
    gap = text[before.end : words[match.first].start]
    return gap != " " or before.text not in INDEFINITE


def is_joined(text: str, words: Sequence[Word], at: int) -> bool:
    """Tell whether nothing but a space or a hyphen stands between a word and the one before it."""
    return text[words[at - 1].end : words[at].start] in ("", " ", "-")
