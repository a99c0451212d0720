"""Turns that break, meet or are given up: nothing that was said is lost, nothing is mixed."""

from __future__ import annotations

import itertools
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from client import SSE, bytes_of, events_of, names_of, open_stream
from host import Host

from flask_smorest_chatbot.services.events import Delta, Done
from flask_smorest_chatbot.services.turn import Turn
from flask_smorest_chatbot.values import CatalogItem, CatalogQuery, TurnPlan, UserProfile

CHAT = "/api/chatbot/chat"


def post(host: Host, user: Any, message: str, session_id: str = "s", **headers: str) -> Any:
    return host.app.test_client().post(
        CHAT,
        json={"message": message, "session_id": session_id},
        headers=host.headers(user, **headers),
    )


def history(host: Host, user: Any, session_id: str = "s") -> list[dict[str, Any]]:
    response = host.app.test_client().get(
        f"/api/chatbot/history/{session_id}", headers=host.headers(user)
    )
    return response.json


def retry(host: Host, user: Any, message_id: int) -> Any:
    return host.app.test_client().post(
        f"/api/chatbot/messages/{message_id}/retry", headers=host.headers(user)
    )


def begin(host: Host, user: Any, message: str, session_id: str = "s") -> Turn:
    """Open a turn as a worker does, inside an app context that the caller pushed."""
    services = host.app.extensions["chatbot"].turn_services
    opened = services.conversations.open_turn(user, session_id, message)
    return Turn(services, TurnPlan(message=message), opened)


FAULTS: list[tuple[BaseException, int, str]] = [
    (httpx.ConnectError("refused"), 503, "model_unreachable"),
    (ConnectionError("Failed to connect to Ollama."), 503, "model_unreachable"),
    (httpx.ConnectTimeout("black hole"), 503, "model_unreachable"),
    (httpx.ReadTimeout("no bytes"), 504, "silence"),
    (httpx.RemoteProtocolError("peer closed"), 502, "broken_connection"),
    (ValueError("garbage"), 502, "model_error"),
]


@pytest.mark.parametrize(("fault", "status", "reason"), FAULTS)
def test_fault_in_mid_answer_keeps_what_was_said(
    host: Host, user: Any, fault: BaseException, status: int, reason: str
) -> None:
    host.chat_model.scripts.append(["Half an ", fault])
    response = post(host, user, "Hi")
    assert response.status_code == response.json["code"] == status
    assert response.json["errors"] == {"reason": reason}
    assert str(fault) not in response.text
    assert ("Retry-After" in response.headers) == (status == 503)
    question, answer = history(host, user)
    assert question["content"] == "Hi"
    assert (answer["content"], answer["status"], answer["reason"]) == ("Half an", "failed", reason)


def test_fault_in_a_stream_is_an_error_event(host: Host, user: Any) -> None:
    host.chat_model.scripts.append(["Half ", "an ", httpx.RemoteProtocolError("peer closed")])
    response = post(host, user, "Hi", Accept=SSE)
    assert response.status_code == 200
    assert names_of(response)[-1] == "error"
    error = events_of(response.text)[-1][1]
    assert (error["code"], error["status"]) == (502, "Bad Gateway")
    assert error["errors"] == {"reason": "broken_connection"}


def test_ollamas_own_errors_say_which(host: Host, user: Any) -> None:
    import ollama

    for status, expected, reason in [
        (404, 503, "model_missing"), (503, 503, "model_busy"), (500, 502, "model_error")
    ]:  # fmt: skip
        host.chat_model.scripts[:] = [[ollama.ResponseError("secret text", status)]] * 3
        response = post(host, user, "Hi")
        assert response.status_code == expected
        assert response.json["errors"]["reason"] == reason
        assert "secret" not in response.text


def test_empty_answer_is_a_failure(host: Host, user: Any) -> None:
    for script in ([" \n"], ['<recommendations>[{"id": 99}]</recommendations>'], ["<think>Hm"]):
        host.chat_model.scripts.append(script)
        response = post(host, user, "Hi")
        assert (response.status_code, response.json["errors"]["reason"]) == (502, "empty_answer")


@pytest.mark.parametrize(
    ("settings", "script", "reason"),
    [
        ({"CHATBOT_FIRST_TOKEN_TIMEOUT": 0.4}, [9.0, "late"], "first_token_timeout"),
        ({"CHATBOT_TOKEN_TIMEOUT": 0.4}, ["Well, ", 9.0, "late"], "token_timeout"),
        ({"CHATBOT_TURN_TIMEOUT": 0.6}, ["a ", 0.3, "b ", 0.3, "c ", 0.3, "d "], "turn_timeout"),
    ],
)
def test_a_slow_model_is_given_up(
    build_host: Callable[..., Host], settings: Any, script: Any, reason: str
) -> None:
    host = build_host(**settings)
    user = host.add_user()
    host.chat_model.scripts.append(script)
    began = time.monotonic()
    response = post(host, user, "Hi")
    assert time.monotonic() - began < 8
    assert (response.status_code, response.json["errors"]["reason"]) == (504, reason)
    assert history(host, user)[1]["status"] == "failed"


def test_failing_loader_keeps_the_question(host: Host, user: Any) -> None:
    def broken(_query: CatalogQuery) -> list[CatalogItem]:
        raise RuntimeError("the host's secret")

    host.chatbot.catalog_loader(broken)
    services = host.app.extensions["chatbot"].turn_services
    object.__setattr__(services, "load_catalog", broken)
    response = post(host, user, "Hi")
    assert (response.status_code, response.json["errors"]["reason"]) == (500, "catalogue_error")
    assert "secret" not in response.text
    assert [m["status"] for m in history(host, user)] == ["complete", "failed"]


def test_failed_turn_can_be_retried_once_it_succeeds(host: Host, user: Any) -> None:
    host.chat_model.scripts.append(["Half", httpx.ReadError("reset")])
    post(host, user, "Hi")
    failed = history(host, user)[1]
    response = retry(host, user, failed["id"])
    assert response.status_code == 200
    assert response.json["user_message"] == "Hi"
    assert [(m["content"], m["status"]) for m in history(host, user)] == [
        ("Hi", "complete"), ("Half", "failed"), ("Hello.", "complete")
    ]  # fmt: skip
    assert retry(host, user, response.json["message_id"]).status_code == 409
    assert retry(host, user, failed["id"]).status_code == 409
    post(host, user, "And?")
    assert retry(host, user, failed["id"]).status_code == 409
    told = [message.text for message in host.chat_model.prompts[-1][2:-1]]
    assert told == ["Hello."]  # the attempt that broke is not told to the model


def test_only_own_messages_can_be_retried(host: Host, user: Any) -> None:
    host.chat_model.scripts.append(["Half", httpx.ReadError("reset")])
    post(host, user, "Hi")
    failed = history(host, user)[1]["id"]
    stranger = host.add_user()
    answers = [retry(host, stranger, number) for number in (failed, 4711, 2**63, 2**80)]
    assert [answer.status_code for answer in answers] == [404] * 4
    assert len({bytes_of(answer) for answer in answers}) == 1
    assert retry(host, user, history(host, user)[0]["id"]).status_code == 404


def test_second_turn_of_a_session_in_progress_gets_409(host: Host, user: Any) -> None:
    host.chat_model.scripts.append(["One ", 1.0, "answer."])
    answers: list[Any] = []
    first = threading.Thread(target=lambda: answers.append(post(host, user, "First")))
    first.start()
    while not host.chat_model.prompts:
        time.sleep(0.01)
    second = post(host, user, "Second")
    elsewhere = post(host, user, "Other", session_id="t")
    first.join()
    assert second.status_code == 409
    assert elsewhere.status_code == 200
    assert [m["content"] for m in history(host, user)] == ["First", "One answer."]
    assert answers[0].json["assistant_response"] == "One answer."
    assert post(host, user, "Third").status_code == 200


def test_closing_the_stream_stops_the_model_and_keeps_the_text(host: Host, user: Any) -> None:
    host.chat_model.scripts.append(["One ", "two "] + [0.1, "more "] * 50)
    response = open_stream(host, user, "Count")
    received = b""
    for part in response.response:
        received += part
        if b"two" in received:
            break
    response.close()
    answer = history(host, user)[1]
    assert (answer["status"], answer["reason"]) == ("interrupted", "client_left")
    assert answer["content"].startswith("One two")
    assert "more more more more" not in answer["content"]
    time.sleep(0.4)
    assert host.chat_model.closed_early == [True]
    assert post(host, user, "Go on").status_code == 200
    assert host.chat_model.prompts[-1][2].text.startswith("One two")


def test_stream_that_nobody_starts_to_read_is_settled(host: Host, user: Any) -> None:
    response = open_stream(host, user)
    response.close()
    assert history(host, user)[1]["status"] == "interrupted"


def test_turn_of_a_lost_worker_is_settled_by_the_next_read(host: Host, user: Any) -> None:
    with host.app.app_context():
        begin(host, user, "Hi")
        assert post(host, user, "Again").status_code == 409
        sessions = host.db.session
        row = sessions.query(host.chatbot.ChatMessage).filter_by(status="pending").one()
        row.claimed_until = row.claimed_until.replace(year=2020)
        sessions.commit()
    answer = history(host, user)[1]
    assert (answer["status"], answer["reason"]) == ("interrupted", "worker_lost")
    assert retry(host, user, answer["id"]).status_code == 200


def test_nothing_is_written_back_into_a_cleared_session(host: Host, user: Any) -> None:
    with host.app.app_context():
        turn = begin(host, user, "Hi")
        events = turn.events()
        host.chat_model.scripts.append(["One ", 0.2, "two"])
        while not isinstance(next(events), Delta):
            pass
        host.app.test_client().delete("/api/chatbot/clear-session/s", headers=host.headers(user))
        last = list(events)[-1]
    assert "cleared" in str(getattr(last, "error", ""))
    assert history(host, user)["code"] == 404  # type: ignore[call-overload]


def clear_and_ask_again(host: Host, user: Any, next_user: Any) -> list[dict[str, Any]]:
    """Clear a session in mid-answer, let another turn begin, then let the answer end.

    :return: the history of the other turn
    """
    with host.app.app_context():
        events = begin(host, user, "Hi").events()
        host.chat_model.scripts.append(["My ", 0.2, "secret."])
        while not isinstance(next(events), Delta):
            pass
        client = host.app.test_client()
        client.delete("/api/chatbot/clear-session/s", headers=host.headers(user))
        begin(host, next_user, "Hello", session_id="other")
        list(events)
    return history(host, next_user, "other")


def test_an_answer_never_lands_in_another_users_message(host: Host, user: Any) -> None:
    theirs = clear_and_ask_again(host, user, host.add_user())
    assert [(m["content"], m["status"]) for m in theirs] == [("Hello", "complete"), ("", "pending")]


def test_nor_in_a_later_message_of_the_same_user(host: Host, user: Any) -> None:
    later = clear_and_ask_again(host, user, user)
    assert [m["content"] for m in later] == ["Hello", ""]


def test_progress_is_stored_while_the_model_talks(host: Host, user: Any) -> None:
    host.chat_model.scripts.append(["Said early. ", 1.3, "Then ", 0.4, "the rest."])
    seen = []
    with host.app.app_context():
        for event in begin(host, user, "Hi").events():
            if isinstance(event, Delta) and event.content.strip() == "Then":
                seen = history(host, user)
    assert (seen[1]["status"], seen[1]["content"]) == ("streaming", "Said early.")
    assert history(host, user)[1]["content"] == "Said early. Then the rest."


def test_no_connection_is_held_while_the_model_talks(host: Host, user: Any) -> None:
    host.chat_model.scripts.append(["One ", 0.1, "two"])
    with host.app.app_context():
        for event in begin(host, user, "Hi").events():
            if isinstance(event, Delta):
                assert host.db.engine.pool.checkedout() == 0


def test_history_is_trimmed_in_blocks_before_the_window_is_full(
    build_host: Callable[..., Host],
) -> None:
    host = build_host(CHATBOT_NUM_CTX=1200, CHATBOT_NUM_PREDICT=100)
    user = host.add_user()
    lengths = []
    for number in range(12):
        host.chat_model.scripts.append(["word " * 30])
        post(host, user, f"Question {number}: " + "please " * 10)
        lengths.append(len(host.chat_model.prompts[-1]))
    drops = [later - earlier for earlier, later in itertools.pairwise(lengths)]
    assert drops.count(2) >= 8  # most turns only append
    assert min(drops) <= -2  # and now and then a block goes
    for prompt in host.chat_model.prompts:
        assert sum(len(message.text) for message in prompt) / 3 < 1100


def test_profile_stays_as_of_the_sessions_start(host: Host, user: Any) -> None:
    post(host, user, "Hi")
    services = host.app.extensions["chatbot"].turn_services
    object.__setattr__(
        services, "load_profile", lambda _user: UserProfile(experience_level="advanced")
    )
    second = post(host, user, "Again")
    assert "beginner" in host.chat_model.prompts[-1][0].text
    assert second.json["context"]["experience_level"] == "advanced"
    post(host, user, "Hi", session_id="t")
    assert "advanced" in host.chat_model.prompts[-1][0].text


def test_retry_asks_the_endpoint_that_was_asked(host: Host, user: Any) -> None:
    reset = ["Half", httpx.ReadError("reset")]
    host.chat_model.scripts += [reset, ["Gladly."], ['{"items": ["17"]}']]
    host.app.test_client().post(
        "/api/chatbot/recommend", json={"session_id": "s"}, headers=host.headers(user)
    )
    failed = history(host, user)[1]
    response = retry(host, user, failed["id"])
    assert [item["id"] for item in response.json["recommendations"]] == [17]


def test_what_databases_refuse_is_taken_out_of_answers(host: Host, user: Any) -> None:
    host.chat_model.scripts.append(["a\0b\x1b[31m\x85", "\ud83d", "c"])
    assert post(host, user, "Hi").json["assistant_response"] == "ab[31m\ufffdc"


def test_answer_survives_a_database_that_is_away_while_it_is_written(
    host: Host, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.chat_model.scripts.append(["One ", 0.3, "two."])
    conversations = host.app.extensions["chatbot"].turn_services.conversations
    for interval in ("SAVE_INTERVAL", "LOOK_INTERVAL"):
        monkeypatch.setattr(f"flask_smorest_chatbot.services.running.{interval}", 0.05)
    tried: list[str] = []

    def away(_turns: Any, texts: Any) -> Any:
        tried.append(texts)
        raise sa.exc.OperationalError("UPDATE", {}, OSError("gone"))

    monkeypatch.setattr(conversations, "save_progress", away)
    assert post(host, user, "Hi").json["assistant_response"] == "One two."
    assert tried
    assert history(host, user)[1]["status"] == "complete"


def test_answer_stands_when_no_choice_can_be_made(host: Host, user: Any) -> None:
    host.chat_model.scripts += [["Gladly."], *[[httpx.ReadError("reset")]] * 3]
    response = host.app.test_client().post(
        "/api/chatbot/recommend", json={}, headers=host.headers(user)
    )
    assert response.status_code == 200
    assert response.json["assistant_response"] == "Gladly."
    assert response.json["recommendations"] == []


def test_leaving_at_the_first_event_settles_the_turn(host: Host, user: Any) -> None:
    with host.app.app_context():
        events = begin(host, user, "Hi").events()
        next(events)
        events.close()
    assert history(host, user)[1]["status"] == "interrupted"


def test_turns_are_counted(host: Host, user: Any) -> None:
    from prometheus_client import REGISTRY

    def counts() -> list[float]:
        names: list[tuple[str, dict[str, str]]] = [
            ("chatbot_turns_total", {"outcome": "complete"}),
            ("chatbot_turns_total", {"outcome": "failed"}),
            ("chatbot_model_errors_total", {"reason": "model_unreachable"}),
            ("chatbot_tokens_total", {"direction": "input"}),
            ("chatbot_first_token_seconds_count", {}),
            ("chatbot_turn_seconds_count", {}),
        ]
        return [REGISTRY.get_sample_value(name, labels) or 0 for name, labels in names]

    before = counts()
    host.chat_model.scripts += [["Hello ", "you."], *[[ConnectionError("away")]] * 3]
    post(host, user, "Hi")
    post(host, user, "Hi", session_id="t")
    assert [now - then for now, then in zip(counts(), before, strict=True)] == [1, 1, 1, 12, 1, 2]
    assert REGISTRY.get_sample_value("chatbot_turns_in_flight") == 0


def test_progress_of_several_turns_is_stored_at_once(host: Host, user: Any) -> None:
    conversations = host.app.extensions["chatbot"].turn_services.conversations
    with host.app.app_context():
        turns = [begin(host, user, "Hi", name).opened for name in "abc"]
        texts = {turn.answer_id: f"So far {turn.session_id}" for turn in turns}
        found = conversations.save_progress(turns, texts)
        assert set(found.values()) == {"streaming"}
    contents = [history(host, user, name)[-1]["content"] for name in "abc"]
    assert contents == ["So far a", "So far b", "So far c"]


def test_locked_sqlite_is_said_and_waited_for(
    build_host: Callable[..., Host], database_url: str
) -> None:
    """Somebody else writes for long: a new turn gets 503, one that ends waits for its turn."""
    if not database_url.startswith("sqlite"):
        pytest.skip("a lock of SQLite's")
    host = build_host(SQLALCHEMY_ENGINE_OPTIONS={"connect_args": {"timeout": 0.2}})
    user = host.add_user()
    other = sqlite3.connect(
        database_url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False
    )
    other.execute("BEGIN IMMEDIATE")
    refused = post(host, user, "Hi")
    assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)
    other.execute("ROLLBACK")
    assert history(host, user)["code"] == 404  # type: ignore[call-overload]
    host.chat_model.scripts.append(["One ", "two."])
    with host.app.app_context():
        events = begin(host, user, "Hi").events()
        while not isinstance(next(events), Delta):
            pass
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(1.0, other.execute, ["ROLLBACK"]).start()
        last = list(events)[-1]
    other.close()
    assert isinstance(last, Done)
    assert history(host, user)[1]["content"] == "One two."
