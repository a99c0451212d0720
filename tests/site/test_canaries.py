"""Whatever goes wrong, no secret and no private word is in a log, a metric or an error.

Canaries stand in all of them; faults are caused for real; then everything that came out is read.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from client import SSE
from flask import Flask
from servers import free_port
from site_helpers import make_user, new_site

from app.extensions import db
from app.models import ChatMessage, User
from app.observability import logs
from app.services import tokens

PASSWORD = "canary-password-of-a-person"
EMAIL = "canary.person@example.com"
MESSAGE = "canary message that nobody else may read"
DSN_PASSWORD = "canary-password-of-the-database"
MODEL_PASSWORD = "canary-password-of-the-model"
SECRET_KEY = "canary-secret-of-at-least-thirty-two-bytes"
TOKEN = "canaryhead.canarybody.canarysignature"


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """All that the site logs as it does when deployed, at the level ``info``."""
    written, root = io.StringIO(), logging.getLogger()
    handler = logs._JsonHandler(written)
    handler.setFormatter(logs.JsonFormatter())
    monkeypatch.setattr(root, "level", root.level)
    root.addHandler(handler)  # the one that the site would add
    yield written
    root.removeHandler(handler)


@pytest.fixture
def plain() -> Iterator[io.StringIO]:
    """The same as text, as whoever serves the site may have set logging up."""
    written, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(written)
    root.addHandler(handler)
    yield written
    root.removeHandler(handler)


@pytest.fixture(params=["sqlite", "postgres"])
def site(request: pytest.FixtureRequest, log: io.StringIO) -> Iterator[Flask]:
    """The site, with canaries in its settings, and a model server that is away."""
    url = request.getfixturevalue(f"site_{request.param}_url")
    if request.param == "postgres":
        url = sa.make_url(url).set(username="postgres", password=DSN_PASSWORD)
        url = url.render_as_string(hide_password=False)
    app = _site(url)
    with app.app_context():
        db.create_all()
    yield app
    with app.app_context():
        db.engine.dispose()


def _site(url: str) -> Flask:
    model = f"http://user:{MODEL_PASSWORD}@127.0.0.1:{free_port()}"
    settings = {"LOG_FORMAT": "json", "LOG_LEVEL": "info", "TESTING": False}
    return new_site(url, SECRET_KEY=SECRET_KEY, CHATBOT_OLLAMA_URL=model, **settings)


class Person:
    """Somebody whose every word is a canary."""

    def __init__(self, app: Flask) -> None:
        self.app, self.client = app, app.test_client()
        with app.app_context():
            user = make_user(email=EMAIL, name=MESSAGE)
            self.token = tokens.issue_access_token(user)
            self.key = user.id
        self.headers = {"Authorization": f"Bearer {self.token}"}
        self.errors: list[str] = []
        made = self.client.post(
            "/api/chatbot/api-keys",
            json={"name": MESSAGE, "scopes": ["chat", "history"]},
            headers=self.headers,
        )
        self.api_key = made.json["key"]

    def send(self, method: str, path: str, **options: Any) -> int:
        """Send a request that fails; keep what its answer says."""
        options.setdefault("headers", self.headers)
        answer = self.client.open(path, method=method, **options)
        told = answer.get_data(as_text=True)
        assert answer.status_code >= 400 or "event: error" in told, (path, told)
        self.errors.append(f"{answer.headers}{told}")
        return answer.status_code

    def chat(self, **options: Any) -> int:
        body = {"message": MESSAGE, "session_id": "s"}
        return self.send("POST", "/api/chatbot/chat", json=body, **options)


def assert_silent(log: io.StringIO, person: Person) -> None:
    metrics = person.client.get("/metrics").get_data(as_text=True)
    canaries = [PASSWORD, EMAIL, MESSAGE, DSN_PASSWORD, MODEL_PASSWORD, SECRET_KEY, "canary",
                person.token, person.token.split(".")[1], person.api_key, TOKEN,
                person.app.config["JWT_SECRET_KEY"]]  # fmt: skip
    for name, said in (("log", log.getvalue()), ("metrics", metrics), ("errors", person.errors)):
        for canary in canaries:
            assert canary not in str(said), (name, canary)


def test_model_that_is_away(site: Flask, log: io.StringIO) -> None:
    person = Person(site)
    assert person.chat() == 503
    person.chat(headers={**person.headers, "Accept": SSE})
    person.chat(headers={"X-API-Key": person.api_key})
    assert "model_unreachable" in log.getvalue()
    assert_silent(log, person)


def test_database_that_breaks_in_the_middle(site: Flask, log: io.StringIO) -> None:
    person = Person(site)
    with site.app_context():
        db.session.execute(sa.text("ALTER TABLE chat_messages RENAME TO elsewhere"))
        db.session.commit()
    assert person.chat() in (500, 503)
    assert person.send("GET", "/api/chatbot/history/s") in (500, 503)
    assert person.send("DELETE", "/api/chatbot/account-data") in (500, 503)
    assert log.getvalue()
    assert_silent(log, person)


def _insert(**values: Any) -> None:
    user = db.session.scalar(sa.select(User.id))
    given = {"user_id": user, "session_id": "s", "message_type": "user", "content": MESSAGE}
    db.session.add(ChatMessage(**{**given, **values}))
    db.session.commit()


def _cast() -> None:
    # A computed text: PostgreSQL quotes the one that is no number, SQLite the unknown function.
    words = "SELECT CAST(lower(:word) AS INTEGER), no_such_function(1)"
    db.session.execute(sa.text(words), {"word": MESSAGE})


def _cast_only() -> None:
    db.session.execute(sa.text("SELECT CAST(:word AS INTEGER) / 0 FROM nothing"), {"word": MESSAGE})


def _wrapped() -> None:
    try:
        _insert(session_id=None)
    except Exception as error:
        raise RuntimeError("in another's clothes") from error


FAULTS: dict[str, Callable[[], object]] = {
    "/api/rule": lambda: _insert(message_type="neither"),
    "/api/null": lambda: _insert(session_id=None),
    "/api/twice": lambda: [_insert(request_key=MESSAGE[:40]) for _ in "ab"],
    "/api/mail": lambda: db.session.execute(
        sa.insert(User),
        [{"email": EMAIL, "name": "x", "password_hash": PASSWORD, "role": "renter"}],
    ),
    "/api/wrapped": _wrapped,
    "/api/function": _cast,
    "/api/table": _cast_only,
}


def test_database_that_refuses_what_it_is_given(
    site: Flask, log: io.StringIO, plain: io.StringIO
) -> None:
    """Databases name the values of a row that breaks a rule: they must not reach the log."""
    for path, fault in FAULTS.items():
        site.add_url_rule(path, path, fault)  # type: ignore[arg-type]
    person = Person(site)
    for path in FAULTS:
        assert person.send("GET", path) >= 500
    assert log.getvalue().count("Traceback") >= len(FAULTS)
    assert "IntegrityError" in log.getvalue()
    assert_silent(log, person)
    # In whatever format it is written.
    assert_silent(plain, person)


def test_database_that_is_away(log: io.StringIO, site_sqlite_url: str) -> None:
    up = _site(site_sqlite_url)
    with up.app_context():
        db.create_all()
    person = Person(up)
    away = _site(f"postgresql://{EMAIL.partition('@')[0]}:{DSN_PASSWORD}@127.0.0.1:1/canary")
    person.client = away.test_client()
    assert person.chat() == 503
    body = {"email": EMAIL, "password": PASSWORD}
    assert person.send("POST", "/api/auth/login", json=body) == 503
    assert person.client.get("/ready").status_code == 503
    assert "database" in log.getvalue()
    assert_silent(log, person)
    with up.app_context():
        db.engine.dispose()


def test_bad_credentials(site: Flask, log: io.StringIO) -> None:
    person = Person(site)
    forged = person.token.rpartition(".")[0] + ".canarysignature"
    for sent in (TOKEN, forged, f"{person.token}, {TOKEN}", person.api_key + "x"):
        for path in ("/api/chatbot/sessions", "/api/auth/profile"):
            headers = {"Authorization": f"Bearer {sent}"}
            assert person.send("GET", path, headers=headers) == 401
    assert person.send("GET", "/api/chatbot/export", headers={"X-API-Key": TOKEN}) == 401
    for wrong in (PASSWORD, "", PASSWORD * 9):
        body = {"email": EMAIL, "password": wrong}
        assert person.send("POST", "/api/auth/login", json=body) in (401, 422)
    assert_silent(log, person)


def test_values_that_are_refused(site: Flask, log: io.StringIO) -> None:
    person = Person(site)
    long = MESSAGE * 200
    for path, body in {
        "/api/chatbot/chat": {"message": long, "session_id": MESSAGE},
        "/api/chatbot/api-keys": {"name": long, "scopes": [MESSAGE]},
        "/api/auth/register": {"email": f"{EMAIL}@", "password": PASSWORD * 9, "name": long,
                               "user_type": MESSAGE},
        "/api/survey": {"experience_level": MESSAGE, "location": long, "budget_range": MESSAGE},
    }.items():  # fmt: skip
        assert person.send("POST", path, json=body) in (400, 422)
        assert person.send("POST", path, data=f'{{"message": "{MESSAGE}', headers={
            **person.headers, "Content-Type": "application/json"}) == 400  # fmt: skip
    taken = {"email": EMAIL, "password": PASSWORD, "name": MESSAGE, "user_type": "renter"}
    assert person.send("POST", "/api/auth/register", json=taken) == 409
    assert_silent(log, person)
