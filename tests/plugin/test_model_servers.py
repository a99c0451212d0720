"""Several model servers: a session stays with one, and another helps out when that is away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from client import SSE, events_of
from faulty_server import HELLO, BlackHole, FaultyServer, Then, line, refusal, reply
from host import Host, ask, history
from scripted_model import ScriptedModel
from servers import RecordingModel, free_port

from flask_smorest_chatbot import ChatbotConfig, model_status, model_statuses
from flask_smorest_chatbot.services.model.breaker import Breaker
from flask_smorest_chatbot.services.model.names import name_of
from flask_smorest_chatbot.services.model.servers import ModelServer, in_order_for

Build = Callable[..., Host]
Serve = Callable[..., FaultyServer]


def nobody() -> str:
    return f"http://127.0.0.1:{free_port()}"


def test_session_stays_with_its_server(build: Build, serve: Serve) -> None:
    servers = [serve([HELLO]), serve([HELLO])]
    host = build(", ".join(server.url for server in servers))
    user = host.add_user()
    for _ in range(3):
        assert ask(host, user).status_code == 200
    assert sorted(len(server.requests) for server in servers) == [0, 3]
    for number in range(12):
        ask(host, user, f"session-{number}")
    assert all(server.requests for server in servers)


def servers_named(*names: str) -> list[ModelServer]:
    return [ModelServer(name, ScriptedModel(), Breaker(name, 5, 10)) for name in names]


def test_sessions_are_spread_evenly_and_few_move_when_a_server_goes() -> None:
    three = servers_named("http://a", "http://b", "http://c")
    first = {key: in_order_for(three, key)[0].name for key in range(3000)}
    assert all(900 < count < 1100 for count in Counter(first.values()).values())
    second = {key: in_order_for(three, key)[1].name for key in range(3000)}
    for key, name in first.items():
        now = in_order_for(three[1:], key)[0].name
        assert now == (second[key] if name == "http://a" else name)
    # Another process must find the same.
    assert [in_order_for(three, key)[0].name[-1] for key in range(8)] == list("ababcbcb")


@pytest.mark.parametrize(
    "fault",
    [[Then.RESET], [refusal("503 Busy")], [refusal("500 Oops")]],
    ids=["reset", "busy", "error"],
)
def test_another_server_answers_for_one_that_fails(build: Build, serve: Serve, fault: Any) -> None:
    servers = [serve(fault), serve(fault)]
    host = build(",".join(server.url for server in servers), CHATBOT_MODEL_RETRIES=0)
    user = host.add_user()
    assert ask(host, user).status_code in (502, 503)
    assert [len(server.requests) for server in servers] == [1, 1]
    assert history(host, user)[1]["status"] == "failed"


@pytest.mark.parametrize("retries", [0, 1, 2])
@pytest.mark.parametrize("fault", [[Then.RESET], [refusal("503 Busy")]], ids=["reset", "busy"])
def test_a_turn_asks_three_times_at_most_however_many_servers_there_are(
    build: Build, serve: Serve, fault: Any, retries: int
) -> None:
    servers = [serve(fault) for _ in range(5)]
    host = build(",".join(server.url for server in servers), CHATBOT_MODEL_RETRIES=retries)
    assert ask(host, host.add_user()).status_code in (502, 503)
    assert sum(len(server.requests) for server in servers) == 3


def test_two_servers_that_fail_are_not_asked_twice_each(build: Build, serve: Serve) -> None:
    servers = [serve([refusal("503 Busy")]) for _ in range(2)]
    host = build(",".join(server.url for server in servers))
    assert ask(host, host.add_user()).json["errors"]["reason"] == "model_busy"
    assert sorted(len(server.requests) for server in servers) == [1, 2]


@pytest.mark.parametrize("away", ["refused", "black hole"])
def test_another_server_answers_for_one_that_is_away(
    build: Build, serve: Serve, away: str, black_hole: BlackHole
) -> None:
    server = serve([HELLO])
    address = nobody() if away == "refused" else black_hole.url
    host = build(f"{address},{server.url}", CHATBOT_CONNECT_TIMEOUT=0.2, CHATBOT_BREAKER_FAILURES=1)
    user = host.add_user()
    for number in range(6):
        for accept in ("application/json", SSE):
            response = ask(host, user, f"session-{number}", Accept=accept)
            body = response.json if accept != SSE else events_of(response.text)[-1][1]
            assert body["assistant_response"] == "Hello."
    assert len(server.requests) == 12
    model = host.app.extensions["chatbot"].turn_services.chat_model
    was_asked = any(model.servers(key)[0].name == address for key in range(1, 7))
    waits = [found.breaker.admit(None) for found in model.servers()]
    assert [wait > 0 for wait in waits] == [was_asked, False]


@pytest.fixture
def black_hole() -> Iterator[BlackHole]:
    hole = BlackHole()
    yield hole
    hole.close()


def test_answer_that_has_begun_is_not_continued_by_another(build: Build, serve: Serve) -> None:
    half = [reply(line("Half ")), Then.HANG_UP]
    servers = [serve(half), serve(half)]
    host = build(",".join(server.url for server in servers))
    user = host.add_user()
    assert ask(host, user).json["errors"] == {"reason": "incomplete"}
    assert sum(len(server.requests) for server in servers) == 1


def test_all_servers_away_is_503_with_the_shortest_wait(build: Build) -> None:
    host = build(
        f"{nobody()},{nobody()}",
        CHATBOT_MODEL_RETRIES=0,
        CHATBOT_BREAKER_FAILURES=1,
        CHATBOT_BREAKER_SECONDS=40,
    )
    user = host.add_user()
    assert ask(host, user).json["errors"] == {"reason": "model_unreachable"}
    response = ask(host, user)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "40")


def test_hosts_own_model_is_one_server(host: Host, user: Any) -> None:
    assert len(host.app.extensions["chatbot"].turn_services.chat_model.servers("any")) == 1


# -- what operators see ------------------------------------------------------------------------


def test_each_server_is_asked_for_its_state(small_model: RecordingModel) -> None:
    away = nobody()
    config = ChatbotConfig(ollama_url=f"{away}, {small_model.url}/", model=small_model.model)
    assert {name: status.reachable for name, status in model_statuses(config).items()} == {
        away: False, small_model.url: True
    }  # fmt: skip
    assert model_status(config).present


def test_doctor_names_the_server_that_is_away(build: Build, small_model: RecordingModel) -> None:
    away = nobody()
    host = build(f"{small_model.url},{away}", small_model.model, CHATBOT_NUM_PREDICT=4)
    result = host.app.test_cli_runner().invoke(args=["chatbot", "doctor"])
    assert result.exit_code == 1
    assert f"ok   model server: Ollama answers at {small_model.url}" in result.output
    assert "ok   answer: first token after" in result.output
    assert f"FAIL model server: no Ollama answers at {away}" in result.output


def test_passwords_in_addresses_are_shown_nowhere() -> None:
    config = ChatbotConfig(ollama_url="http://me:secret@127.0.0.1:9/ollama")
    assert name_of(config.ollama_urls[0]) == "http://127.0.0.1:9/ollama"
    assert "secret" not in repr(model_statuses(config))
