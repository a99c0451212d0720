"""Every error names its request, in the answer as in the log."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
from client import SSE, events_of
from faulty_server import HELLO, FaultyServer
from flask import g
from host import Host
from host import ask as ask_model


def ask(host: Host, user: Any, **headers: str) -> Any:
    body = {"message": "Hello"}
    headers = {**host.headers(user), **headers}
    return host.app.test_client().post("/api/chatbot/chat", json=body, headers=headers)


def test_each_error_has_an_id_of_its_own(host: Host, user: Any) -> None:
    ids = {host.app.test_client().get("/api/chatbot/sessions").json["request_id"] for _ in range(3)}
    assert len(ids) == 3
    assert all(len(name) == 32 for name in ids)


def test_an_id_of_the_hosts_is_taken(host: Host, user: Any) -> None:
    @host.app.before_request
    def name_request() -> None:
        g.request_id = "from-the-host"

    assert host.app.test_client().get("/api/chatbot/sessions").json["request_id"] == "from-the-host"
    host.chat_model.scripts = [[ConnectionError("away")] for _ in range(3)]  # it is tried again
    assert ask(host, user).json["request_id"] == "from-the-host"


@pytest.mark.parametrize("accept", ["application/json", SSE])
def test_the_log_names_the_request_that_failed(
    host: Host, user: Any, caplog: pytest.LogCaptureFixture, accept: str
) -> None:
    host.chat_model.scripts = [[ConnectionError("away")] for _ in range(3)]  # it is tried again
    with caplog.at_level(logging.WARNING):
        answer = ask(host, user, Accept=accept)
    told = events_of(answer.text)[-1][1] if accept == SSE else answer.json
    assert told["code"] == 503
    assert f"request {told['request_id']}: 503" in caplog.messages


@pytest.mark.parametrize("named", ["from-the-host", "two\r\nX-Lines: 1", "", "ä" * 9])
def test_the_model_server_is_told_an_id_that_it_can_be_told(
    build: Callable[..., Host], serve: Callable[..., FaultyServer], named: str
) -> None:
    server = serve([HELLO])
    host = build(server.url)
    host.app.before_request(lambda: setattr(g, "request_id", named))
    assert ask_model(host, host.add_user()).status_code == 200
    (request,) = server.requests
    told = re.findall(rb"^X-Request-ID: (.*)\r$", request, re.I | re.M)
    assert told == ([b"from-the-host"] if named == "from-the-host" else [])
    assert b"X-Lines" not in request


def test_a_fault_of_the_hosts_code_has_one(host: Host, user: Any) -> None:
    @host.app.before_request
    def fail() -> None:
        raise ZeroDivisionError

    answer = host.app.test_client().get("/api/chatbot/sessions", headers=host.headers(user))
    assert answer.status_code == 500
    assert answer.json["request_id"]
