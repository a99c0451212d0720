"""Counts of requests that all processes of a host share, in an SQLite file.

``limits`` has nothing of the kind: what it keeps is in a server, or in one process. The file holds
nothing that matters for longer than an hour, and is not synced to the disk.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from limits.storage import Storage

SCHEME = "host-file"
#: Longest wait for other processes, in seconds; each of them takes well under a millisecond.
_PATIENCE = 0.1
#: After so many requests that were counted, what has expired is deleted.
_SWEEP_EVERY = 1000

_SCHEMA = """
PRAGMA synchronous=OFF;
PRAGMA journal_mode=WAL;
CREATE TABLE IF NOT EXISTS counts (
    key TEXT PRIMARY KEY, amount INTEGER NOT NULL, until REAL NOT NULL
) WITHOUT ROWID;
"""
_COUNT = """
INSERT INTO counts VALUES (:key, :amount, :now + :expiry)
ON CONFLICT (key) DO UPDATE SET
    amount = :amount + iif(until > :now, amount, 0),
    until = iif(until > :now, until, :now + :expiry)
RETURNING amount
"""


def uri_of(file: Path) -> str:
    """Return how ``limits`` names a file of counts."""
    return f"{SCHEME}:{quote(str(file))}"


class HostCounts(Storage):
    """A storage of ``limits`` for windows that are fixed.

    :param uri: ``host-file:`` and the path of the file
    :param wrap_exceptions: whether faults become errors of ``limits``
    """

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012  (as the library has it)

    def __init__(self, uri: str, wrap_exceptions: bool = False, **_: Any) -> None:
        super().__init__(uri, wrap_exceptions)
        self._path = unquote(urlsplit(uri).path)
        self._lock = threading.Lock()
        self._opened: tuple[int, sqlite3.Connection] | None = None
        self._counted = 0

    @property
    def base_exceptions(self) -> type[Exception]:
        """What goes wrong with a file."""
        return sqlite3.Error

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count, and return the sum of the window; the first in it begins it.

        :param expiry: seconds that a window lasts
        """
        self._counted += 1
        if self._counted % _SWEEP_EVERY == 0:
            self._do("DELETE FROM counts WHERE until <= ?", (time.time(),))
        values = {"key": key, "amount": amount, "now": time.time(), "expiry": expiry}
        return int(self._do(_COUNT, values)[0][0])

    def get(self, key: str) -> int:
        """Return the sum of the window that is running."""
        found = self._do("SELECT amount FROM counts WHERE key=? AND until>?", (key, time.time()))
        return int(found[0][0]) if found else 0

    def get_expiry(self, key: str) -> float:
        """Return when the window ends, in seconds since 1970."""
        found = self._do("SELECT until FROM counts WHERE key=?", (key,))
        return float(found[0][0]) if found else time.time()

    def check(self) -> bool:
        """Tell whether the file can be used."""
        try:
            self._do("SELECT 1 FROM counts LIMIT 1")
        except sqlite3.Error:
            return False
        return True

    def reset(self) -> int | None:
        """Forget everything; return how much that was."""
        return len(self._do("DELETE FROM counts RETURNING key"))

    def clear(self, key: str) -> None:
        """Forget one count."""
        self._do("DELETE FROM counts WHERE key=?", (key,))

    def _do(self, statement: str, values: Any = ()) -> list[Any]:
        with self._lock:
            # All rows: a statement that is not read to its end keeps its lock.
            return self._connection().execute(statement, values).fetchall()

    def _connection(self) -> sqlite3.Connection:
        """Return that of this process: SQLite's cannot be taken along into a fork."""
        if self._opened is None or self._opened[0] != os.getpid():
            connection = sqlite3.connect(
                self._path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
            )
            connection.executescript(_SCHEMA)
            self._opened = os.getpid(), connection
        return self._opened[1]
