"""Several lines, of which a process keeps to the best that works."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence

from ...metrics import QUEUE_FALLBACK
from .line import Answer, Entry, Line, LineError, UnknownOwnerError

log = logging.getLogger(__name__)

#: Seconds between two attempts to get back to the best line.
_RETRY_INTERVAL = 2.0


class Lines:
    """The lines of one process. When one fails the next takes over, and the first when it is back.

    Whoever takes over does not know the process, which then says anew what it has. So no turn loses
    its place; only those of other hosts are not seen any more.

    :param lines: by name, the best first; the last one must never fail
    """

    def __init__(self, lines: Mapping[str, Line]) -> None:
        self._names, self._lines = list(lines), list(lines.values())
        self._current = 0
        self._next_try = 0.0

    def exchange(
        self,
        owner: str,
        entering: Sequence[Entry] = (),
        leaving: Mapping[int, float | None] | None = None,
        *,
        joining: bool = False,
        looking: bool = True,
    ) -> Answer:
        """See :class:`.Line`.

        :raises UnknownOwnerError: also when another line has just taken over
        """
        try:
            line = self._lines[self._current]
            return line.exchange(owner, entering, leaving, joining=joining, looking=looking)
        except LineError as error:
            if self._current + 1 == len(self._lines):
                raise
            self._fall_back(error)
            raise UnknownOwnerError(owner) from error

    def _fall_back(self, error: LineError) -> None:
        log.warning(
            "the line for the model in %s failed (%s): keeping it in %s for now",
            self._names[self._current],
            error,
            self._names[self._current + 1],
        )
        if self._current == 0:
            QUEUE_FALLBACK.inc()
        self._current += 1
        self._next_try = time.monotonic() + _RETRY_INTERVAL

    def is_first_back(self) -> bool:
        """Tell, every few seconds, whether the best line can be returned to. May take a second."""
        if self._current == 0 or time.monotonic() < self._next_try:
            return False
        self._next_try = time.monotonic() + _RETRY_INTERVAL
        return self._lines[0].is_reachable()

    def go_back(self, owner: str) -> None:
        """Return to the best line.

        :param owner: what the process is called in the one that it leaves
        """
        self.withdraw(owner)
        log.warning("the line for the model is kept in %s again", self._names[0])
        QUEUE_FALLBACK.dec()
        self._current = 0

    def withdraw(self, owner: str) -> None:
        """Forget the process; if that fails, its lease ends in a few seconds."""
        line = self._lines[self._current]
        try:
            line.withdraw(owner)
        except LineError as error:
            log.info("the line for the model could not be told of the end: %s", error)
        line.close()
