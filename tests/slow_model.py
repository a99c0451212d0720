"""A model server that speaks as slowly as it is told, and keeps a record of who asked when.

It takes as many requests at once as come: that there are not too many is what is tested.
"""

from __future__ import annotations

import json
import select
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Request:
    """One request: when it began and ended, by ``time.monotonic()``."""

    prompt: str
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None
    hung_up: bool = False


class SlowModel:
    """Serves in threads while the ``with`` block runs.

    :param first: seconds to the first word
    :param words: of each answer
    :param pause: seconds between two words
    """

    def __init__(self, first: float = 0.1, words: int = 5, pause: float = 0.1) -> None:
        self.first, self.words, self.pause = first, words, pause
        self.go = threading.Event()  # until it is set, nothing is said
        self.go.set()
        self.requests: list[Request] = []
        self.most_at_once = 0
        self._now = 0
        self._lock = threading.Lock()

    def __enter__(self) -> SlowModel:
        handler = type("Handler", (_Handler,), {"model": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def begin(self, prompt: str) -> Request:
        request = Request(prompt)
        with self._lock:
            self.requests.append(request)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        return request

    def end(self, request: Request) -> None:
        request.ended = time.monotonic()
        with self._lock:
            self._now -= 1

    def asked(self, word: str) -> Request:
        """Return the request whose prompt holds a word."""
        return next(request for request in self.requests if word in request.prompt)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


class _Handler(BaseHTTPRequestHandler):
    model: SlowModel

    def do_GET(self) -> None:
        self._head("application/json")
        self.wfile.write(json.dumps({"models": [{"name": "llama2:latest"}]}).encode())

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        request = self.model.begin(body["messages"][-1]["content"])
        with suppress(ConnectionError):
            self._answer(request)
        self.model.end(request)

    def _answer(self, request: Request) -> None:
        self._head("application/x-ndjson")
        for number in range(self.model.words):
            hung_up = self._hangs_up(self.model.pause if number else self.model.first)
            while not hung_up and not self.model.go.is_set():
                hung_up = self._hangs_up(0.05)
            if hung_up:
                request.hung_up = True
                return
            self._say({"message": {"role": "assistant", "content": "word "}, "done": False})
        counts = {"prompt_eval_count": 9, "eval_count": self.model.words}
        last = {"message": {"role": "assistant", "content": ""}, "done_reason": "stop"}
        self._say({**last, "done": True, **counts})

    def _hangs_up(self, seconds: float) -> bool:
        readable, _, _ = select.select([self.connection], [], [], seconds)
        return bool(readable) and self.connection.recv(1) == b""

    def _head(self, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()

    def _say(self, line: dict[str, Any]) -> None:
        self.wfile.write(json.dumps({"model": "llama2", **line}).encode() + b"\n")
        self.wfile.flush()

    def log_message(self, *_arguments: object) -> None:
        """Nothing: the tests look at the record."""
