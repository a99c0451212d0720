"""Many chats at once: ``python -m bench.load`` reads a plan, and prints what came of it.

It is a process of its own, so that it takes no time from what it measures. It reads each delta as
it comes, from the site's event stream or straight from a model server.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from array import array
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

import uvloop

from .limits import allow_many_files

#: Longest wait for the next byte (seconds).
PATIENCE = 120


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to ask.

    :param url: where chats are posted
    :param body: what is posted
    :param users: chats at once
    :param rounds: chats of each user, one after the other
    :param spread: seconds over which the users begin
    :param tokens: access token of each user; none for a model server
    """

    url: str
    body: dict[str, Any]
    users: int
    rounds: int = 1
    spread: float = 0.0
    tokens: Sequence[str] = ()


@dataclass
class Result:
    """What came.

    :param wall: seconds from the first chat's beginning to the last one's end
    :param first: seconds to the first token, of each chat
    :param gaps: seconds between two deltas, 50th, 99th and 100th percentile
    :param deltas: in all
    :param characters: of all deltas
    :param errors: what went wrong, a text for each broken chat
    """

    wall: float = 0.0
    first: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    deltas: int = 0
    characters: int = 0
    errors: list[str] = field(default_factory=list)


class Load:
    """Carries out a plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.result = Result()
        self._gaps = array("d")
        parts = urlsplit(plan.url)
        self._host, self._port, self._path = parts.hostname or "", parts.port or 80, parts.path

    async def run(self) -> Result:
        """Return what came of it."""
        loop = asyncio.get_running_loop()
        self._began = began = loop.time() + 0.1
        await asyncio.gather(*(self._user(number) for number in range(self.plan.users)))
        self.result.wall = loop.time() - began
        gaps = sorted(self._gaps) or [0.0]
        self.result.gaps = [gaps[int((len(gaps) - 1) * share)] for share in (0.5, 0.99, 1)]
        return self.result

    async def _user(self, number: int) -> None:
        start = self._began + self.plan.spread * number / self.plan.users
        await asyncio.sleep(start - asyncio.get_running_loop().time())
        for _ in range(self.plan.rounds):
            try:
                await self._chat(self._request(number))
            except (OSError, ValueError, EOFError) as error:
                self.result.errors.append(f"{type(error).__name__}: {error}"[:300])

    def _request(self, number: int) -> bytes:
        body = json.dumps(self.plan.body).encode()
        head = [
            f"POST {self._path} HTTP/1.1",
            f"Host: {self._host}:{self._port}",
            "Content-Type: application/json",
            "Accept: text/event-stream",
            f"Content-Length: {len(body)}",
            "Connection: close",
        ]
        if self.plan.tokens:
            head.append(f"Authorization: Bearer {self.plan.tokens[number]}")
        return "\r\n".join([*head, "", ""]).encode() + body

    async def _chat(self, request: bytes) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        reader, writer = await asyncio.open_connection(self._host, self._port)
        heard = 0.0
        try:
            writer.write(request)
            async for text in _deltas(reader):
                now = loop.time()
                if heard:
                    self._gaps.append(now - heard)
                else:
                    self.result.first.append(now - began)
                heard = now
                self.result.deltas += 1
                self.result.characters += len(text)
        finally:
            writer.close()


async def _deltas(reader: asyncio.StreamReader) -> AsyncIterator[str]:
    """Yield the text of each delta of a stream, of the site's or of Ollama's, or a whole answer.

    :raises ValueError: when the answer is an error, or ends before it is done
    """
    async with asyncio.timeout(None) as patience:
        patience.reschedule(asyncio.get_running_loop().time() + PATIENCE)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise ValueError((head + await reader.read(400)).decode(errors="replace"))
        if length := re.search(rb"(?i)\r\ncontent-length: *(\d+)", head):
            yield json.loads(await reader.readexactly(int(length[1])))["assistant_response"]
            return
        event, is_done = b"", False
        async for line in _lines(reader):
            if line.startswith(b"event: "):
                event = line[7:]
            elif line.startswith((b"data: ", b"{")):
                told = json.loads(line.removeprefix(b"data: "))
                if event == b"error" or "error" in told:
                    raise ValueError(line.decode())
                is_done = is_done or event == b"done" or told.get("done") is True
                text = told["content"] if event == b"delta" else _of_ollama(told)
                if text:
                    patience.reschedule(asyncio.get_running_loop().time() + PATIENCE)
                    yield text
    if not is_done:
        raise ValueError("the stream ended before it was done")


def _of_ollama(told: dict[str, Any]) -> str:
    message = told.get("message")
    return str(message["content"]) if isinstance(message, dict) else ""


async def _lines(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Yield the lines of a body that comes in chunks."""
    rest = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        *lines, rest = (rest + (await reader.readexactly(size + 2))[:-2]).split(b"\n")
        for line in lines:
            yield line


def main() -> None:
    """Carry out the plan on standard input."""
    allow_many_files()
    plan = Plan(**json.load(sys.stdin))
    json.dump(asdict(uvloop.run(Load(plan).run())), sys.stdout)


if __name__ == "__main__":
    main()
