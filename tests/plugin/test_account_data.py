"""Everything that is kept of a user, handed out and erased; and what is old, purged."""

from __future__ import annotations

import json
import threading
import time
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from client import SSE
from host import Host
from stored_chats import counts, fill

from flask_smorest_chatbot.models import utc_now
from flask_smorest_chatbot.services.storage.account_data import BATCH, AccountData

CHAT = "/api/chatbot/chat"
EXPORT = "/api/chatbot/export"
ERASE = "/api/chatbot/account-data"


def ask(host: Host, user: Any, message: str = "Hi", session_id: str = "s", **headers: str) -> Any:
    body = {"message": message, "session_id": session_id}
    return host.app.test_client().post(CHAT, json=body, headers=host.headers(user, **headers))


def export(host: Host, user: Any) -> list[dict[str, Any]]:
    answer = host.app.test_client().get(EXPORT, headers=host.headers(user))
    assert answer.status_code == 200
    assert answer.text.endswith("\n")
    return [json.loads(line) for line in answer.text.splitlines()]


def end(**counts: int) -> dict[str, Any]:
    """Return the last line of an export."""
    return {"type": "end", "sessions": 0, "messages": 0, "api_keys": 0, "days": 0, **counts}


def make_key(host: Host, user: Any, *scopes: str) -> str:
    body = {"name": "nightly", "scopes": scopes}
    path = "/api/chatbot/api-keys"
    made = host.app.test_client().post(path, json=body, headers=host.headers(user))
    return made.json["key"]  # type: ignore[no-any-return]


def erase(host: Host, user: Any) -> Any:
    return host.app.test_client().delete(ERASE, headers=host.headers(user))


def account_data(host: Host) -> AccountData:
    return host.app.extensions["chatbot"].account_data  # type: ignore[no-any-return]


# -- export ------------------------------------------------------------------------------------


def test_export_is_all_of_the_callers_data_and_nobody_elses(host: Host, user: Any) -> None:
    ask(host, host.add_user(), "another user's secret")
    ask(host, user, "first")
    ask(host, user, "second", "t")
    lines = export(host, user)
    kinds = [line["type"] for line in lines]
    assert kinds == ["session"] * 2 + ["message"] * 4 + ["usage", "end"]
    assert lines.pop() == end(sessions=2, messages=4, days=1)
    assert lines.pop()["turns"] == 2
    assert "secret" not in json.dumps(lines)
    assert [line["session_id"] for line in lines[:2]] == ["s", "t"]
    said = {line["id"]: line for line in lines[2:]}
    told = [line["context_data"]["profile"] for line in said.values() if line["context_data"]]
    assert [profile["experience_level"] for profile in told] == ["beginner"] * 2
    assert [line["content"] for line in said.values()] == ["first", "Hello.", "second", "Hello."]
    assert {line["user_id"] for line in lines} == {user}
    assert all(line["created_at"].endswith("+00:00") for line in said.values())
    # What the model really wrote is the user's to see, too.
    assert [line["model_content"] for line in said.values()] == [None, "Hello."] * 2


def test_export_says_what_it_is(host: Host, user: Any) -> None:
    answer = host.app.test_client().get(EXPORT, headers=host.headers(user))
    assert answer.mimetype == "application/x-ndjson"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="chats.jsonl"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert json.loads(answer.text) == end()


def test_export_has_messages_without_a_session_and_columns_all(host: Host, user: Any) -> None:
    message = host.chatbot.ChatMessage
    with host.app.app_context():
        old = message(user_id=user, session_id="old", message_type="user", content="by hand")
        host.db.session.add(old)
        host.db.session.commit()
    lines = export(host, user)
    assert [line["type"] for line in lines] == ["session", "message", "end"]
    columns = set(message.__table__.columns.keys())
    assert set(lines[1]) - {"type"} == {name for name in columns if "claimed" not in name}


@pytest.mark.parametrize("number", [BATCH - 1, BATCH, BATCH + 1, 3 * BATCH])
def test_export_loses_nothing_between_batches(host: Host, user: Any, number: int) -> None:
    fill(host, user, 3, number)
    said = [line["content"].split()[1] for line in export(host, user) if line["type"] == "message"]
    assert sorted(map(int, said)) == list(range(number))


@pytest.mark.slow
def test_export_of_100_000_messages_is_flat_in_memory(host: Host, user: Any) -> None:
    fill(host, user, 5, 100_000)
    client, headers = host.app.test_client(), host.headers(user)
    client.get(EXPORT, headers=host.headers(host.add_user())).get_data()  # imports, caches
    tracemalloc.start()
    try:
        answer = client.get(EXPORT, headers=headers, buffered=False)
        tracemalloc.reset_peak()
        size = last = 0
        for chunk in answer.response:
            size += len(chunk)
            last = chunk
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert json.loads(last) == end(sessions=5, messages=100_000)
    assert size > 50_000_000
    assert peak < 5_000_000


def test_no_connection_is_held_while_the_client_reads(host: Host, user: Any) -> None:
    fill(host, user, 1, 3 * BATCH)
    answer = host.app.test_client().get(EXPORT, headers=host.headers(user), buffered=False)
    pieces = iter(answer.response)
    next(pieces)
    with host.app.app_context():
        assert host.db.engine.pool.checkedout() == 0
    assert sum(1 for _ in pieces) >= 3


def test_user_deleted_midway_ends_the_export(host: Host, user: Any) -> None:
    fill(host, user, 1, 3 * BATCH)
    answer = host.app.test_client().get(EXPORT, headers=host.headers(user), buffered=False)
    pieces = iter(answer.response)
    text = [next(pieces), next(pieces)]
    with host.app.app_context():
        host.db.session.delete(host.db.session.get(host.user_model, user))
        host.db.session.commit()
    text += pieces
    lines = [json.loads(line) for line in b"".join(text).splitlines()]
    assert lines[-1] == end(sessions=1, messages=BATCH)


def test_who_gets_a_deleted_users_number_is_not_exported(host: Host, user: Any) -> None:
    """SQLite gives the number of a deleted last row to the next one, unless told otherwise."""
    ask(host, user)
    with host.app.app_context():
        batches = account_data(host).export(user)
        next(batches)
        erase(host, user)
        ask(host, user, "of the next user")
        rest = list(batches)
    assert rest[-1] == [end(sessions=1, days=1)]
    assert "of the next user" not in str(rest)


def test_database_that_fails_midway_is_told_in_the_last_line(host: Host, user: Any) -> None:
    fill(host, user, 1, 3 * BATCH)
    answer = host.app.test_client().get(EXPORT, headers=host.headers(user), buffered=False)
    pieces = iter(answer.response)
    text = [next(pieces), next(pieces)]
    with host.app.app_context():
        host.db.session.execute(sa.text("ALTER TABLE chat_messages RENAME TO elsewhere"))
        host.db.session.commit()
    text += pieces
    last = json.loads(b"".join(text).splitlines()[-1])
    assert (last["type"], last["code"]) == ("error", 503)
    assert last["request_id"]
    assert "elsewhere" not in str(last)
    assert "SELECT" not in str(last)


def test_export_names_api_keys_and_tells_nothing_that_lets_in(host: Host, user: Any) -> None:
    key = make_key(host, user, "history")
    answer = host.app.test_client().get(EXPORT, headers={"X-API-Key": key})
    told = json.loads(answer.text.splitlines()[0])
    assert (told["type"], told["name"], told["scopes"]) == ("api_key", "nightly", "history")
    assert "digest" not in told
    assert key not in answer.text


# -- erasure -----------------------------------------------------------------------------------


def test_erasing_leaves_nothing_but_counts(host: Host, user: Any) -> None:
    other = host.add_user()
    ask(host, other, "stays")
    ask(host, user, "goes", **{"Idempotency-Key": "k"})
    ask(host, user, "goes", "t")
    answer = erase(host, user)
    assert answer.status_code == 200
    assert (answer.json["deleted_sessions"], answer.json["deleted_messages"]) == (2, 4)
    assert counts(host, user) == (0, 0)
    assert counts(host, other) == (1, 2)
    again = erase(host, user)
    assert (again.status_code, again.json["deleted_messages"]) == (200, 0)
    # The key of a request is forgotten with it.
    assert "Idempotent-Replayed" not in ask(host, user, "new", **{"Idempotency-Key": "k"}).headers


def test_erasing_takes_api_keys_along_and_is_done_by_none(host: Host, user: Any) -> None:
    key = {"X-API-Key": make_key(host, user, "chat", "history", "admin")}
    assert host.app.test_client().delete(ERASE, headers=key).status_code == 403
    assert erase(host, user).json["deleted_api_keys"] == 1
    assert host.app.test_client().get(EXPORT, headers=key).status_code == 401


def test_erasing_gives_no_new_tokens(host: Host, user: Any) -> None:
    ask(host, user)
    erase(host, user)
    (day, last) = export(host, user)
    assert (day["type"], day["turns"]) == ("usage", 1)
    assert last == end(days=1)


def test_erasing_much_is_complete(host: Host, user: Any) -> None:
    fill(host, user, BATCH + 3, 3 * BATCH + 1)
    assert erase(host, user).json["deleted_messages"] == 3 * BATCH + 1
    assert counts(host, user) == (0, 0)


def test_erasing_has_messages_without_a_session(host: Host, user: Any) -> None:
    message = host.chatbot.ChatMessage
    with host.app.app_context():
        host.db.session.add(
            message(user_id=user, session_id="old", message_type="user", content="by hand")
        )
        host.db.session.commit()
    assert erase(host, user).json["deleted_messages"] == 1
    assert counts(host, user) == (0, 0)


def _wait(is_so: Callable[[], Any]) -> None:
    for _ in range(200):
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to that")


@pytest.mark.parametrize("accept", ["application/json", SSE])
def test_running_turn_ends_and_is_not_written_back(host: Host, user: Any, accept: str) -> None:
    host.chat_model.scripts.append(["One ", *[0.1, "more "] * 100])
    answers: list[Any] = []

    def run() -> None:
        answer = ask(host, user, Accept=accept)
        answers.append((answer.status_code, answer.text))

    thread = threading.Thread(target=run)
    thread.start()
    _wait(lambda: host.chat_model.prompts)
    assert erase(host, user).json["deleted_messages"] == 2
    thread.join(10)
    assert not thread.is_alive()
    assert host.chat_model.closed_early == [True]  # the model was stopped
    assert counts(host, user) == (0, 0)
    status, text = answers[0]
    assert status == (200 if accept == SSE else 409)
    assert "session_cleared" in text


def test_turn_that_waits_in_line_ends_too(build_host: Any) -> None:
    host = build_host(CHATBOT_MODEL_SLOTS=1)
    user, other = host.add_user(), host.add_user()
    host.chat_model.scripts.append(["One ", *[0.1, "more "] * 40])
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda who=who: answers.append(ask(host, who).json))
               for who in (other, user)]  # fmt: skip
    for thread, who in zip(threads, (other, user), strict=True):
        thread.start()
        _wait(lambda who=who: host.chat_model.prompts and counts(host, who) == (1, 2))
    assert erase(host, user).json["deleted_messages"] == 2
    threads[1].join(10)
    assert [answer["errors"]["reason"] for answer in answers] == ["session_cleared"]
    threads[0].join(20)
    assert counts(host, user) == (0, 0)
    assert len(host.chat_model.prompts) == 1  # only the other one's


# -- retention ---------------------------------------------------------------------------------


def purge(host: Host, *options: str) -> Any:
    return host.app.test_cli_runner().invoke(args=["chatbot", "purge", *options])


@pytest.fixture
def aged(host: Host, user: Any) -> Host:
    """A host with a session of 100 days ago, one of 50 days ago, and one of now."""
    session = host.chatbot.ChatSession
    for name, days in (("old", 100), ("middle", 50), ("new", 0)):
        ask(host, user, "Hi", name)
        with host.app.app_context():
            host.db.session.execute(
                sa.update(session)
                .where(session.session_id == name)
                .values(last_message_at=utc_now() - timedelta(days=days))
            )
            host.db.session.commit()
    return host


def test_purge_deletes_what_is_older(aged: Host, user: Any) -> None:
    told = "older than 90 days: 1 sessions, 2 messages"
    assert purge(aged, "--older-than", "90d", "--dry-run").output == f"{told} would be deleted\n"
    assert counts(aged, user) == (3, 6)
    assert purge(aged, "--older-than", "90d").output == f"{told} deleted\n"
    assert counts(aged, user) == (2, 4)
    assert purge(aged, "--older-than", "90d").output.startswith("older than 90 days: 0 sessions")


def test_purge_takes_its_age_from_the_configuration(build_host: Any) -> None:
    host = build_host(CHATBOT_RETENTION_DAYS=30)
    user = host.add_user()
    fill(host, user, BATCH + 1, 2 * BATCH, last_message_at=utc_now() - timedelta(days=31))
    told = f"{BATCH + 1} sessions, {2 * BATCH} messages deleted"
    assert purge(host).output == f"older than 30 days: {told}\n"
    assert counts(host, user) == (0, 0)


def test_without_an_age_purge_keeps_everything(aged: Host, user: Any) -> None:
    result = purge(aged)
    assert (result.exit_code, result.output) == (
        0, "CHATBOT_RETENTION_DAYS is 0: everything is kept.\n"
    )  # fmt: skip
    assert counts(aged, user) == (3, 6)


@pytest.mark.parametrize("age", ["90", "d", "-1d", "0d", "90m", "1.5d", "999999d", ""])
def test_an_age_that_is_none_is_refused(host: Host, age: str) -> None:
    assert purge(host, "--older-than", age).exit_code == 2


def test_purge_leaves_what_is_being_answered(aged: Host, user: Any) -> None:
    conversations = aged.app.extensions["chatbot"].turn_services.conversations
    session = aged.chatbot.ChatSession
    with aged.app.app_context():
        conversations.open_turn(user, "old", "Still there?")
        aged.db.session.execute(
            sa.update(session).values(last_message_at=utc_now() - timedelta(days=200))
        )
        aged.db.session.commit()
    assert "2 sessions, 4 messages deleted" in purge(aged, "--older-than", "90d").output
    assert counts(aged, user) == (1, 4)


def test_purge_deletes_what_was_written_by_hand_once_it_is_old(host: Host, user: Any) -> None:
    message = host.chatbot.ChatMessage
    with host.app.app_context():
        for days in (100, 1):
            row = message(
                user_id=user, session_id=f"s{days}", message_type="user", content="by hand"
            )
            row.created_at = utc_now() - timedelta(days=days)
            host.db.session.add(row)
        host.db.session.commit()
    assert "1 sessions, 1 messages deleted" in purge(host, "--older-than", "90d").output
    assert counts(host, user) == (1, 1)
