"""Turns that are stopped, and turns whose workers are gone."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from client import SSE, bytes_of, events_of, names_of
from host import Host

from flask_smorest_chatbot.services.events import Delta, Done, Failed, Started, Waiting
from flask_smorest_chatbot.services.following import Following
from flask_smorest_chatbot.services.running import SAVE_INTERVAL, RunningTurn
from flask_smorest_chatbot.services.storage import worker
from flask_smorest_chatbot.services.storage.worker import is_known_dead, new_claim, this_worker
from flask_smorest_chatbot.services.turn import Turn
from flask_smorest_chatbot.values import TurnPlan

CHAT = "/api/chatbot/chat"


def post(host: Host, user: Any, path: str, body: Any = None, **headers: str) -> Any:
    return host.app.test_client().post(path, json=body, headers=host.headers(user, **headers))


def stop(host: Host, user: Any, message_id: int) -> Any:
    return post(host, user, f"/api/chatbot/messages/{message_id}/stop")


def history(host: Host, user: Any, session_id: str = "s") -> list[dict[str, Any]]:
    url = f"/api/chatbot/history/{session_id}"
    return host.app.test_client().get(url, headers=host.headers(user)).json  # type: ignore


def wait_for_answer(host: Host, user: Any) -> dict[str, Any]:
    for _ in range(100):
        found = host.app.test_client().get("/api/chatbot/history/s", headers=host.headers(user))
        if found.status_code == 200 and found.json[1]["content"]:
            return found.json[1]  # type: ignore[no-any-return]
        time.sleep(0.05)
    raise AssertionError("the answer was never stored")


@pytest.mark.parametrize("accept", ["application/json", SSE])
def test_stopped_turn_ends_within_a_second_with_what_was_said(
    host: Host, user: Any, accept: str
) -> None:
    host.chat_model.scripts.append(["One ", *[0.1, "more "] * 100])
    answers: list[Any] = []

    def ask() -> None:
        answers.append(post(host, user, CHAT, {"message": "Hi", "session_id": "s"}, Accept=accept))
        assert answers[0].text  # reads the stream

    thread = threading.Thread(target=ask)
    thread.start()
    answer = wait_for_answer(host, user)
    assert answer["status"] == "streaming"
    asked = time.monotonic()
    stopped = stop(host, user, answer["id"])
    assert (stopped.status_code, stopped.json["status"]) == (200, "stopped")
    thread.join()
    assert time.monotonic() - asked < 3  # a second, on an idle machine
    assert host.chat_model.closed_early == [True]
    if accept == SSE:
        assert names_of(answers[0])[-2:] == ["recommendations", "done"]
        body = events_of(answers[0].text)[-1][1]
    else:
        body = answers[0].json
    assert body["status"] == "stopped"
    last = history(host, user)[1]
    assert (last["status"], last["content"]) == ("stopped", body["assistant_response"])
    assert last["content"].startswith("One more")
    assert (stopped.json["content"], last["reason"]) == (last["content"], "stopped")
    followed = host.app.test_client().get(
        f"/api/chatbot/messages/{answer['id']}/stream", headers=host.headers(user)
    )
    assert events_of(followed.text)[-1][1]["assistant_response"] == last["content"]
    assert body["context"]["experience_level"] == "beginner"
    assert events_of(followed.text)[-1][1]["context"] == body["context"]
    # The session is free again.
    assert post(host, user, CHAT, {"message": "Go on", "session_id": "s"}).status_code == 200


@pytest.mark.parametrize("deed", ["stop", "clear"])
def test_what_another_worker_did_is_noticed_before_the_text_is_stored(
    host: Host, user: Any, deed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.chat_model.scripts.append(["One ", *[0.1, "more "] * 100])
    services = host.app.extensions["chatbot"].turn_services
    records, events = services.conversations, []
    with host.app.app_context():
        turn = Turn(services, TurnPlan(message="Hi"), records.open_turn(user, "s", "Hi"))
        for event in turn.events():
            events.append(event)
            if isinstance(event, Delta) and len(events) < 4:
                monkeypatch.setattr(services.running, "_save_due", time.monotonic() + 60)
                if deed == "stop":  # what follows in the other worker is this one's to wait for
                    monkeypatch.setattr(records, "_when_stopped", lambda *_: None)
                    records.stop_turn(user, turn.answer_id)
                else:
                    records.clear_session(user, "s")
    assert isinstance(events[-1], Done if deed == "stop" else Failed)
    assert host.chat_model.closed_early == [True]


def test_turns_that_go_on_are_not_stored_more_often_for_looking_after_them(
    host: Host, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.chat_model.scripts.append(["One ", *[0.1, "more "] * 10])
    interval = "flask_smorest_chatbot.services.running.SAVE_INTERVAL"
    monkeypatch.setattr(interval, 0.05)  # the first look comes with the first store
    records = host.app.extensions["chatbot"].turn_services.conversations
    looked: list[set[int]] = []
    stored: list[int] = []
    look, save = records.claimed_here, records.save_progress

    def save_seldom(*turns: Any) -> Any:
        stored.append(len(looked))
        monkeypatch.setattr(interval, 60.0)
        return save(*turns)

    monkeypatch.setattr(records, "claimed_here", lambda: looked.append(look()) or looked[-1])
    monkeypatch.setattr(records, "save_progress", save_seldom)
    assert post(host, user, CHAT, {"message": "Hi"}).json["status"] == "complete"
    assert looked
    assert len(stored) <= 2  # the second had been due before the interval was changed
    assert all(len(found) == 1 for found in looked)


def test_answer_that_has_ended_stays_as_it_is(host: Host, user: Any) -> None:
    done = post(host, user, CHAT, {"message": "Hi", "session_id": "s"}).json
    again = stop(host, user, done["message_id"])
    assert (again.status_code, again.json["status"]) == (200, "complete")


def test_only_ones_own_answers_can_be_stopped(host: Host, user: Any) -> None:
    done = post(host, user, CHAT, {"message": "Hi", "session_id": "s"}).json
    stranger = host.add_user()
    answers = [
        stop(host, stranger, done["message_id"]),
        stop(host, stranger, 10**9),
        stop(host, user, done["message_id"] - 1),  # the question
        stop(host, user, 2**70),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({bytes_of(answer) for answer in answers}) == 1


def lose(host: Host, user: Any, worker: str | None, seconds: float) -> None:
    """Leave an open turn as a worker does that dies."""
    conversations = host.app.extensions["chatbot"].turn_services.conversations
    with host.app.app_context():
        opened = conversations.open_turn(user, "s", "Hi")
        answer = host.db.session.get(host.chatbot.ChatMessage, opened.answer_id)
        answer.claimed_by = worker
        answer.claimed_until -= timedelta(seconds=seconds)
        host.db.session.commit()


def dead_worker() -> str:
    """Return the name of a process of this host that has ended."""
    code = "from flask_smorest_chatbot.services.storage import worker; print(worker.this_worker())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_worker_that_died_here_is_known_at_once() -> None:
    assert not is_known_dead(this_worker())
    assert not is_known_dead(new_claim())
    assert is_known_dead(new_claim().replace("-", "-1"))
    assert new_claim() != new_claim()
    assert is_known_dead(dead_worker())
    assert is_known_dead(this_worker().rpartition("-")[0] + "-1")  # the number was given again
    for unknown in (None, "", "x", "elsewhere/1-1", "elsewhere/x-y"):
        assert not is_known_dead(unknown)


def test_worker_that_the_system_hides_is_not_taken_for_dead(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As systemd does with the processes of another unit: a sweep must end no running turn."""
    alive, dead = this_worker(), dead_worker()
    monkeypatch.setattr(worker, "_PROC", tmp_path)
    assert not is_known_dead(alive)
    assert is_known_dead(dead)


def test_turn_of_a_dead_worker_is_settled_on_the_next_read(host: Host, user: Any) -> None:
    lose(host, user, dead_worker(), 0)
    assert [(m["status"], m["reason"]) for m in history(host, user)] == [
        ("complete", None), ("interrupted", "worker_lost")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("worker", "seconds", "settled"),
    [("dead", 0, 1), ("elsewhere/1-1", 60, 1), ("elsewhere/1-1", 0, 0), ("own", 0, 0)],
)
def test_sweep(host: Host, user: Any, worker: str, seconds: float, settled: int) -> None:
    names = {"dead": dead_worker(), "own": this_worker()}
    lose(host, user, names.get(worker, worker), seconds)
    result = host.app.test_cli_runner().invoke(args=["chatbot", "sweep"])
    assert result.output == f"{settled} turns settled as interrupted\n"
    answer = host.chatbot.ChatMessage
    with host.app.app_context():
        status = host.db.session.scalar(
            sa.select(answer.status).where(answer.message_type == "assistant")
        )
    assert status == ("interrupted" if settled else "pending")


def test_sweep_settles_what_holds_no_session(host: Host, user: Any) -> None:
    lose(host, user, this_worker(), 0)
    message = host.chatbot.ChatMessage
    with host.app.app_context():
        long_ago = message.created_at.type.python_type(2026, 1, 1)
        host.db.session.execute(
            sa.update(message).values(claimed_session_id=None, created_at=long_ago)
        )
        host.db.session.commit()
    result = host.app.test_cli_runner().invoke(args=["chatbot", "sweep"])
    assert result.output.startswith("1 turns")


def test_worker_has_a_name_of_its_own() -> None:
    assert f"/{os.getpid()}-" in this_worker()


@pytest.mark.parametrize("accept", ["application/json", SSE])
def test_turn_ends_with_a_clear_error_when_the_server_stops(
    build_host: Callable[..., Host], accept: str
) -> None:
    host = build_host()
    user = host.add_user()
    host.chat_model.scripts.append(["One ", *[0.1, "more "] * 100])
    host.chatbot.drain(host.app, 1.0)
    response = post(host, user, CHAT, {"message": "Hi", "session_id": "s"}, Accept=accept)
    error = events_of(response.text)[-1][1] if accept == SSE else response.json
    assert (error["code"], error["errors"]) == (503, {"reason": "server_stopping"})
    answer = history(host, user)[1]
    assert (answer["status"], answer["reason"]) == ("interrupted", "server_stopping")
    assert answer["content"].startswith("One more")
    assert host.chat_model.closed_early == [True]


def test_who_follows_an_answer_is_told_that_the_server_stops(
    build_host: Callable[..., Host],
) -> None:
    host = build_host()
    user = host.add_user()
    lose(host, user, this_worker(), 0)
    host.chatbot.drain(host.app, 0)
    followed = host.app.test_client().get(
        f"/api/chatbot/messages/{history(host, user)[1]['id']}/stream", headers=host.headers(user)
    )
    assert events_of(followed.text)[-1][1]["errors"] == {"reason": "server_stopping"}
    assert history(host, user)[1]["status"] == "pending"  # it is another's, and goes on


def test_worker_that_starts_settles_what_lost_ones_left(host: Host, user: Any) -> None:
    lose(host, user, dead_worker(), 0)
    assert host.chatbot.settle_lost_turns(host.app) == 1
    assert host.chatbot.settle_lost_turns(host.app) == 0


def test_worker_taken_for_lost_says_its_last_words_and_that_it_was(host: Host, user: Any) -> None:
    """As after a long absence of the database, in which no claim can be renewed."""
    host.chat_model.scripts.append(["One ", 0.3, "two ", *[0.1, "more "] * 30])
    with host.app.app_context():
        services = host.app.extensions["chatbot"].turn_services
        opened = services.conversations.open_turn(user, "s", "Hi")
        events = Turn(services, TurnPlan(message="Hi"), opened).events()
        while not isinstance(first := next(events), Delta):
            pass
        answer = host.db.session.get(host.chatbot.ChatMessage, opened.answer_id)
        answer.claimed_until -= timedelta(seconds=60)
        host.db.session.commit()
        assert history(host, user)[1]["status"] == "interrupted"
        *rest, last = events
    assert isinstance(last, Failed)
    assert last.error.reason == "worker_lost"
    answer = history(host, user)[1]
    assert (answer["status"], answer["reason"]) == ("interrupted", "worker_lost")
    said = [event.content for event in (first, *rest) if isinstance(event, Delta)]
    assert answer["content"] == "".join(said).strip()


def test_who_follows_an_answer_is_not_shown_the_next_one_of_its_number(
    host: Host, user: Any
) -> None:
    services = host.app.extensions["chatbot"].turn_services
    records = services.conversations
    with host.app.app_context():
        opened = records.open_turn(user, "s", "Hi", "/chat")
        answer = records.read_answer(user, opened.answer_id)
        events = Following(services, user, answer.id, answer.created_at).events()
        assert isinstance(next(events), Started)
        assert isinstance(next(events), Waiting)
        records.clear_session(user, "s")
        other = records.open_turn(user, "other", "Something else", "/chat")
        records.settle(other, {"status": "complete", "content": "Of another conversation"})
        (last,) = [event for event in events if not isinstance(event, Waiting)]
    assert isinstance(last, Failed)
    assert last.error.reason == "session_cleared"


def away_for(records: Any, name: str, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what reads from the database find it away so many times."""
    read, left = getattr(records, name), [None] * times

    def fail_first(*args: Any) -> Any:
        if left:
            left.pop()
            raise sa.exc.OperationalError("SELECT", {}, OSError("gone"))
        return read(*args)

    monkeypatch.setattr(records, name, fail_first)


@pytest.mark.parametrize("name", ["read_answer", "question_of"])
def test_who_follows_an_answer_waits_for_a_database_that_is_away(
    host: Host, user: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = host.app.extensions["chatbot"].turn_services
    records = services.conversations
    with host.app.app_context():
        opened = records.open_turn(user, "s", "Hi", "/chat")
        records.settle(opened, {"status": "complete", "content": "Hello."})
        answer = records.read_answer(user, opened.answer_id)
        follow = partial(Following, services, user, answer.id, answer.created_at)
        away_for(records, name, 2, monkeypatch)
        events = list(follow().events())
        assert sum(isinstance(event, Waiting) for event in events) == 2
        assert isinstance(events[-1], Done)
        assert events[-1].response["user_message"] == "Hi"
        monkeypatch.setattr("flask_smorest_chatbot.services.patience.PATIENCE", 0.0)
        away_for(records, name, 100, monkeypatch)
        last = list(follow().events())[-1]
    assert isinstance(last, Failed)
    assert last.error.reason == "database_unavailable"


def test_turn_whose_number_is_given_again_is_over_and_leaves_the_new_one_alone(
    host: Host, user: Any
) -> None:
    services = host.app.extensions["chatbot"].turn_services
    with host.app.app_context():
        opened = services.conversations.open_turn(user, "s", "Hi", "/chat")
    # SQLite gives the number of a deleted last row to the next one.
    cleared, new = RunningTurn(opened), RunningTurn(opened)
    with contextlib.ExitStack() as rest:
        with services.running.track(cleared):
            rest.enter_context(services.running.track(new))
            assert not cleared.is_ours
        new.text = "Still stored"
        time.sleep(SAVE_INTERVAL + 0.05)
        with host.app.app_context():
            services.running.beat()
        assert history(host, user)[-1]["content"] == "Still stored"
