"""Find where a data block ends, reading each character of it once."""

from __future__ import annotations

import re

from ..prompts import BLOCK_TAG
from .marks import ANY_TAG

#: What ends a block in any case: our tag, opened or closed, and for JSON also a code fence.
_TAG = re.compile(ANY_TAG, re.IGNORECASE)
_TAG_OR_FENCE = re.compile(rf"{ANY_TAG}|`{{3}}|~{{3}}", re.IGNORECASE)
#: As long as the longest of these marks, less one character.
_OVERLAP = len(BLOCK_TAG) + 20
_CLOSES = {"[": "]", "{": "}"}
#: How many brackets in a row a model may forget to close.
_MOST_FORGOTTEN = 8


class Until:
    """A block that ends at, or behind, the first match of a pattern."""

    def __init__(self, pattern: re.Pattern[str], start: int, *, inclusive: bool = False) -> None:
        self._pattern = pattern
        self._read = start
        self._inclusive = inclusive

    def end(self, text: str) -> int | None:
        """Return where the block ends that ``text``, which only ever grows, begins with."""
        found = self._pattern.search(text, self._read)
        self._read = max(self._read, len(text) - _OVERLAP)
        return found and (found.end() if self._inclusive else found.start())

    def shorten(self, by: int) -> None:
        """Take note that so many characters were cut off the beginning."""
        self._read = max(0, self._read - by)


class UntilClosed:
    """JSON that ends where its brackets are closed, or else where it plainly goes on as prose.

    Brackets in strings do not count. A string also ends with its line, since JSON allows no line
    break in one; so a forgotten quote costs no prose. A blank line before a word ends all. Objects
    with commas between them are one block.
    """

    def __init__(self, start: int) -> None:
        self._interrupt = Until(_TAG_OR_FENCE, start)
        self._read = start
        self._open: list[str] = []
        self._quote = ""
        self._string = start  # where the current string began
        self._escaped = False
        self._last = ""  # the last character that is no white space
        self._lines = 0  # line breaks since then
        self._closed: int | None = None  # where all brackets were closed

    def end(self, text: str) -> int | None:
        """Return where the block ends that ``text``, which only ever grows, begins with."""
        interrupt = self._interrupt.end(text)
        for index in range(self._read, len(text) if interrupt is None else interrupt):
            end = self._step(text, index)
            if end is not None:
                return end
        self._read = len(text)
        return interrupt if interrupt is None or self._closed is None else self._closed

    def shorten(self, by: int) -> None:
        """Take note that so many characters were cut off the beginning."""
        self._read -= by
        self._closed = None if self._closed is None else max(0, self._closed - by)
        self._string = max(0, self._string - by)
        self._interrupt.shorten(by)

    def _step(self, text: str, index: int) -> int | None:
        char = text[index]
        if char.isspace():
            if char == "\n":
                self._lines += 1
                return self._end_string_at(text, index) if self._quote else None
            return None
        if self._escaped:
            self._escaped = False
        elif char == "\\":
            self._escaped = True
        elif self._lines > 1 and char.isalpha():
            return len(text[:index].rstrip())
        elif self._closed is not None and not self._goes_on(char):
            return self._closed
        elif self._structure(char, index):
            self._closed = index + 1
        self._last, self._lines = char, 0
        return None

    def _goes_on(self, char: str) -> bool:
        """Tell whether another object follows the one that is closed."""
        if char == "{" and self._last == ",":
            self._closed = None
        return self._closed is None or (char == "," and self._last == "}")

    def _structure(self, char: str, index: int) -> bool:
        """Take one character; tell whether it closes the outermost bracket."""
        if self._quote:
            # A quote that stands within a string is not followed by one of these.
            if char not in ",:]}" or self._last != self._quote or index == self._string + 1:
                return False
            self._quote = ""
        if char in "\"'" and self._last in ("", *"[{,:"):
            self._quote, self._string = char, index
        elif char in _CLOSES:
            self._open.append(_CLOSES[char])
        elif char in "]}":
            return self._close(char)
        return False

    def _close(self, char: str) -> bool:
        """Close a bracket with all that were forgotten within it."""
        if char in self._open[-_MOST_FORGOTTEN:]:
            while self._open.pop() != char:
                pass
        return not self._open

    def _end_string_at(self, text: str, index: int) -> int | None:
        """End a string at a line break; brackets just before it were meant as such."""
        self._quote = ""
        for at in range(index - len(_closers(text[self._string : index])), index):
            if text[at] in "]}" and self._close(text[at]):
                return at + 1
        return None


def _closers(string: str) -> str:
    """Return the closing brackets, with commas and spaces, that a string ends with."""
    return string[len(string.rstrip("]}, \t\r")) :]
