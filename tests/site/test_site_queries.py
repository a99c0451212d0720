"""What a turn asks of the site's database, with all of the site's own loaders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from scripted_model import ScriptedModel
from site_helpers import auth, make_instrument, make_listing, make_rental, make_user, new_site

from app.extensions import db
from app.models import Survey
from app.routes.chatbot import chatbot
from flask_smorest_chatbot.services import running

#: Of the account, the conversation, the words and the search of the catalogue, and of the user's
#: rentals.
MOST_READS = 6
#: A session and its messages, the answer, and what was used on that day.
MOST_WRITES = 4
#: Of a turn that asks for an item and recommends one.
MOST = 8


@pytest.fixture(params=["sqlite", "postgres"])
def site(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The site with a model that recommends the first guitar."""
    monkeypatch.setattr(running, "SAVE_INTERVAL", 60.0)  # what is stored every second or so
    monkeypatch.setattr(running, "LOOK_INTERVAL", 60.0)
    monkeypatch.setattr(chatbot, "_chat_model", ScriptedModel())
    app = new_site(request.getfixturevalue(f"site_{request.param}_url"))
    with app.app_context():
        db.create_all()
        yield app
        db.session.remove()
        db.engine.dispose()


def fill(guitars: int) -> Any:
    """Store guitars of one owner; return a renter who has one of them and a profile."""
    owner = make_user("owner")
    for number in range(guitars):
        guitar = make_instrument(name=f"Guitar {number}", category="Acoustic guitars")
        listing = make_listing(owner, instrument=guitar)
        make_rental(listing, start=5, end=9, status="active")
    renter = make_user()
    make_rental(make_listing(owner), renter, start=-2, end=3, status="active")
    db.session.add(Survey(user_id=renter.id, experience_level="beginner"))
    db.session.commit()
    return auth(renter)


def statements_of_turns(site: Flask, headers: Any, messages: list[str]) -> list[list[str]]:
    """Return what each turn of a conversation sends to the database."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    turns = []
    sa.event.listen(db.engine, "before_cursor_execute", note)
    for message in messages:
        sent.clear()
        chatbot._chat_model.scripts.append(["Guitar 1 suits you."])
        body = {"message": message, "session_id": "s"}
        answer = site.test_client().post("/api/chatbot/chat", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        turns.append(list(sent))
    sa.event.remove(db.engine, "before_cursor_execute", note)
    return turns


def reads(statements: list[str]) -> list[str]:
    return [text for text in statements if text.lstrip().startswith(("SELECT", "WITH"))]


def test_a_turn_reads_and_writes_little_however_much_there_is(site: Flask) -> None:
    messages = ["Hello!", "Which guitar is good?", "And when is my rental due back?", "Thanks!"]
    few = statements_of_turns(site, fill(4), messages)
    for turn in few:  # the first one reads the words of the catalogue, too
        assert len(reads(turn)) <= MOST_READS, reads(turn)
        assert len(turn) - len(reads(turn)) <= MOST_WRITES, turn
    assert len(few[1]) <= MOST, few[1]
    many = statements_of_turns(site, fill(40), messages[1:])
    assert max(map(len, many)) <= max(map(len, few))
