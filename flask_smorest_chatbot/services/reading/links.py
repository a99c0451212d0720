"""Let only links to known hosts into the prose, while it streams and wherever a piece ends.

A model may be talked into any link, by what a user, a listing or its own training says. Of a link
to elsewhere the text stays and the address goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

#: What stands in place of an address that has no text of its own.
REMOVED = "(link removed)"
#: Longer addresses go without a look at them.
LONGEST_ADDRESS = 2000

#: Where an address begins; a scheme that is none of the web's has been handed on before its "//".
_WORDS = ("http:", "https:", "www.", "javascript:", "vbscript:", "data:")
#: Not within a word, nor "data:" where a word may go on as in "I'd".
_NOT_WITHIN = "(?<![A-Za-z0-9])(?!(?<=[A-Za-z]['\u2019])d)"
_START = re.compile(
    rf"(?P<target>\]\(\s*)|{_NOT_WITHIN}(?:{'|'.join(map(re.escape, _WORDS))})"
    r"|(?<=:)//|(?<![/\w])//(?=[\w\[])",
    re.IGNORECASE,
)
_BEGUN = sorted({re.escape(word[:end]) for word in _WORDS for end in range(1, len(word))})
#: What may become such a beginning.
_PARTIAL = re.compile(rf"(?:{_NOT_WITHIN}(?:{'|'.join(_BEGUN)})|(?<![/\w])//?|\])\Z", re.IGNORECASE)
_END_OF_TARGET = re.compile(r"[\s)]")
_END_OF_BARE = re.compile(r"[\s<>()\[\]{}\"'`]")
_SENTENCE_MARKS = ".,;:!?*_~"
# Browsers read a backslash as a slash, and drop control characters.
_PLAIN = re.compile(r"[!-\[\]-~\u00a1-\U0010ffff]*")
_OWN_PATH = re.compile(r"(?:/(?!/)|#|\?)[!-\[\]-~]*")


class LinkFilter:
    """Takes addresses out of prose unless they lead to a known host, or are a path of this site's.

    :param hosts: names of the hosts that may be linked, without port
    """

    def __init__(self, hosts: Iterable[str]) -> None:
        #: Addresses that were taken out.
        self.removed: list[str] = []
        self._hosts = {host.lower() for host in hosts}
        self._pending = ""  # begins with what is, or may become, an address
        self._before = "  "  # the two characters before that
        self._dropping: re.Pattern[str] | None = (
            None  # what ends the overlong address being dropped
        )

    def feed(self, prose: str) -> str:
        """Take more prose; return what of it can be told by now."""
        self._pending += prose
        return self._take(is_end=False)

    def finish(self) -> str:
        """Take the end of the prose; return what was held back."""
        told = self._take(is_end=True)
        return f"{told}]" if self._dropping is _END_OF_TARGET else told

    def _take(self, *, is_end: bool) -> str:
        told = ""
        while (part := self._step(is_end)) is not None:
            told += part
            self._before = (self._before + part)[-2:]
        return told

    def _step(self, is_end: bool) -> str | None:
        """Handle the end of a dropped address, a run of text, or one address; None for nothing."""
        if not self._pending:
            return None
        if self._dropping:
            return self._drop(self._dropping)
        text = self._before + self._pending
        start = _START.search(text, len(self._before))
        at = start.start() - len(self._before) if start else self._end_of_text(text, is_end)
        if start is None or at > 0:
            told, self._pending = self._pending[:at], self._pending[at:]
            return told or None
        return self._step_at_address(start, is_end)

    def _end_of_text(self, text: str, is_end: bool) -> int:
        partial = None if is_end else _PARTIAL.search(text, len(self._before))
        return (partial.start() if partial else len(text)) - len(self._before)

    def _step_at_address(self, start: re.Match[str], is_end: bool) -> str | None:
        """Judge the address that what is pending begins with, once its end is there."""
        text, ending = self._pending, _END_OF_TARGET if start["target"] else _END_OF_BARE
        end = ending.search(text, len(start[0]))
        length = end.start() if end else len(text)
        is_overlong = length > LONGEST_ADDRESS
        if end is None and not is_end:
            if not is_overlong:
                return None
            self._dropping = ending
        if not start["target"]:
            length = max(len(start[0]), len(text[:length].rstrip(_SENTENCE_MARKS)))
        address, self._pending = text[:length], text[length:]
        said = address[len(start[0]) :]
        if not said or (not is_overlong and self._may_link(address, said, start)):
            return address
        return self._removed(said if start["target"] else address, start)

    def _removed(self, address: str, start: re.Match[str]) -> str:
        self.removed.append(address[: LONGEST_ADDRESS - len(start[0])])
        if not start["target"]:
            return REMOVED
        if not self._dropping:
            self._close_target()
        return ""

    def _close_target(self) -> None:
        # Looked at again: what follows must not become a link by the removal of this one.
        self._pending = "]" + self._pending.removeprefix(")")

    def _may_link(self, address: str, said: str, start: re.Match[str]) -> bool:
        if start["target"]:
            target = said.removeprefix("<").removesuffix(">")
            return bool(_OWN_PATH.fullmatch(target)) or self._is_known(target)
        return self._is_known(address if start[0].lower() != "www." else f"http://{address}")

    def _is_known(self, address: str) -> bool:
        return bool(_PLAIN.fullmatch(address)) and host_of(address) in self._hosts

    def _drop(self, ending: re.Pattern[str]) -> str:
        if (end := ending.search(self._pending)) is None:
            self._pending = ""
            return ""
        self._pending, self._dropping = self._pending[end.start() :], None
        if ending is _END_OF_TARGET:
            self._close_target()
        return ""


def host_of(address: str | None) -> str | None:
    """Return the host that a web address leads to; None for others, and if it names a user."""
    try:
        parts = urlsplit(address or "")
        is_plain = parts.scheme in ("http", "https") and "@" not in parts.netloc
        return parts.hostname if is_plain else None
    except ValueError:
        return None
