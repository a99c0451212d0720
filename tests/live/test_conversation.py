"""The main job on real input: a user, the site under gunicorn, a real model."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import httpx
import pytest
from client import SSE, events_of
from servers import LiveSite, RecordingModel, start_site, stop_site

CHAT = "/api/chatbot/chat"


@pytest.fixture
def client(live_site: LiveSite) -> Iterator[httpx.Client]:
    """A logged-in client."""
    with live_site.log_in() as client:
        yield client


def test_second_turn_carries_the_first_to_the_model(
    client: httpx.Client, small_model: RecordingModel
) -> None:
    first = client.post(CHAT, json={"message": "Which guitar suits a beginner?"})
    session_id = first.json()["session_id"]
    second = client.post(
        CHAT, json={"message": "And which is the cheapest?", "session_id": session_id}
    )
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["assistant_response"].strip()
    sent_first, sent_second = (request["messages"] for request in small_model.requests[-2:])
    assert [message["role"] for message in sent_second] == ["system", "user", "assistant", "user"]
    assert sent_second[:2] == sent_first
    assert sent_second[2]["content"].startswith(first.json()["assistant_response"][:40])
    assert "And which is the cheapest?" in sent_second[3]["content"]
    options = small_model.requests[-1]["options"]
    assert (options["num_ctx"], options["num_predict"]) == (4096, 80)
    assert small_model.requests[-1]["keep_alive"] == "30m"
    history = client.get(f"/api/chatbot/history/{session_id}").json()
    assert [message["status"] for message in history] == ["complete"] * 4
    assert history[3]["input_tokens"] > history[1]["input_tokens"] > 50
    assert 0 < history[1]["output_tokens"] <= 80
    assert history[1]["duration_ms"] > 0
    assert history[1]["model"] == "smollm2:135m"


def test_answer_streams_in_while_it_is_written(client: httpx.Client) -> None:
    began = time.monotonic()
    arrivals, text = [], ""
    with client.stream(
        "POST", CHAT, json={"message": "Tell me about drums."}, headers={"Accept": SSE}
    ) as response:
        assert response.headers["content-type"].startswith(SSE)
        assert response.headers["x-accel-buffering"] == "no"
        for part in response.iter_text():
            arrivals.append(time.monotonic() - began)
            text += part
    events = events_of(text)
    deltas = [data["content"] for name, data in events if name == "delta"]
    assert [name for name, _ in events if name != "delta"] == ["start", "recommendations", "done"]
    assert len(deltas) > 10
    assert "".join(deltas) == events[-1][1]["assistant_response"]
    assert arrivals[-1] - arrivals[0] > 0.1  # not all at once at the end


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/chatbot/ask-instrument-question", {"message": "What is a capo for?"}),
        ("/api/chatbot/recommend-for-me", {}),
        ("/api/chatbot/recommend-for-me", {"message": ""}),
    ],
)
def test_the_sites_own_endpoints(client: httpx.Client, path: str, body: dict[str, str]) -> None:
    answer = client.post(path, json=body)
    streamed = client.post(path, json=body, headers={"Accept": SSE})
    assert answer.status_code == 200, answer.text
    done = events_of(streamed.text)[-1]
    assert (streamed.status_code, done[0]) == (200, "done")
    for reply in (answer.json(), done[1]):
        assert reply["assistant_response"]
        assert reply["context"]["experience_level"] == "beginner"
        for item in reply["recommendations"]:
            page = client.get(item["url"])
            assert page.status_code == 200
            assert item["name"].split()[-1] in page.text
    if "recommend" in path:
        assert answer.json()["recommendations"]


def test_recommendations_are_listings_at_their_price(client: httpx.Client) -> None:
    reply = client.post("/api/chatbot/recommend-for-me", json={}).json()
    for item in reply["recommendations"]:
        listing = client.get(f"/api/listings/{item['id']}").json()
        assert float(listing["daily_rate"]) == float(item["price"]["amount"]) <= 25
        assert listing["is_available"] is True


def test_leaving_frees_the_model_and_keeps_the_text(
    client: httpx.Client, live_site: LiveSite
) -> None:
    with client.stream(
        "POST", CHAT, json={"message": "Count up.", "session_id": "left"}, headers={"Accept": SSE}
    ) as response:
        for line in response.iter_lines():
            if line == "event: delta":
                break
    deadline = time.monotonic() + 5
    while (answer := client.get("/api/chatbot/history/left").json()[1])["status"] != "interrupted":
        assert time.monotonic() < deadline, answer["status"]
        time.sleep(0.05)
    assert answer["reason"] == "client_left"
    retried = client.post(f"/api/chatbot/messages/{answer['id']}/retry")
    assert retried.status_code == 200


def test_leaving_without_a_stream_frees_the_model_too(
    client: httpx.Client, live_site: LiveSite
) -> None:
    body = {"message": "Tell me all about drums.", "session_id": "left-json"}
    with pytest.raises(httpx.ReadTimeout):
        client.post(CHAT, json=body, timeout=0.3)
    deadline = time.monotonic() + 5
    path = "/api/chatbot/history/left-json"
    while (answer := client.get(path).json()[1])["status"] != "interrupted":
        assert answer["status"] != "complete"
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_body_of_undeclared_length_is_bounded(client: httpx.Client) -> None:
    for path in (CHAT, "/api/auth/login"):
        parts = (b"x" * 65_536 for _ in range(20))
        reply = client.post(path, content=parts, headers={"Content-Type": "application/json"})
        assert (reply.status_code, reply.json()["code"]) == (413, 413)


def test_swagger_and_spec_are_served_by_the_site(client: httpx.Client) -> None:
    page = client.get("/api/docs")
    assert page.status_code == 200
    assert "https://" not in page.text
    spec = client.get("/api/openapi.json").json()
    paths = [path for path in spec["paths"] if path.startswith("/api/chatbot")]
    contract = ["chat", "history/{session_id}", "sessions", "ask-instrument-question"]
    contract += ["recommend-for-me", "clear-session/{session_id}"]
    assert {f"/api/chatbot/{path}" for path in contract} < set(paths)
    for path in paths:
        for operation in spec["paths"][path].values():
            if not isinstance(operation, dict) or "responses" not in operation:
                continue
            assert operation["summary"]
            assert {"bearerAuth": []} in operation["security"]
            assert "401" in operation["responses"]
    content = spec["paths"][CHAT]["post"]["responses"]["200"]["content"]
    assert set(content) == {"application/json", SSE}
    assert json.dumps(spec).count("bearerFormat") == 1


def test_without_a_model_the_site_serves_and_says_so(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("no-model")
    site = start_site(folder, CHATBOT_OLLAMA_URL="http://127.0.0.1:9")
    try:
        with site.log_in() as client:
            reply = client.post(CHAT, json={"message": "Hello?", "session_id": "s"})
            assert (reply.status_code, reply.json()["errors"]["reason"]) == (
                503, "model_unreachable"
            )  # fmt: skip
            assert int(reply.headers["retry-after"]) > 0
            assert client.get("/ready").json()["model"] == "unreachable"
            history = client.get("/api/chatbot/history/s").json()
            assert [(m["content"], m["status"]) for m in history] == [
                ("Hello?", "complete"), ("", "failed")
            ]  # fmt: skip
    finally:
        stop_site(site)


def test_a_model_that_was_not_pulled_is_named(
    small_model: RecordingModel, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("not-pulled")
    site = start_site(folder, CHATBOT_OLLAMA_URL=small_model.url, CHATBOT_MODEL="llama2")
    try:
        with site.log_in() as client:
            reply = client.post(CHAT, json={"message": "Hello?"})
            assert (reply.status_code, reply.json()["errors"]["reason"]) == (503, "model_missing")
            assert "llama2" in reply.json()["message"]
            assert client.get("/ready").json()["model"] == "missing"
    finally:
        stop_site(site)
