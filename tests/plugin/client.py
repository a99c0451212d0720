"""Read what the endpoints answer, as a client would."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from werkzeug.test import TestResponse

if TYPE_CHECKING:
    from host import Host

SSE = "text/event-stream"


def events_of(text: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the events of a stream as ``(name, data)``; comments are left out."""
    events = []
    for frame in text.split("\n\n"):
        lines = dict(
            line.split(": ", 1) for line in frame.splitlines() if line and not line.startswith(":")
        )
        if lines:
            events.append((lines["event"], json.loads(lines["data"])))
    return events


def open_stream(host: Host, user: Any, message: str = "Hi") -> TestResponse:
    """Ask in the session "s"; the answer is read as far as the test reads it."""
    return host.app.test_client().post(
        "/api/chatbot/chat",
        json={"message": message, "session_id": "s"},
        headers=host.headers(user, Accept=SSE),
        buffered=False,
    )


def names_of(response: TestResponse) -> list[str]:
    """Return the names of a response's events, runs of one name as one."""
    names: list[str] = []
    for name, _ in events_of(response.text):
        if names[-1:] != [name]:
            names.append(name)
    return names


def bytes_of(response: TestResponse) -> bytes:
    """Return what a response says, but for the request's id, of which every request has another."""
    said = re.sub(rb'"request_id":"\w{32}"', b'"request_id":""', response.data)
    assert said != response.data
    return said
