"""The inference engine: llama.cpp's server inside this process, by way of xllamacpp.

Everything here blocks; :mod:`small_ollama.host` calls it from threads.
"""

import http.client
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import xllamacpp

# Prompt tokens evaluated in one go. Between two batches a request can be cancelled and the other
# slots get their next token; 64 costs no speed on two cores and takes about 0.2 s.
BATCH_TOKENS = 64
# A slot is reused for a prompt that shares at least this part of its own length with the slot's.
# Half keeps a conversation in its slot, and lets another one that shares only the system
# message take the least recently used slot.
SLOT_SIMILARITY = 0.5
TOKEN_COUNT_TIMEOUT_S = 60

Messages = list[dict[str, str]]


class EngineError(Exception):
    """The engine refused or failed.

    :param status: 400 when the request is at fault, 500 when the engine is.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class EngineSettings:
    """How to load the model.

    :ivar slots: requests served at once.
    :ivar num_ctx: tokens of context in each slot.
    :ivar threads: threads that compute.
    """

    weights: Path
    slots: int
    num_ctx: int
    threads: int


class Engine:
    """A loaded model.

    :raises EngineError: 500, the model could not be loaded.
    """

    def __init__(self, settings: EngineSettings) -> None:
        self._key = secrets.token_urlsafe(32)
        try:
            self._server = xllamacpp.Server(_parameters(settings, self._key))
        except RuntimeError as error:
            raise EngineError(500, f"the model could not be loaded: {error}") from error
        address = urlsplit(self._server.listening_address)
        self._host, self._port = address.hostname or "127.0.0.1", address.port
        # One token: pages the weights in, and makes sure that the engine's loop runs,
        # because closing an engine whose loop has not started yet never returns.
        self.generate({"messages": [{"role": "user", "content": "."}], "max_tokens": 1}, _ignore)

    def generate(self, payload: dict[str, Any], on_chunk: Callable[[dict[str, Any]], bool]) -> None:
        """Run one chat completion to its end.

        :param payload: an OpenAI chat completion request.
        :param on_chunk: called in this thread with each chunk, and with a chunk that holds no
            text after each batch of the prompt; returns True to stop.
        :raises EngineError: the engine refused the request, or failed while it answered.
        """
        failures: list[dict[str, Any]] = []

        def on_event(event: dict[str, Any]) -> bool:
            if "error" in event:
                failures.append(event["error"])
                return True
            return on_chunk(event)

        request = {**payload, "stream": True, "return_progress": True, "cache_prompt": True}
        try:
            self._server.handle_chat_completions(request, on_event)
        except (ValueError, RuntimeError) as error:  # raised before the first chunk: bad request
            raise EngineError(400, str(error)) from error
        if failures:
            status = 400 if failures[0].get("code") == 400 else 500
            raise EngineError(status, str(failures[0].get("message")))

    def count_tokens(self, messages: Messages) -> int:
        """:return: tokens of the prompt that these messages make."""
        answer = self._post("/chat/completions/input_tokens", {"messages": messages})
        return int(answer["input_tokens"])

    def keep_end(self, text: str, tokens: int) -> str:
        """:return: the last so many tokens of the text."""
        ids = self._post("/tokenize", {"content": text})["tokens"][-tokens:]
        return str(self._post("/detokenize", {"tokens": ids})["content"])

    def close(self) -> None:
        """Free the memory. Nothing may be running in the engine, nor be called afterwards."""
        del self._server

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        connection = http.client.HTTPConnection(
            self._host, self._port, timeout=TOKEN_COUNT_TIMEOUT_S
        )
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        try:
            connection.request("POST", path, json.dumps(body), headers)
            response = connection.getresponse()
            answer: dict[str, Any] = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise EngineError(500, f"the engine did not answer: {error}") from error
        finally:
            connection.close()
        if response.status != 200:
            message = str(answer.get("error", {}).get("message", "unknown error"))
            raise EngineError(400 if response.status == 400 else 500, message)
        return answer


def _ignore(_chunk: dict[str, Any]) -> bool:
    return False


def _parameters(settings: EngineSettings, key: str) -> Any:
    params = xllamacpp.CommonParams()
    params.model.path = str(settings.weights)
    params.n_parallel = settings.slots
    params.n_ctx = settings.num_ctx * settings.slots
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings.threads
    params.n_batch = params.n_ubatch = BATCH_TOKENS
    # On a CPU it is the slower way: far into a context a prompt took 3 times as long with it.
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    params.slot_prompt_similarity = SLOT_SIMILARITY
    params.cache_ram_mib = 0  # no copies of old prompts beside the slots: memory stays flat
    params.fit_params = False  # fitting to a GPU's memory; there is none
    params.warmup = False  # the first token does it
    params.verbosity = 0
    # The engine always opens an HTTP port of its own; nobody else is to use it.
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [key]
    params.ui = False
    params.endpoint_slots = False
    params.sse_ping_interval = -1
    return params
