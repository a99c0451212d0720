"""How many statements requests send to the database, whatever is stored in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from host import Host
from test_paging import store

from flask_smorest_chatbot.services import running

#: Of the plugin and of the access token's user. What a host's loaders ask comes on top.
MOST = {"sqlite": 6, "postgresql": 5}


@contextmanager
def counted(host: Host) -> Iterator[list[str]]:
    """Collect the statements of a block; BEGIN and COMMIT are none."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    with host.app.app_context():
        engine = host.db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    yield statements
    sa.event.remove(engine, "before_cursor_execute", note)


def ask(host: Host, user: Any, session_id: str | None, **more: str) -> list[str]:
    """Return the statements of a turn that recommends an item."""
    block = '<recommendations>[{"id": 17}]</recommendations>'
    host.chat_model.scripts.append(["The Yamaha FG800. ", block])
    with counted(host) as statements:
        response = host.app.test_client().post(
            "/api/chatbot/chat",
            json={"message": "A guitar?", "session_id": session_id},
            headers=host.headers(user, **more),
        )
        assert response.status_code == 200, response.text
        assert "FG800" in response.text
    return statements


@pytest.fixture(autouse=True)
def without_heartbeats(monkeypatch: pytest.MonkeyPatch) -> None:
    """A turn that takes long stores its text every second or so; that is not counted here."""
    monkeypatch.setattr(running, "SAVE_INTERVAL", 60.0)
    monkeypatch.setattr(running, "LOOK_INTERVAL", 60.0)


def test_a_turn_makes_few_queries(host: Host, user: Any) -> None:
    with host.app.app_context():
        most = MOST[host.db.engine.dialect.name]
    first = ask(host, user, None)
    assert len(first) <= most, first
    named = ask(host, user, "s0")
    assert len(named) <= most, named
    later = ask(host, user, "s0")
    assert len(later) <= most, later
    streamed = ask(host, user, "s0", Accept="text/event-stream")
    assert len(streamed) <= most, streamed


def test_a_turn_makes_as_many_queries_after_a_long_history(host: Host, user: Any) -> None:
    ask(host, user, "short")
    short = ask(host, user, "short")
    store(host, user, 40, messages=300)
    ask(host, user, "s0")
    assert ask(host, user, "s0") == short
    host.catalog *= 1000
    assert ask(host, user, "s0") == short


def test_lists_take_two_queries(host: Host, user: Any) -> None:
    store(host, user, 30, messages=30)
    for address in ("sessions", "sessions?limit=5", "history/s0", "history/s0?limit=5"):
        with counted(host) as statements:
            response = host.app.test_client().get(
                f"/api/chatbot/{address}", headers=host.headers(user)
            )
            assert response.status_code == 200
        assert len(statements) <= 2, statements
