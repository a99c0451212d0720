"""What a turn asks of the site's database, with all of the site's own loaders."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from scripted_model import ScriptedModel
from site_helpers import auth, make_instrument, make_listing, make_rental, make_user, new_site

from app.extensions import db
from app.models import ChatMessage, Survey
from app.routes.chatbot import chatbot
from flask_smorest_chatbot.services import running

#: Of each of these turns. The first of a process reads the words of the catalogue, too.
MOST = 8
#: By what comes of them: the model names the first guitar, but where a rental is asked about.
MESSAGES = {
    "nothing asked": "Hello!",
    "found": "Which guitar is good?",
    "a rental": "And when is my rental due back?",
    "not carried": "Do you have a theremin?",
    "over budget": "A guitar under $1 a day?",
    "all out": "A guitar from {taken} for 2 days, at any price?",
    "only one": "A cello, please",
    "its other listings": "Guitar 1, please",
    "nothing asked any more": "Thanks!",
}


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
    make_listing(owner, instrument=make_instrument(name="Cello 1", category="Cellos"))
    renter = make_user()
    make_rental(make_listing(owner), renter, start=-2, end=3, status="active")
    liked = {"experience_level": "beginner", "preferred_instruments": ["guitar"]}
    db.session.add(Survey(user_id=renter.id, **liked))
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
        said = "It is due soon." if "rental" in message else "Guitar 1 suits you."
        chatbot._chat_model.scripts.append([said])
        body = {"message": message, "session_id": "s"}
        answer = site.test_client().post("/api/chatbot/chat", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        turns.append(list(sent))
    sa.event.remove(db.engine, "before_cursor_execute", note)
    return turns


def test_a_turn_asks_little_however_much_there_is(site: Flask) -> None:
    taken = (date.today() + timedelta(days=6)).isoformat()
    messages = [text.format(taken=taken) for text in MESSAGES.values()]
    first, *few = statements_of_turns(site, fill(4), ["Hello!", *messages])
    assert len(first) <= MOST + 1, first
    for what, turn in zip(MESSAGES, few, strict=True):
        assert len(turn) <= MOST, (what, turn)
    many = statements_of_turns(site, fill(40), messages)
    assert max(map(len, many)) <= max(map(len, few))


def test_a_turn_about_the_only_instrument_that_will_do_takes_no_more(site: Flask) -> None:
    headers, owner = fill(4), make_user("owner")
    only = make_instrument(name="Stratocaster", category="Electric guitars")
    listings = [make_listing(owner, instrument=only) for _ in range(2)]
    db.session.commit()
    messages = ["Do you have a theremin?", "Is the Stratocaster free?"]
    _, turn = statements_of_turns(site, headers, messages)
    assert len(turn) <= MOST, turn
    latest = db.select(ChatMessage.prompt).order_by(ChatMessage.id.desc()).limit(1)
    told = str(db.session.scalar(latest))
    assert all(f"id {listing.id}: Stratocaster" in told for listing in listings), told
