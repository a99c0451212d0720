"""What is another user's does not exist: every address with an id in it, with every verb.

The addresses come from the OpenAPI document. One whose parameter stands in neither table below
makes the test fail, so that a new one cannot be forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from site_helpers import auth, day, make_listing, make_rental, make_user

from app.extensions import db
from app.models import ChatMessage, Survey, User

#: Ids of things that a user has, and one that never was.
NEVER = {
    "session_id": "never-was",
    "message_id": 987_654_321,
    "key_id": 987_654_321,
    "survey_id": 987_654_321,
    "rental_id": 987_654_321,
    "listing_id": 987_654_321,
}
#: Ids of things that are nobody's own: administrators change them, everybody may see them.
NOBODYS = {"instrument_id"}
#: What everybody may see of things that users have.
PUBLIC = {("GET", "/api/listings/{listing_id}"), ("GET", "/api/listings/{listing_id}/quote")}
#: Clients rely on its saying of an unknown session that nothing was deleted.
UNKNOWN_IS_FINE = {("DELETE", "/api/chatbot/clear-session/{session_id}")}
#: Headers that count requests, or name them.
OF_THE_REQUEST = {"Date", "RateLimit-Remaining", "RateLimit-Reset"}

BODIES: list[Any] = [
    None,
    {},
    {"nonsense": 1},
    {"status": "cancelled"},
    {"daily_rate": 1},
    {"experience_level": "advanced"},
]


@dataclass(frozen=True)
class Operation:
    """One verb at one address."""

    verb: str
    path: str

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.path)

    def address(self, ids: dict[str, Any]) -> str:
        return self.path.format(**ids)


@dataclass
class Person:
    """A user, what they have, and what they see of it."""

    user: User
    things: list[dict[str, Any]]

    def seen(self, app: Flask) -> list[Any]:
        client, headers = app.test_client(), auth(self.user)
        session, survey = self.things[0]["session_id"], self.things[0]["survey_id"]
        paths = [
            "/api/auth/profile", "/api/survey", f"/api/survey/{survey}", "/api/rentals",
            "/api/rentals?side=owner", "/api/listings", "/api/chatbot/api-keys",
            "/api/chatbot/sessions", f"/api/chatbot/history/{session}",
        ]  # fmt: skip
        answers = [client.get(path, headers=headers) for path in paths]
        assert all(answer.status_code == 200 for answer in answers)
        return [answer.json for answer in answers]


def operations(app: Flask) -> Iterator[Operation]:
    document = app.test_client().get("/api/openapi.json").json
    for path, methods in document["paths"].items():
        for verb in methods:
            if verb != "parameters" and "{" in path:
                yield Operation(verb.upper(), path)


@pytest.fixture
def owner(site_any_db: Flask) -> Person:
    """An owner with one of everything; of messages, one of each kind and state."""
    user = make_user("owner")
    listing = make_listing(user)
    survey = Survey(user_id=user.id, preferred_instruments=["violin"], experience_level="beginner")
    said = [
        ChatMessage(
            user_id=user.id, session_id="mine", message_type=kind, content="secret", status=status
        )
        for kind, status in (("user", "complete"), ("assistant", "complete"),
                             ("assistant", "failed"), ("assistant", "stopped"))
    ]  # fmt: skip
    db.session.add_all([survey, *said])
    db.session.commit()
    rented, booked = make_listing(), make_rental(listing, start=5, end=9)
    mine = make_rental(rented, user, start=5, end=9)
    client = site_any_db.test_client()
    body = {"name": "k", "scopes": ["chat"]}
    key = client.post("/api/chatbot/api-keys", json=body, headers=auth(user)).json["id"]
    client.get("/api/chatbot/sessions", headers=auth(user))  # makes the session
    shared = {"session_id": "mine", "key_id": key, "survey_id": survey.id, "listing_id": listing.id}
    pairs = [(message.id, mine.id) for message in said] + [(said[-1].id, booked.id)]
    things = [{**shared, "message_id": message, "rental_id": rental} for message, rental in pairs]
    return Person(user, things)


def test_every_parameter_is_known(site_app: Flask) -> None:
    found = {name for it in operations(site_app) for name in it.parameters}
    assert found == {*NEVER, *NOBODYS}, "say below whose it is"


def test_what_is_anothers_does_not_exist(site_any_db: Flask, owner: Person) -> None:
    client = site_any_db.test_client()
    before, tried = owner.seen(site_any_db), 0
    for role in ("renter", "owner"):
        headers = {**auth(make_user(role)), "X-Request-ID": "the-same"}
        for it in operations(site_any_db):
            if (it.verb, it.path) in PUBLIC or NOBODYS & set(it.parameters):
                continue
            expected = {200} if (it.verb, it.path) in UNKNOWN_IS_FINE else {404, 422, 400}
            for body in BODIES if it.verb in ("POST", "PUT", "PATCH") else [None]:
                for things in owner.things:
                    answers = [
                        client.open(it.address(ids), method=it.verb, json=body, headers=headers)
                        for ids in (things, NEVER)
                    ]
                    theirs, never = (_comparable(answer) for answer in answers)
                    assert theirs == never, it
                    assert answers[0].status_code in expected, (it, body)
                    tried += 1
    assert tried > 100
    assert owner.seen(site_any_db) == before


def test_each_verb_answers_404_to_a_body_that_its_owner_may_send(
    site_any_db: Flask, owner: Person
) -> None:
    """The bodies above are not all refused for what is in them."""
    client, headers = site_any_db.test_client(), auth(make_user("owner"))
    for it in operations(site_any_db):
        if (it.verb, it.path) in PUBLIC | UNKNOWN_IS_FINE or NOBODYS & set(it.parameters):
            continue
        address, bodies = it.address(owner.things[0]), BODIES
        found = {client.open(address, method=it.verb, json=b, headers=headers).status_code
                 for b in bodies}  # fmt: skip
        assert 404 in found, it


def test_strangers_are_told_to_log_in_whatever_is_there(site_any_db: Flask, owner: Person) -> None:
    client = site_any_db.test_client()
    for it in operations(site_any_db):
        if (it.verb, it.path) in PUBLIC or (NOBODYS & set(it.parameters) and it.verb == "GET"):
            continue
        ids = {**owner.things[0], "instrument_id": 1}
        sent = {"X-Request-ID": "the-same"}
        answers = [
            client.open(it.address(some), method=it.verb, headers=sent)
            for some in (ids, {**NEVER, "instrument_id": 987_654_321})
        ]
        assert [answer.status_code for answer in answers] == [401, 401], it
        assert _comparable(answers[0]) == _comparable(answers[1]), it


def test_ids_in_bodies_and_queries_open_nothing(site_any_db: Flask, owner: Person) -> None:
    client, headers = site_any_db.test_client(), auth(make_user())
    before, theirs = owner.seen(site_any_db), owner.things[0]
    for side in ("renter", "owner"):
        query = f"?side={side}&listing_id={theirs['listing_id']}"
        assert client.get(f"/api/rentals{query}", headers=headers).json == []
    resumed = {**headers, "Last-Event-ID": f"{theirs['message_id']}-0"}
    path = f"/api/chatbot/messages/{theirs['message_id']}/stream"
    assert client.get(path, headers=resumed).status_code == 404
    body = {"listing_id": theirs["listing_id"], "renter_id": owner.user.id,
            "start_date": day(30).isoformat(), "end_date": day(31).isoformat()}  # fmt: skip
    assert client.post("/api/rentals", json=body, headers=headers).status_code == 422
    assert owner.seen(site_any_db) == before


def _comparable(answer: Any) -> tuple[int, bytes, dict[str, str]]:
    headers = {name: value for name, value in answer.headers if name not in OF_THE_REQUEST}
    return answer.status_code, answer.get_data(), headers
