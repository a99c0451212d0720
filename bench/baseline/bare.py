"""Nothing but Flask before the model: no users, no database, no catalogue. The limit of the frame.

``gunicorn -k gevent bench.baseline.bare:app``
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import httpx
from flask import Flask, Response, request

app = Flask(__name__)
client = httpx.Client(trust_env=False, timeout=60, limits=httpx.Limits(max_connections=None))


@app.get("/health")
def health() -> dict[str, str]:
    """Tell that the process is up."""
    return {"status": "ok"}


@app.post("/api/chatbot/chat")
def chat() -> Response:
    """Hand on what the model says."""
    message = {"role": "user", "content": request.get_json()["message"]}
    return Response(_frames(message), mimetype="text/event-stream")


def _frames(message: dict[str, str]) -> Iterator[str]:
    url = os.environ["CHATBOT_OLLAMA_URL"] + "/api/chat"
    asked = {"model": os.environ["CHATBOT_MODEL"], "messages": [message]}
    with client.stream("POST", url, json=asked) as answer:
        for line in answer.iter_lines():
            if text := json.loads(line)["message"]["content"]:
                yield f"event: delta\ndata: {json.dumps({'content': text})}\n\n"
    yield "event: done\ndata: {}\n\n"
