"""Requests that come twice make one turn; streams that break are resumed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from client import SSE, bytes_of, events_of, names_of
from host import Host

from flask_smorest_chatbot.services.followers import POLL, Followers
from flask_smorest_chatbot.services.following import Following

CHAT = "/api/chatbot/chat"


def post(host: Host, user: Any, body: Any, key: str | None = "k1", **headers: str) -> Any:
    if key is not None:
        headers["Idempotency-Key"] = key
    return host.app.test_client().post(CHAT, json=body, headers=host.headers(user, **headers))


def count(host: Host, user: Any, session_id: str) -> int:
    url = f"/api/chatbot/history/{session_id}"
    return len(host.app.test_client().get(url, headers=host.headers(user)).json)


def stream(host: Host, user: Any, message_id: int, last: str | None = None) -> Any:
    headers = {} if last is None else {"Last-Event-ID": last}
    return host.app.test_client().get(
        f"/api/chatbot/messages/{message_id}/stream", headers=host.headers(user, **headers)
    )


def test_same_key_and_body_gets_the_same_answer(host: Host, user: Any) -> None:
    host.chat_model.scripts.append(
        ["The Yamaha FG800. ", '<recommendations>[{"id": 17}]</recommendations>']
    )
    first = post(host, user, {"message": "A guitar?"})
    again = post(host, user, {"message": "A guitar?", "session_id": None})
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json == first.json
    assert len(first.json["recommendations"]) == 1
    assert len(host.chat_model.prompts) == 1
    assert count(host, user, first.json["session_id"]) == 2


def test_answer_is_replayed_as_a_stream_too(host: Host, user: Any) -> None:
    first = post(host, user, {"message": "Hi"}, Accept=SSE)
    assert names_of(first) == ["start", "delta", "recommendations", "done"]
    again = post(host, user, {"message": "Hi"}, Accept=SSE)
    assert names_of(again) == names_of(first)
    assert events_of(again.text)[-1] == events_of(first.text)[-1]
    assert len(host.chat_model.prompts) == 1


def test_same_key_with_another_body_is_refused(host: Host, user: Any) -> None:
    first = post(host, user, {"message": "Hi"})
    for body in ({"message": "Ho"}, {"message": "Hi", "session_id": first.json["session_id"]}):
        response = post(host, user, body)
        assert response.status_code == 422
        assert "Idempotency-Key" in response.json["message"]
    assert len(host.chat_model.prompts) == 1


@pytest.mark.parametrize("key", ["", "a b", "ü", "x" * 256])
def test_key_has_a_form(host: Host, user: Any, key: str) -> None:
    response = post(host, user, {"message": "Hi"}, key)
    assert response.status_code == 422
    assert "Idempotency-Key" in response.json["errors"]["headers"]
    assert host.chat_model.prompts == []


def test_keys_are_ones_own_and_exact(host: Host, user: Any) -> None:
    stranger = host.add_user()
    for who, key in ((user, "k1"), (stranger, "k1"), (user, "K1"), (user, None), (user, None)):
        assert "Idempotent-Replayed" not in post(host, who, {"message": "Hi"}, key).headers
    assert len(host.chat_model.prompts) == 5


def test_turn_that_broke_is_tried_again(host: Host, user: Any) -> None:
    host.chat_model.scripts += [["Half", httpx.ReadError("reset")], ["Well."]]
    body = {"message": "Hi", "session_id": "s"}
    assert post(host, user, body).status_code == 502
    again = post(host, user, body)
    assert (again.status_code, again.json["assistant_response"]) == (200, "Well.")
    assert post(host, user, body).json == again.json
    assert len(host.chat_model.prompts) == 2
    assert count(host, user, "s") == 3  # the question is there once


def test_failure_is_told_when_the_conversation_has_gone_on(host: Host, user: Any) -> None:
    host.chat_model.scripts += [[ConnectionError("away")]] * 3
    post(host, user, {"message": "Hi", "session_id": "s"})
    post(host, user, {"message": "Hello?", "session_id": "s"}, None)
    again = post(host, user, {"message": "Hi", "session_id": "s"})
    assert (again.status_code, again.json["errors"]["reason"]) == (503, "model_unreachable")


def test_many_at_once_make_one_turn(host: Host, user: Any) -> None:
    host.chat_model.scripts.append(["One ", 0.5, "answer."])
    everyone = threading.Barrier(10)

    def ask(_number: int) -> Any:
        everyone.wait()
        return post(host, user, {"message": "Hi"}).json

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(ask, range(10)))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["assistant_response"] == "One answer."
    assert len(host.chat_model.prompts) == 1
    assert count(host, user, answers[0]["session_id"]) == 2


def test_stream_goes_on_after_the_last_event(host: Host, user: Any) -> None:
    host.chat_model.scripts.append(["One ", 0.3, "two ", 0.3, "three."])
    whole = post(host, user, {"message": "Hi"}, None, Accept=SSE).text
    ids = [line.removeprefix("id: ") for line in whole.splitlines() if line.startswith("id: ")]
    message_id = events_of(whole)[0][1]["message_id"]
    assert ids[0] == f"{message_id}-0"
    text = events_of(whole)[-1][1]["assistant_response"]
    for number, last in enumerate(ids[:-1]):
        rest = stream(host, user, message_id, last)
        assert rest.mimetype == SSE
        events = events_of(rest.text)
        assert events[-1] == events_of(whole)[-1]
        said = "".join(data["content"] for name, data in events if name == "delta")
        if number < len(ids) - 2:
            assert text.endswith(said)
            assert len(said) == len(text) - int(last.split("-")[1])
        else:
            assert [name for name, _ in events] == ["done"]
    done = stream(host, user, message_id, ids[-1])
    assert (done.status_code, done.text) == (204, "")


@pytest.mark.parametrize("last", [None, "", "x", "1-x", "99999-3", "-1-2"])
def test_stream_without_a_place_begins_anew(host: Host, user: Any, last: str | None) -> None:
    done = post(host, user, {"message": "Hi"}).json
    events = events_of(stream(host, user, done["message_id"], last).text)
    assert [name for name, _ in events] == ["start", "delta", "recommendations", "done"]


def test_running_answer_is_followed_to_its_end(build_host: Callable[..., Host]) -> None:
    host = build_host()
    user = host.add_user()
    host.chat_model.scripts.append(["One ", *[0.2, "more "] * 12])
    first: list[str] = []
    thread = threading.Thread(
        target=lambda: first.append(
            post(host, user, {"message": "Hi", "session_id": "s"}, None, Accept=SSE).text
        )
    )
    thread.start()
    message_id = wait_for_message(host, user)
    followed = stream(host, user, message_id).text
    thread.join()
    assert len([name for name, _ in events_of(followed) if name == "delta"]) > 1
    assert events_of(followed)[-1] == events_of(first[0])[-1]


def test_user_follows_so_many_answers_at_once(build_host: Callable[..., Host]) -> None:
    host = build_host(CHATBOT_FOLLOWERS_PER_USER=2, CHATBOT_TURN_TIMEOUT=100)
    user, stranger = host.add_user(), host.add_user()
    services = host.app.extensions["chatbot"].turn_services
    with host.app.app_context():
        opened = services.conversations.open_turn(user, "s", "Hi")
    url = f"/api/chatbot/messages/{opened.answer_id}/stream"

    def ask(who: Any) -> int:
        with host.app.test_client().head(url, headers=host.headers(who)) as answer:
            return int(answer.status_code)

    # Who leaves without reading has no place any more.
    assert [ask(user) for _ in range(4)] == [200] * 4
    first, second = [
        Following(services, user, opened.answer_id, opened.created_at) for _ in range(2)
    ]
    first.line_up()
    second.line_up()
    refused = stream(host, user, opened.answer_id)
    assert refused.status_code == 429
    assert refused.json["errors"] == {"reason": "too_many_streams"}
    # By then the answer must have ended, and those who follow it with it.
    assert 100 < int(refused.headers["Retry-After"]) <= 116
    told = [refused.headers[f"RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset")]
    assert told == ["2", "0", refused.headers["Retry-After"]]
    assert ask(stranger) == 404, "to others there is no such answer"
    first.abandon()
    assert ask(user) == 200
    with host.app.app_context():
        services.conversations.stop_turn(user, opened.answer_id)
    for _ in range(3):  # nor does who has read to the end
        assert names_of(stream(host, user, opened.answer_id))[-1] == "done"


def test_many_followers_of_a_user_ask_no_more_often_than_some() -> None:
    followers = Followers(100)
    for number in range(100):
        followers.enter("one", number, 60)
        pace = (number + 1) / followers.pause("one")
        assert pace <= 40.001, "times a second"
    assert followers.pause("another") == POLL
    for number in range(99):
        followers.leave("one", number)
    assert followers.pause("one") == POLL


def test_repeated_requests_that_follow_are_counted_too(build_host: Callable[..., Host]) -> None:
    host = build_host(CHATBOT_FOLLOWERS_PER_USER=1)
    user = host.add_user()
    host.chat_model.scripts.append(["One ", *[0.2, "more "] * 8])
    body = {"message": "Hi", "session_id": "s"}
    answers: list[Any] = []
    threads = [
        threading.Thread(target=lambda: answers.append(post(host, user, body))) for _ in range(2)
    ]
    threads[0].start()
    message_id = wait_for_message(host, user)
    threads[1].start()  # follows the first
    followers = host.app.extensions["chatbot"].turn_services.followers
    while not followers._of_users:
        threading.Event().wait(0.02)
    for accept in (SSE, "application/json"):
        assert post(host, user, body, Accept=accept).status_code == 429
    assert stream(host, user, message_id).status_code == 429
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [200, 200]
    assert post(host, user, body).json == answers[0].json
    assert len(host.chat_model.prompts) == 1


def wait_for_message(host: Host, user: Any) -> int:
    for _ in range(200):
        url = "/api/chatbot/history/s"
        found = host.app.test_client().get(url, headers=host.headers(user))
        if found.status_code == 200 and len(found.json) == 2:
            return int(found.json[1]["id"])
        threading.Event().wait(0.02)
    raise AssertionError("there is no answer")


def test_nobody_follows_anothers_answer(host: Host, user: Any) -> None:
    done = post(host, user, {"message": "Hi"}).json
    stranger = host.add_user()
    answers = [
        stream(host, stranger, done["message_id"]),
        stream(host, stranger, 10**9),
        stream(host, user, done["message_id"] - 1),
        stream(host, user, 2**70),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({bytes_of(answer) for answer in answers}) == 1


def test_retry_is_made_once_for_one_key(host: Host, user: Any) -> None:
    host.chat_model.scripts += [["Half", httpx.ReadError("reset")], ["Well."]]
    post(host, user, {"message": "Hi", "session_id": "s"}, None)
    history = host.app.test_client().get("/api/chatbot/history/s", headers=host.headers(user))
    url = f"/api/chatbot/messages/{history.json[1]['id']}/retry"
    client, headers = host.app.test_client(), host.headers(user, **{"Idempotency-Key": "again"})
    first = client.post(url, headers=headers)
    assert (first.status_code, first.json["assistant_response"]) == (200, "Well.")
    second = client.post(url, headers=headers)
    assert (second.json, second.headers["Idempotent-Replayed"]) == (first.json, "true")
    assert len(host.chat_model.prompts) == 2
    assert count(host, user, "s") == 3
    # The key says one thing only.
    assert post(host, user, {"message": "Hi"}, "again").status_code == 422
    # Without it, or with another, the message is retried; and there is nothing to retry.
    assert client.post(url, headers=host.headers(user)).status_code == 409
    assert client.post(url, headers={**headers, "Idempotency-Key": "other"}).status_code == 409


def test_many_retries_at_once_make_one_attempt(host: Host, user: Any) -> None:
    host.chat_model.scripts += [["Half", httpx.ReadError("reset")], ["One ", 0.5, "answer."]]
    post(host, user, {"message": "Hi", "session_id": "s"}, None)
    history = host.app.test_client().get("/api/chatbot/history/s", headers=host.headers(user))
    url = f"/api/chatbot/messages/{history.json[1]['id']}/retry"
    headers = host.headers(user, **{"Idempotency-Key": "again"})
    everyone = threading.Barrier(8)

    def ask(_number: int) -> Any:
        everyone.wait()
        return host.app.test_client().post(url, headers=headers)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert all(answer.json == answers[0].json for answer in answers)
    assert len(host.chat_model.prompts) == 2


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("selects", [1, 2])
def test_lost_answer_that_is_cleared_while_it_is_read_is_none(
    host: Host, user: Any, selects: int
) -> None:
    """Another worker clears the session before this one settles the answer, or after."""
    begun = host.app.extensions["chatbot"].turn_services.conversations
    with host.app.app_context():
        message_id = begun.open_turn(user, "s", "Hi").answer_id
        answer = host.db.session.get(host.chatbot.ChatMessage, message_id)
        answer.claimed_until -= timedelta(seconds=60)
        host.db.session.commit()
        other = sa.create_engine(host.db.engine.url, poolclass=sa.NullPool)
        seen: list[str] = []

        def clear(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if statement.startswith("SELECT"):
                seen.append(statement)
            if len(seen) == selects:
                with other.begin() as connection:
                    connection.execute(sa.text("DELETE FROM chat_sessions"))

        sa.event.listen(host.db.engine, "after_cursor_execute", clear)
        begun.read_answer(user, message_id)
        sa.event.remove(host.db.engine, "after_cursor_execute", clear)
        assert begun.read_answer(user, message_id) is None


# -- what is deleted between two statements ------------------------------------------------------


@contextmanager
def deleted_when(host: Host, when: str, deletion: str) -> Iterator[None]:
    """Let another connection delete something ``before`` or ``after`` a turn is opened."""
    with host.app.app_context():
        engine = host.db.engine
    other, waits = sa.create_engine(engine.url, poolclass=sa.NullPool), [deletion]

    def delete(_conn: Any, _cursor: Any, text: str, *_rest: Any) -> None:
        if "INSERT INTO chat_sessions" in text and waits:
            with other.begin() as connection:
                connection.execute(sa.text(waits.pop()))

    sa.event.listen(engine, f"{when}_cursor_execute", delete)
    yield
    sa.event.remove(engine, f"{when}_cursor_execute", delete)
    assert not waits


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("key", [None, "k2"])
@pytest.mark.parametrize("session_id", ["s", None, "new"])
def test_user_who_is_deleted_while_a_turn_is_opened_gets_a_conflict(
    host: Host, user: Any, key: str | None, session_id: str | None
) -> None:
    post(host, user, {"message": "Hi", "session_id": "s"}, "k1")
    with deleted_when(host, "before", "DELETE FROM people"):
        answer = post(host, user, {"message": "Hi", "session_id": session_id}, key)
    assert answer.status_code == 409, answer.json
    assert len(host.chat_model.prompts) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_session_that_is_deleted_before_a_turn_is_opened_begins_anew(host: Host, user: Any) -> None:
    post(host, user, {"message": "Hi", "session_id": "s"}, None)
    with deleted_when(host, "before", "DELETE FROM chat_sessions"):
        again = post(host, user, {"message": "Hi again", "session_id": "s"}, None)
    assert again.status_code == 200
    assert count(host, user, "s") == 2


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("table", ["chat_sessions", "people"])
def test_what_a_turn_is_opened_in_cannot_be_deleted_meanwhile(
    host: Host, user: Any, table: str
) -> None:
    post(host, user, {"message": "Hi", "session_id": "s"}, None)
    impatient = f"SET LOCAL lock_timeout = 50; DELETE FROM {table}"
    with deleted_when(host, "after", impatient):
        refused = post(host, user, {"message": "Hi", "session_id": "s"})
    assert refused.status_code == 503, refused.json  # the deletion had to wait, and gave up


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_broken_turn_that_is_cleared_while_it_is_tried_again_begins_anew(
    host: Host, user: Any
) -> None:
    host.chat_model.scripts += [["Half", httpx.ReadError("reset")], ["Well."]]
    body = {"message": "Hi", "session_id": "s"}
    assert post(host, user, body).status_code == 502
    records = host.app.extensions["chatbot"].turn_services.conversations
    reopen = records.reopen_turn
    with pytest.MonkeyPatch.context() as patch:

        def clear_first(*args: Any) -> Any:
            headers = host.headers(user)
            host.app.test_client().delete("/api/chatbot/clear-session/s", headers=headers)
            return reopen(*args)

        patch.setattr(records, "reopen_turn", clear_first)
        again = post(host, user, body)
    assert (again.status_code, again.json["assistant_response"]) == (200, "Well.")
    assert count(host, user, "s") == 2
