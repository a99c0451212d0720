"""Any text comes through an event stream as it is, read by a parser that is not ours."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from client import SSE
from host import Host
from httpx_sse import EventSource, ServerSentEvent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flask_smorest_chatbot.routes.streaming import encode

#: What could end a line or a frame, or look like a field, beside any other text.
LINE_ENDS = [*"\n\r\u2028\u2029\x85\x0b\x0c", "\r\n", "\n\n", "\0", "\ufeff", "\ud800"]
FIELDS = [": ping\n\n", "data: {}", "event: done\n", "id: 1\n", "retry: 1\n"]
TEXTS = st.lists(
    st.one_of(st.sampled_from(LINE_ENDS + FIELDS), st.text(max_size=20)), max_size=6
).map("".join)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), TEXTS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def parse(stream: bytes) -> list[ServerSentEvent]:
    return list(
        EventSource(httpx.Response(200, headers={"Content-Type": SSE}, content=stream)).iter_sse()
    )


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["start", "delta", "done", "error"]),
            st.dictionaries(TEXTS, JSON, max_size=3),
            st.from_regex(r"([0-9]{1,4}-[0-9]{1,4}(-done)?)?", fullmatch=True),
        ),
        max_size=5,
    )
)
def test_frames_are_read_as_they_were_written(events: list[tuple[str, Any, str]]) -> None:
    stream = "".join(encode(name, data, place) for name, data, place in events)
    found = parse(stream.encode())
    assert [(event.event, json.loads(event.data)) for event in found] == [
        (name, data) for name, data, _ in events
    ]
    for event, (_, _, place) in zip(found, events, strict=True):
        assert not place or event.id == place


@pytest.mark.parametrize("database_url", ["sqlite://"])
@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(pieces=st.lists(TEXTS, min_size=1, max_size=5))
def test_deltas_are_the_answer_whatever_the_model_says(
    host: Host, user: Any, pieces: list[str]
) -> None:
    host.chat_model.scripts.append(["Said: ", *pieces])
    response = host.app.test_client().post(
        "/api/chatbot/chat", json={"message": "Hi"}, headers=host.headers(user, Accept=SSE)
    )
    events = parse(response.data)
    assert events[0].event == "start"
    assert events[-1].event == "done"
    done = json.loads(events[-1].data)
    said = [json.loads(event.data)["content"] for event in events if event.event == "delta"]
    assert "".join(said) == done["assistant_response"]
    stored = host.app.test_client().get(
        f"/api/chatbot/history/{done['session_id']}", headers=host.headers(user)
    )
    assert stored.json[1]["content"] == done["assistant_response"]
