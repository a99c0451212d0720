"""Notices that clients have left, while they are being answered.

WSGI has no word for it, so this looks at the sockets where the server hands them over (gunicorn,
Werkzeug); elsewhere a client's leaving shows at the next write. One thread looks at all of them:
that costs a thousand answers much less than to wake up for it, each several times a second.
"""

from __future__ import annotations

import _socket
import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

#: Seconds between two looks.
LOOK_INTERVAL = 0.1


@dataclass(eq=False)
class Client:
    """Who is being answered.

    :param connection: its socket
    :param on_left: called once, from the thread that notices it
    """

    connection: Any
    on_left: Callable[[], None]
    has_left: bool = False

    def look(self) -> None:
        """Note whether it has closed its connection."""
        if not self.has_left and self._is_closed():
            self.has_left = True
            self.on_left()

    def _is_closed(self) -> bool:
        # The C socket on the same descriptor: gevent's own would wait where this must not. With all
        # three kinds named, making one asks the system nothing.
        connection = self.connection
        kinds = (connection.family, connection.type, connection.proto)
        try:
            peek = _socket.socket(*kinds, fileno=connection.fileno())
        except (OSError, ValueError):
            return True
        try:
            return peek.recv(1, _socket.MSG_PEEK | _socket.MSG_DONTWAIT) == b""
        except (BlockingIOError, InterruptedError):
            return False
        except ConnectionError:
            return True
        finally:
            peek.detach()


class ClientWatch:
    """All clients that this process is answering."""

    def __init__(self) -> None:
        self._clients: set[Client] = set()
        self._lock = threading.Lock()
        self._is_looking = False

    @contextlib.contextmanager
    def watched(self, environ: Mapping[str, Any], on_left: Callable[[], None]) -> Iterator[Client]:
        """Look after the client of a request while the block runs.

        :param on_left: to wake up whoever waits for something else meanwhile; from any thread
        """
        connection = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
        client = Client(connection, on_left)
        if connection is not None:
            self._add(client)
        try:
            yield client
        finally:
            with self._lock:
                self._clients.discard(client)

    def _add(self, client: Client) -> None:
        with self._lock:
            self._clients.add(client)
            if self._is_looking:
                return
            self._is_looking = True
        threading.Thread(target=self._look, name="chatbot-client-watch", daemon=True).start()

    def _look(self) -> None:
        while True:
            time.sleep(LOOK_INTERVAL)
            with self._lock:
                clients = list(self._clients)
                self._is_looking = bool(clients)
            if not clients:
                return
            for client in clients:
                client.look()
