"""Every way in which a model server can fail, over real TCP, through the whole plugin.

Each fault ends the turn in the right state, with a reason, and leaves nothing open.
"""

from __future__ import annotations

import gc
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from client import SSE, events_of, names_of
from faulty_server import HELLO, BlackHole, FaultyServer, Then, reply
from host import Host, ask, history
from model_faults import FAULTS, HALF, ODDITIES
from servers import free_port


def error_of(response: Any) -> dict[str, Any]:
    """Return the error of an answer, be it a document or an event."""
    if response.mimetype == SSE:
        assert response.status_code == 200
        assert names_of(response)[-1] == "error"
        return events_of(response.text)[-1][1]
    assert response.status_code == response.json["code"]
    return response.json  # type: ignore[no-any-return]


def assert_settled(host: Host, user: Any, reason: str, kept: str) -> None:
    """Assert that a turn failed for a reason, kept its text and left nothing behind."""
    question, answer = history(host, user)
    assert (question["content"], question["status"]) == ("Hi", "complete")
    assert (answer["status"], answer["reason"]) == ("failed", reason)
    assert answer["content"].startswith(kept)
    assert kept or not answer["content"].strip()
    with host.app.app_context():
        messages = host.db.session.query(host.chatbot.ChatMessage)
        assert {message.claimed_session_id for message in messages} == {None}
    wait_for_threads()


def wait_for_threads() -> None:
    """Wait until no thread reads from a model any more."""
    give_up = time.monotonic() + 2
    while any(thread.name == "chatbot-generation" for thread in threading.enumerate()):
        assert time.monotonic() < give_up, "a thread still reads"
        time.sleep(0.01)


@pytest.mark.parametrize("accept", ["application/json", SSE])
@pytest.mark.parametrize("name", FAULTS)
def test_fault_ends_the_turn(
    build: Callable[..., Host], serve: Callable[..., FaultyServer], name: str, accept: str
) -> None:
    fault = FAULTS[name]
    server = serve(fault.script)
    host = build(server.url, **fault.settings)
    user = host.add_user()
    response = ask(host, user, Accept=accept)
    error = error_of(response)
    assert (error["code"], error["errors"]) == (fault.status, {"reason": fault.reason})
    assert ("Retry-After" in response.headers) == (response.status_code == 503)
    assert "secret" not in response.text
    assert_settled(host, user, fault.reason, fault.kept)
    server.wait_until_closed(fault.asked)
    assert len(server.requests) == fault.asked


@pytest.mark.parametrize("accept", ["application/json", SSE])
def test_refused_connection_ends_the_turn(build: Callable[..., Host], accept: str) -> None:
    host = build(f"http://127.0.0.1:{free_port()}")
    user = host.add_user()
    error = error_of(ask(host, user, Accept=accept))
    assert (error["code"], error["errors"]["reason"]) == (503, "model_unreachable")
    assert_settled(host, user, "model_unreachable", "")


@pytest.fixture
def black_hole() -> Iterator[BlackHole]:
    hole = BlackHole()
    yield hole
    hole.close()


@pytest.mark.parametrize("accept", ["application/json", SSE])
def test_connection_into_a_black_hole_ends_the_turn(
    build: Callable[..., Host], black_hole: BlackHole, accept: str
) -> None:
    host = build(black_hole.url, CHATBOT_CONNECT_TIMEOUT=0.4)
    user = host.add_user()
    error = error_of(ask(host, user, Accept=accept))
    assert (error["code"], error["errors"]["reason"]) == (503, "model_unreachable")
    assert_settled(host, user, "model_unreachable", "")


@pytest.mark.parametrize("accept", ["application/json", SSE])
@pytest.mark.parametrize("name", ODDITIES)
def test_oddity_is_an_answer_all_the_same(
    build: Callable[..., Host], serve: Callable[..., FaultyServer], name: str, accept: str
) -> None:
    oddity = ODDITIES[name]
    server = serve(oddity.script)
    host = build(server.url, CHATBOT_PING_INTERVAL=0.1, **oddity.settings)
    user = host.add_user()
    response = ask(host, user, Accept=accept)
    body = response.json if accept != SSE else events_of(response.text)[-1][1]
    assert body["assistant_response"] == oddity.text
    assert body["context"]["truncated"] is oddity.truncated
    answer = history(host, user)[1]
    assert (answer["status"], answer["content"]) == ("complete", oddity.text)
    assert answer["context_data"]["context"]["truncated"] is oddity.truncated
    server.wait_until_closed()
    assert len(server.requests) == 1
    wait_for_threads()


def test_memory_stays_bounded_whatever_a_server_sends(
    build: Callable[..., Host], serve: Callable[..., FaultyServer]
) -> None:
    chunk = b"a" * 65_536
    server = serve([HELLO], [reply(), *[chunk] * 1600])  # 100 MB, all of one line
    host = build(server.url)
    user = host.add_user()
    assert ask(host, user).status_code == 200  # what is imported or built once
    gc.collect()
    tracemalloc.start()
    try:
        assert error_of(ask(host, user))["errors"] == {"reason": "too_long"}
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000
    server.wait_until_closed(2)
    assert server.sent < 50_000_000  # what the kernel holds between the two is not ours to bound


def test_whatever_the_fault_the_question_can_be_retried(
    build: Callable[..., Host], serve: Callable[..., FaultyServer]
) -> None:
    server = serve([HALF, Then.HANG_UP], [HELLO])
    host = build(server.url)
    user = host.add_user()
    ask(host, user)
    failed = history(host, user)[1]
    again = host.app.test_client().post(
        f"/api/chatbot/messages/{failed['id']}/retry", headers=host.headers(user)
    )
    assert again.json["assistant_response"] == "Hello."
    assert [message["status"] for message in history(host, user)] == [
        "complete", "failed", "complete"
    ]  # fmt: skip


def test_proxies_of_the_environment_are_not_asked(
    build: Callable[..., Host],
    serve: Callable[..., FaultyServer],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy, server = serve([HELLO]), serve([HELLO])
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    host = build(server.url)
    assert ask(host, host.add_user()).json["assistant_response"] == "Hello."
    assert (len(server.requests), proxy.requests) == (1, [])
