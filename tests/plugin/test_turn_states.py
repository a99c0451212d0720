"""Whatever happens to turns, in whatever order: the states of what is stored make sense."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from host import make_host
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from flask_smorest_chatbot import ConflictError, NotFoundError
from flask_smorest_chatbot.services.storage import lost_turns, turn_records
from flask_smorest_chatbot.services.storage.lost_turns import UNSETTLED
from flask_smorest_chatbot.services.storage.open_turn import OpenTurn, RepeatedRequestError
from flask_smorest_chatbot.services.storage.request_key import RequestKey
from flask_smorest_chatbot.services.storage.worker import is_known_dead

SESSIONS = st.sampled_from(["one", "two"])
KEYS = st.sampled_from([None, RequestKey("a", "asked"), RequestKey("b", "asked")])


class Turns(RuleBasedStateMachine):
    """Two users, each with two sessions, whose turns begin, end, break and are given up."""

    turns = Bundle("turns")

    def __init__(self) -> None:
        super().__init__()
        turn_records.LAST_WORDS = 0.0  # nobody is there to say them
        self.dead: set[str | None] = set()
        lost_turns.is_known_dead = lambda claim: claim in self.dead
        self.host = make_host("sqlite://")
        self.context = self.host.app.app_context()
        self.context.push()
        self.host.db.create_all()
        self.users = [self.host.add_user() for _ in range(2)]
        self.records = self.host.app.extensions["chatbot"].turn_services.conversations
        self.ended: dict[tuple[int, Any], str] = {}

    def teardown(self) -> None:
        self.host.db.session.remove()
        self.host.db.engine.dispose()
        self.context.pop()
        turn_records.LAST_WORDS = 2.0
        lost_turns.is_known_dead = is_known_dead

    # -- what users do -------------------------------------------------------------------------

    @rule(target=turns, who=st.integers(0, 1), session_id=SESSIONS, request=KEYS)
    def ask(self, who: int, session_id: str, request: RequestKey | None) -> Any:
        busy = self.claims(self.users[who], session_id)
        try:
            turn = self.records.open_turn(self.users[who], session_id, "Q", "/chat", request)
        except RepeatedRequestError:
            assert self.records.find_request(self.users[who], request) is not None
            return multiple()
        except ConflictError:
            assert busy
            return multiple()
        return turn

    @rule(target=turns, turn=turns, request=KEYS)
    def retry(self, turn: OpenTurn, request: RequestKey | None) -> Any:
        try:
            return self.records.reopen_turn(turn.user_id, turn.answer_id, request)
        except (ConflictError, NotFoundError, RepeatedRequestError):
            return multiple()

    @rule(turn=turns)
    def stop(self, turn: OpenTurn) -> None:
        try:
            answer = self.records.stop_turn(turn.user_id, turn.answer_id)
        except NotFoundError:
            return
        assert answer.status not in UNSETTLED

    @rule(who=st.integers(0, 1), session_id=SESSIONS)
    def clear(self, who: int, session_id: str) -> None:
        self.records.clear_session(self.users[who], session_id)
        assert not self.claims(self.users[who], session_id)

    @rule(who=st.integers(0, 1), session_id=SESSIONS)
    def read(self, who: int, session_id: str) -> None:
        try:
            found = self.records.list_messages(self.users[who], session_id).rows
        except NotFoundError:
            return
        assert {message.user_id for message in found} <= {self.users[who]}

    # -- what workers do, those that are still there and those that should not be ----------------

    @rule(turn=turns)
    def say_more(self, turn: OpenTurn) -> None:
        texts = {turn.answer_id: text_of(turn)}
        status = self.records.save_progress([turn], texts)[turn.answer_id]
        assert status in (None, "streaming", "complete", "failed", "interrupted", "stopped")

    @rule(turn=turns, status=st.sampled_from(["complete", "failed", "interrupted", "stopped"]))
    def end(self, turn: OpenTurn, status: str) -> None:
        self.records.settle(turn, {"status": status, "content": text_of(turn)})

    @rule(turn=turns)
    def die(self, turn: OpenTurn) -> None:
        self.dead.add(turn.claim)

    @rule(turn=turns)
    def fall_silent(self, turn: OpenTurn) -> None:
        self.change_claim(turn, claimed_until=turn.created_at - timedelta(seconds=1))

    @rule()
    def sweep(self) -> None:
        self.records.settle_lost_turns()
        assert self.records.settle_lost_turns() == 0

    # -- what must be so at any time -----------------------------------------------------------

    @invariant()
    def a_session_has_one_turn_at_most_and_holds_it(self) -> None:
        messages = self.records.messages
        claims = self.rows(
            sa.select(messages.claimed_session_id, messages.id).where(
                messages.claimed_session_id.is_not(None)
            )
        )
        open_answers = self.rows(
            sa.select(messages.chat_session_id, messages.id).where(messages.status.in_(UNSETTLED))
        )
        assert sorted(claims) == sorted(open_answers)

    @invariant()
    def what_has_ended_has_ended(self) -> None:
        messages = self.records.messages
        for key, created_at, status in self.rows(
            sa.select(messages.id, messages.created_at, messages.status)
        ):
            name = (key, created_at)  # SQLite gives the number of a deleted last row again
            assert self.ended.get(name, status) == status
            if status not in UNSETTLED:
                self.ended[name] = status

    @invariant()
    def messages_are_counted(self) -> None:
        sessions, messages = self.records.sessions, self.records.messages
        count = (
            sa.select(sa.func.count())
            .where(messages.chat_session_id == sessions.id)
            .scalar_subquery()
        )
        for told, found in self.rows(sa.select(sessions.message_count, count)):
            assert told == found

    @invariant()
    def an_answer_holds_its_own_words_only(self) -> None:
        messages = self.records.messages
        for answer in self.rows(
            sa.select(messages.content, messages.user_id, messages.created_at).where(
                messages.message_type == "assistant"
            )
        ):
            assert answer.content in ("", f"{answer.user_id} {answer.created_at.isoformat()[:26]}")

    def rows(self, statement: Any) -> list[Any]:
        found = list(self.host.db.session.execute(statement))
        self.host.db.session.rollback()
        return found

    def claims(self, user_id: Any, session_id: str) -> list[Any]:
        messages = self.records.messages
        return self.rows(
            sa.select(messages.id).where(
                messages.user_id == user_id,
                messages.session_id == session_id,
                messages.claimed_session_id.is_not(None),
            )
        )

    def change_claim(self, turn: OpenTurn, **values: Any) -> None:
        messages = self.records.messages
        is_claimed = messages.claimed_session_id == turn.session_key
        self.host.db.session.execute(
            sa.update(messages).where(messages.id == turn.answer_id, is_claimed).values(**values)
        )
        self.host.db.session.commit()


def text_of(turn: OpenTurn) -> str:
    """Return what only this turn says."""
    return f"{turn.user_id} {turn.created_at.replace(tzinfo=None).isoformat()}"


TestTurns = Turns.TestCase
TestTurns.settings = settings(
    max_examples=30,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
