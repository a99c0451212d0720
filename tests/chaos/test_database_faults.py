"""The database goes away before, during and at the end of a turn, and comes back."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psycopg2
import pytest
from chaos_parts import EchoModel, Postgres, running_site
from client import SSE, events_of
from servers import ROOT, LiveSite

from flask_smorest_chatbot.services.patience import PATIENCE
from flask_smorest_chatbot.services.storage.lost_turns import CLAIM_LENGTH

CHAT = "/api/chatbot/chat"


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    server = Postgres(tmp_path_factory.mktemp("faults") / "postgres")
    yield server
    server.cleanup()


@pytest.fixture(scope="module")
def model() -> Iterator[EchoModel]:
    echo = EchoModel(pause=0.1)
    yield echo
    echo.close()


@pytest.fixture(scope="module")
def site(
    postgres: Postgres, model: EchoModel, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveSite]:
    settings = {
        "DATABASE_URL": postgres.url,
        "CHATBOT_OLLAMA_URL": model.url,
        "WEB_CONCURRENCY": "4",
        "DATABASE_POOL_SIZE": "2",
    }
    with running_site(tmp_path_factory.mktemp("faults-site"), **settings) as live:
        yield live


@pytest.fixture
def client(site: LiveSite) -> Iterator[httpx.Client]:
    with site.log_in() as client:
        yield client


def stream(client: httpx.Client, session_id: str, words: int, after: Any) -> list[Any]:
    """Ask for an answer; call ``after`` with its first words. Return its events."""
    text, was_called = "", False
    body = {"message": f"mark-{words} in {words} words", "session_id": session_id}
    with client.stream("POST", CHAT, json=body, headers={"Accept": SSE}) as response:
        for part in response.iter_text():
            text += part
            if "word3" in text and not was_called:
                was_called = True
                after()
    return events_of(text)


def answer_of(client: httpx.Client, session_id: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/chatbot/history/{session_id}").json()[1]
    return found


def away_for(postgres: Postgres, seconds: float) -> threading.Thread:
    """Crash the database now, and start it again later."""
    postgres.stop()

    def come_back() -> None:
        time.sleep(seconds)
        postgres.start()

    thread = threading.Thread(target=come_back)
    thread.start()
    return thread


def test_away_before_a_turn_nothing_is_stored_and_the_site_says_so(
    client: httpx.Client, postgres: Postgres
) -> None:
    client.post(CHAT, json={"message": "in 1 words", "session_id": "before"})
    postgres.stop()
    refused = client.post(CHAT, json={"message": "in 1 words", "session_id": "before"})
    is_up = client.get("/health").status_code
    postgres.start()
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert set(refused.json()) == {"code", "status", "message", "errors", "request_id"}
    assert is_up == 200
    assert len(client.get("/api/chatbot/history/before").json()) == 2
    # Every worker finds the new server by itself.
    answers = [client.post(CHAT, json={"message": "in 1 words"}) for _ in range(8)]
    assert [answer.status_code for answer in answers] == [200] * 8


@pytest.mark.parametrize(
    ("name", "words", "seconds"),
    [("during", 40, 1.0), ("end", 15, 3.0)],  # a word takes a tenth of a second
)
def test_away_during_a_turn_or_at_its_end_the_answer_comes_and_is_stored(
    client: httpx.Client, postgres: Postgres, name: str, words: int, seconds: float
) -> None:
    coming_back: list[threading.Thread] = []
    events = stream(client, name, words, lambda: coming_back.append(away_for(postgres, seconds)))
    coming_back[0].join()
    assert events[-1][0] == "done"
    said = events[-1][1]["assistant_response"]
    assert said.endswith(f"word{words - 1}")
    stored = answer_of(client, name)
    assert (stored["status"], stored["content"]) == ("complete", said)


def test_away_for_long_the_client_is_told_and_the_turn_is_settled_later(
    client: httpx.Client, postgres: Postgres
) -> None:
    began = time.monotonic()
    events = stream(client, "long", 8, postgres.stop)
    took = time.monotonic() - began
    postgres.start()
    name, error = events[-1]
    assert (name, error["code"]) == ("error", 503)
    assert error["errors"] == {"reason": "database_unavailable"}
    assert PATIENCE < took < PATIENCE + 10
    while (answer := answer_of(client, "long"))["status"] in ("pending", "streaming"):
        assert time.monotonic() - began < took + CLAIM_LENGTH.total_seconds() + 2
        time.sleep(0.2)
    assert (answer["status"], answer["reason"]) == ("interrupted", "worker_lost")
    again = client.post(f"/api/chatbot/messages/{answer['id']}/retry")
    assert again.json()["assistant_response"].endswith("word7")


def test_used_up_pool_is_waited_for_a_while_and_then_it_is_said(
    client: httpx.Client, postgres: Postgres
) -> None:
    """Eight connections, all of them waiting for one lock; and more requests than that."""
    holder = psycopg2.connect(postgres.url.replace("+psycopg2", ""))
    holder.cursor().execute("LOCK TABLE chat_sessions IN ACCESS EXCLUSIVE MODE")
    began = time.monotonic()
    with ThreadPoolExecutor(30) as pool:
        asked = [pool.submit(client.post, CHAT, json={"message": "in 1 words"}) for _ in range(30)]
        while not (done := [one for one in asked if one.done()]):
            assert time.monotonic() - began < 20, "nobody was told"
            time.sleep(0.2)
        refused = [one.result() for one in done]
        holder.rollback()
        holder.close()
        answers = [one.result() for one in asked]
    for answer in refused:
        assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert sorted({answer.status_code for answer in answers}) == [200, 503]
    assert client.post(CHAT, json={"message": "in 1 words"}).status_code == 200


def test_fifty_at_once_with_one_key_make_one_turn(client: httpx.Client, model: EchoModel) -> None:
    asked_before = model.chats
    everyone = threading.Barrier(50)

    def ask(number: int) -> httpx.Response:
        everyone.wait()
        return client.post(
            CHAT,
            json={"message": "mark-50 in 10 words", "session_id": "fifty"},
            headers={"Idempotency-Key": "fifty", "Connection": "close"},
        )

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(ask, range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert all(answer.json() == answers[0].json() for answer in answers)
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 49
    assert model.chats == asked_before + 1
    assert len(client.get("/api/chatbot/history/fifty").json()) == 2


def can_have_a_network() -> bool:
    """Tell whether we may make a network of our own, as root may."""
    try:
        return subprocess.run(["unshare", "--net", "ip", "link"], check=False).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not can_have_a_network(), reason="needs root, unshare and ip")
def test_database_whose_machine_vanishes_is_given_up_soon(postgres: Postgres) -> None:
    """Its connections stay open: nobody says that they are of no use any more."""
    cut_off = Path(__file__).with_name("cut_off.py")
    asked = subprocess.run(
        ["unshare", "--net", sys.executable, str(cut_off), postgres.url],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        timeout=60,
        check=True,
        text=True,
    )
    assert asked.stdout == "told told\n"
