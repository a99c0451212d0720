"""Which words are misspelt names, and which are English. By the libraries' knowledge."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from ..plurals import singular
from .plain_words import STOP

#: Shorter words are no typing errors.
SHORTEST_TYPO = 4
#: How often the library saw a word: "Dallas" 341 times, "Seattle" 992, "mobile" 19,649.
_SEEN, _SEEN_OFTEN = 100, 2_500


def spelt_right(words: Sequence[str], known: tuple[str, ...], joined: frozenset[str]) -> list[str]:
    """Return words in which those that are misspelt names are put right.

    :param known: all words of names, sorted
    :param joined: names of several words, written as one

    A word of the English language is not a misspelt name: neither "gender" nor "hello".
    """
    return [
        _right(word, known, joined) if _may_be_wrong(word) and word not in STOP else word
        for word in words
    ]


def _may_be_wrong(word: str) -> bool:
    return len(word) >= SHORTEST_TYPO and word.isalpha() and len(word) <= 20


@lru_cache(maxsize=4096)
def _right(word: str, known: tuple[str, ...], joined: frozenset[str]) -> str:
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    if word in known or singular(word) in known or singular(word) in joined:
        return word
    far = 1 if len(word) < 6 else 2
    near = process.extract(word, known, scorer=OSA.distance, score_cutoff=far, limit=4)
    plural_far = far if len(word) > 8 else far - 1  # of a short word the "s" may be one mistake
    near += process.extract(
        singular(word), known, scorer=OSA.distance, score_cutoff=plural_far, limit=4
    )
    likely = [
        (distance, name[0] != word[0], name)
        for name, distance, _ in near
        if name[0] == word[0] or (distance < 2 and len(name) > 4)
    ]
    return word if not likely or is_english(word) else str(min(likely)[2])


def is_english(word: str) -> bool:
    """Tell whether a word is one of the English language, be it a name as "Austin" is."""
    return _is_in(_english().known, word)


def is_common(word: str) -> bool:
    """Tell whether an English word is seen more often than names of people and cities are."""
    return _is_in(_english().common, word)


def _is_in(hashes: array[int], word: str) -> bool:
    for value in (hash(word), hash(singular(word))):
        at = bisect_left(hashes, value)
        if at < len(hashes) and hashes[at] == value:
            return True
    return False


class _English(NamedTuple):
    """Words of the English language, as sorted hashes: a set of words would take 14 MB."""

    known: array[int]
    common: array[int]


@lru_cache(maxsize=1)
def _english() -> _English:
    """Return the library's words, but for those that it has seen too seldom to trust."""
    from spellchecker import SpellChecker

    try:
        counts = SpellChecker(language="en").word_frequency.dictionary
    except Exception:  # without its list, every word may be a misspelt name
        counts = {}
    return _English(
        *(
            array("q", sorted(hash(word) for word, count in counts.items() if count >= least))
            for least in (_SEEN, _SEEN_OFTEN)
        )
    )
