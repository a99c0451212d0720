"""Notices that clients have left, while they are being answered.

WSGI has no word for it, so this looks at the sockets where the server hands them over (gunicorn,
Werkzeug); elsewhere a client's leaving shows at the next write. One thread looks at all of them:
that costs a thousand answers much less than to wake up for it, each several times a second.
"""

from __future__ import annotations

import contextlib
import select
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: Seconds between two looks.
LOOK_INTERVAL = 0.1
# Linux tells of a client's end even if there is something from before to be read.
_HUNG_UP = getattr(select, "POLLRDHUP", getattr(select, "POLLHUP", 0))


@dataclass(eq=False)
class Client:
    """Who is being answered.

    :param connection: its socket
    :param on_left: called once, from the thread that notices it
    """

    connection: Any
    on_left: Callable[[], None]
    has_left: bool = False

    def leave(self) -> None:
        """Note that it has closed its connection."""
        if not self.has_left:
            self.has_left = True
            self.on_left()


class ClientWatch:
    """All clients that this process is answering."""

    def __init__(self) -> None:
        self._clients: set[Client] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def watched(self, environ: Mapping[str, Any], on_left: Callable[[], None]) -> Iterator[Client]:
        """Look after the client of a request while the block runs.

        :param on_left: to wake up whoever waits for something else meanwhile; from any thread
        """
        connection = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
        client = Client(connection, on_left)
        if connection is not None and hasattr(select, "poll"):
            self._add(client)
        try:
            yield client
        finally:
            with self._lock:
                self._clients.discard(client)

    def _add(self, client: Client) -> None:
        with self._lock:
            self._clients.add(client)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=self._look, name="chatbot-client-watch", daemon=True
                )
                with contextlib.suppress(RuntimeError):  # no more threads: the next one tries again
                    self._thread.start()

    def _look(self) -> None:
        while clients := self._present():
            _look_at(clients)
            time.sleep(LOOK_INTERVAL)

    def _present(self) -> Sequence[Client]:
        with self._lock:
            if not self._clients:
                self._thread = None
            return list(self._clients)


def _look_at(clients: Sequence[Client]) -> None:
    """Ask the system, by one call that does not wait, which connections are closed."""
    poll = _system_poll()
    by_number: dict[int, Client] = {}
    for client in clients:
        try:
            number = client.connection.fileno()
            poll.register(number, _HUNG_UP)
        except (OSError, ValueError):  # it is closed here
            client.leave()
        else:
            by_number[number] = client
    for number, _ in poll.poll(0):
        by_number[number].leave()


def _system_poll() -> Any:
    # gevent's own would let others run, and take what they do meanwhile for what was asked.
    monkey = sys.modules.get("gevent.monkey")
    return (monkey.get_original("select", "poll") if monkey else select.poll)()
