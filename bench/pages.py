"""Pages of sessions and messages in tables of any size, beside a query for each session.

PostgreSQL, as most deployments have it. One user has many sessions, and one session many messages;
what is measured is what PostgreSQL says that it took to plan and run a page's query. ``BENCH_ROWS``
adds a size: 10,000,000 messages take some minutes to write.
"""

from __future__ import annotations

import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from app import create_app
from app.extensions import db
from app.models import ChatMessage, ChatSession
from flask_smorest_chatbot.services.storage.conversations import Conversations
from flask_smorest_chatbot.services.storage.pages import Place

from .baseline import app as original
from .catalog import new_database, postgresql
from .figures import Curve, Figure

SIZES = (10_000, 100_000, 1_000_000)
QUICK = (2_000,)
LIMIT = 50  # rows of a page
LIMIT_MS = 5.0
#: How a page may grow from the smallest table on.
LIMIT_GROWTH = 2.0
ROUNDS = 41
MESSAGES_OF_A_SESSION = 20
USER = 1
SAMPLE = 20  # sessions that the original's list is timed with

#: Written as fast as PostgreSQL can: the indexes come afterwards.
_FILL = """
INSERT INTO users (id, email, password_hash, name, role, is_active, created_at)
SELECT n, n || '@example.com', '', 'Somebody', 'renter', true, now()
FROM generate_series(1, :users) n;

INSERT INTO chat_sessions
    (id, user_id, session_id, title, started_at, last_message_at, message_count)
SELECT n, CASE WHEN n <= :own THEN 1 ELSE 2 + n % (:users - 1) END, 's' || n, 'Which guitar?',
    now() - n * interval '1 minute', now() - n * interval '1 minute', 20
FROM generate_series(1, :sessions) n;

INSERT INTO chat_messages
    (id, user_id, session_id, chat_session_id, message_type, content, context_data, created_at,
     status)
SELECT n, CASE WHEN s <= :own THEN 1 ELSE 2 + s % (:users - 1) END, 's' || s, s,
    CASE n % 2 WHEN 1 THEN 'user' ELSE 'assistant' END, repeat('A few words. ', 8), NULL,
    now() - s * interval '1 minute', 'complete'
FROM (
    SELECT n, CASE WHEN n <= :long THEN 1 ELSE 2 + n % (:sessions - 1) END AS s
    FROM generate_series(1, :messages) n
) AS numbered;
"""


@dataclass(frozen=True)
class Size:
    """How much is stored. What grows is the tables: the user's list is the same in all of them.

    :param messages: in all; a session has 20 on average, where there are enough of them
    """

    messages: int

    @property
    def values(self) -> dict[str, int]:
        """Numbers of rows: of the tables, and of the longest lists in them."""
        own = min(5_000, self.messages // 2)
        sessions = max(self.messages // MESSAGES_OF_A_SESSION, own + own // 10)
        return {
            "messages": self.messages,
            "sessions": sessions,
            "users": max(2, sessions // 10),
            "own": own,
            "long": min(20_000, self.messages // 4),
        }


@dataclass
class Page:
    """What PostgreSQL says of a page's query.

    :param indexes: what it used
    """

    name: str
    times: list[float] = field(default_factory=list)
    indexes: list[str] = field(default_factory=list)
    plan: str = ""

    @property
    def median(self) -> float:
        """Milliseconds to plan and run it."""
        return statistics.median(self.times)


def measure(quick: bool = False) -> list[Figure]:
    """Return milliseconds of pages, by the size of the tables, and what they grew by."""
    sizes = QUICK if quick else sizes_of(os.environ.get("BENCH_ROWS", ""))
    measured: dict[int, list[Page]] = {}
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder, postgresql(Path(folder)) as server:
        for size in sizes:
            with _filled(new_database(server, f"pages_{size}"), Size(size)):
                measured[size] = _pages(Size(size))
                figures += _figures(size, measured[size], _row_by_row(Size(size)))
    _show(sizes[-1], measured[sizes[-1]])
    return [*figures, *_growth(measured[sizes[0]], measured[sizes[-1]], sizes[-1])]


def sizes_of(rows: str) -> Sequence[int]:
    """Return the sizes to measure: the usual ones, and what the environment asks for."""
    return sorted({*SIZES, *([int(rows)] if rows else [])})


@contextmanager
def _filled(url: str, size: Size) -> Iterator[None]:
    app = create_app({"DATABASE_URL": url})
    with app.app_context():
        db.create_all()
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            _fill(connection, size)
        yield
        db.session.remove()
        db.engine.dispose()


def _fill(connection: sa.Connection, size: Size) -> None:
    connection.execute(sa.text("SET session_replication_role = replica"))
    connection.execute(sa.text("SET synchronous_commit = off"))
    again = [_without_index(connection, *row) for row in _constraints(connection)]
    for statement in _FILL.split(";")[:-1]:
        connection.execute(sa.text(statement), size.values)
    for statement in again:
        connection.execute(sa.text(statement))
    connection.execute(sa.text("VACUUM ANALYZE"))


def _constraints(connection: sa.Connection) -> Sequence[Any]:
    return connection.execute(
        sa.text(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) "
            "FROM pg_constraint WHERE contype = 'u' AND conrelid::regclass::text LIKE 'chat_%'"
        )
    ).all()


def _without_index(connection: sa.Connection, table: str, name: str, definition: str) -> str:
    """Drop a unique constraint; return the statement that makes it again."""
    connection.execute(sa.text(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))
    return f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"


def _pages(size: Size) -> list[Page]:
    """Measure the first page, one in the middle, and the last of both lists."""
    conversations = Conversations(db, ChatSession, ChatMessage)
    own, long = size.values["own"], size.values["long"]
    places = [None, *(_place(own * share // 100) for share in (50, 95))]
    keys = [None, *(long * share // 100 for share in (50, 5))]
    names = ("first", "middle", "last")
    sessions = [
        _explained(
            f"{name} page of sessions", lambda p=place: conversations.list_sessions(USER, LIMIT, p)
        )
        for name, place in zip(names, places, strict=True)
    ]
    messages = [
        _explained(
            f"{name} page of messages",
            lambda k=key: conversations.list_messages(USER, "s1", LIMIT, k),
        )
        for name, key in zip(names, keys, strict=True)
    ]
    return [*sessions, *messages]


def _place(number: int) -> Place:
    session = db.session.get(ChatSession, max(1, number))
    assert session is not None
    return Place(session.last_message_at, session.id)


def _explained(name: str, read: Any) -> Page:
    """Read a page, and let PostgreSQL explain the one query that it took."""
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        sent.append((statement, values))

    sa.event.listen(db.engine, "before_cursor_execute", note)
    read()
    sa.event.remove(db.engine, "before_cursor_execute", note)
    db.session.rollback()
    [(statement, values)] = sent
    page = Page(name)
    with db.engine.connect() as connection:
        cursor = connection.connection.cursor()
        for _ in range(ROUNDS):
            cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}", values)
            told = cursor.fetchone()[0][0]
            page.times.append(told["Planning Time"] + told["Execution Time"])
        cursor.execute(f"EXPLAIN (COSTS OFF) {statement}", values)
        page.plan = "\n".join(row[0] for row in cursor.fetchall())
    page.indexes = sorted(set(re.findall(r"using (\w+)", page.plan)))
    return page


def _row_by_row(size: Size) -> float:
    """Return the milliseconds of the original's list of sessions, as far as it takes a query each.

    Of some of them, times all: of all it takes minutes.
    """
    began = time.perf_counter()
    for number in range(2, 2 + SAMPLE):
        original._summary(USER, f"s{number}")
    took = time.perf_counter() - began
    db.session.rollback()
    db.session.expunge_all()
    return took * 1000 * size.values["own"] / SAMPLE


def _figures(size: int, pages: Sequence[Page], row_by_row: float) -> list[Figure]:
    return [
        Figure(
            f"{page.name}, {size:,} messages",
            page.times,
            "ms",
            LIMIT_MS,
            original=row_by_row if page.name == "first page of sessions" else None,
            curve=Curve(f"Time of a {page.name.removeprefix('first ')}", "messages", size)
            if page.name.startswith("first")
            else None,
        )
        for page in pages
    ]


def _growth(small: Sequence[Page], large: Sequence[Page], size: int) -> list[Figure]:
    return [
        Figure(
            f"{page.name}, {size:,} messages against {SIZES[0]:,}",
            [page.median / before.median],
            "times",
            LIMIT_GROWTH,
        )
        for before, page in zip(small, large, strict=True)
    ]


def _show(size: int, pages: Sequence[Page]) -> None:
    """Write the plans to standard error, beside the table."""
    for page in pages:
        sys.stderr.write(f"{page.name}, {size:,} messages: {', '.join(page.indexes)}\n")
    for page in (pages[0], pages[3]):
        sys.stderr.write(f"\n{page.name}:\n{page.plan}\n")
