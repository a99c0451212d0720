"""Turns in the host's database: opened, settled and stopped.

Every method ends its transaction, which gives the connection back to the pool. So none is held
while the model talks.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ...errors import ConflictError, NotFoundError, ReusedKeyError
from ...models import utc_now
from .lost_turns import UNCLAIMED, UNSETTLED, is_lost
from .open_turn import InSession, OpenTurn, RepeatedRequestError, SessionBusyError
from .progress import Progress
from .request_key import RequestKey
from .sessions import title_of

#: The reason of a stopped answer whose worker has not stored its last words yet.
STOPPING = "stopping"
#: Seconds that it has for that.
LAST_WORDS = 2.0

RETRYABLE = ("failed", "interrupted", "stopped")


class TurnRecords(Progress):
    """Stores turns, one at a time per session."""

    def open_turn(
        self,
        user_id: Any,
        session_id: str | None,
        question: str,
        endpoint: str = "/chat",
        request: RequestKey | None = None,
    ) -> OpenTurn:
        """Store the user's message and a pending answer, and claim the session for this turn.

        :param session_id: the conversation to continue; None begins one
        :param endpoint: path of the chat endpoint below the plugin's prefix
        :param request: what tells a repeated request
        :raises ConflictError: when the session is being answered already; nothing is stored
        :raises SessionClearedError: when the session, or the user, is deleted this very moment
        :raises RepeatedRequestError: when the same request has opened a turn before
        """
        session_id = session_id or str(uuid.uuid4())
        answer = _pending_answer(endpoint)
        asked = {"message_type": "user", "content": question, "status": "complete"}
        asked["created_at"] = answer["created_at"]
        rows = [asked, answer]

        def open_it() -> OpenTurn:
            with self.transaction():
                key = self._use_session(
                    user_id, session_id, title_of(question), answer["created_at"], len(rows)
                )
                in_session = InSession(user_id, key, session_id)
                keys = self._insert(in_session, rows, request)
                return in_session.turn(keys["user"], question, keys["assistant"], answer)

        return self._unless_busy(open_it)

    def _unless_busy(self, open_it: Callable[[], OpenTurn]) -> OpenTurn:
        """Open a turn, also where that of a lost worker has the session.

        :raises ConflictError: when another one has it
        """
        try:
            return open_it()
        except SessionBusyError as busy:
            if busy.lost is None:
                raise
            with self.transaction():
                self._settle_lost([busy.lost])
        return open_it()

    def _insert(
        self, session: InSession, rows: Sequence[dict[str, Any]], request: RequestKey | None
    ) -> dict[str, int]:
        """Store messages of a session, the answer with a claim on it, which only one can have.

        By one statement, as each takes a round trip; the ORM's would be one each on SQLite.

        :param rows: their other columns; the first gets what tells the request that asked for it
        :return: key of each by its ``message_type``
        :raises RepeatedRequestError: when the same request has stored one before
        :raises ConflictError: when another answer has the session
        """
        if request is not None:
            rows[0].update(request_key=request.key, request_digest=request.digest)
        rows[-1].update(session.claim(rows[-1]["created_at"]))
        columns = dict.fromkeys(column for row in rows for column in row)
        try:
            return self._insert_rows([{**columns, **row, **session.columns} for row in rows])
        except IntegrityError as error:
            self.db.session.rollback()
            if request is not None and self._is_known(session.user_id, request):
                raise RepeatedRequestError() from error
            claim = self.messages.claimed_session_id
            other = self.db.session.scalar(sa.select(self.messages).where(claim == session.key))
            if other is None and claim.name not in str(error.orig):
                raise
            raise SessionBusyError(self._gone(other, session)) from error

    @staticmethod
    def _gone(answer: Any, session: InSession) -> int | None:
        """Return the key of an answer that does not need its session any more."""
        if answer is None:  # it has ended meanwhile
            return None
        # Another user's: SQLite has given the number of a deleted session again.
        is_gone = answer.user_id != session.user_id
        is_gone = is_gone or is_lost(answer.claimed_until, answer.claimed_by)
        return int(answer.id) if is_gone else None

    def _is_known(self, user_id: Any, request: RequestKey) -> bool:
        is_same = self.messages.request_key == request.key
        return self._own(self.messages, user_id, is_same) is not None

    def _insert_rows(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
        table, connection = self.messages.__table__, self._connection()
        if connection.dialect.insert_executemany_returning:
            insert = table.insert().returning(table.c.message_type, table.c.id)
            return dict(connection.execute(insert, rows).all())
        stored = {}
        for row in rows:
            key = connection.execute(table.insert(), row).inserted_primary_key
            assert key is not None  # as for every single row
            stored[row["message_type"]] = key[0]
        return stored

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
            attempt = {**_pending_answer(endpoint), "reply_to_id": question.id}
            if answer.status not in RETRYABLE or self._said_since(answer):
                raise ConflictError(
                    "Only the latest answer can be retried, and only if it broke off."
                )
            session = InSession(user_id, answer.chat_session_id, answer.session_id)
            if not self._add_message(session, attempt["created_at"]):  # cleared this moment
                raise NotFoundError("There is no such message to retry.")
            keys = self._insert(session, [attempt], request)
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
        charge: sa.Insert | None = None,
    ) -> bool:
        """Store how the turn ended and free the session.

        :param answer: columns of the assistant's message, ``status`` among them
        :param session: what the turn changed of its session, by column
        :param charge: of :meth:`.UsageRecords.charging`, to be carried out with it
        :return: False when nothing was left to write to; then nothing is written
        """
        # In the order in which whoever opens a turn locks them: the user, the session, the answer.
        before: list[Any] = [] if charge is None else [charge]
        if session:
            has_claim = sa.exists().where(
                self.messages.id == turn.answer_id, self.messages.claimed_by == turn.claim
            )
            before.append(self._update(self.sessions, turn.session_key, session).where(has_claim))
        with self.transaction():
            settled = self._update_answer(turn, answer, *before)
            if not settled:
                self.db.session.rollback()
            return settled

    def _update_answer(self, turn: OpenTurn, values: Mapping[str, Any], *before: Any) -> bool:
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
        return bool(self._in_order(*before, statement).rowcount)

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


def _pending_answer(endpoint: str) -> dict[str, Any]:
    return {
        "message_type": "assistant",
        "content": "",
        "status": "pending",
        "context_data": {"endpoint": endpoint},
        "created_at": utc_now(),
    }
