"""A circuit breaker: a model server that is away is not asked by everybody all the time."""

from __future__ import annotations

import logging
import threading
import time

from ...metrics import BREAKER_STATE

log = logging.getLogger(__name__)

_CLOSED, _PROBING, _OPEN = 0, 1, 2


class Breaker:
    """Decides whether one model server may be asked. Thread-safe.

    Libraries that do this either hold a lock while the model talks or let everybody in at once to
    try whether the server is back.

    :param server: what to call it in metrics and the log; without secrets
    :param failures: how many connections must fail in a row for it to be left alone
    :param seconds: for how long it is left alone before one request tries it
    :param connect_seconds: within how long that request fails if there is still no server; one
        that waits for longer has found it, however long its first word takes
    """

    def __init__(
        self, server: str, failures: int, seconds: float, connect_seconds: float = 5.0
    ) -> None:
        self._server, self._most_failures, self._seconds = server, failures, seconds
        self._connect_seconds, self._connected_at = connect_seconds, 0.0
        self._lock = threading.Lock()
        self._failures = 0
        self._open_until = 0.0
        self._probe: object | None = None
        self._show(_CLOSED)

    def admit(self, caller: object) -> float:
        """Let a caller ask the server, or tell it how long that will not do.

        A caller that is let in must call :meth:`leave` in the end.

        :return: 0.0 to go on, else the seconds until it is worth another try
        """
        with self._lock:
            wait = self._wait()
            if not wait and self._probe is not None:
                self._close()
            if not wait and self._failures >= self._most_failures:
                self._probe = caller
                self._connected_at = time.monotonic() + self._connect_seconds
                self._show(_PROBING)
            return wait

    @property
    def wait(self) -> float:
        """What :meth:`admit` would answer now, in seconds."""
        with self._lock:
            return self._wait()

    def _wait(self) -> float:
        if self._failures < self._most_failures:
            return 0.0
        if self._probe is not None:
            return max(0.0, self._connected_at - time.monotonic())
        return max(0.0, self._open_until - time.monotonic())

    def succeed(self) -> None:
        """Note that the server has answered something."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._failures >= self._most_failures:
            log.info("model server %s is there again", self._server)
        self._failures, self._probe = 0, None
        self._show(_CLOSED)

    def leave(self, caller: object, *, failed: bool) -> None:
        """Note how a caller's request ended, unless the server has answered.

        :param failed: whether the server was away; False when that was never found out
        """
        with self._lock:
            is_probe = caller is self._probe
            if is_probe:
                self._probe = None
            if failed:
                self._failures += 1
            if is_probe and not failed:  # the next one may try
                self._show(_OPEN)
            elif failed and (is_probe or self._failures == self._most_failures):
                self._open()

    def _open(self) -> None:
        log.warning("model server %s is left alone for %g s", self._server, self._seconds)
        self._open_until = time.monotonic() + self._seconds
        self._show(_OPEN)

    def _show(self, state: int) -> None:
        BREAKER_STATE.labels(self._server).set(state)
