"""The names of a vocabulary, found in whatever number, case and, if need be, spelling."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from ...catalog import Vocabulary
from ..plurals import singular
from .spelling import SHORTEST_TYPO, spelt_right
from .text import fold

Kind = Literal["category", "brand", "place", "level", "genre", "other"]
#: A word of a name: letters and digits.
WORD = re.compile(r"[^\W_]+")
#: Words that many firms' names end with; users leave them out.
_OF_FIRMS = frozenset("sons dj co company inc ltd llc gmbh audio instruments guitars drums".split())
#: Heads of categories that say nothing alone: "Folk strings" are not asked for as "strings".
_NO_HEADS = frozenset("string set instrument equipment accessory gear other percussion".split())
_LONGEST_NAME = 5


@dataclass(frozen=True)
class Meaning:
    """What a name stands for: a value of the vocabulary, or several of one kind."""

    kind: Kind
    values: tuple[str, ...]


@dataclass(frozen=True)
class Names:
    """The names of one vocabulary, by their words.

    :param meanings: by the words in singular
    :param exact: by the words as they are, for kinds that have no plural
    :param words: all words of names, for words that are misspelt
    :param joined: by the words written as one
    :param people: who plays them: "guitarist" for a guitar
    :param attributes: words that tell a category beside a maker: "a Martin acoustic"
    """

    meanings: Mapping[tuple[str, ...], Meaning]
    exact: Mapping[tuple[str, ...], Meaning]
    words: tuple[str, ...]
    joined: Mapping[str, Meaning]
    people: Mapping[str, Meaning]
    attributes: Mapping[str, Meaning]

    def spelt_right(self, words: Sequence[str]) -> list[str]:
        """Return words in which those that are misspelt names are put right."""
        return spelt_right(words, self.words, frozenset(self.joined))

    def at(
        self, words: Sequence[str], singulars: Sequence[str], start: int
    ) -> tuple[int, Meaning] | None:
        """Return the longest name that begins at a word: its number of words, its meaning."""
        for length in range(min(_LONGEST_NAME, len(words) - start), 0, -1):
            found = self.meanings.get(tuple(singulars[start : start + length])) or self.exact.get(
                tuple(words[start : start + length])
            )
            joined = "".join(singulars[start : start + length])
            if found is None and len(joined) > 5:  # "drumset", "key board"
                found = self.joined.get(joined)
            if found:
                return length, found
        return None


def names_of(vocabulary: Vocabulary) -> Names:
    """Return the names of a vocabulary; those of the same one are worked out once."""
    return _names(
        tuple((name, tuple(others)) for name, others in vocabulary.categories.items()),
        tuple(vocabulary.brands),
        tuple(vocabulary.places),
        tuple((name, tuple(others)) for name, others in vocabulary.levels.items()),
        tuple(vocabulary.genres),
        tuple(vocabulary.other_kinds),
    )


_Named = tuple[tuple[str, tuple[str, ...]], ...]


@lru_cache(maxsize=8)
def _names(
    categories: _Named,
    brands: tuple[str, ...],
    places: tuple[str, ...],
    levels: _Named,
    genres: tuple[str, ...],
    other_kinds: tuple[str, ...],
) -> Names:
    meanings: dict[tuple[str, ...], Meaning] = {}
    exact: dict[tuple[str, ...], Meaning] = {}

    def add(name: str, kind: Kind, value: str) -> None:
        key = tuple(map(singular, _words(name)))[:_LONGEST_NAME]
        known = meanings.get(key)
        if key and known is None:
            meanings[key] = Meaning(kind, (value,))
            if len(key) == 1 and len(key[0]) < 4:  # too short to be told from "gas" and "yes"
                meanings.setdefault((key[0] + "s",), meanings[key])
        elif known and known.kind == kind and value not in known.values:
            meanings[key] = Meaning(kind, (*known.values, value))

    for name, others in categories:
        for spelling in (name, *others):
            add(spelling, "category", name)
    for name in other_kinds:
        add(name, "other", name)
    for name, _ in categories:
        for part in _parts(name):
            add(part, "category", name)
    for spelling, name in list(_heads([name for name, _ in categories], meanings)):
        add(spelling, "category", name)
    for name in brands:
        for spelling in _spellings_of_firm(name):
            add(spelling, "brand", name)
    for name in places:
        add(name, "place", name)
        add(name.split(",")[0], "place", name)
    for name, others in levels:
        for spelling in (name, *others):
            add(spelling, "level", name)
    for name in genres:
        exact.setdefault(tuple(_words(name)), Meaning("genre", (name,)))
    known_words = {
        word for key in (*meanings, *exact) for word in key if len(word) >= SHORTEST_TYPO
    }
    joined = {"".join(key): meaning for key, meaning in (*exact.items(), *meanings.items())}
    of_categories = {key: value for key, value in meanings.items() if value.kind == "category"}
    return Names(
        meanings,
        exact,
        tuple(sorted(known_words)),
        joined,
        _people(of_categories),
        _attributes(of_categories),
    )


_Meanings = Mapping[tuple[str, ...], Meaning]


def _people(categories: _Meanings) -> dict[str, Meaning]:
    """Return who plays what has a name of one word: "drummer", "pianist", "trumpeter"."""
    people: dict[str, Meaning] = {}
    for (word, *more), meaning in categories.items():
        stem = word.rstrip("aeo")
        if not more and len(stem) > 3:
            for person in (stem + "ist", stem + "iste", stem + "er", stem + stem[-1] + "er"):
                people.setdefault(person, meaning)
    return people


def _attributes(categories: _Meanings) -> dict[str, Meaning]:
    """Return the words of names of one category alone: "upright" before "piano", "controller"."""
    told: dict[str, set[Meaning]] = {}
    for key, meaning in categories.items():
        if len(key) == 2 and key[:1] not in categories and categories.get(key[1:]) == meaning:
            told.setdefault(key[0], set()).add(meaning)
        if len(key) > 1 and key[-1:] not in categories:
            told.setdefault(key[-1], set()).add(meaning)
    return {word: next(iter(found)) for word, found in told.items() if len(found) == 1}


def _words(name: str) -> list[str]:
    return WORD.findall(fold(name))


def _parts(category: str) -> list[str]:
    """Return "piano" and "keyboard" of "Pianos & Keyboards"."""
    parts = re.split(r"\s*(?:&|/|,|\band\b|\bor\b)\s*", category)
    return [part for part in parts if part] if len(parts) > 1 else []


def _heads(
    categories: Iterable[str], known: Mapping[tuple[str, ...], Meaning]
) -> Iterator[tuple[str, str]]:
    """Yield "guitar" for "Acoustic guitars", unless the host itself says what a guitar is."""
    for name in categories:
        words = _words(name)
        if len(words) < 2 or _parts(name):
            continue
        head = singular(words[-1])
        if head not in _NO_HEADS and (head,) not in known:
            yield head, name


def _spellings_of_firm(name: str) -> list[str]:
    """Return a maker's name, and its first word where the others are seldom said."""
    words = _words(name)
    short = [word for word in words if word not in _OF_FIRMS]
    return [name] if len(short) == len(words) or not short else [name, " ".join(short)]
