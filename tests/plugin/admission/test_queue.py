"""Turns that wait for the model: who comes next, who has to come again, and how waiting ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from client import SSE, events_of, open_stream
from host import Host

from flask_smorest_chatbot.services.admission import place as places
from flask_smorest_chatbot.services.events import Queued
from flask_smorest_chatbot.services.turn import Turn
from flask_smorest_chatbot.values import TurnPlan

CHAT = "/api/chatbot/chat"
ONE_SLOT = {"CHATBOT_MODEL_SLOTS": 1, "CHATBOT_RETRY_AFTER": 7}


def ask(host: Host, user: Any, session_id: str = "s", **headers: str) -> Any:
    body = {"message": "Hi", "session_id": session_id}
    answer = host.app.test_client().post(CHAT, json=body, headers=host.headers(user, **headers))
    assert answer.text  # reads the stream
    return answer


def history(host: Host, user: Any, session_id: str = "s") -> list[dict[str, Any]]:
    url = f"/api/chatbot/history/{session_id}"
    return host.app.test_client().get(url, headers=host.headers(user)).json  # type: ignore


class Asking(threading.Thread):
    """Somebody who waits for an answer."""

    def __init__(self, host: Host, user: Any, session_id: str = "s", **headers: str) -> None:
        super().__init__()
        self.host, self.user, self.session_id = host, user, session_id
        self.headers, self.answer, self.ended = headers, None, 0.0
        self.start()

    def run(self) -> None:
        self.answer = ask(self.host, self.user, self.session_id, **self.headers)
        self.ended = time.monotonic()

    @property
    def status(self) -> str:
        found = history(self.host, self.user, self.session_id)
        return found[-1]["status"] if isinstance(found, list) else ""

    def wait_until(self, status: str) -> dict[str, Any]:
        for _ in range(200):
            if self.status == status:
                return history(self.host, self.user, self.session_id)[-1]
            time.sleep(0.02)
        raise AssertionError(f"{self.status}, never {status}")


@contextmanager
def busy(host: Host) -> Iterator[threading.Event]:
    """Keep the only slot until the event is set, or the block ends."""
    free = threading.Event()
    services = host.app.extensions["chatbot"].turn_services
    place = services.admission.enter("somebody else")

    def keep() -> None:
        free.wait(30)
        services.admission.leave(place)

    keeper = threading.Thread(target=keep)
    keeper.start()
    try:
        yield free
    finally:
        free.set()
        keeper.join()


@pytest.mark.parametrize("accept", ["application/json", SSE])
def test_turn_waits_for_a_slot(build_host: Callable[..., Host], accept: str) -> None:
    host = build_host(**ONE_SLOT)
    user = host.add_user()
    with busy(host) as free:
        asking = Asking(host, user, Accept=accept)
        waiting = asking.wait_until("queued")
        assert (waiting["content"], waiting["reason"]) == ("", None)
        assert host.chat_model.prompts == []
        free.set()
        asking.join()
    assert asking.answer.status_code == 200
    assert asking.status == "complete"
    if accept == SSE:
        events = events_of(asking.answer.text)
        names = [name for name, _data in events]
        assert names[:2] == ["start", "queued"]
        assert names[-2:] == ["recommendations", "done"]
        assert events[1][1] == {"position": 1}


def test_position_is_told_again_and_again(
    build_host: Callable[..., Host], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "TELL_INTERVAL", 0.2)
    host = build_host(**ONE_SLOT)
    users = [host.add_user() for _ in range(2)]
    host.chat_model.scripts += [[2.0, "Hello."]]
    with busy(host) as free:
        first = Asking(host, users[0])
        first.wait_until("queued")
        second = Asking(host, users[1], Accept=SSE)
        second.wait_until("queued")
        time.sleep(0.5)
        free.set()
        second.join()
        first.join()
    told = [data["position"] for name, data in events_of(second.answer.text) if name == "queued"]
    assert told == sorted(told, reverse=True)
    assert set(told) == {1, 2}
    assert told.count(2) > 1


@pytest.mark.parametrize("accept", ["application/json", SSE])
def test_full_line_is_a_503_that_says_when_to_come_again(
    build_host: Callable[..., Host], accept: str
) -> None:
    host = build_host(**ONE_SLOT, CHATBOT_QUEUE_LIMIT=0)
    user = host.add_user()
    with busy(host):
        refused = ask(host, user, Accept=accept)
    assert refused.status_code == refused.json["code"] == 503
    assert refused.json["errors"] == {"reason": "queue_full", "retry_after": 7}
    assert refused.headers["Retry-After"] == "7"  # nobody knows better yet
    question, answer = history(host, user)
    assert (question["content"], question["status"]) == ("Hi", "complete")
    assert (answer["status"], answer["reason"]) == ("failed", "queue_full")
    retried = host.app.test_client().post(
        f"/api/chatbot/messages/{answer['id']}/retry", headers=host.headers(user)
    )
    assert retried.status_code == 200


def test_retry_after_is_an_estimate(build_host: Callable[..., Host]) -> None:
    host = build_host(CHATBOT_MODEL_SLOTS=2, CHATBOT_QUEUE_LIMIT=1)
    user = host.add_user()
    admission = host.app.extensions["chatbot"].turn_services.admission
    ended = admission.enter("early")
    ended._admitted -= 30  # as if it had taken half a minute
    admission.leave(ended)
    others = [admission.enter(name) for name in ("one", "two", "three")]
    assert [place.is_admitted for place in others] == [True, True, False]
    refused = ask(host, user)
    assert refused.status_code == 503
    # The one who waits and this one, 30 s each, at two slots.
    assert refused.headers["Retry-After"] in ("30", "31")
    for place in others:
        admission.leave(place)


def test_who_waits_in_vain_gets_504(build_host: Callable[..., Host]) -> None:
    host = build_host(**ONE_SLOT, CHATBOT_TURN_TIMEOUT=0.5)
    user = host.add_user()
    with busy(host):
        answer = ask(host, user)
        stream = ask(host, host.add_user(), Accept=SSE)
    assert (answer.status_code, answer.json["errors"]) == (504, {"reason": "queue_timeout"})
    assert history(host, user)[1]["reason"] == "queue_timeout"
    name, error = events_of(stream.text)[-1]
    assert (name, error["errors"]) == ("error", {"reason": "queue_timeout"})
    assert host.chat_model.prompts == []


def test_waiting_turn_can_be_stopped(build_host: Callable[..., Host]) -> None:
    host = build_host(**ONE_SLOT)
    user = host.add_user()
    with busy(host):
        asking = Asking(host, user)
        waiting = asking.wait_until("queued")
        stopped = host.app.test_client().post(
            f"/api/chatbot/messages/{waiting['id']}/stop", headers=host.headers(user)
        )
        assert stopped.json["status"] == "stopped"
        asking.join(5)
        assert (asking.answer.status_code, asking.answer.json["status"]) == (200, "stopped")
        assert leaves_no_place(host)
    assert host.chat_model.prompts == []


def leaves_no_place(host: Host) -> bool:
    """Tell whether nobody but somebody else has a place."""
    admission = host.app.extensions["chatbot"].turn_services.admission
    return [place.user for place in admission._places.values()] == ["somebody else"]


def test_cleared_session_ends_the_wait(build_host: Callable[..., Host]) -> None:
    host = build_host(**ONE_SLOT)
    user = host.add_user()
    with busy(host):
        asking = Asking(host, user)
        asking.wait_until("queued")
        client = host.app.test_client()
        client.delete("/api/chatbot/clear-session/s", headers=host.headers(user))
        asking.join(5)
        assert asking.answer.status_code == 409
        assert leaves_no_place(host)


def test_leaving_the_line_settles_the_turn(build_host: Callable[..., Host]) -> None:
    host = build_host(**ONE_SLOT)
    user = host.add_user()
    with busy(host):
        response = open_stream(host, user)
        for part in response.response:
            if b"queued" in part:
                break
        response.close()
        answer = history(host, user)[1]
        assert (answer["status"], answer["reason"]) == ("interrupted", "client_left")
        assert leaves_no_place(host)


def test_a_stream_that_nobody_reads_gives_its_place_back(build_host: Callable[..., Host]) -> None:
    host = build_host(**ONE_SLOT)
    user = host.add_user()
    with busy(host):
        response = open_stream(host, user)
        response.close()
        assert leaves_no_place(host)


def test_no_connection_is_held_while_waiting(build_host: Callable[..., Host]) -> None:
    host = build_host(**ONE_SLOT)
    user = host.add_user()
    services = host.app.extensions["chatbot"].turn_services
    with busy(host) as free, host.app.app_context():
        opened = services.conversations.open_turn(user, "s", "Hi")
        for event in Turn(services, TurnPlan(message="Hi"), opened).events():
            if isinstance(event, Queued):
                assert host.db.engine.pool.checkedout() == 0
                free.set()
    assert history(host, user)[1]["status"] == "complete"


def test_many_of_one_user_do_not_delay_another(build_host: Callable[..., Host]) -> None:
    host = build_host(**ONE_SLOT)
    many, one = host.add_user(), host.add_user()
    host.chat_model.scripts += [[0.2, "Hello."] for _ in range(6)]
    with busy(host) as free:
        greedy = [Asking(host, many, f"s{number}") for number in range(5)]
        for asking in greedy:
            asking.wait_until("queued")
        modest = Asking(host, one)
        modest.wait_until("queued")
        free.set()
        for asking in (modest, *greedy):
            asking.join()
    assert all(asking.answer.status_code == 200 for asking in (modest, *greedy))
    assert sum(asking.ended > modest.ended for asking in greedy) >= 3  # all but one, or nearly


def test_one_user_has_at_most_so_many_at_once(build_host: Callable[..., Host]) -> None:
    host = build_host(CHATBOT_MODEL_SLOTS=9, CHATBOT_TURNS_PER_USER=2)
    user = host.add_user()
    services = host.app.extensions["chatbot"].turn_services
    held = [services.admission.enter(str(user)) for _ in range(2)]
    asking = Asking(host, user)
    asking.wait_until("queued")
    other = Asking(host, host.add_user())  # whom that does not concern
    other.join()
    assert asking.status == "queued"
    for place in held:
        services.admission.leave(place)
    asking.join()
    assert (other.answer.status_code, asking.answer.status_code) == (200, 200)


def test_a_first_turn_makes_the_longest_line_give_way(build_host: Callable[..., Host]) -> None:
    host = build_host(CHATBOT_MODEL_SLOTS=1, CHATBOT_QUEUE_LIMIT=2)
    many, one = host.add_user(), host.add_user()
    with busy(host) as free:
        greedy = [Asking(host, many, "s0", Accept=SSE)]
        greedy[0].wait_until("queued")
        greedy.append(Asking(host, many, "s1", Accept=SSE))
        greedy[1].wait_until("queued")
        modest = Asking(host, one)
        modest.wait_until("queued")
        greedy[1].wait_until("failed")
        free.set()
        for asking in (modest, *greedy):
            asking.join()
    assert modest.answer.status_code == 200
    name, error = events_of(greedy[1].answer.text)[-1]
    assert (name, error["errors"]["reason"]) == ("error", "queue_full")
    assert events_of(greedy[0].answer.text)[-1][0] == "done"


def test_waiting_is_counted(build_host: Callable[..., Host]) -> None:
    from prometheus_client import REGISTRY

    names = ("queue_depth", "model_slots_in_use", "queue_wait_seconds_count", "queue_refused_total")

    def counts() -> list[float]:
        return [REGISTRY.get_sample_value(f"chatbot_{name}") or 0 for name in names]

    host = build_host(**ONE_SLOT, CHATBOT_QUEUE_LIMIT=1)
    before = counts()
    with busy(host) as free:
        asking = Asking(host, host.add_user())
        asking.wait_until("queued")
        ask(host, host.add_user())
        now = counts()
        assert [after - then for then, after in zip(before, now, strict=True)] == [1, 1, 1, 1]
        free.set()
        asking.join()
    now = counts()
    assert [after - then for then, after in zip(before, now, strict=True)] == [0, 0, 2, 1]
