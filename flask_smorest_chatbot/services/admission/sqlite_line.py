"""A line in an SQLite file: for the processes of one host.

SQLite's transactions are the lock, so the kernel frees it when a process is killed. The file holds
nothing that outlives the turns and is not synced to the disk. Times are those of the system's
monotonic clock, which all processes of a host share.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from .line import HOLD, LEASE, WEIGHT, Answer, Entry, Limits, LineError, State, UnknownOwnerError

MEMORY = ":memory:"
#: Longest wait for other processes, in seconds; each of them takes well under a millisecond.
_PATIENCE = 1.0
# States of a place. Of the second and the last its process does not know yet.
_WAITING, _ADMITTED, _RUNNING, _DROPPED = range(4)

_SCHEMA = """
PRAGMA synchronous=OFF;
PRAGMA journal_mode=WAL;
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS owners (owner TEXT PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS places (
    owner TEXT NOT NULL, number INTEGER NOT NULL, user TEXT NOT NULL, state INTEGER NOT NULL,
    ticket INTEGER NOT NULL, PRIMARY KEY (owner, number)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS places_of_user ON places (user, state, ticket);
CREATE INDEX IF NOT EXISTS places_by_state ON places (state, owner);
-- Users who have turns waiting, in their order.
CREATE TABLE IF NOT EXISTS line (user TEXT PRIMARY KEY, ticket INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS line_order ON line (ticket);
CREATE TABLE IF NOT EXISTS pace (tickets INTEGER NOT NULL, mean REAL, held_until REAL NOT NULL);
INSERT INTO pace SELECT 0, NULL, 0 WHERE NOT EXISTS (SELECT * FROM pace);
COMMIT;
"""


class SqliteLine:
    """A line in a file. Not thread-safe: its process calls it once at a time.

    :param path: of the file, or :data:`MEMORY` for a line of this process alone
    :param limits: of this process; it lets in nobody beyond them
    :param lease: seconds until a silent process counts as dead
    :param hold: seconds for which nobody is let in after a process came from a lost line
    :param clock: the time in seconds
    """

    def __init__(
        self,
        path: str,
        limits: Limits,
        lease: float = LEASE,
        hold: float = HOLD,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path, self._limits = path, limits
        self._lease, self._hold, self._clock = lease, hold, clock
        self._opened: sqlite3.Connection | None = None

    def exchange(
        self,
        owner: str,
        entering: Sequence[Entry] = (),
        leaving: Mapping[int, float | None] | None = None,
        *,
        joining: bool = False,
        looking: bool = True,
    ) -> Answer:
        """See :class:`.Line`."""
        with self._transaction():
            self._renew(owner, joining)
            for number, seconds in (leaving or {}).items():
                self._leave(owner, number, seconds)
            self._keep(owner, entering)
            self._admit()
            new = [entry for entry in entering if entry.state is State.NEW]
            told = [(entry.number, self._enter(owner, entry)) for entry in new]
            return self._answer(owner, told, looking)

    def is_reachable(self) -> bool:
        """See :class:`.Line`."""
        try:
            with self._transaction():
                return True
        except LineError:
            return False

    def withdraw(self, owner: str) -> None:
        """See :class:`.Line`."""
        with self._transaction():
            self._forget(owner)
            self._admit()

    def close(self) -> None:
        """See :class:`.Line`."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    # -- the file ------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._patiently("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._do("ROLLBACK")
                raise
            self._do("COMMIT")
        except sqlite3.Error as error:
            raise LineError(str(error)) from error

    def _patiently(self, statement: str) -> None:
        """Begin when the other processes let us; SQLite's own waiting would hold up a greenlet's
        whole process."""
        give_up = time.monotonic() + _PATIENCE
        while True:
            try:
                self._do(statement)
                return
            except sqlite3.OperationalError as error:
                is_busy = error.sqlite_errorcode & 0xFF in (
                    sqlite3.SQLITE_BUSY,
                    sqlite3.SQLITE_LOCKED,
                )
                if not is_busy or time.monotonic() > give_up:
                    raise
            time.sleep(random.uniform(0.0002, 0.002))  # noqa: S311  # nosec B311: no secret

    def _do(self, statement: str, *values: object) -> sqlite3.Cursor:
        return self._connection().execute(statement, values)

    def _connection(self) -> sqlite3.Connection:
        if self._opened is None:
            opened = sqlite3.connect(
                self._path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
            )
            try:
                opened.executescript(_SCHEMA)
                opened.execute("PRAGMA busy_timeout=0")
            except sqlite3.Error:
                opened.close()
                raise
            self._opened = opened
        return self._opened

    def _number(self, statement: str, *values: object) -> int:
        return int(self._do(statement, *values).fetchone()[0])

    def _ticket(self) -> int:
        return self._number("UPDATE pace SET tickets = tickets + 1 RETURNING tickets")

    # -- processes -----------------------------------------------------------------------------

    def _renew(self, owner: str, joining: bool) -> None:
        now = self._clock()
        # The clock begins anew with the system, which the file may outlive.
        dead = self._do(
            "SELECT owner FROM owners WHERE until < ? OR until > ?", now, now + 2 * self._lease
        ).fetchall()
        for (name,) in dead:
            self._forget(name)
        if joining:
            self._forget(owner)
            self._do("INSERT INTO owners VALUES (?, ?)", owner, now + self._lease)
            return
        renewed = self._do("UPDATE owners SET until=? WHERE owner=?", now + self._lease, owner)
        if not renewed.rowcount:
            raise UnknownOwnerError(owner)

    def _forget(self, owner: str) -> None:
        places = self._do("SELECT number FROM places WHERE owner=?", owner).fetchall()
        for (number,) in places:
            self._leave(owner, number, None)
        self._do("DELETE FROM owners WHERE owner=?", owner)

    # -- places --------------------------------------------------------------------------------

    def _keep(self, owner: str, entering: Sequence[Entry]) -> None:
        """Take in what a joining process has already."""
        kept = [entry for entry in entering if entry.state is not State.NEW]
        for entry in kept:
            is_running = entry.state is State.RUNNING
            self._place(owner, entry, _RUNNING if is_running else _WAITING)
        if kept:
            self._do("UPDATE pace SET held_until=?", self._clock() + self._hold)

    def _enter(self, owner: str, entry: Entry) -> int | None:
        """Take a turn in; return its state, or None if there is no room."""
        if self._is_free(entry.user):
            return self._place(owner, entry, _RUNNING)
        return self._place(owner, entry, _WAITING) if self._make_room(entry.user) else None

    def _place(self, owner: str, entry: Entry, state: int) -> int:
        ticket = self._ticket()
        place = (owner, entry.number, entry.user, state, ticket)
        self._do("INSERT INTO places VALUES (?, ?, ?, ?, ?)", *place)
        if state == _WAITING:
            self._do("INSERT OR IGNORE INTO line VALUES (?, ?)", entry.user, ticket)
        return state

    def _is_free(self, user: str) -> bool:
        """Tell whether a newcomer may run at once. If a slot is free, nobody who waits may use it:
        all of them are at their own limit."""
        return self._free_slots() > 0 and self._may_run(user)

    def _may_run(self, user: str) -> bool:
        running = self._number("SELECT count(*) FROM places WHERE user=? AND state IN (1, 2)", user)
        return running < self._limits.per_user

    def _free_slots(self) -> int:
        held_until = self._do("SELECT held_until FROM pace").fetchone()[0]
        if 0 < held_until - self._clock() <= self._hold:
            return 0
        return self._limits.slots - self._number(
            "SELECT count(*) FROM places WHERE state IN (1, 2)"
        )

    def _waiting(self) -> int:
        return self._number("SELECT count(*) FROM places WHERE state=0")

    def _make_room(self, user: str) -> bool:
        """Find room in the line; if it is full, whoever has most turns there gives up the last."""
        if self._waiting() < self._limits.waiting:
            return True
        longest = self._do(
            "SELECT user, count(*) AS turns, max(places.ticket) FROM places JOIN line USING (user) "
            "WHERE state=0 GROUP BY user ORDER BY turns DESC, line.ticket DESC LIMIT 1"
        ).fetchone()
        own = self._number("SELECT count(*) FROM places WHERE user=? AND state=0", user)
        if longest is None or longest[1] <= own + 1:
            return False
        self._do("UPDATE places SET state=3 WHERE user=? AND ticket=?", longest[0], longest[2])
        return True

    def _leave(self, owner: str, number: int, seconds: float | None) -> None:
        left = self._do(
            "DELETE FROM places WHERE owner=? AND number=? RETURNING user, state", owner, number
        ).fetchone()
        if left is None:
            return
        user, state = left
        if seconds is not None:
            self._do(
                "UPDATE pace SET mean = coalesce(mean + ? * (? - mean), ?)",
                WEIGHT,
                seconds,
                seconds,
            )
        if state in (_ADMITTED, _RUNNING):
            self._to_the_end(user)
        elif state == _WAITING:
            self._leave_line(user)

    def _to_the_end(self, user: str) -> None:
        self._do("UPDATE line SET ticket=? WHERE user=?", self._ticket(), user)

    def _leave_line(self, user: str) -> None:
        """Take a user out of the order of users who has nothing waiting any more."""
        self._do(
            "DELETE FROM line WHERE user=? AND NOT EXISTS "
            "(SELECT * FROM places WHERE places.user=line.user AND state=0)",
            user,
        )

    def _admit(self) -> None:
        """Go round the users, each being let in once a round, until no slot is left to give."""
        free = self._free_slots()
        while free > 0:
            users = list(itertools.islice(filter(self._may_run, self._users()), free))
            if not users:
                return
            for user in users:
                self._admit_next(user)
            free -= len(users)

    def _users(self) -> Iterator[str]:
        return (user for (user,) in self._do("SELECT user FROM line ORDER BY ticket"))

    def _admit_next(self, user: str) -> None:
        self._do(
            "UPDATE places SET state=1 WHERE user=? AND state=0 AND ticket="
            "(SELECT min(ticket) FROM places WHERE user=? AND state=0)",
            user,
            user,
        )
        self._to_the_end(user)
        self._leave_line(user)

    # -- what a process learns -----------------------------------------------------------------

    def _answer(self, owner: str, told: Sequence[tuple[int, int | None]], looking: bool) -> Answer:
        news = self._do(
            "SELECT number, state FROM places WHERE owner=? AND state IN (1, 3)", owner
        ).fetchall()
        if news:
            self._do("UPDATE places SET state=2 WHERE owner=? AND state=1", owner)
            self._do("DELETE FROM places WHERE owner=? AND state=3", owner)
        states = [*told, *news]
        mean = self._do("SELECT mean FROM pace").fetchone()[0]
        waiting = self._waiting()
        return Answer(
            admitted=[number for number, state in states if state in (_ADMITTED, _RUNNING)],
            refused=[number for number, state in states if state in (None, _DROPPED)],
            positions=self._positions(owner) if looking and waiting else {},
            waiting=waiting,
            mean=mean,
        )

    def _positions(self, owner: str) -> dict[int, int]:
        """Return where the owner's turns stand if nobody else comes and everybody may run."""
        rows = self._do(
            "SELECT owner, number, row_number() OVER (ORDER BY round, turn) FROM ("
            " SELECT owner, number, line.ticket AS turn,"
            "  row_number() OVER (PARTITION BY places.user ORDER BY places.ticket) AS round"
            " FROM places JOIN line USING (user) WHERE state=0)"
        )
        return {number: position for name, number, position in rows if name == owner}
