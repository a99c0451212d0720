"""Which experience levels an instrument suits, as its description says."""

from __future__ import annotations

from .search_words import Word, tokens

# Only words that say so themselves: the chat gives them for a reason.
_WORDS: dict[str, Word] = {
    "beginner": (
        "beginner", "beginners", "first", "newcomer", "newcomers", "starter", "student", "students"
    ),
    "intermediate": ("intermediate", "advancing"),
    "advanced": ("advanced", "professional", "professionals", "concert", "concerts"),
}  # fmt: skip
_FOR_OTHERS: dict[str, Word] = {"beginner": ("advancing",)}


def words_for(level: str | None) -> tuple[Word, Word]:
    """Return of which words a description that suits a level has one, and which it has not.

    :return: nothing, twice, for an unknown level
    """
    level = (level or "").lower()
    return _WORDS.get(level, ()), _FOR_OTHERS.get(level, ())


def levels_of(description: str) -> list[str]:
    """Return the levels that a description speaks of. "Advancing students" are no beginners."""
    said = set(tokens(description))
    return [
        level
        for level, words in _WORDS.items()
        if said.intersection(words) and not said.intersection(_FOR_OTHERS.get(level, ()))
    ]
