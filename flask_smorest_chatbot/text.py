"""What a text from outside may hold."""

from __future__ import annotations

import re
import unicodedata

# "$" alone would let a line break follow; "\Z" is not known to the readers of OpenAPI documents.
SESSION_ID_PATTERN = r"^[A-Za-z0-9._:-]{1,100}$(?!\n)"
_LINE_CONTROLS = "\n\r\t"


def has_forbidden_characters(text: str) -> bool:
    """Tell whether a text holds control characters, NUL or lone surrogates.

    Databases and terminals disagree on them; line breaks and tabs are fine.
    """
    return any(
        unicodedata.category(char) in ("Cc", "Cs") and char not in _LINE_CONTROLS for char in text
    )


def storable(text: str) -> str:
    """Return a text without what databases refuse: NUL, and halves of surrogate pairs."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")


def is_blank(text: str) -> bool:
    """Tell whether a text holds nothing visible: white space and zero-width marks only."""
    return all(char.isspace() or unicodedata.category(char) == "Cf" for char in text)


def is_storable_session_id(text: str) -> bool:
    """Tell whether a text can be a stored session id, older code's included."""
    return 0 < len(text) <= 100 and not re.search(r"[\x00-\x1f\ud800-\udfff]", text)
