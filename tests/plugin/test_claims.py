"""The claim of an answer on its session, on each database that is supported."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from host import Host

from flask_smorest_chatbot import ConflictError
from flask_smorest_chatbot.services.storage.open_turn import OpenTurn, RepeatedRequestError
from flask_smorest_chatbot.services.storage.request_key import RequestKey
from flask_smorest_chatbot.services.storage.turn_records import TurnRecords

pytestmark = pytest.mark.parametrize(
    "database_url", ["sqlite", "postgresql", "mariadb"], indirect=True
)


@pytest.fixture
def records(host: Host) -> Iterator[TurnRecords]:
    with host.app.app_context():
        yield host.app.extensions["chatbot"].turn_services.conversations


def row(records: TurnRecords, turn: OpenTurn) -> Any:
    records.db.session.expire_all()
    found = records.db.session.get(records.messages, turn.answer_id)
    records.db.session.expunge(found)
    records.db.session.rollback()
    return found


def test_one_answer_at_a_time_has_a_session(records: TurnRecords, user: Any) -> None:
    turn = records.open_turn(user, "s", "Hi")
    with pytest.raises(ConflictError, match="is being answered"):
        records.open_turn(user, "s", "And?")
    other = records.open_turn(user, "t", "Elsewhere")
    assert records.claimed_here() == {turn.answer_id, other.answer_id}
    assert records.settle(turn, {"status": "complete", "content": "Hello."})
    assert records.claimed_here() == {other.answer_id}
    again = records.open_turn(user, "s", "And?")
    assert again.session_key == turn.session_key
    session = records.db.session.get(records.sessions, turn.session_key)
    assert (session.message_count, session.title) == (4, "Hi")


def test_answers_are_stored_together(records: TurnRecords, user: Any) -> None:
    said, silent, ended = (records.open_turn(user, name, "Hi") for name in "abc")
    records.settle(ended, {"status": "complete", "content": "Done."})
    before = row(records, silent).claimed_until
    texts = {said.answer_id: 'Emoji \U0001f3b8, "quotes" and \\ and : and %s', ended.answer_id: "x"}
    found = records.save_progress([said, silent, ended], texts)
    assert list(found.values()) == ["streaming", "pending", "complete"]
    stored = row(records, said)
    assert (stored.content, stored.reply_to_id) == (texts[said.answer_id], said.question_id)
    assert (row(records, silent).content, row(records, ended).content) == ("", "Done.")
    assert row(records, silent).claimed_until > before
    records.clear_session(user, "a")
    assert records.save_progress([said], texts) == {said.answer_id: None}


def test_lost_answer_gives_way(records: TurnRecords, user: Any) -> None:
    lost = records.open_turn(user, "s", "Hi")
    answer = records.db.session.get(records.messages, lost.answer_id)
    answer.claimed_until -= timedelta(seconds=60)
    records.db.session.commit()
    turn = records.open_turn(user, "s", "Hi again")
    assert (row(records, lost).status, row(records, lost).reason) == ("interrupted", "worker_lost")
    assert row(records, turn).status == "pending"
    assert records.stop_turn(user, lost.answer_id).status == "interrupted"
    assert records.claimed_here() == {turn.answer_id}


def test_a_repeated_request_opens_nothing(records: TurnRecords, user: Any) -> None:
    request = RequestKey("a" * 64, "b" * 64)
    turn = records.open_turn(user, "s", "Hi", "/chat", request)
    for session in ("s", "elsewhere"):
        with pytest.raises(RepeatedRequestError):
            records.open_turn(user, session, "Hi", "/chat", request)
    assert records.find_request(user, request).id == turn.answer_id
    assert records.list_sessions(user).total == 1


def test_rows_written_by_hand_get_the_session_that_is_asked_for(
    records: TurnRecords, user: Any
) -> None:
    old = records.messages(user_id=user, session_id="old", message_type="user", content="By hand")
    records.db.session.add(old)
    records.db.session.commit()
    turn = records.open_turn(user, "old", "Hi")
    session = records.db.session.get(records.sessions, turn.session_key)
    assert (session.message_count, session.title) == (3, "By hand")


def test_claim_of_an_answer_that_somebody_else_ended_is_taken_off(
    records: TurnRecords, user: Any
) -> None:
    """As a release does that knows no claims, or an operator by hand."""
    turn = records.open_turn(user, "s", "Hi")
    answer = records.db.session.get(records.messages, turn.answer_id)
    answer.status = "failed"
    records.db.session.commit()
    assert records.save_progress([turn], {turn.answer_id: "More"}) == {turn.answer_id: "failed"}
    assert row(records, turn).content == ""
    with pytest.raises(ConflictError):  # its worker may be alive, and says its last words
        records.open_turn(user, "s", "And?")
    answer = records.db.session.get(records.messages, turn.answer_id)
    answer.claimed_until -= timedelta(seconds=60)
    records.db.session.commit()
    assert records.open_turn(user, "s", "And?").session_key == turn.session_key
    assert row(records, turn).status == "failed"


def test_claim_of_another_user_holds_no_session(
    records: TurnRecords, host: Host, user: Any
) -> None:
    """SQLite gives the number of a deleted session again."""
    orphan = records.open_turn(host.add_user(), "s", "Hi")
    turn = records.open_turn(user, "s", "Hi")
    records.settle(turn, {"status": "complete", "content": "Hello."})
    answer = records.db.session.get(records.messages, orphan.answer_id)
    answer.claimed_session_id = turn.session_key
    records.db.session.commit()
    assert records.open_turn(user, "s", "And?").session_key == turn.session_key
    assert row(records, orphan).status == "interrupted"


def test_late_words_leave_the_session_as_it_is(records: TurnRecords, user: Any) -> None:
    turn = records.open_turn(user, "s", "Hi")
    answer = records.db.session.get(records.messages, turn.answer_id)
    answer.status, answer.claimed_session_id, answer.claimed_by = "stopped", None, None
    records.db.session.commit()
    ended = {"status": "stopped", "content": "Half"}
    assert records.settle(turn, ended, {"context_start_id": 7})
    session = records.db.session.get(records.sessions, turn.session_key)
    assert session.context_start_id is None
