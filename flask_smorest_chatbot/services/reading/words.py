"""The words of a text, as names are compared by them. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

_LATIN = r"A-Za-z\u00c0-\u024f"
#: Accents on Latin letters; those of other scripts tell one letter from another.
_ACCENTS = re.compile(r"[\u0300-\u036f]")
_WORD = re.compile(rf"[{_LATIN}]+|\d+|[^\W\d_{_LATIN}]+")


class Word(NamedTuple):
    """A word of a text: folded, with its place in the text."""

    text: str
    start: int
    end: int
    is_capital: bool


@lru_cache(maxsize=2048)
def fold(text: str) -> str:
    """Return text case-folded and without accents."""
    if text.isascii():
        return text.lower()
    parts = _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold()))
    return unicodedata.normalize("NFC", parts)


def words_of(text: str) -> list[Word]:
    """Return the words of a text; letters and digits that are written together are two words."""
    if text.isascii():
        lower = text.lower()
        spans = (found.span() for found in _WORD.finditer(text))
        return [Word(lower[at:end], at, end, lower[at] != text[at]) for at, end in spans]
    return [
        Word(fold(found[0]), found.start(), found.end(), found[0][0].isupper())
        for found in _WORD.finditer(text)
    ]


@lru_cache(maxsize=4096)
def words_of_name(name: str) -> tuple[Word, ...]:
    """Return the words of a text that is short and comes often, such as an item's name."""
    return tuple(words_of(name))


def plain(text: str) -> str:
    """Return text folded and as its words are: "I'd" is two."""
    return fold(text).replace("'", " ").replace("\u2019", " ")
