"""The body is read before the database is asked anything, and by one parser."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import marshmallow as ma
import pytest
from flask import Flask, request
from flask_smorest import Api, Blueprint
from host import Host
from sqlalchemy import event

from flask_smorest_chatbot import JsonBodyParser

CHAT = "/api/chatbot/chat"


class SlowBody(io.BytesIO):
    """A body that is being waited for while ``waited()`` is called."""

    def __init__(self, content: bytes, waited: Callable[[], None]) -> None:
        super().__init__(content)
        self._waited = waited

    def read(self, size: int | None = -1) -> bytes:
        self._waited()
        return super().read(size)

    def readinto(self, buffer: Any) -> int:
        self._waited()
        return super().readinto(buffer)


@pytest.mark.parametrize("path", [CHAT, "/api/chatbot/recommend"])
def test_nothing_is_asked_of_the_database_before_the_body_is_there(
    host: Host, user: Any, path: str
) -> None:
    statements: list[str] = []
    seen_while_waiting: list[int] = []
    with host.app.app_context():
        engine = host.db.engine
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    body = SlowBody(b'{"message": "Hi"}', lambda: seen_while_waiting.append(len(statements)))
    answer = host.app.test_client().post(
        path,
        input_stream=body,
        headers=host.headers(user),
        content_type="application/json",
        content_length=17,
    )
    assert answer.status_code == 200
    assert statements
    assert set(seen_while_waiting) == {0}


@pytest.mark.parametrize("length", [1024, 1025, 5000])
def test_a_body_that_the_host_has_read_has_the_plugins_limit(
    build_host: Callable[..., Host], length: int
) -> None:
    host = build_host(CHATBOT_MAX_BODY_BYTES=1024)
    host.app.before_request(lambda: request.get_data() and None)
    start = b'{"message": "Hi"}'
    answer = host.app.test_client().post(
        CHAT,
        data=start + b" " * (length - len(start)),
        headers=host.headers(host.add_user()),
        content_type="application/json",
    )
    assert answer.status_code == (200 if length == 1024 else 413)


@pytest.mark.parametrize("ended_by_server", [True, False])
def test_a_body_that_breaks_off_is_400(host: Host, user: Any, ended_by_server: bool) -> None:
    claims: dict[str, Any] = {"CONTENT_LENGTH": "100"}
    if ended_by_server:  # as gunicorn does it: what came is all there is
        claims["wsgi.input_terminated"] = True
    answer = host.app.test_client().post(
        CHAT, json={"message": "Hi"}, headers=host.headers(user), environ_overrides=claims
    )
    assert answer.status_code == 400
    assert host.chat_model.prompts == []


class Bike(ma.Schema):
    name = ma.fields.String(required=True)


class Wish(ma.Schema):
    name = ma.fields.String()


@pytest.mark.parametrize(
    ("path", "body", "kind", "status"),
    [
        ("/bikes", b'{"name": "\xc3\xa9"}', "application/json", 200),
        ("/bikes", b'{"name": "x"}', "application/vnd.api+json", 200),
        ("/bikes", b'{"name": "x"}', "text/plain", 400),
        ("/bikes", b'{"name": "\xe9"}', "application/json", 400),
        ("/bikes", b'\xef\xbb\xbf{"name": "x"}', "application/json", 400),
        ("/bikes", b'{"name": ' + b"9" * 5000 + b"}", "application/json", 400),
        ("/bikes", b"[" * 100_000, "application/json", 400),
        ("/bikes", b"", "application/json", 400),
        ("/bikes", b"{}", "application/json", 422),
        ("/bikes", b"[]", "application/json", 422),
        ("/wishes", b"", None, 200),
        ("/wishes", b" ", "application/json", 400),
        ("/wishes", b"{}", "application/json", 200),
    ],
)
def test_a_host_may_read_its_own_bodies_so(
    path: str, body: bytes, kind: str | None, status: int
) -> None:
    app = Flask("host")
    app.config.update(API_TITLE="Host", API_VERSION="v1", OPENAPI_VERSION="3.0.3")
    blueprint = Blueprint("things", "things")
    blueprint.ARGUMENTS_PARSER = JsonBodyParser()
    for rule, schema in (("/bikes", Bike), ("/wishes", Wish)):
        view = blueprint.arguments(schema)(lambda values: values)
        blueprint.add_url_rule(rule, rule[1:], view, methods=["POST"])
    Api(app).register_blueprint(blueprint)
    answer = app.test_client().post(path, data=body, content_type=kind)
    assert answer.status_code == status, answer.text
