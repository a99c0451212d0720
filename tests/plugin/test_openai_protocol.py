"""A server of OpenAI's protocol, such as vLLM, as docs/performance.md has it set up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from client import SSE, events_of
from host import Host

from bench.processes import simulator
from bench.simulator import words


@pytest.fixture
def host(build_host: Callable[..., Host], monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    with simulator(first=0.01, rate=500, tokens=20) as url:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{url}/v1")
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        yield build_host(chat_model=None, CHATBOT_MODEL="openai:simulated")


def test_streams_and_counts(host: Host, user: Any) -> None:
    response = host.app.test_client().post(
        "/api/chatbot/chat", json={"message": "Hi"}, headers=host.headers(user, Accept=SSE)
    )
    events = events_of(response.text)
    said = "".join(data["content"] for name, data in events if name == "delta")
    assert said == "".join(words(20))
    assert events[-1][0] == "done"
    with host.app.app_context():
        answer = host.db.session.get(host.chatbot.ChatMessage, events[-1][1]["message_id"])
        assert (answer.model, answer.input_tokens, answer.output_tokens) == (
            "openai:simulated",
            100,
            20,
        )


def test_doctor_is_content(host: Host) -> None:
    host.add_user()
    result = host.app.test_cli_runner().invoke(args=["chatbot", "doctor"])
    assert result.exit_code == 0, result.output
