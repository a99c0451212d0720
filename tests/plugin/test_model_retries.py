"""A model server that fails before the first token is asked again, gently and seldom."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from client import open_stream
from faulty_server import HELLO, FaultyServer, Then, line, refusal, reply
from host import Host, ask, close, history, make_host
from prometheus_client import REGISTRY
from scripted_model import ScriptedModel

from flask_smorest_chatbot import ModelError
from flask_smorest_chatbot.services.model.generation import _wait_before
from flask_smorest_chatbot.services.model.model_errors import seconds_of

Build = Callable[..., Host]
Serve = Callable[..., FaultyServer]
BUSY = refusal("503 Service Unavailable")


def busy_for(seconds: object) -> bytes:
    return refusal("503 Service Unavailable", b"{}", f"Retry-After: {seconds}")


@pytest.mark.parametrize(
    "fault",
    [[Then.RESET], [Then.HANG_UP], [BUSY], [refusal("500 Oops")], [refusal("502 Bad Gateway")]],
    ids=["reset", "hang up", "busy", "error", "gateway"],
)
def test_server_that_recovers_gives_the_answer(build: Build, serve: Serve, fault: Any) -> None:
    server = serve(fault, fault, [HELLO])
    host = build(server.url)
    user = host.add_user()
    assert ask(host, user).json["assistant_response"] == "Hello."
    assert len(server.requests) == 3
    assert len({request.partition(b"\r\n\r\n")[2] for request in server.requests}) == 1
    assert [message["status"] for message in history(host, user)] == ["complete"] * 2


def test_waits_grow_between_the_attempts(build: Build, serve: Serve) -> None:
    server = serve([BUSY])
    host = build(server.url)
    ask(host, host.add_user())
    waits = [later - earlier for earlier, later in itertools.pairwise(server.asked_at)]
    assert waits[0] >= 0.25
    assert waits[1] >= 0.5


def test_waits_differ_from_turn_to_turn() -> None:
    fault = ModelError("Busy.", "model_busy", may_pass=True)
    for retry, longest in ((0, 0.5), (1, 1.0)):
        waits = [_wait_before(retry, fault) for _ in range(50)]
        assert len(set(waits)) > 40
        assert longest / 2 <= min(waits) < max(waits) <= longest


def test_waits_that_the_server_asks_for_differ_too() -> None:
    fault = ModelError("Busy.", "model_busy", may_pass=True, retry_after=3.0)
    waits = [_wait_before(0, fault) for _ in range(50)]
    assert len(set(waits)) > 40
    assert 3.25 <= min(waits) < max(waits) <= 3.5


@pytest.mark.parametrize("retries", [0, 1, 2])
def test_retries_are_as_configured(build: Build, serve: Serve, retries: int) -> None:
    server = serve([BUSY])
    host = build(server.url, CHATBOT_MODEL_RETRIES=retries)
    before = REGISTRY.get_sample_value("chatbot_model_retries_total", {"reason": "model_busy"}) or 0
    assert ask(host, host.add_user()).json["errors"] == {"reason": "model_busy"}
    after = REGISTRY.get_sample_value("chatbot_model_retries_total", {"reason": "model_busy"}) or 0
    assert (len(server.requests), after - before) == (1 + retries, retries)


def test_a_turn_has_two_retries_whatever_it_asks(build: Build, serve: Serve) -> None:
    server = serve([BUSY], [BUSY], [HELLO], [BUSY])
    host = build(server.url)
    answer = host.app.test_client().post(
        "/api/chatbot/recommend", json={}, headers=host.headers(host.add_user())
    )
    assert answer.json["assistant_response"] == "Hello."
    assert b'"format":' in server.requests[3].replace(b" ", b"").replace(b"\n", b"")
    assert len(server.requests) == 4, "the choice had no retry left"


class PersistentModel(ScriptedModel):
    """A model whose client asks again by itself."""

    max_retries: int = 2


def test_models_that_ask_again_by_themselves_are_left_to_it(tmp_path: Path) -> None:
    model = PersistentModel(scripts=[[ConnectionError("away")]])
    host = make_host(f"sqlite:///{tmp_path}/h.db", chat_model=model)
    with host.app.app_context():
        host.db.create_all()
    response = ask(host, host.add_user())
    assert response.json["errors"] == {"reason": "model_unreachable"}
    assert len(model.prompts) == 1
    close(host)


def test_nothing_is_asked_again_once_something_was_said(build: Build, serve: Serve) -> None:
    server = serve([reply(line("Half ")), 0.3, Then.RESET], [HELLO])
    host = build(server.url)
    user = host.add_user()
    assert ask(host, user).json["errors"] == {"reason": "broken_connection"}
    assert len(server.requests) == 1
    assert history(host, user)[1]["content"] == "Half"


def test_server_is_left_the_time_that_it_asks_for(build: Build, serve: Serve) -> None:
    server = serve([busy_for(1)], [HELLO])
    host = build(server.url)
    assert ask(host, host.add_user()).json["assistant_response"] == "Hello."
    assert server.asked_at[1] - server.asked_at[0] >= 1


@pytest.mark.parametrize("limit", ["CHATBOT_TURN_TIMEOUT", "CHATBOT_FIRST_TOKEN_TIMEOUT"])
def test_client_is_told_to_wait_when_the_turn_cannot(
    build: Build, serve: Serve, limit: str
) -> None:
    server = serve([busy_for(60)])
    host = build(server.url, **{limit: 20})
    response = ask(host, host.add_user())
    assert (response.status_code, response.headers["Retry-After"]) == (503, "60")
    assert response.json["errors"] == {"reason": "model_busy", "retry_after": 60}
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0", 0.0), ("", None), ("soon", None), ("-3", None), ("9" * 400, 3600.0)],
)
def test_retry_after_is_read(header: str, seconds: float | None) -> None:
    assert seconds_of(header) == seconds


def test_retry_after_may_be_a_date() -> None:
    assert seconds_of("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert 28 <= (seconds_of(formatdate(time.time() + 30, usegmt=True)) or 0) <= 31


def test_client_that_leaves_while_the_turn_waits_ends_it(build: Build, serve: Serve) -> None:
    server = serve([busy_for(30)], [HELLO])
    host = build(server.url, CHATBOT_PING_INTERVAL=0.05)
    user = host.add_user()
    response = open_stream(host, user)
    for part in response.response:
        if part.startswith(b": ping") and server.closed_at:
            break
    left = time.monotonic()
    response.close()
    assert time.monotonic() - left < 5  # not the 30 s that the server asked for
    answer = history(host, user)[1]
    assert (answer["status"], answer["reason"]) == ("interrupted", "client_left")
    assert len(server.requests) == 1


def test_turn_can_be_stopped_while_it_waits(
    build: Build, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    # At once, not when progress is stored the next time.
    monkeypatch.setattr("flask_smorest_chatbot.services.running.SAVE_INTERVAL", 60.0)
    monkeypatch.setattr("flask_smorest_chatbot.services.running.LOOK_INTERVAL", 60.0)
    server = serve([busy_for(30)], [HELLO])
    host = build(server.url)
    user = host.add_user()
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(ask(host, user)))
    thread.start()
    server.wait_until_closed()
    message_id = history(host, user)[1]["id"]
    host.app.test_client().post(
        f"/api/chatbot/messages/{message_id}/stop", headers=host.headers(user)
    )
    thread.join(5)
    assert answers[0].json["status"] == "stopped"
    assert len(server.requests) == 1


def test_time_of_all_attempts_is_that_of_one_turn(build: Build, serve: Serve) -> None:
    server = serve([BUSY], [])
    host = build(server.url, CHATBOT_FIRST_TOKEN_TIMEOUT=2)
    response = ask(host, host.add_user())
    assert (response.status_code, response.json["errors"]["reason"]) == (504, "first_token_timeout")
    assert len(server.requests) == 2
