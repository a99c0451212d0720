"""A model server that misbehaves over real TCP, through the site under gunicorn."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from client import SSE, events_of
from faulty_server import HELLO, FaultyServer, Then, line, reply
from model_faults import FAULTS, ODDITIES
from servers import LiveSite, start_site, stop_site

CHAT = "/api/chatbot/chat"
LIMITS = {"CHATBOT_FIRST_TOKEN_TIMEOUT": "2", "CHATBOT_TOKEN_TIMEOUT": "0.7"}
#: The site keeps one set of limits.
PLAYED = [name for name, fault in FAULTS.items() if {*fault.settings} <= {*LIMITS}]


@pytest.fixture(scope="module")
def server() -> Iterator[FaultyServer]:
    """The model server."""
    server = FaultyServer([HELLO])
    yield server
    server.close()


@pytest.fixture(scope="module")
def site(server: FaultyServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    """The site, with one worker, so that what it knows of the server is known."""
    site = start_site(
        tmp_path_factory.mktemp("faults"),
        CHATBOT_OLLAMA_URL=server.url,
        CHATBOT_MODEL="m",
        CHATBOT_BREAKER_FAILURES="4",
        CHATBOT_BREAKER_SECONDS="2",
        WEB_CONCURRENCY="1",
        **LIMITS,
    )
    yield site
    stop_site(site)


@pytest.fixture
def client(site: LiveSite, server: FaultyServer) -> Iterator[httpx.Client]:
    """A logged-in client of a site whose model server has answered lately."""
    server.play([HELLO])
    with site.log_in() as client:
        assert client.post(CHAT, json={"message": "Hi"}).status_code == 200
        yield client


def ask(client: httpx.Client, accept: str = "application/json") -> tuple[str, dict[str, Any]]:
    """Ask in a new session; return it, and the answer or the error."""
    session = str(uuid.uuid4())
    body = {"message": "Hi", "session_id": session}
    response = client.post(CHAT, json=body, headers={"Accept": accept})
    if accept == SSE:
        return session, events_of(response.text)[-1][1]
    return session, response.json()


def last_message(client: httpx.Client, session: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/chatbot/history/{session}").json()[-1]
    return found


@pytest.mark.parametrize("accept", ["application/json", SSE])
@pytest.mark.parametrize("name", PLAYED)
def test_fault_ends_the_turn(
    client: httpx.Client, server: FaultyServer, name: str, accept: str
) -> None:
    fault = FAULTS[name]
    server.play(fault.script)
    session, error = ask(client, accept)
    assert (error["code"], error["errors"]) == (fault.status, {"reason": fault.reason})
    answer = last_message(client, session)
    assert (answer["status"], answer["reason"]) == ("failed", fault.reason)
    assert answer["content"].startswith(fault.kept)
    server.wait_until_closed(fault.asked)
    assert len(server.requests) == fault.asked


@pytest.mark.parametrize("name", ODDITIES)
def test_oddity_is_an_answer_all_the_same(
    client: httpx.Client, server: FaultyServer, name: str
) -> None:
    oddity = ODDITIES[name]
    server.play(oddity.script)
    session, body = ask(client)
    assert body["assistant_response"] == oddity.text
    assert body["context"]["truncated"] is oddity.truncated
    assert last_message(client, session)["status"] == "complete"


@pytest.mark.parametrize("script", [[reply()], [reply(line("Half "))]])
def test_client_that_leaves_frees_the_model(
    site: LiveSite, client: httpx.Client, server: FaultyServer, script: Any
) -> None:
    """Before the first word, and in mid-answer."""
    server.play(script, [HELLO])
    session = str(uuid.uuid4())
    body = {"message": "Hi", "session_id": session}
    with client.stream("POST", CHAT, json=body, headers={"Accept": SSE}) as response:
        lines = response.iter_lines()
        assert next(lines) == "event: start"
        while not server.requests:
            time.sleep(0.01)
    left = time.monotonic()
    while (answer := last_message(client, session))["status"] in ("pending", "streaming"):
        assert time.monotonic() - left < 5  # a fraction of a second, on an idle machine
        time.sleep(0.05)
    assert (answer["status"], answer["reason"]) == ("interrupted", "client_left")
    server.wait_until_closed()
    assert len(server.requests) == 1


def test_dead_server_is_left_alone_and_tried_again(
    client: httpx.Client, server: FaultyServer
) -> None:
    server.play([Then.RESET])
    for _ in range(2):  # three attempts, then one
        ask(client)
    assert len(server.requests) == 4
    response = client.post(CHAT, json={"message": "Hi"})
    assert response.json()["errors"]["reason"] == "model_unreachable"
    assert response.headers["Retry-After"] in ("1", "2")
    server.play([HELLO])
    assert client.get("/ready").json()["model"] == "ok"  # it asks, whatever chats may do
    assert 'chatbot_breaker_state{server="' + server.url + '"} 2.0' in client.get("/metrics").text
    time.sleep(2)
    assert ask(client)[1]["assistant_response"] == "Hello."
    assert 'chatbot_breaker_state{server="' + server.url + '"} 0.0' in client.get("/metrics").text
