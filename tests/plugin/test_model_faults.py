"""Every way in which a model server can fail, over real TCP, through the whole plugin.

Each fault ends the turn in the right state, with a reason, and leaves nothing open.
"""

from __future__ import annotations

import gc
import itertools
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from client import SSE, events_of, names_of
from faulty_server import (
    DONE,
    HELLO,
    BlackHole,
    FaultyServer,
    Script,
    Then,
    line,
    refusal,
    reply,
)
from host import Host, ask, history
from servers import free_port

HALF = reply(line("Half "))
OUT_OF_MEMORY = b'{"error": "model requires more system memory (5.6 GiB) than is available"}'
PAGE = b"<!DOCTYPE html>\n<html><body>Sign in to the network</body></html>\n"


@dataclass(frozen=True)
class Fault:
    """One fault and what must come of it.

    :param kept: what of the answer is stored
    :param asked: how many requests the server gets: a server that may recover is asked again
    """

    script: Script
    status: int
    reason: str
    kept: str = ""
    asked: int = 1
    settings: Mapping[str, Any] = field(default_factory=dict)


FIRST = {"CHATBOT_FIRST_TOKEN_TIMEOUT": 0.4}
SILENCE = {"CHATBOT_TOKEN_TIMEOUT": 0.4}
WORDS = [line(f"word {number} ") for number in range(6000)]

FAULTS = {
    "no answer": Fault([], 504, "first_token_timeout", settings=FIRST),
    "slow first token": Fault([1.5, HELLO], 504, "first_token_timeout", settings=FIRST),
    "head, then silence": Fault([reply()], 504, "first_token_timeout", settings=FIRST),
    "silence in mid-answer": Fault([HALF], 504, "token_timeout", "Half", settings=SILENCE),
    "too slow in all": Fault(
        [reply(), *itertools.chain(*[[line("more "), 0.1]] * 20)],
        504,
        "turn_timeout",
        "more more",
        settings={"CHATBOT_TURN_TIMEOUT": 0.7},
    ),
    "hangs up at once": Fault([Then.HANG_UP], 502, "broken_connection", asked=3),
    "reset at once": Fault([Then.RESET], 502, "broken_connection", asked=3),
    "no HTTP": Fault([b"SSH-2.0-OpenSSH_9.2\r\n", Then.HANG_UP], 502, "broken_connection", asked=3),
    "half a head": Fault([HALF[:20], Then.HANG_UP], 502, "broken_connection", asked=3),
    "reset in mid-answer": Fault([HALF, 0.3, Then.RESET], 502, "broken_connection", "Half"),
    "length not kept": Fault(
        [refusal("200 OK", line("Half ") + b" " * 90)[:-50], Then.HANG_UP],
        502,
        "broken_connection",
        "Half",
    ),
    "end without done": Fault([HALF, Then.HANG_UP], 502, "incomplete", "Half"),
    "nothing": Fault([reply(), Then.HANG_UP], 502, "incomplete"),
    "garbage line": Fault([HALF, b"garbage\n"], 502, "garbled", "Half"),
    "another JSON": Fault([HALF, b"[1]\n"], 502, "garbled", "Half"),
    "no text": Fault([HALF, b'{"message": {"content": 7}}\n'], 502, "garbled", "Half"),
    "half a line": Fault([HALF, line("an answer")[:30], Then.HANG_UP], 502, "garbled", "Half"),
    "no UTF-8": Fault([HALF, b"\xff\xfe\x80\n"], 502, "garbled", "Half"),
    "page of a proxy": Fault([refusal("200 OK", PAGE, "Content-Type: text/html")], 502, "garbled"),
    "line of 10 MB": Fault([reply(line("a" * 10_000_000), DONE)], 502, "too_long"),
    "line without end": Fault([reply(b'{"x": "' + b"a" * 10_000_000)], 502, "too_long"),
    "lines without text": Fault([reply(*[line()] * 20_000)], 502, "too_long"),
    "text without end": Fault([reply(*WORDS)], 502, "too_long", "word 0 word 1"),
    "page without end": Fault([refusal("500 Oops", b"a" * 10_000_000)], 502, "too_long"),
    "same word for ever": Fault([reply(*[line("la ")] * 4000)], 502, "repetition", "la la"),
    "same blank for ever": Fault([reply(*[line("\n")] * 4000)], 502, "repetition"),
    "error in the stream": Fault([HALF, b'{"error": "secret"}\n'], 502, "model_error", "Half"),
    "no such model": Fault([refusal("404 Not Found")], 503, "model_missing"),
    "busy": Fault([refusal("503 Service Unavailable")], 503, "model_busy", asked=3),
    "too many requests": Fault([refusal("429 Too Many Requests")], 503, "model_busy"),
    "out of memory": Fault(
        [refusal("500 Internal Server Error", OUT_OF_MEMORY)], 502, "model_error", asked=3
    ),
    "bad gateway": Fault([refusal("502 Bad Gateway", PAGE)], 502, "model_error", asked=3),
    "refused request": Fault([refusal("401 Unauthorized")], 502, "model_error"),
    "redirect": Fault([refusal("302 Found", b"", "Location: /x")], 502, "redirected"),
    "empty answer": Fault([reply(line(), DONE)], 502, "empty_answer"),
    "only loaded": Fault(
        [reply(line(done=True, done_reason="load")), Then.HANG_UP], 502, "incomplete"
    ),
}


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
        session = host.db.session.query(host.chatbot.ChatSession).one()
        assert session.active_message_id is None
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


@dataclass(frozen=True)
class Oddity:
    """What is odd and yet an answer."""

    script: Script
    text: str
    truncated: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)


ODDITIES = {
    "JSON split at every byte": Oddity(
        [bytes([byte]) for byte in reply(line("Grüß \U0001f600 "), line("dich."), DONE)],
        "Grüß \U0001f600 dich.",
    ),
    "UTF-8 split at every byte": Oddity(
        [bytes([byte]) for byte in HELLO.replace(b"Hello", "Grüß\u0085d\u2028ich".encode())],
        "Grüßd\u2028ich.",
    ),
    "no UTF-8 in the text": Oddity(
        [HELLO.replace(b"ello", b"\xff\xc2llo\xe2\x80")], "H\ufffd\ufffdllo\ufffd."
    ),
    "line breaks of Unicode": Oddity(
        [HELLO.replace(b"ello", "e\u2028l\u2029l\u0085o".encode())], "He\u2028l\u2029lo."
    ),
    "no room for more": Oddity(
        [reply(line("Hello."), line(done=True, done_reason="length"))], "Hello.", truncated=True
    ),
    "a minute of loading": Oddity(
        [1.2, HELLO],
        "Hello.",
        settings={"CHATBOT_TOKEN_TIMEOUT": 0.3, "CHATBOT_FIRST_TOKEN_TIMEOUT": 30},
    ),
    "stays open after done": Oddity([HELLO], "Hello."),
    "hangs up after done": Oddity([HELLO, Then.RESET], "Hello."),
}


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
