"""What a text from outside may hold."""

from __future__ import annotations

import re
import unicodedata

# "$" alone would let a line break follow; "\Z" is not known to the readers of OpenAPI documents.
# "." and ".." mean something else in an address.
SESSION_ID_PATTERN = r"^(?!\.{1,2}$)[A-Za-z0-9._:-]{1,100}$(?!\n)"
_LINE_CONTROLS = "\n\r\t"
_OTHER_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# Letters and symbols by category, but without a shape: Hangul fillers and the empty Braille cell.
_SHAPELESS = "\u115f\u1160\u2800\u3164\uffa0"


def has_forbidden_characters(text: str) -> bool:
    """Tell whether a text holds control characters, NUL or lone surrogates.

    Databases and terminals disagree on them; line breaks and tabs are fine.
    """
    return any(
        unicodedata.category(char) in ("Cc", "Cs") and char not in _LINE_CONTROLS for char in text
    )


def storable(text: str) -> str:
    """Return a text without what databases and terminals refuse.

    Halves of surrogate pairs are joined, or replaced where the other half is missing; control
    characters are dropped.
    """
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _OTHER_CONTROLS.sub("", whole)


def is_blank(text: str) -> bool:
    """Tell whether a text holds nothing visible: white space, zero-width marks and fillers."""
    return all(
        char.isspace() or char in _SHAPELESS or unicodedata.category(char) in ("Cf", "Mn", "Me")
        for char in text
    )


def is_storable_session_id(text: str) -> bool:
    """Tell whether a text can be a stored session id, older code's included."""
    return 0 < len(text) <= 100 and not re.search(r"[\x00-\x1f\ud800-\udfff]", text)
