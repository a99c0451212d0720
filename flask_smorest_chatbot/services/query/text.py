"""A message made easy to read: one spelling of dashes, quotes and numbers, no marks on letters."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

#: Longest part of a message that is read; a request is said in less.
LONGEST = 2_500
#: Stands for what has been understood, so that no pattern reaches across it.
TAKEN = "\x00"
_ALIKE = str.maketrans({**dict.fromkeys("‐‑‒–—―−", "-"), **dict.fromkeys("‘’ʼ`´", "'")})


@dataclass(frozen=True)
class Message:
    """A message in two spellings of the same length, so that a place in one is one in the other.

    :param shown: as the user wrote it, but for blanks, dashes, quotes and numbers in words
    :param folded: lower-case, without accents; what the patterns are for
    """

    shown: str
    folded: str


def read(text: str) -> Message:
    """Return a message ready to be understood. Numbers in English words become digits."""
    shown = "".join(" " if _is_blank(char) else char for char in text[:LONGEST])
    shown = _digits(re.sub(" {2,}", " ", shown.translate(_ALIKE)).strip())[:LONGEST]
    return Message(shown, "".join(map(_fold, shown)))


def fold(text: str) -> str:
    """Return a name of the host in the spelling of :attr:`Message.folded`."""
    return "".join(map(_fold, text.translate(_ALIKE)))


class Scan:
    """A message of which more and more has been understood."""

    def __init__(self, text: str) -> None:
        self.left = text

    def take(self, pattern: re.Pattern[str]) -> list[re.Match[str]]:
        """Return what matches and has not been taken yet, and take it."""
        matches = list(pattern.finditer(self.left))
        self.blank([match.span() for match in matches])
        return matches

    def blank(self, spans: list[tuple[int, int]]) -> None:
        """Take these places."""
        for start, end in spans:
            self.left = self.left[:start] + TAKEN * (end - start) + self.left[end:]


def _is_blank(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zs")


def _fold(char: str) -> str:
    if char.isascii():
        return char.lower()
    base = unicodedata.normalize("NFKD", char)[0].lower()
    return base if len(base) == 1 else char


def _digits(text: str) -> str:
    """Write numbers as digits ("fifteen", "the twenty-first"); up to three they mostly stay."""
    from text_to_num import alpha2digit  # heavy imports wait for the first message

    try:
        return str(alpha2digit(text, "en"))
    except Exception:  # a library's fault with somebody's words must not cost the turn
        return text
