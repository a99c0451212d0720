"""Conversations in the host's database: what the model is shown of them, what the user reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from ...errors import NotFoundError
from .turn_records import UNSETTLED, OpenTurn, TurnRecords

#: What the user has read, the model is told that it said.
SEEN_BY_MODEL = ("complete", "interrupted", "stopped")


class Conversations(TurnRecords):
    """Everything that the plugin keeps of its users' conversations."""

    def load_exchanges(self, turn: OpenTurn, start_id: int | None, limit: int) -> list[Any]:
        """Return answered questions and their answers before this turn, oldest first.

        Roles alternate: a question without any answer is left out, and of several attempts at
        one only the last is kept.

        :param start_id: leave out messages before this one
        :param limit: most messages to read, the latest
        """
        messages = self.messages
        rows = self.db.session.scalars(
            sa.select(messages)
            .where(
                messages.chat_session_id == turn.session_key,
                messages.id < turn.question_id,
                messages.id >= (start_id or 0),
                messages.status.in_(SEEN_BY_MODEL),
                messages.content != "",
            )
            .order_by(messages.id.desc())
            .limit(limit)
        ).all()
        return _alternating(list(reversed(rows)))

    def read_answer(self, user_id: Any, message_id: int) -> Any:
        """Return one answer of the user as it is now, settled if its worker is gone.

        :return: the assistant's message, outside of any transaction; None if there is none
        """
        with self.transaction():
            self.db.session.expire_all()
            messages = self.messages
            is_it = (messages.id == message_id, messages.message_type == "assistant")
            answer = self._own(messages, user_id, *is_it)
            if answer is not None and answer.status in UNSETTLED:
                self._settle_lost_turn(self.db.session.get(self.sessions, answer.chat_session_id))
                answer = self._own(messages, user_id, *is_it)
            if answer is not None:
                self.db.session.refresh(answer)
                self.db.session.expunge(answer)
            return answer

    def question_of(self, answer: Any) -> str:
        """Return what the user had said that an answer answers."""
        with self.transaction():
            asked = self.db.session.get(self.messages, answer.reply_to_id)
            return asked.content if asked is not None else ""

    def list_sessions(self, user_id: Any) -> list[Any]:
        """Return the user's sessions, the most recently used first."""
        self._adopt_unlinked(user_id)
        sessions = self.sessions
        rows = self.db.session.scalars(
            sa.select(sessions)
            .where(sessions.user_id == user_id)
            .order_by(sessions.last_message_at.desc(), sessions.id.desc())
        ).all()
        return list(rows)

    def history(self, user_id: Any, session_id: str) -> list[Any]:
        """Return the session's messages, oldest first.

        :raises NotFoundError: when the user has no such session
        """
        self._adopt_unlinked(user_id)
        session = self._own(self.sessions, user_id, self.sessions.session_id == session_id)
        if session is None:
            raise NotFoundError("There is no such session.")
        self._settle_lost_turn(session)
        messages = self.messages
        rows = self.db.session.scalars(
            sa.select(messages).where(messages.chat_session_id == session.id).order_by(messages.id)
        ).all()
        return list(rows)

    def clear_session(self, user_id: Any, session_id: str) -> int:
        """Delete the session and its messages.

        :return: number of messages deleted; 0 for an unknown session
        """
        owned = {"user_id": user_id, "session_id": session_id}
        with self.transaction():
            deleted = self.db.session.execute(sa.delete(self.messages).filter_by(**owned))
            self.db.session.execute(sa.delete(self.sessions).filter_by(**owned))
            return int(deleted.rowcount)


def _alternating(rows: Sequence[Any]) -> list[Any]:
    """Keep each answered question with the latest answer to it."""
    pairs: list[Any] = []
    question = None
    for row in rows:
        if row.message_type == "user":
            question = row
        elif pairs and pairs[-2] is question:
            pairs[-1] = row
        elif question is not None:
            pairs += [question, row]
    return pairs
