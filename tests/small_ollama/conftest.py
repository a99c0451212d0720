"""A real server with the real model, shared by the tests of this folder."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from small_ollama import SmallOllama

NUM_CTX = 512


class Api:
    """Talks to a server in plain HTTP, as no client library would."""

    def __init__(self, server: SmallOllama, record: Path | None = None) -> None:
        self.url, self.model, self.record = server.url, server.model, record
        self.http = httpx.Client(base_url=server.url, timeout=60, trust_env=False)

    def body(self, text: str = "Say hello.", **fields: Any) -> dict[str, Any]:
        """A chat request for a few tokens; ``options`` are merged, other fields replaced."""
        options = {"num_predict": 8, "temperature": 0, **fields.pop("options", {})}
        messages = [{"role": "user", "content": text}]
        return {"model": self.model, "messages": messages, "options": options, **fields}

    def post(self, text: str = "Say hello.", **fields: Any) -> httpx.Response:
        return self.http.post("/api/chat", json=self.body(text, **fields))

    def chat(self, text: str = "Say hello.", **fields: Any) -> dict[str, Any]:
        """The whole answer in one object."""
        response = self.post(text, stream=False, **fields)
        assert response.status_code == 200, response.text
        return response.json()

    def stream(self, text: str = "Say hello.", **fields: Any) -> list[dict[str, Any]]:
        """The lines of a streamed answer."""
        response = self.post(text, **fields)
        assert response.status_code == 200, response.text
        return [json.loads(line) for line in response.text.splitlines()]

    def loaded(self) -> list[dict[str, Any]]:
        return self.http.get("/api/ps").json()["models"]


@pytest.fixture(scope="session")
def ollama_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Two slots, an alias, and a record of the chat requests."""
    record = tmp_path_factory.mktemp("record") / "chats.jsonl"
    arguments = ["--slots", "2", "--num-ctx", str(NUM_CTX), "--alias", "llama2"]
    with SmallOllama([*arguments, "--record", str(record)]) as server:
        api = Api(server, record)
        with api.http:
            yield api


@pytest.fixture(scope="session")
def one_slot_api() -> Iterator[Api]:
    """One slot: a request that still runs keeps every other one waiting, and five at most."""
    with SmallOllama(["--slots", "1", "--num-ctx", "4096", "--max-queue", "5"]) as server:
        api = Api(server)
        with api.http:
            yield api
