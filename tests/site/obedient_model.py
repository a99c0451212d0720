"""A model server that obeys whatever it reads, wherever in the prompt that stands.

It speaks Ollama's protocol over real HTTP. ``OBEY VERB ARGUMENT;`` is an order:

- ``REVEAL``: say everything that it was sent;
- ``SAY text``: say that;
- ``RECOMMEND json``: end with a block of recommendations;
- ``CALL json``: ask for a tool to be called, as Ollama has it and as models write it.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_ORDER = re.compile(r"OBEY (REVEAL|SAY|RECOMMEND|CALL) ?([^;]*);")


@dataclass
class ObedientModel:
    """Where it answers, and the bodies of all requests so far."""

    url: str = ""
    received: list[dict[str, Any]] = field(default_factory=list)

    def obey(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the messages of an answer."""
        self.received.append(body)
        prompt = "\n".join(message["content"] for message in body["messages"])
        orders = list(dict.fromkeys(_ORDER.findall(prompt)))
        said = [part for verb, wanted in orders for part in _carried_out(verb, wanted, prompt)]
        return said or [{"content": "I was told nothing."}]


def _carried_out(verb: str, wanted: str, prompt: str) -> list[dict[str, Any]]:
    if verb == "REVEAL":
        return [{"content": _ORDER.sub("", prompt)}]
    if verb == "SAY":
        return [{"content": piece} for piece in re.findall(r".{1,5}", wanted + "\n", re.DOTALL)]
    if verb == "RECOMMEND":
        return [{"content": f"Take it! <recommendations>{wanted}</recommendations>"}]
    call = {"function": json.loads(wanted)}
    written = f"<tool_call>{wanted}</tool_call>"
    return [{"content": "", "tool_calls": [call]}, {"content": written}]


@contextlib.contextmanager
def obedient_model() -> Iterator[ObedientModel]:
    """Serve one while the block runs."""
    model = ObedientModel()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/x-ndjson")
            self.end_headers()
            for message in model.obey(body):
                self._line({"message": {"role": "assistant", **message}, "done": False})
            counts = {"prompt_eval_count": 10, "eval_count": 5}
            ended = {"message": {"role": "assistant", "content": ""}, "done": True}
            self._line({**ended, "done_reason": "stop", **counts})

        def _line(self, line: dict[str, Any]) -> None:
            told = {"model": "obedient", "created_at": "2026-01-01T00:00:00Z", **line}
            self.wfile.write(f"{json.dumps(told)}\n".encode())

        def log_message(self, *_details: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        model.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield model
        finally:
            server.shutdown()
