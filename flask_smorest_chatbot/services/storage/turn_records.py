"""Turns in the host's database: opened, opened anew, settled and stopped.

Every method ends its transaction, which gives the connection back to the pool. So none is held
while the model talks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ...errors import ConflictError, NotFoundError, ReusedKeyError
from .lost_turns import UNCLAIMED, UNSETTLED
from .open_turn import InSession, OpenTurn
from .opening import Opening, pending_answer, told
from .request_key import RequestKey

#: The reason of a stopped answer whose worker has not stored its last words yet.
STOPPING = "stopping"
#: Seconds that it has for that.
LAST_WORDS = 2.0

RETRYABLE = ("failed", "interrupted", "stopped")


class TurnRecords(Opening):
    """Stores turns, one at a time per session."""

    def find_request(self, user_id: Any, request: RequestKey) -> Any:
        """Return the latest answer to a request that came before; None if it did not.

        :raises ReusedKeyError: when the key came with another request
        """
        messages = self.messages
        stored = self._own(messages, user_id, messages.request_key == request.key)
        if stored is None:
            return None
        if stored.request_digest != request.digest:
            raise ReusedKeyError()
        # A question, or the attempt at an answer that a retry began.
        question_id = stored.reply_to_id or stored.id
        says_not = messages.reply_to_id.is_(None)
        answered = (
            sa.select(messages)
            .where(
                messages.chat_session_id == stored.chat_session_id,
                messages.message_type == "assistant",
                messages.id >= stored.id,
                sa.or_(messages.reply_to_id == question_id, says_not),
            )
            # The last that says that it answers this; else the first that does not say what.
            .order_by(says_not, sa.case((says_not, messages.id), else_=-messages.id))
            .limit(1)
        )
        answer = self.db.session.scalar(answered)
        return self.db.session.scalar(answered) if self._settle_if_lost(answer) else answer

    def _question_of(self, answer: Any) -> Any:
        """Return what an answer answers; None if it is gone.

        An answer that was lost at its very beginning does not say it: then it is what the user said
        before. To say it at once, the two could not be stored by one statement.
        """
        messages = self.messages
        if answer.message_type != "assistant":
            return None
        is_it = messages.id == answer.reply_to_id
        if answer.reply_to_id is None:
            is_it = sa.and_(
                messages.chat_session_id == answer.chat_session_id,
                messages.id < answer.id,
                messages.message_type == "user",
            )
        return self.db.session.scalar(
            sa.select(messages)
            .where(messages.user_id == answer.user_id, is_it)
            .order_by(messages.id.desc())
            .limit(1)
        )

    def reopen_turn(
        self, user_id: Any, message_id: int, request: RequestKey | None = None
    ) -> OpenTurn:
        """Begin a new attempt at a turn that broke.

        :param message_id: the assistant's message that failed or was interrupted
        :param request: what tells a repeated request
        :raises NotFoundError: when the user has no such message
        :raises ConflictError: when it is complete or being written, or the session is busy
        :raises RepeatedRequestError: when the same request has begun one before
        """
        answer = self._own(self.messages, user_id, self.messages.id == message_id)
        self._settle_if_lost(answer)
        return self._unless_busy(lambda: self._reopen(user_id, message_id, request))

    def _reopen(self, user_id: Any, message_id: int, request: RequestKey | None) -> OpenTurn:
        with self.transaction():
            answer = self._own(self.messages, user_id, self.messages.id == message_id)
            question = answer and self._question_of(answer)
            if answer is None or question is None:
                raise NotFoundError("There is no such message to retry.")
            endpoint = (answer.context_data or {}).get("endpoint", "/chat")
            attempt = {**pending_answer(endpoint), "reply_to_id": question.id, **told(request)}
            if answer.status not in RETRYABLE or self._said_since(answer):
                raise ConflictError(
                    "Only the latest answer can be retried, and only if it broke off."
                )
            session = InSession(user_id, answer.chat_session_id, answer.session_id)
            if not self._add_message(session, attempt["created_at"]):  # cleared this moment
                raise NotFoundError("There is no such message to retry.")
            with self._refusals(user_id, session.name, request):
                keys = self._insert_rows([session.claiming_row(attempt)])
            return session.turn(question.id, question.content, keys["assistant"], attempt)

    def _said_since(self, answer: Any) -> bool:
        messages = self.messages
        later = sa.select(messages.id).where(
            messages.chat_session_id == answer.chat_session_id, messages.id > answer.id
        )
        return self.db.session.scalar(later.limit(1)) is not None

    def _add_message(self, session: InSession, at: datetime) -> bool:
        values = {"last_message_at": at, "message_count": self.sessions.message_count + 1}
        added = self.db.session.execute(self._update(self.sessions, session.key, values))
        return bool(added.rowcount)

    def note_status(self, turn: OpenTurn, status: str) -> None:
        """Store how far a turn has come, unless it has ended."""
        with self.transaction():
            self._update_answer(turn, {"status": status})

    def settle(
        self,
        turn: OpenTurn,
        answer: Mapping[str, Any],
        session: Mapping[str, Any] | None = None,
    ) -> bool:
        """Store how the turn ended and free the session.

        :param answer: columns of the assistant's message, ``status`` among them
        :param session: what the turn changed of its session, by column
        :return: False when nothing was left to write to
        """
        with self.transaction():
            if session:  # before the answer, as whoever opens a turn locks them in this order
                has_claim = sa.exists().where(
                    self.messages.id == turn.answer_id, self.messages.claimed_by == turn.claim
                )
                change = self._update(self.sessions, turn.session_key, session)
                self.db.session.execute(change.where(has_claim))
            settled = self._update_answer(turn, answer)
            if not settled:
                self.db.session.rollback()
            return settled

    def _update_answer(self, turn: OpenTurn, values: Mapping[str, Any]) -> bool:
        # The number alone will not do: SQLite gives that of a deleted last row to the next one,
        # which may be another user's.
        last_words = {"stopped", "interrupted"} & {values["status"]}
        told = {**values, "reply_to_id": turn.question_id}
        if values["status"] not in UNSETTLED:
            told |= UNCLAIMED
        statement = self._update(self.messages, turn.answer_id, told).where(
            self.messages.user_id == turn.user_id,
            self.messages.created_at == turn.created_at,
            # What others have ended has ended; only its last words may still be on their way.
            self.messages.status.in_([*UNSETTLED, *last_words]),
        )
        return bool(self.db.session.execute(statement).rowcount)

    def stop_turn(
        self, user_id: Any, message_id: int, hurry: Callable[[], None] = lambda: None
    ) -> Any:
        """End a turn that is being answered, by whatever worker; what was said so far stays.

        :param hurry: called when it is stored, before its worker's last words are waited for
        :return: the assistant's message; as it is, if it had ended already
        :raises NotFoundError: when the user has no such message
        """
        with self.transaction():
            answer = self._own_answer(user_id, message_id)
            ended = {"status": "stopped", "reason": STOPPING, **UNCLAIMED}
            self.db.session.execute(
                self._update(self.messages, answer.id, ended).where(self._is_unsettled)
            )
        hurry()
        return self._when_stopped(user_id, message_id)

    def _when_stopped(self, user_id: Any, message_id: int) -> Any:
        """Return the answer with its last words, or after a while with what was stored of it."""
        give_up = time.monotonic() + LAST_WORDS
        while True:
            with self.transaction():
                self.db.session.expire_all()
                answer = self._own_answer(user_id, message_id)
                if answer.reason != STOPPING or time.monotonic() > give_up:
                    if answer.reason == STOPPING:
                        answer.reason = "stopped"
                    self.db.session.flush()
                    break
            time.sleep(0.1)
        return self._own_answer(user_id, message_id)

    def _own_answer(self, user_id: Any, message_id: int) -> Any:
        answer = self._own(self.messages, user_id, self.messages.id == message_id)
        if answer is None or answer.message_type != "assistant":
            raise NotFoundError("There is no such answer.")
        return answer
