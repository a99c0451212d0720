"""Tell which word of a name a misspelt or clipped word means. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from .products import canonical

#: Likeness, 0 to 100, from which two long words count as one misspelt.
_LIKE = 80
LONG_WORD = 5
#: Most letters that a misspelling adds or leaves out.
_ADDED = 3
#: Letters from which a word counts as a clipping of one more than twice as long.
_CLIPPED = 4


class Spelling(dict[str, str]):
    """For each word of a text, asked for as a key, the word of a name that it is, or itself.

    :param names: the words of all names, folded
    """

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__((word, word) for word in names)
        self._long_words: dict[str, list[str]] = {}
        for word in self:
            if len(word) >= LONG_WORD:
                self._long_words.setdefault(word[0], []).append(word)

    def __missing__(self, word: str) -> str:
        spelt = self[word] = self._corrected(canonical(word))
        return spelt

    def _corrected(self, word: str) -> str:
        known = self._long_words.get(word[0])
        if known is None or len(word) < _CLIPPED or word in self or not word.isalpha():
            return word
        clipped = [full for full in known if full.startswith(word) and len(full) > 2 * len(word)]
        if len(clipped) == 1:
            return clipped[0]
        near = [full for full in known if abs(len(full) - len(word)) <= _ADDED]
        if not near or len(word) < LONG_WORD:
            return word
        swapped = [full for full in near if sorted(full) == sorted(word)]  # "Yahama"
        if swapped:
            return swapped[0]
        from rapidfuzz import fuzz, process

        best = process.extractOne(word, near, scorer=fuzz.ratio, score_cutoff=_LIKE)
        return best[0] if best else word
