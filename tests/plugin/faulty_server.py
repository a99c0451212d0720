"""A model server that misbehaves over real TCP: every answer plays a script."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any


class Then(Enum):
    """How the server treats the connection."""

    HANG_UP = "close it"
    RESET = "reset it"


#: Bytes are sent, a number is so many seconds of silence.
Step = bytes | float | Then
Script = Iterable[Step]

CLOSED = b"\r\nConnection: close\r\n\r\n"


def line(text: str = "", **fields: Any) -> bytes:
    """Return one line of Ollama's stream."""
    message = {"model": "m", "message": {"role": "assistant", "content": text}, "done": False}
    return json.dumps({**message, **fields}).encode() + b"\n"


DONE = line(done=True, done_reason="stop", prompt_eval_count=5, eval_count=3)


def reply(*lines: bytes) -> bytes:
    """Return the head of a stream, and lines of it."""
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson" + CLOSED + b"".join(lines)


def refusal(status: str, body: bytes = b"{}", *headers: str) -> bytes:
    """Return a whole answer that is no stream."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + CLOSED + body


MODELS = b'{"models": [{"name": "m:latest"}]}'
HELLO = reply(line("Hello."), DONE)


class FaultyServer:
    """Plays one script per question, the last one again and again; then keeps silent. It always
    tells which models it has.

    :param scripts: what it does once it has read a request
    """

    def __init__(self, *scripts: Script) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.play(*scripts)
        threading.Thread(target=self._serve, daemon=True).start()

    def play(self, *scripts: Script) -> None:
        """Play other scripts from now on, and forget what was."""
        self._scripts = list(scripts)
        self.requests: list[bytes] = []
        self.asked_at: list[float] = []
        self.closed_at: list[float] = []
        self.sent = 0

    def close(self) -> None:
        """Refuse connections from now on."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listener.close()

    def wait_until_closed(self, connections: int = 1, seconds: float = 5) -> float:
        """Wait until so many connections are closed; return when the last of them was."""
        give_up = time.monotonic() + seconds
        while len(self.closed_at) < connections:
            assert time.monotonic() < give_up, "a connection stayed open"
            time.sleep(0.01)
        return self.closed_at[-1]

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(ConnectionError):  # the client may hang up first
            request = _read_request(connection)
            if request.startswith(b"GET"):  # who asks for the models, and not for an answer
                connection.sendall(refusal("200 OK", MODELS))
                return
            self.requests.append(request)
            self.asked_at.append(time.monotonic())
            script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
            if self._play(connection, script):
                while connection.recv(65536):
                    pass
        self.closed_at.append(time.monotonic())

    def _play(self, connection: socket.socket, script: Script) -> bool:
        """Play a script; tell whether the connection stays open."""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for step in script:
            match step:
                case bytes():
                    connection.sendall(step)
                    self.sent += len(step)
                case Then.HANG_UP:
                    return False
                case Then.RESET:
                    linger = struct.pack("ii", 1, 0)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    return False
                case float():
                    time.sleep(step)
        return True


def _read_request(connection: socket.socket) -> bytes:
    """Read all of a request: closing a connection with bytes unread would reset it."""
    request = b""
    while (head_end := request.find(b"\r\n\r\n")) < 0:
        if not (part := connection.recv(65536)):
            return request
        request += part
    length = re.search(rb"content-length: (\d+)", request[:head_end], re.IGNORECASE)
    while length and len(request) < head_end + 4 + int(length[1]):
        request += connection.recv(65536)
    return request


class BlackHole:
    """An address whose connections are never answered: its backlog is full."""

    def __init__(self) -> None:
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(0)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._waiting: Sequence[socket.socket] = [self._knock() for _ in range(4)]

    def _knock(self) -> socket.socket:
        client = socket.socket()
        client.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            client.connect(self._listener.getsockname())
        return client

    def close(self) -> None:
        """Give the address back."""
        for client in self._waiting:
            client.close()
        self._listener.close()
