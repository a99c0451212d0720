"""The pieces in which a model may write, as finely as a text may be cut."""

from __future__ import annotations

import re

_LETTER = re.compile(r"ite|ids|.", re.IGNORECASE | re.DOTALL)


def letters(text: str) -> list[str]:
    """Cut a text, but leave whole what the label of a list begins with."""
    return _LETTER.findall(text)


def single_letters(text: str) -> list[str]:
    """Cut a text into its letters, unless its first is an "I", which is taken for a word."""
    return letters(text) if text.startswith("I") else list(text)
