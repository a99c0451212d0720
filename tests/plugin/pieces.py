"""The pieces in which a model may write."""

from __future__ import annotations

import re

_LETTER = re.compile(r"rec|ite|pic|sel|ids|jso|.", re.IGNORECASE | re.DOTALL)


def letters(text: str) -> list[str]:
    """Cut a text as finely as it may be cut: what the label of a list begins with stays whole."""
    return _LETTER.findall(text)
