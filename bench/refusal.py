"""How soon somebody is refused when the line for the model is full.

One place at the model and one in the line, both taken; then one request after the other.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx

from .catalog import new_database, postgresql
from .figures import Figure, percentile
from .processes import simulator, site, with_users

CHAT = "/api/chatbot/chat"
BODY = {"message": "Which guitar suits a beginner?"}
ROUNDS = 100


def measure(quick: bool = False) -> list[Figure]:
    """Return the milliseconds that a refusal takes."""
    with (
        tempfile.TemporaryDirectory() as name,
        postgresql(Path(name)) as server,
        simulator(first=0.3, rate=4, tokens=2000) as model,
    ):
        settings = {
            "DATABASE_URL": new_database(server, "refusal"),
            "CHATBOT_OLLAMA_URL": model,
            "CHATBOT_MODEL": "simulated",
            "CHATBOT_MODEL_SLOTS": "1",
            "CHATBOT_QUEUE_LIMIT": "1",
        }
        with site(Path(name), **settings) as running:
            tokens = with_users(3, settings)
            with httpx.Client(base_url=running.url, timeout=30) as client, _full(client, tokens):
                took = [_refused(client, tokens[2]) for _ in range(3 if quick else ROUNDS)]
    figure = "refused at a full line, 95th percentile"
    return [Figure(figure, [percentile(took)], "ms", 50)]


@contextlib.contextmanager
def _full(client: httpx.Client, tokens: Sequence[str]) -> Iterator[None]:
    """Let two users take the place at the model and that in the line."""
    with contextlib.ExitStack() as open_streams:
        read = []  # whose end would end the stream
        for token in tokens[:2]:
            headers = {**_as(token), "Accept": "text/event-stream"}
            chat = client.stream("POST", CHAT, json=BODY, headers=headers)
            read.append(open_streams.enter_context(chat).iter_raw())
            next(read[-1])
        yield


def _refused(client: httpx.Client, token: str) -> float:
    began = time.perf_counter()
    answer = client.post(CHAT, json=BODY, headers=_as(token))
    took = (time.perf_counter() - began) * 1000
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["Retry-After"]) > 0
    return took


def _as(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
