"""SIGTERM while answers are being written: they may end; then they are ended, and it is said."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path
from typing import Any

import httpx
from chaos_parts import EchoModel, running_site
from client import SSE, events_of
from servers import LiveSite

CHAT = "/api/chatbot/chat"


def ask(client: httpx.Client, words: int, accept: str, answers: dict[str, httpx.Response]) -> None:
    session_id = f"s{words}.{accept.rpartition('/')[2]}"
    body = {"message": f"mark-{words} in {words} words", "session_id": session_id}
    answers[session_id] = client.post(CHAT, json=body, headers={"Accept": accept})


def ask_and_stop(site: LiveSite, model: EchoModel) -> dict[str, httpx.Response]:
    """Ask for long and short answers; stop the server while they are being written."""
    answers: dict[str, httpx.Response] = {}
    with site.log_in() as client:
        threads = [
            threading.Thread(target=ask, args=(client, words, accept, answers))
            for words in (30, 400)
            for accept in (SSE, "application/json")
        ]
        for thread in threads:
            thread.start()
        while model.chats < 4:
            time.sleep(0.05)
        time.sleep(0.5)
        site.process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join()
    return answers


def test_answers_that_are_not_done_in_time_end_with_a_clear_error(
    echo_model: EchoModel, tmp_path: Path
) -> None:
    settings = {"CHATBOT_OLLAMA_URL": echo_model.url, "GRACEFUL_TIMEOUT": "10"}
    settings["CHATBOT_NUM_PREDICT"] = "2000"  # or the long answer is too long
    with running_site(tmp_path, **settings) as site:
        answers = ask_and_stop(site, echo_model)
        assert site.process.wait(20) == 0
    # What could end in time did.
    assert answers["s30.json"].json()["status"] == "complete"
    assert events_of(answers["s30.event-stream"].text)[-1][0] == "done"
    # The rest was told so, in the last event or the status.
    name, error = events_of(answers["s400.event-stream"].text)[-1]
    assert (name, error["code"], error["errors"]) == ("error", 503, {"reason": "server_stopping"})
    refused = answers["s400.json"]
    assert (refused.status_code, refused.json()["errors"]) == (503, {"reason": "server_stopping"})
    assert int(refused.headers["Retry-After"]) > 0
    check_what_is_stored(tmp_path, echo_model, said_in(answers["s400.event-stream"].text))


def said_in(stream: str) -> str:
    return "".join(data["content"] for name, data in events_of(stream) if name == "delta")


def check_what_is_stored(folder: Path, model: EchoModel, said: str) -> None:
    with running_site(folder, CHATBOT_OLLAMA_URL=model.url) as site, site.log_in() as client:
        for session_id in ("s400.json", "s400.event-stream"):
            answer: dict[str, Any] = client.get(f"/api/chatbot/history/{session_id}").json()[1]
            assert (answer["status"], answer["reason"]) == ("interrupted", "server_stopping")
            assert answer["content"].startswith("mark-400 word0")
        assert answer["content"] == said.strip()
        retried = client.post(f"/api/chatbot/messages/{answer['id']}/stop")
        assert retried.json()["status"] == "interrupted"
