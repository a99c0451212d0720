"""The model over real sockets: what is sent, what fails, and that giving up frees it."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from client import SSE
from host import Host, make_host
from servers import RecordingModel, free_port

from flask_smorest_chatbot import ChatbotConfig
from flask_smorest_chatbot.services.doctor import model_status
from flask_smorest_chatbot.services.model.chat_model import PROVIDERS, LazyChatModel

CHAT = "/api/chatbot/chat"


class MisbehavingServer:
    """A TCP server that answers every request with given bytes and then keeps silent."""

    def __init__(self, answer: bytes = b"", *, hang_up: bool = False) -> None:
        self._answer, self._hang_up = answer, hang_up
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests: list[bytes] = []
        self.closed_at: list[float] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(ConnectionError):  # the client may hang up first
            self.requests.append(_read_request(connection))
            connection.sendall(self._answer)
            if not self._hang_up:
                while connection.recv(65536):
                    pass
        self.closed_at.append(time.monotonic())

    def close(self) -> None:
        self._listener.close()


def _read_request(connection: socket.socket) -> bytes:
    """Read all of a request: closing a connection with bytes unread would reset it."""
    request = b""
    while (head_end := request.find(b"\r\n\r\n")) < 0:
        request += connection.recv(65536)
    length = re.search(rb"content-length: (\d+)", request[:head_end], re.IGNORECASE)
    while length and len(request) < head_end + 4 + int(length[1]):
        request += connection.recv(65536)
    return request


@pytest.fixture
def misbehaving() -> Iterator[Callable[..., MisbehavingServer]]:
    servers: list[MisbehavingServer] = []

    def start(*args: Any, **kwargs: Any) -> MisbehavingServer:
        servers.append(MisbehavingServer(*args, **kwargs))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def build(tmp_path: Any) -> Iterator[Callable[..., Host]]:
    """A function that builds a host that asks a model server, not a scripted model."""
    hosts: list[Host] = []

    def build(url: str, model: str = "m", **settings: Any) -> Host:
        host = make_host(
            f"sqlite:///{tmp_path}/h.db",
            chat_model=None,
            CHATBOT_OLLAMA_URL=url,
            CHATBOT_MODEL=model,
            **settings,
        )
        with host.app.app_context():
            host.db.create_all()
        hosts.append(host)
        return host

    yield build
    for host in hosts:
        close(host)


def close(host: Host) -> None:
    """Close what an app keeps open for as long as its process lives."""
    model = host.app.extensions["chatbot"].turn_services.chat_model._model
    if model is not None:
        model._client.close()
    close_database(host)


def close_database(host: Host) -> None:
    with host.app.app_context():
        host.db.engine.dispose()


def line(text: str = "", **fields: Any) -> bytes:
    message = {"model": "m", "message": {"role": "assistant", "content": text}, "done": False}
    return json.dumps({**message, **fields}).encode() + b"\n"


def reply(*lines: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n\r\n"
    return head + b"".join(lines)


def ask(host: Host, user: Any, **headers: str) -> Any:
    return host.app.test_client().post(
        CHAT, json={"message": "Hi", "session_id": "s"}, headers=host.headers(user, **headers)
    )


def test_silent_server_is_given_up_and_its_connection_closed(
    build: Callable[..., Host], misbehaving: Callable[..., MisbehavingServer]
) -> None:
    server = misbehaving()
    host = build(server.url, CHATBOT_FIRST_TOKEN_TIMEOUT=0.5)
    response = ask(host, host.add_user())
    given_up = time.monotonic()
    assert (response.status_code, response.json["errors"]["reason"]) == (504, "first_token_timeout")
    while not server.closed_at:
        assert time.monotonic() - given_up < 1
        time.sleep(0.01)


def test_leaving_client_frees_a_silent_model(
    build: Callable[..., Host], misbehaving: Callable[..., MisbehavingServer]
) -> None:
    server = misbehaving(reply(line("Well, ")))
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
    while not server.closed_at:
        assert time.monotonic() - left < 1
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("answer", "status", "reason", "kept"),
    [
        (reply(line("Half ")), 502, "incomplete", "Half"),
        (reply(line("Half "), b'{"error": "secret"}\n'), 502, "model_error", "Half"),
        (reply(line("Half "), b"garbage\n"), 502, "model_error", "Half"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}", 503, "model_missing", ""),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\n{}", 503, "model_busy", ""),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\n{}", 502, "model_error", ""),
        (
            b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
            502,
            "model_error",
            "",
        ),
        (b"", 502, "broken_connection", ""),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % len(line("Half "))
            + line("Half "),
            502,
            "broken_connection",
            "Half",
        ),
    ],
)
def test_broken_answers_are_told_apart(
    build: Callable[..., Host],
    misbehaving: Callable[..., MisbehavingServer],
    answer: bytes,
    status: int,
    reason: str,
    kept: str,
) -> None:
    server = misbehaving(answer, hang_up=True)
    host = build(server.url)
    user = host.add_user()
    response = ask(host, user)
    assert (response.status_code, response.json["errors"]["reason"]) == (status, reason)
    assert "secret" not in response.text
    history = host.app.test_client().get("/api/chatbot/history/s", headers=host.headers(user))
    assert history.json[1]["content"] == kept
    assert len(server.requests) == 1  # redirects are not followed, nothing is repeated


DONE = line(done=True, done_reason="stop", prompt_eval_count=2**40, eval_count=3)
ENDLESS = [
    reply(*[line("word " * 20)] * 400),  # more text than tokens can hold
    reply(*[line()] * 20_000),  # no text, but bytes without end
    reply(line("a" * 10_000_000), DONE),
    reply(b'{"x": "' + b"a" * 10_000_000),  # a line that does not end
]


@pytest.mark.parametrize("answer", ENDLESS, ids=["text", "bytes", "line", "half a line"])
def test_flood_is_cut_off(
    build: Callable[..., Host], misbehaving: Callable[..., MisbehavingServer], answer: bytes
) -> None:
    server = misbehaving(answer, hang_up=False)
    host = build(server.url, CHATBOT_NUM_PREDICT=512)
    user = host.add_user()
    response = ask(host, user)
    assert (response.status_code, response.json["errors"]["reason"]) == (502, "too_long")
    history = host.app.test_client().get("/api/chatbot/history/s", headers=host.headers(user))
    assert len(history.json[1]["content"]) <= 512 * 32


def test_answer_that_could_hide_its_size_is_refused(
    build: Callable[..., Host], misbehaving: Callable[..., MisbehavingServer]
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"
    server = misbehaving(head + gzip.compress(line("a" * 1000) + DONE), hang_up=True)
    host = build(server.url)
    response = ask(host, host.add_user())
    assert (response.status_code, response.json["errors"]["reason"]) == (502, "encoding")
    assert b"accept-encoding: identity" in server.requests[0].lower()


def test_answer_is_whole_when_it_says_so_though_the_connection_stays_open(
    build: Callable[..., Host], misbehaving: Callable[..., MisbehavingServer]
) -> None:
    server = misbehaving(reply(line("Hello."), DONE))
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
    build: Callable[..., Host], misbehaving: Callable[..., MisbehavingServer]
) -> None:
    server = misbehaving(reply(line("Yes \ud83d"), line("\ude00 no \ud83d"), DONE))
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
    close_database(host)


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
