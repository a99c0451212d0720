"""Database statements of one chat turn, by the size of the catalogue: ours, and the original's."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import sqlalchemy as sa
from flask import Flask
from flask_jwt_extended import create_access_token

from app import create_app
from app.extensions import db

from .baseline import app as original
from .catalog_data import fill
from .figures import Curve, Figure
from .processes import simulator

SIZES = (100, 1_000, 10_000)
QUICK = (100,)
LIMIT = 8
CHAT = "/api/chatbot/chat"
MESSAGE = "Which guitar suits a beginner with small hands?"
USER = 1  # of those that `fill` makes


def measure(quick: bool = False) -> list[Figure]:
    """Return the statements of a session's second turn, for each number of instruments."""
    with (
        tempfile.TemporaryDirectory() as folder,
        simulator(first=0.01, rate=500, tokens=20) as model,
    ):
        return [_measure(size, Path(folder), model) for size in (QUICK if quick else SIZES)]


def _measure(size: int, folder: Path, model: str) -> Figure:
    settings = {
        "DATABASE_URL": f"sqlite:///{folder}/{size}.db",
        "CHATBOT_OLLAMA_URL": model,
        "CHATBOT_MODEL": "simulated",
    }
    ours, theirs = create_app(settings), original.create_app(settings)
    with ours.app_context():
        db.create_all()
        fill(size, size, date.today())
    figure = Figure(
        f"database statements of a turn, {size:,} instruments",
        [_statements(ours)],
        "",
        LIMIT,
        original=_statements(theirs),
        curve=Curve("Database statements of a turn", "instruments", size),
    )
    for app in (ours, theirs):
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
    return figure


def _statements(app: Flask) -> int:
    """Return how many statements a turn takes once its session is there."""
    with app.app_context():
        engine = db.engine
        token = create_access_token(identity=str(USER))

    def ask() -> None:
        answer = app.test_client().post(
            CHAT,
            json={"message": MESSAGE, "session_id": "s"},
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.status_code == 200, answer.text

    ask()
    return _count(engine, ask)


def _count(engine: sa.Engine, act: Callable[[], None]) -> int:
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    act()
    sa.event.remove(engine, "before_cursor_execute", note)
    return len(sent)
