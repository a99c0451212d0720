"""English plurals, as far as names are compared without them. Pure."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=4096)
def singular(word: str) -> str:
    """Return an English noun's singular, or something that is the same for both."""
    if len(word) < 4 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") else word
