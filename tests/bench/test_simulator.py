"""The benchmark's own tools: what measures must be right before what it measures can be."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import httpx
import ollama
import pytest

from bench.load import Plan
from bench.processes import load, simulator
from bench.simulator import MODEL, words

FAST = {"first": 0.01, "rate": 500, "tokens": 40}
MESSAGES = [{"role": "user", "content": "hi"}]


@pytest.fixture(scope="module")
def fast() -> Iterator[str]:
    with simulator(**FAST) as url:
        yield url


def chats(url: str, users: int = 10) -> Plan:
    return Plan(
        url=f"{url}/api/chat", body={"model": MODEL, "messages": MESSAGES}, users=users, spread=0.1
    )


def test_ollamas_own_client_understands_it(fast):
    client = ollama.Client(fast)
    parts = list(client.chat(MODEL, messages=MESSAGES, stream=True))
    assert [part.message.content for part in parts[:-1]] == words(40)
    assert (parts[-1].done, parts[-1].done_reason, parts[-1].eval_count) == (True, "stop", 40)
    whole = client.chat(MODEL, messages=MESSAGES)
    assert whole.message.content == "".join(words(40))
    assert [model.model for model in client.list().models] == [MODEL]
    assert client.show(MODEL).details.family == "simulated"
    client._client.close()


def test_openai_protocol(fast):
    body = {"model": MODEL, "messages": MESSAGES, "stream": True}
    with httpx.stream("POST", f"{fast}/v1/chat/completions", json=body, trust_env=False) as answer:
        lines = [line.removeprefix("data: ") for line in answer.iter_lines() if line]
    assert lines.pop() == "[DONE]"
    choices = [choice for line in lines for choice in json.loads(line)["choices"]]
    assert [choice["delta"].get("content") for choice in choices] == [*words(40), None]
    assert choices[-1]["finish_reason"] == "stop"


def test_load_sees_every_delta(fast):
    result = load(chats(fast))
    assert (result.errors, result.deltas, len(result.first)) == ([], 400, 10)
    assert result.characters == 10 * len("".join(words(40)))


@pytest.mark.parametrize(
    "fault", ["busy", "missing", "reset", "incomplete", "error_line", "garbage"]
)
def test_load_tells_of_every_fault(fault):
    with simulator(**FAST, fault=fault, every=2) as url:
        result = load(chats(url))
    assert len(result.errors) == 5
    broken_off = 0 if fault in ("busy", "missing") else 5 * 20
    assert result.deltas == 5 * 40 + broken_off


def test_one_slot_serves_one_after_the_other():
    order: list[str] = []

    def ask(name: str, url: str) -> None:
        body = {"model": MODEL, "messages": MESSAGES}
        with httpx.stream("POST", f"{url}/api/chat", json=body, trust_env=False) as answer:
            for _ in answer.iter_lines():
                order.append(name)

    with simulator(**FAST, slots=1) as url:
        threads = [threading.Thread(target=ask, args=(name, url)) for name in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert order in (["a"] * 41 + ["b"] * 41, ["b"] * 41 + ["a"] * 41)


def test_who_hangs_up_frees_the_slot():
    with simulator(first=0.01, rate=5, tokens=1000, slots=1) as url:
        body = {"model": MODEL, "messages": MESSAGES}
        for _ in range(3):  # each but the first waits until the one before it is gone
            with httpx.stream(
                "POST", f"{url}/api/chat", json=body, trust_env=False, timeout=20
            ) as answer:
                assert next(answer.iter_lines())
