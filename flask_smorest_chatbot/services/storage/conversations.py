"""Conversations in the host's database: what the model is shown of them, what the user reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ...models import user_key_column
from .lists import Lists
from .open_turn import OpenTurn

#: What the user has read, the model is told that it said.
SEEN_BY_MODEL = ("complete", "interrupted", "stopped")


@dataclass(frozen=True)
class Conversation:
    """What a turn goes on from.

    :param user: the host's user
    :param session: its row
    :param exchanges: answered questions and their answers, oldest first, in turns: a question
        without any answer is left out, and of several attempts at one only the last is kept
    """

    user: Any
    session: Any
    exchanges: Sequence[Any]


class Conversations(Lists):
    """Everything that the plugin keeps of its users' conversations."""

    def __init__(self, *tables: Any) -> None:
        super().__init__(*tables)
        self._queries: dict[type[Any], Any] = {}

    def load_conversation(
        self, user_model: type[Any], turn: OpenTurn, limit: int
    ) -> Conversation | None:
        """Return what a turn goes on from, by one query, inside the running transaction.

        :param user_model: the host's mapped user class
        :param limit: most messages to read, the latest
        :return: None when the session or the user is gone
        """
        values = {
            "session": turn.session_key,
            "owner": turn.user_id,
            "question": turn.question_id,
            "most": limit,
        }
        # A host's users may come with rows of other tables.
        found = self.db.session.execute(self._conversation(user_model), values).unique().all()
        if not found:
            return None
        messages = [row[2] for row in found if row[2] is not None]
        return Conversation(found[0][0], found[0][1], _alternating(messages))

    def _conversation(self, user_model: type[Any]) -> Any:
        """Return the query, made once: making it takes longer than the database takes."""
        if user_model not in self._queries:
            sessions, page = self.sessions, self._answered().subquery("page")
            owner = sa.bindparam("owner", type_=sessions.user_id.type)
            self._queries[user_model] = (
                sa.select(user_model, sessions, aliased(self.messages, page))
                .select_from(sessions)
                .join(user_model, user_key_column(user_model) == sessions.user_id)
                .outerjoin(page, page.c.chat_session_id == sessions.id)
                .where(sessions.id == sa.bindparam("session"), sessions.user_id == owner)
                .order_by(page.c.id)
            )
        return self._queries[user_model]

    def _answered(self) -> Any:
        """Select what the model may be shown of what was said before a turn."""
        sessions, messages = self.sessions, self.messages
        session: Any = sa.bindparam("session")
        start = sa.select(sessions.context_start_id).where(sessions.id == session)
        return (
            sa.select(messages)
            .where(
                messages.chat_session_id == session,
                messages.id < sa.bindparam("question"),
                messages.id >= sa.func.coalesce(start.scalar_subquery(), 0),
                messages.status.in_(SEEN_BY_MODEL),
                messages.content != "",
            )
            .order_by(messages.id.desc())
            .limit(sa.bindparam("most"))
        )

    def read_answer(self, user_id: Any, message_id: int) -> Any:
        """Return one answer of the user as it is now, settled if its worker is gone.

        :return: the assistant's message, outside of any transaction; None if there is none
        """
        with self.transaction():
            self.db.session.expire_all()
            messages = self.messages
            is_it = (messages.id == message_id, messages.message_type == "assistant")
            answer = self._own(messages, user_id, *is_it)
            if self._settle_if_lost(answer):
                answer = self._own(messages, user_id, *is_it)
            if answer is not None:
                self.db.session.expunge(answer)
            return answer

    def question_of(self, answer: Any) -> str:
        """Return what the user had said that an answer answers."""
        with self.transaction():
            asked = self._question_of(answer)
            return asked.content if asked is not None else ""

    def clear_session(self, user_id: Any, session_id: str) -> int:
        """Delete the session and its messages.

        :return: number of messages deleted; 0 for an unknown session
        """
        owned = {"user_id": user_id, "session_id": session_id}
        sessions, messages = self.sessions, self.messages
        with self.transaction():
            # The session first, as whoever opens a turn locks them in this order; and no other one
            # of that name, which may have been begun since.
            key = sa.select(sessions.id).filter_by(**owned).with_for_update()
            locked = self.db.session.scalars(key).all()
            of_these = messages.chat_session_id
            is_in_it = sa.or_(of_these.in_(locked), of_these.is_(None))
            deleted = self.db.session.execute(
                sa.delete(messages)
                .filter_by(**owned)
                .where(is_in_it)
                .execution_options(synchronize_session=False)
            )
            self.db.session.execute(sa.delete(sessions).where(sessions.id.in_(locked)))
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
