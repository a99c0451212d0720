"""The model over real sockets: what is sent, what fails, and that giving up frees it."""

from __future__ import annotations

import gzip
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from client import SSE
from faulty_server import DONE, FaultyServer, Then, line, reply
from host import Host, close, make_host
from servers import RecordingModel, free_port

from flask_smorest_chatbot import ChatbotConfig
from flask_smorest_chatbot.services.model.chat_model import LazyChatModel
from flask_smorest_chatbot.services.model.names import PROVIDERS
from flask_smorest_chatbot.services.model.status import model_status

CHAT = "/api/chatbot/chat"


def ask(host: Host, user: Any, **headers: str) -> Any:
    return host.app.test_client().post(
        CHAT, json={"message": "Hi", "session_id": "s"}, headers=host.headers(user, **headers)
    )


def test_leaving_client_frees_a_silent_model(
    build: Callable[..., Host], serve: Callable[..., FaultyServer]
) -> None:
    server = serve([reply(line("Well, "))])
    host = build(server.url)
    response = host.app.test_client().post(
        CHAT,
        json={"message": "Hi"},
        headers=host.headers(host.add_user(), Accept=SSE),
        buffered=False,
    )
    for part in response.response:
        if b"Well" in part:
            break
    left = time.monotonic()
    response.close()
    assert server.wait_until_closed() - left < 1


def test_answer_that_could_hide_its_size_is_refused(
    build: Callable[..., Host], serve: Callable[..., FaultyServer]
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"
    server = serve([head + gzip.compress(line("a" * 1000) + DONE), Then.HANG_UP])
    host = build(server.url)
    response = ask(host, host.add_user())
    assert (response.status_code, response.json["errors"]["reason"]) == (502, "encoding")
    assert b"accept-encoding: identity" in server.requests[0].lower()


def test_answer_is_whole_when_it_says_so_though_the_connection_stays_open(
    build: Callable[..., Host], serve: Callable[..., FaultyServer]
) -> None:
    done = line(done=True, done_reason="stop", prompt_eval_count=2**40, eval_count=3)
    server = serve([reply(line("Hello."), done)])
    host = build(server.url, CHATBOT_TOKEN_TIMEOUT=5)
    user = host.add_user()
    began = time.monotonic()
    response = ask(host, user)
    assert response.json["assistant_response"] == "Hello."
    assert time.monotonic() - began < 4
    answer = host.app.test_client().get("/api/chatbot/history/s", headers=host.headers(user)).json
    # A count that no column holds is not known.
    assert (answer[1]["input_tokens"], answer[1]["output_tokens"]) == (None, 3)


def test_emoji_in_two_halves_is_whole(
    build: Callable[..., Host], serve: Callable[..., FaultyServer]
) -> None:
    server = serve([reply(line("Yes \ud83d"), line("\ude00 no \ud83d"), DONE)])
    host = build(server.url)
    answer = ask(host, host.add_user()).json["assistant_response"]
    assert answer == "Yes \U0001f600 no \ufffd"


def test_server_that_is_away_is_503(build: Callable[..., Host]) -> None:
    host = build(f"http://127.0.0.1:{free_port()}")
    response = ask(host, host.add_user())
    assert (response.status_code, response.json["errors"]["reason"]) == (503, "model_unreachable")
    assert response.headers["Retry-After"] == "10"


def test_real_model_answers_and_is_told_the_options(
    build: Callable[..., Host], small_model: RecordingModel
) -> None:
    host = build(
        small_model.url,
        small_model.model,
        CHATBOT_NUM_PREDICT=12,
        CHATBOT_NUM_CTX=2048,
        CHATBOT_KEEP_ALIVE="7m",
        CHATBOT_TEMPERATURE=0.1,
    )
    assert ask(host, host.add_user()).status_code == 200
    sent = small_model.requests[-1]
    assert sent["keep_alive"] == "7m"
    assert {name: sent["options"][name] for name in ("num_ctx", "num_predict", "temperature")} == {
        "num_ctx": 2048, "num_predict": 12, "temperature": 0.1
    }  # fmt: skip


@pytest.mark.parametrize(("setting", "sent"), [("30m", "30m"), ("-1", -1), ("90", 90)])
def test_bare_numbers_are_sent_as_numbers(setting: str, sent: object) -> None:
    built: Any = LazyChatModel(ChatbotConfig(keep_alive=setting)).get()
    assert built.keep_alive == sent
    built._client.close()


@pytest.mark.parametrize(
    ("name", "kind", "model"),
    [
        ("llama2", "ChatOllama", "llama2"),
        ("llama2:13b", "ChatOllama", "llama2:13b"),
        ("ollama:llama2:13b", "ChatOllama", "llama2:13b"),
    ],
)
def test_model_names(name: str, kind: str, model: str) -> None:
    chat_model = LazyChatModel(ChatbotConfig(model=name))
    built: Any = chat_model.get()
    assert (type(built).__name__, built.model, chat_model.name) == (kind, model, name)
    assert chat_model.is_configured_ollama
    assert chat_model.get() is built
    built._client.close()


def test_other_provider_without_its_package_is_explained(build: Callable[..., Host]) -> None:
    host = build("http://127.0.0.1:9", "groq:some-model")
    response = ask(host, host.add_user())
    assert (response.status_code, response.json["errors"]["reason"]) == (503, "model_misconfigured")
    result = host.app.test_cli_runner().invoke(args=["chatbot", "doctor"])
    assert result.exit_code == 1
    assert "langchain-groq" in result.output


def test_host_may_give_a_factory(tmp_path: Any) -> None:
    from scripted_model import ScriptedModel

    seen: list[ChatbotConfig] = []

    def factory(config: ChatbotConfig) -> ScriptedModel:
        seen.append(config)
        return ScriptedModel()

    host = make_host(f"sqlite:///{tmp_path}/h.db", chat_model=factory)
    with host.app.app_context():
        host.db.create_all()
    user = host.add_user()
    assert seen == []  # built at the first turn
    assert ask(host, user).json["assistant_response"] == "Hello."
    ask(host, user)
    assert len(seen) == 1
    close(host)


def test_status_of_the_model_server(small_model: RecordingModel) -> None:
    here = model_status(ChatbotConfig(ollama_url=small_model.url, model=small_model.model))
    assert (here.reachable, here.present) == (True, True)
    other = model_status(ChatbotConfig(ollama_url=small_model.url, model="llama2"))
    assert (other.reachable, other.present) == (True, False)
    away = model_status(ChatbotConfig(ollama_url=f"http://127.0.0.1:{free_port()}"))
    assert (away.reachable, away.present) == (False, None)


def test_providers_are_those_that_langchain_knows() -> None:
    from langchain.chat_models import base

    assert set(base._BUILTIN_PROVIDERS) == PROVIDERS


def test_asking_for_the_status_imports_no_langchain() -> None:
    ask = """
import sys
from flask_smorest_chatbot import ChatbotConfig, model_status
for name in ("llama2:13b", "openai:gpt"):
    model_status(ChatbotConfig(model=name, ollama_url="http://127.0.0.1:9"))
assert not [name for name in sys.modules if name.startswith("langchain")]
"""
    assert subprocess.run([sys.executable, "-c", ask], check=False).returncode == 0
