"""A model server that only keeps time: Ollama's protocol, at a set pace and with set faults.

``python -m bench.simulator --port 11435 --rate 4``. It answers with the same words each time, so a
chat through the site can be held against the same chat straight to here. It also speaks the
OpenAI-compatible protocol of vLLM.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import random
import re
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, fields

import uvloop

from .limits import allow_many_files

MODEL = "simulated"
#: What can go wrong with every n-th chat.
FAULTS = ("busy", "missing", "silent", "reset", "incomplete", "error_line", "garbage")
_WORDS = (
    "it has a warm and even sound and suits small hands well so you can play it for hours".split()
)
_JSON = "application/json"
_LINES = "application/x-ndjson"
_EVENTS = "text/event-stream"


@dataclass(frozen=True)
class Pace:
    """How the model talks.

    :param first: seconds to the first token, once a slot is free
    :param rate: tokens a second after it
    :param tokens: of each answer
    :param slots: answers at once, others wait in line; 0 for any number
    :param fault: one of :data:`FAULTS`, or none
    :param every: the fault meets every so many-th chat
    """

    first: float = 0.3
    rate: float = 4.0
    tokens: int = 240
    slots: int = 0
    fault: str = ""
    every: int = 1


def words(tokens: int) -> list[str]:
    """Return the tokens of an answer; always the same, and never going round in a circle."""
    said = random.Random(tokens).choices(_WORDS, k=tokens)
    return [f" {word}" if at else word for at, word in enumerate(said)]


class Simulator:
    """Serves one pace."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self._chats = itertools.count(1)
        self._slots = asyncio.Semaphore(pace.slots) if pace.slots else contextlib.nullcontext()
        self._words = words(pace.tokens)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the one request of a connection."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            path, body = await _request(reader)
            if path in ("/api/chat", "/v1/chat/completions"):
                await self._chat(json.loads(body), path, reader, writer)
            else:
                _answer(writer, 200 if path in _PAGES else 404, _PAGES.get(path, _MISSING))
            await writer.drain()
        writer.close()

    async def _chat(
        self,
        asked: dict[str, object],
        path: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        fault = self.pace.fault if next(self._chats) % self.pace.every == 0 else ""
        if fault in ("busy", "missing"):
            _answer(writer, 503 if fault == "busy" else 404, {"error": f"the model is {fault}"})
            return
        speak = _ollama if path == "/api/chat" else _openai
        lines = list(speak(self._words))
        if asked.get("stream", True) is False:
            async with self._slots:
                await asyncio.sleep(self.pace.first + len(self._words) / self.pace.rate)
            _answer(writer, 200, _whole(self._words))
            return
        _begin(writer, _LINES if speak is _ollama else _EVENTS)
        async with self._slots:
            async for at in self._moments(fault, lines, reader, writer):
                _chunk(writer, lines[at])
        if not writer.is_closing():
            writer.write(b"0\r\n\r\n")

    async def _moments(
        self,
        fault: str,
        lines: list[bytes],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> AsyncIterator[int]:
        """Yield which line is due, by the clock; stop when the client has left."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for at in range(len(lines)):
            due = began + self.pace.first + min(at, self.pace.tokens - 1) / self.pace.rate
            await asyncio.sleep(due - loop.time())
            if reader.at_eof() or writer.is_closing():
                return
            if fault and (at == len(lines) // 2 or fault == "silent"):
                await _break(fault, reader, writer)
                return
            yield at


async def _break(fault: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Do in the middle of an answer what broken servers do."""
    if fault == "silent":
        await reader.read()  # until the client has had enough
    elif fault == "reset":
        writer.transport.abort()
    elif fault == "error_line":
        _chunk(writer, b'{"error": "out of memory"}\n')
    elif fault == "garbage":
        _chunk(writer, b"\x00\xff not json\n")


async def _request(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    """Return path and body of a request."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    body = await reader.readexactly(int(length[1])) if length else b""
    return head.split(b" ", 2)[1].decode("ascii"), body


def _answer(writer: asyncio.StreamWriter, status: int, body: object) -> None:
    content = json.dumps(body).encode()
    head = f"HTTP/1.1 {status} -\r\nContent-Type: {_JSON}\r\nContent-Length: {len(content)}"
    writer.write(f"{head}\r\nConnection: close\r\n\r\n".encode() + content)


def _begin(writer: asyncio.StreamWriter, kind: str) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked"
    writer.write(f"{head}\r\nConnection: close\r\n\r\n".encode())


def _chunk(writer: asyncio.StreamWriter, line: bytes) -> None:
    writer.write(b"%x\r\n%b\r\n" % (len(line), line))


def _whole(tokens: list[str]) -> dict[str, object]:
    message = {"role": "assistant", "content": "".join(tokens)}
    return {**_LAST, "message": message, "eval_count": len(tokens)}


def _ollama(tokens: list[str]) -> Iterator[bytes]:
    """Yield the lines of Ollama's stream."""
    for token in tokens:
        told = {"model": MODEL, "created_at": _WHEN, "done": False}
        message = {"role": "assistant", "content": token}
        yield json.dumps({**told, "message": message}).encode() + b"\n"
    yield json.dumps({**_LAST, "eval_count": len(tokens)}).encode() + b"\n"


def _openai(tokens: list[str]) -> Iterator[bytes]:
    """Yield the events of the OpenAI-compatible stream."""
    told = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 0, "model": MODEL}
    for token in tokens:
        delta = {"role": "assistant", "content": token}
        choice = {"index": 0, "delta": delta, "finish_reason": None}
        yield _event({**told, "choices": [choice]})
    usage = {"prompt_tokens": 100, "completion_tokens": len(tokens), "total_tokens": 100}
    choice = {"index": 0, "delta": {}, "finish_reason": "stop"}
    yield (
        _event({**told, "choices": [choice]})
        + _event({**told, "choices": [], "usage": usage})
        + b"data: [DONE]\n\n"
    )


def _event(data: object) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"


_WHEN = "2026-01-01T00:00:00Z"
_LAST: dict[str, object] = {
    "model": MODEL,
    "created_at": _WHEN,
    "message": {"role": "assistant", "content": ""},
    "done": True,
    "done_reason": "stop",
    "total_duration": 1_000_000_000,
    "load_duration": 0,
    "prompt_eval_count": 100,
    "prompt_eval_duration": 1_000_000,
    "eval_duration": 1_000_000_000,
}
_DETAILS = {"family": "simulated", "parameter_size": "0B", "quantization_level": "none"}
_KNOWN = {"models": [{"name": MODEL, "model": MODEL, "size": 0, "details": _DETAILS}]}
_MISSING = {"error": "there is no such page"}
_PAGES: dict[str, object] = {
    "/": "Ollama is running",
    "/api/version": {"version": "0.12.0"},
    "/api/tags": _KNOWN,
    "/api/ps": _KNOWN,
    "/api/show": {"details": _DETAILS, "model_info": {"general.architecture": "simulated"}},
    "/v1/models": {"object": "list", "data": [{"id": MODEL, "object": "model"}]},
}


async def _serve(pace: Pace, port: int) -> None:
    simulator = Simulator(pace)
    server = await asyncio.start_server(simulator.serve, "127.0.0.1", port, backlog=4096)
    sys.stdout.write("http://{}:{}\n".format(*server.sockets[0].getsockname()))
    sys.stdout.flush()
    await server.serve_forever()


def main() -> None:
    """Say where, and serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="any free one by default")
    for item in fields(Pace):
        kind = type(item.default)
        parser.add_argument(f"--{item.name}", type=kind, default=item.default)
    given = vars(parser.parse_args())
    port = given.pop("port")
    allow_many_files()
    uvloop.run(_serve(Pace(**given), port))


if __name__ == "__main__":
    main()
