"""Database statements of one chat turn, by the size of the catalogue: ours, and the original's."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from flask import Flask
from flask_jwt_extended import create_access_token

from app import create_app
from app.extensions import db

from .baseline import app as original
from .catalog import new_database, postgresql
from .catalog_data import fill
from .figures import Curve, Figure
from .processes import simulator

SIZES = (100, 1_000, 10_000)
QUICK = (100,)
LIMIT = 8
CHAT = "/api/chatbot/chat"
RECOMMEND = "/api/chatbot/recommend-for-me"
MESSAGE = "Which guitar suits a beginner with small hands?"
#: Path, session and message of our turns: what is found, recommended, not asked, not there, too
#: dear, and the user's own.
OUR_TURNS = [
    *[(CHAT, "s", MESSAGE)] * 2,
    *[(RECOMMEND, session, MESSAGE) for session in "st"],
    (CHAT, "t", "Hello!"),
    (CHAT, "t", "Do you have a theremin?"),
    (CHAT, "t", "A guitar for $1 a day at most?"),
    (CHAT, "u", "When is my rental due back?"),
]
USER = 1  # of those that `fill` makes


def measure(quick: bool = False) -> list[Figure]:
    """Return the most statements that a turn takes, for each number of instruments."""
    with (
        tempfile.TemporaryDirectory() as folder,
        postgresql(Path(folder)) as server,
        simulator(first=0.01, rate=500, tokens=20) as model,
    ):
        return [
            figure
            for size in (QUICK if quick else SIZES)
            for figure in (
                _measure("PostgreSQL", new_database(server, f"n{size}"), size, model),
                _measure("SQLite", f"sqlite:///{folder}/{size}.db", size, model),
            )
        ]


def _measure(system: str, url: str, size: int, model: str) -> Figure:
    settings = {
        "DATABASE_URL": url,
        "CHATBOT_OLLAMA_URL": model,
        "CHATBOT_MODEL": "simulated",
    }
    ours, theirs = create_app(settings), original.create_app(settings)
    with ours.app_context():
        db.create_all()
        fill(size, size, date.today())
    figure = Figure(
        f"database statements of a turn, {size:,} instruments, {system}",
        [_statements(ours, OUR_TURNS)],
        "",
        LIMIT,
        original=_statements(theirs, [(CHAT, "s", MESSAGE)]),
        curve=Curve(f"Database statements of a turn, {system}", "instruments", size),
    )
    for app in (ours, theirs):
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
    return figure


def _statements(app: Flask, turns: Sequence[tuple[str, str, str]]) -> int:
    """Return how many statements a turn takes at most, once the app has begun to serve.

    :param turns: path, session and message of each
    """
    with app.app_context():
        engine = db.engine
        token = create_access_token(identity=str(USER))

    def ask(path: str, session: str, message: str = MESSAGE) -> None:
        answer = app.test_client().post(
            path,
            json={"message": message, "session_id": session},
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.status_code == 200, answer.text

    ask(CHAT, "warm")
    return max(_count(engine, partial(ask, *turn)) for turn in turns)


def _count(engine: sa.Engine, act: Callable[[], None]) -> int:
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    act()
    sa.event.remove(engine, "before_cursor_execute", note)
    return len(sent)
