"""A message made easy to read: one spelling of dashes, quotes and numbers, no marks on letters."""

from __future__ import annotations

import logging
import re
import unicodedata
from dataclasses import dataclass

from .calendar_words import MONTHS, any_of

log = logging.getLogger(__name__)

#: Longest part of a message that is read; a request is said in less.
LONGEST = 2_500
#: Stands for what has been understood, so that no pattern reaches across it.
TAKEN = "\x00"
# The library leaves ordinals up to the third as they are.
_NTH = {"first": "1st", "second": "2nd", "third": "3rd"}
_FIRST_DAYS = re.compile(
    r"\b(?:first|second|third)\b"
    r"(?= (?:(?:to|until|till|through|and) (?:the )?\d{1,2}(?:st|nd|rd|th)? )?"
    rf"(?:of )?(?:{any_of(MONTHS)})\b)",
    re.IGNORECASE,
)
#: How words of time are written in a hurry.
_SHORT = {
    "nxt": "next", "wknd": "weekend", "wkend": "weekend", "wk": "week", "wks": "weeks",
    "mth": "month", "mths": "months", "tmrw": "tomorrow", "tmr": "tomorrow", "tomorow": "tomorrow",
    "2morrow": "tomorrow", "2moro": "tomorrow", "tonite": "tonight", "2nite": "tonight",
    "2day": "today",
}  # fmt: skip
_IN_A_HURRY = re.compile(rf"(?<![\w-])(?:{'|'.join(_SHORT)})(?![\w-])", re.IGNORECASE)
#: "dont", "cant": to miss a refusal would be to read its opposite.
_NO_APOSTROPHE = re.compile(
    r"\b(ai|are|ca|could|did|do|does|had|has|have|is|must|need|should|was|were|wo|would)(nt)\b",
    re.IGNORECASE,
)
_I_WOULD = re.compile(r"\bid(?= (?:like|love|prefer|rather|want|need|take)\b)", re.IGNORECASE)
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_QUOTES = "\u2018\u2019\u02bc\u0060\u00b4"
_ALIKE = str.maketrans({**dict.fromkeys(_DASHES, "-"), **dict.fromkeys(_QUOTES, "'")})


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
    shown = _IN_A_HURRY.sub(lambda found: _SHORT[found[0].lower()], shown)
    shown = _NO_APOSTROPHE.sub(r"\1n't", shown)
    shown = _I_WOULD.sub("i'd", shown)
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
    # Heavy imports wait for the first message.
    from text_to_num import alpha2digit  # type: ignore[import-untyped]

    try:
        text = str(alpha2digit(text, "en"))
    except Exception:  # a library's fault with somebody's words must not cost the turn
        log.warning("numbers in words were not read")
    return _FIRST_DAYS.sub(lambda found: _NTH[found[0].lower()], text)
