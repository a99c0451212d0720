"""A model server that is away is left alone, and tried by one request at a time."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from client import SSE, events_of
from faulty_server import HELLO, FaultyServer, Script, Then, refusal
from host import Host, ask, history
from prometheus_client import REGISTRY

from flask_smorest_chatbot.services.model.breaker import Breaker

Build = Callable[..., Host]
Serve = Callable[..., FaultyServer]
AWAY: Script = [Then.RESET]
SETTINGS = {
    "CHATBOT_MODEL_RETRIES": 0,
    "CHATBOT_BREAKER_FAILURES": 2,
    "CHATBOT_BREAKER_SECONDS": 2.5,
}


def state_of(server: FaultyServer) -> float | None:
    return REGISTRY.get_sample_value("chatbot_breaker_state", {"server": server.url})


def test_server_that_is_away_is_left_alone_until_it_is_back(build: Build, serve: Serve) -> None:
    server = serve(AWAY, AWAY, [HELLO])
    host = build(server.url, **SETTINGS)
    user = host.add_user()
    for number in range(2):
        assert ask(host, user, str(number)).json["errors"] == {"reason": "broken_connection"}
    assert state_of(server) == 2
    searched = len(host.queries)
    for accept in ("application/json", SSE):
        response = ask(host, user, "left-alone", Accept=accept)
        body = response.json if accept != SSE else events_of(response.text)[-1][1]
        assert (body["code"], body["errors"]["reason"]) == (503, "model_unreachable")
        assert 1 <= body["errors"]["retry_after"] <= 3
        wait = str(body["errors"]["retry_after"]) if accept != SSE else None
        assert response.headers.get("Retry-After") == wait
    assert (len(server.requests), len(host.queries)) == (2, searched)
    question, answer, *_ = history(host, user, "left-alone")
    assert (question["content"], answer["status"]) == ("Hi", "failed")
    assert answer["reason"] == "model_unreachable"
    time.sleep(2.5)
    assert ask(host, user, "back").status_code == 200
    assert state_of(server) == 0
    assert ask(host, user, "back").status_code == 200
    last = history(host, user, "left-alone")[-1]
    again = host.app.test_client().post(
        f"/api/chatbot/messages/{last['id']}/retry", headers=host.headers(user)
    )
    assert again.json["assistant_response"] == "Hello."


def test_attempts_of_one_turn_count(build: Build, serve: Serve) -> None:
    server = serve(AWAY)
    host = build(server.url, CHATBOT_BREAKER_FAILURES=2, CHATBOT_BREAKER_SECONDS=60)
    response = ask(host, host.add_user())
    errors = response.json["errors"]
    assert (errors["reason"], 50 < errors["retry_after"] <= 60) == ("model_unreachable", True)
    assert len(server.requests) == 2


def test_answer_in_between_starts_the_count_anew(build: Build, serve: Serve) -> None:
    server = serve(AWAY, [HELLO], AWAY, [HELLO])
    host = build(server.url, **SETTINGS)
    user = host.add_user()
    assert [ask(host, user).status_code for _ in range(4)] == [502, 200, 502, 200]


@pytest.mark.parametrize("status", ["404 Not Found", "500 Oops", "503 Busy"])
def test_server_that_refuses_is_not_away(build: Build, serve: Serve, status: str) -> None:
    server = serve([refusal(status)])
    host = build(server.url, **SETTINGS)
    user = host.add_user()
    for _ in range(4):
        ask(host, user)
    assert (len(server.requests), state_of(server)) == (4, 0)


def test_one_request_at_a_time_tries_a_server(build: Build, serve: Serve) -> None:
    server = serve(AWAY, AWAY, [2.0, HELLO], [HELLO])
    host = build(server.url, **SETTINGS)
    user = host.add_user()
    for _ in range(2):
        ask(host, user)
    time.sleep(2.5)
    answers: list[Any] = []
    probe = threading.Thread(target=lambda: answers.append(ask(host, user, "probe")))
    probe.start()
    while len(server.requests) < 3:
        time.sleep(0.01)
    assert state_of(server) == 1
    assert ask(host, user, "other").json["errors"]["reason"] == "model_unreachable"
    probe.join()
    assert (answers[0].status_code, len(server.requests)) == (200, 3)
    assert ask(host, user, "other").status_code == 200


def test_failed_try_begins_another_wait(build: Build, serve: Serve) -> None:
    server = serve(AWAY, AWAY, AWAY, [HELLO])
    host = build(server.url, **{**SETTINGS, "CHATBOT_BREAKER_SECONDS": 1.0})
    user = host.add_user()
    for _ in range(2):
        ask(host, user)
    time.sleep(1.0)
    assert ask(host, user).json["errors"]["reason"] == "broken_connection"
    assert ask(host, user).json["errors"] == {"reason": "model_unreachable", "retry_after": 1}
    time.sleep(1.0)
    assert ask(host, user).status_code == 200
    assert len(server.requests) == 4


class Probe:
    """Who asks."""


def away_breaker(name: str) -> Breaker:
    breaker = Breaker(name, failures=1, seconds=0.05)
    breaker.leave(Probe(), failed=True)
    time.sleep(0.06)
    return breaker


def test_try_that_is_given_up_makes_room_for_the_next() -> None:
    breaker, probe = away_breaker("given-up"), Probe()
    assert breaker.admit(probe) == 0
    assert breaker.admit(Probe()) > 0
    breaker.leave(Probe(), failed=False)  # of a request from before
    assert breaker.admit(Probe()) > 0
    breaker.leave(probe, failed=False)
    assert breaker.admit(Probe()) == 0


def test_only_one_of_many_threads_tries() -> None:
    breaker = away_breaker("many")
    start = threading.Barrier(16)
    waits: list[float] = []

    def admit() -> None:
        start.wait()
        waits.append(breaker.admit(Probe()))

    threads = [threading.Thread(target=admit) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert waits.count(0.0) == 1


def test_try_that_waits_for_its_first_word_has_found_the_server() -> None:
    breaker = Breaker("loading", failures=1, seconds=0.05, connect_seconds=0.1)
    breaker.leave(Probe(), failed=True)
    time.sleep(0.06)
    assert breaker.admit(Probe()) == 0
    assert 0 < breaker.admit(Probe()) <= 0.1
    time.sleep(0.11)
    assert [breaker.admit(Probe()) for _ in range(3)] == [0, 0, 0]


def test_answer_of_an_older_request_shows_that_the_server_is_back() -> None:
    breaker = away_breaker("older")
    breaker.succeed()
    assert breaker.admit(Probe()) == breaker.admit(Probe()) == 0


def test_state_is_the_worst_of_all_workers(tmp_path: Path) -> None:
    work = """
import sys
from flask_smorest_chatbot.services.model.breaker import Breaker
breaker = Breaker("http://model", failures=1, seconds=60)
breaker.leave(None, failed=sys.argv[1] == "away")
"""
    read = """
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
registry = CollectorRegistry()
MultiProcessCollector(registry)
print(generate_latest(registry).decode())
"""
    environment = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": ":".join(sys.path)}

    def run(code: str, *arguments: str) -> str:
        command = [sys.executable, "-c", code, *arguments]
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        return done.stdout

    for kind in ("away", "here"):
        run(work, kind)
    assert 'chatbot_breaker_state{server="http://model"} 2.0' in run(read)
