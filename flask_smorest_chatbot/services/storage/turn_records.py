"""Turns in the host's database: opened, kept alive, settled, stopped, and found lost.

Every method ends its transaction, which gives the connection back to the pool. So none is held
while the model talks.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import ObjectDeletedError

from ...errors import ConflictError, NotFoundError, ReusedKeyError, SessionClearedError
from ...models import utc_now
from .sessions import Sessions, title_of
from .tables import aware
from .worker import is_known_dead, this_worker

#: A worker renews its claims about once a second (:mod:`.running`). One that has not done so for so
#: long is gone, and its turns are settled as interrupted; one that died on this host, at once.
CLAIM_LENGTH = timedelta(seconds=15)

#: The reason of a stopped answer whose worker has not stored its last words yet.
STOPPING = "stopping"
#: Seconds that it has for that.
LAST_WORDS = 2.0

UNSETTLED = ("pending", "queued", "streaming")
RETRYABLE = ("failed", "interrupted", "stopped")


@dataclass(frozen=True, kw_only=True)
class OpenTurn:
    """A turn whose user's message is stored and whose answer is still to come.

    :param session_key: primary key of the session's row
    :param session_id: the client's name of the session
    :param question_id: the user's message
    :param answer_id: the assistant's message, pending
    :param question: what the user said
    :param endpoint: which chat endpoint was asked, so that a retry can ask the same
    :param created_at: when the answer was begun
    """

    user_id: Any
    session_key: int
    session_id: str
    question_id: int
    answer_id: int
    question: str
    endpoint: str
    created_at: datetime


@dataclass(frozen=True)
class RequestKey:
    """What tells a repeated request from a new one.

    :param key: digest of what the client calls it; its own per user
    :param digest: of what was asked
    """

    key: str
    digest: str


class RepeatedRequestError(ConflictError):
    """The same request has opened a turn already, perhaps this very moment."""

    def __init__(self) -> None:
        super().__init__("This request is being answered already: send it again.")


class TurnRecords(Sessions):
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
        with self.transaction():
            session = self._find_or_create_session(user_id, session_id, question)
            answer = _pending_answer(endpoint)
            asked = {"message_type": "user", "content": question, "status": "complete"}
            asked["created_at"] = answer["created_at"]
            keys = self._insert(session, [asked, answer], request)
            return self._claimed(session, keys["user"], question, keys["assistant"], answer)

    def _insert(
        self, session: Any, rows: Sequence[dict[str, Any]], request: RequestKey | None
    ) -> dict[str, int]:
        """Store messages of a session, the first with what tells the request that asked for it.

        By one statement, as each takes a round trip; the ORM's would be one each on SQLite.

        :param rows: the other columns
        :return: key of each by its ``message_type``
        :raises RepeatedRequestError: when the same request has stored one before
        :raises SessionClearedError: when the session has gone since it was read
        """
        if request is not None:
            rows[0].update(request_key=request.key, request_digest=request.digest)
        columns = dict.fromkeys(column for row in rows for column in row)
        of_all = self._columns_of(session)
        try:
            return self._insert_rows([{**columns, **row, **of_all} for row in rows])
        except IntegrityError as error:
            self.db.session.rollback()
            if request is not None and self._is_known(of_all["user_id"], request):
                raise RepeatedRequestError() from error
            was_stored = not sa.inspect(session).transient  # or else made just now, and undone
            if was_stored and self.find(self.sessions, of_all["chat_session_id"]) is None:
                raise SessionClearedError() from error
            raise

    @staticmethod
    def _columns_of(session: Any) -> dict[str, Any]:
        """Return what the messages of a session say of it.

        :raises SessionClearedError: when it has gone since it was read
        """
        try:
            return {
                "user_id": session.user_id,
                "session_id": session.session_id,
                "chat_session_id": session.id,
            }
        except ObjectDeletedError as error:
            raise SessionClearedError() from error

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

    def _connection(self) -> sa.Connection:
        """Return that of the messages' own database, where the host has several."""
        connection: sa.Connection = self.db.session.connection(
            bind_arguments={"mapper": sa.inspect(self.messages)}
        )
        return connection

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
        self._settle_lost_turn(self.db.session.get(self.sessions, stored.chat_session_id))
        # A question, or the attempt at an answer that a retry began.
        question_id = stored.reply_to_id or stored.id
        says_not = messages.reply_to_id.is_(None)
        return self.db.session.scalar(
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
        with self.transaction():
            answer = self._own(self.messages, user_id, self.messages.id == message_id)
            question = answer and self._question_of(answer)
            if answer is None or question is None:
                raise NotFoundError("There is no such message to retry.")
            session = self.db.session.get(self.sessions, answer.chat_session_id)
            self._settle_lost_turn(session)
            answer = self._own(self.messages, user_id, self.messages.id == message_id)
            if answer is None or session is None:  # cleared this moment
                raise NotFoundError("There is no such message to retry.")
            if answer.status not in RETRYABLE or self._said_since(answer):
                raise ConflictError(
                    "Only the latest answer can be retried, and only if it broke off."
                )
            endpoint = (answer.context_data or {}).get("endpoint", "/chat")
            attempt = {**_pending_answer(endpoint), "reply_to_id": question.id}
            keys = self._insert(session, [attempt], request)
            said = question.content
            return self._claimed(session, question.id, said, keys["assistant"], attempt)

    def _said_since(self, answer: Any) -> bool:
        messages = self.messages
        later = sa.select(messages.id).where(
            messages.chat_session_id == answer.chat_session_id, messages.id > answer.id
        )
        return self.db.session.scalar(later.limit(1)) is not None

    def _find_or_create_session(self, user_id: Any, session_id: str | None, question: str) -> Any:
        title = title_of(question)
        if session_id is None:  # nobody can know its name before
            session = self._new_session(user_id, str(uuid.uuid4()), title)
            if session is None:  # so it is the user that is not there any more
                raise SessionClearedError()
            return session
        sessions = self.sessions
        named = sa.and_(sessions.user_id == user_id, sessions.session_id == session_id)
        found = self.db.session.execute(self._with_unlinked(user_id, sessions, named)).one()
        session = found[0]
        if session is None:
            if found.has_unlinked:
                self._adopt_unlinked(user_id)
                session = self._own_or_new_session(user_id, session_id, title)
            else:
                session = self._new_session(user_id, session_id, title)
                session = session or self._own_or_new_session(user_id, session_id, title)
        self._settle_lost_turn(session)
        return session

    def _claimed(
        self, session: Any, question_id: int, question: str, answer_id: int, answer: dict[str, Any]
    ) -> OpenTurn:
        """Claim the session for an answer.

        :raises ConflictError: when another one has it
        """
        turn = OpenTurn(
            user_id=session.user_id,
            session_key=session.id,
            session_id=session.session_id,
            question_id=question_id,
            answer_id=answer_id,
            question=question,
            endpoint=answer["context_data"]["endpoint"],
            created_at=answer["created_at"],
        )
        if not self._claim(turn, added=1 if "reply_to_id" in answer else 2):
            raise ConflictError("This session is being answered: wait for it, or start a new one.")
        return turn

    def _claim(self, turn: OpenTurn, added: int) -> bool:
        """Make one turn the only one of its session, in a single statement.

        :param added: how many messages the session gets by this
        """
        claimed = self.db.session.execute(
            sa.update(self.sessions)
            .where(self.sessions.id == turn.session_key, self.sessions.active_message_id.is_(None))
            .values(
                active_message_id=turn.answer_id,
                active_until=turn.created_at + CLAIM_LENGTH,
                active_worker=this_worker(),
                last_message_at=turn.created_at,
                message_count=self.sessions.message_count + added,
            )
            .execution_options(synchronize_session=False)
        )
        return bool(claimed.rowcount)

    def save_progress(
        self, turns: Sequence[OpenTurn], texts: Mapping[int, str]
    ) -> dict[int, str | None]:
        """Store the answers so far and renew the claims, in one transaction.

        :param texts: by the answer's key; only what has changed
        :return: status of each answer by its key; None for one that is not there any more
        """
        by_key = {turn.answer_id: turn for turn in turns}
        with self.transaction():
            if texts:
                self._connection().execute(
                    self._progress_update(),
                    [_progress(by_key[key], text) for key, text in texts.items()],
                )
            found = self._statuses(by_key)
            self.db.session.execute(
                sa.update(self.sessions)
                .where(
                    self.sessions.id.in_([turn.session_key for turn in turns]),
                    self.sessions.active_message_id.in_(list(found)),
                )
                .values(active_until=utc_now() + CLAIM_LENGTH)
                .execution_options(synchronize_session=False)
            )
            return {key: found.get(key) for key in by_key}

    def claimed_here(self) -> set[int]:
        """Return the answers that this process has claims for: who ends one takes its claim."""
        claim = self.sessions.active_message_id
        ours = sa.select(claim).where(
            claim.is_not(None), self.sessions.active_worker == this_worker()
        )
        with self.transaction():
            return set(self.db.session.scalars(ours))

    def _progress_update(self) -> Any:
        # Names that no column of the host's own has: SQLAlchemy wants those for itself.
        messages = self.messages.__table__.c
        return (
            sa.update(self.messages.__table__)
            .where(
                messages.id == sa.bindparam("turn_answer_id"),
                messages.user_id == sa.bindparam("turn_owner", type_=messages.user_id.type),
                messages.created_at == sa.bindparam("turn_begun", type_=messages.created_at.type),
                # Not `in_`, which SQLAlchemy cannot send for several turns at once.
                sa.or_(*(messages.status == word for word in UNSETTLED)),
            )
            .values(
                content=sa.bindparam("turn_text"),
                status="streaming",
                reply_to_id=sa.bindparam("turn_question_id"),
            )
        )

    def _statuses(self, turns: Mapping[int, OpenTurn]) -> dict[int, str]:
        messages = self.messages
        rows = self.db.session.execute(
            sa.select(messages.id, messages.user_id, messages.created_at, messages.status).where(
                messages.id.in_(list(turns))
            )
        )
        return {
            key: status
            for key, user_id, created_at, status in rows
            if (user_id, aware(created_at)) == (turns[key].user_id, turns[key].created_at)
        }

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
            settled = self._update_answer(turn, answer)
            if settled:
                claim = self.sessions.active_message_id  # whoever stopped the turn has freed it
                is_ours = sa.or_(claim == turn.answer_id, claim.is_(None))
                self._free_sessions(
                    sa.and_(self.sessions.id == turn.session_key, is_ours),
                    last_message_at=utc_now(),
                    **(session or {}),
                )
            return settled

    def _update_answer(self, turn: OpenTurn, values: Mapping[str, Any]) -> bool:
        # The number alone will not do: SQLite gives that of a deleted last row to the next one,
        # which may be another user's.
        last_words = {"stopped", "interrupted"} & {values["status"]}
        told = {**values, "reply_to_id": turn.question_id}
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
            ended = {"status": "stopped", "reason": STOPPING}
            self.db.session.execute(
                self._update(self.messages, answer.id, ended).where(
                    self.messages.status.in_(UNSETTLED)
                )
            )
            self._free_sessions(
                sa.and_(
                    self.sessions.id == answer.chat_session_id,
                    self.sessions.active_message_id == answer.id,
                )
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

    def _free_sessions(self, condition: Any, **more: Any) -> None:
        """Take the claim off sessions.

        :param more: further columns to set
        """
        self.db.session.execute(
            sa.update(self.sessions)
            .where(condition)
            .values(active_message_id=None, active_until=None, active_worker=None, **more)
            .execution_options(synchronize_session=False)
        )

    def _settle_lost_turn(self, session: Any) -> None:
        """End the turn of a worker that is gone, or has not renewed its claim in time."""
        # No session: it was cleared since its message was read.
        if session is None or (lost := session.active_message_id) is None:
            return
        overdue = aware(session.active_until) <= utc_now()
        if overdue or is_known_dead(session.active_worker):
            self._settle_lost([lost])
            self.db.session.commit()

    def settle_lost_turns(self, *, unclaimed: bool = False) -> int:
        """End all turns whose workers are gone. Commits.

        :param unclaimed: also those that no session holds, as rows written by hand may be; this
            reads the whole table of messages
        :return: how many there were
        """
        with self.transaction():
            lost = [*self._lost_claims(), *(self._unclaimed() if unclaimed else [])]
            return self._settle_lost(lost) if lost else 0

    def _lost_claims(self) -> list[int]:
        sessions = self.sessions
        claims = self.db.session.execute(
            sa.select(
                sessions.active_message_id, sessions.active_until, sessions.active_worker
            ).where(sessions.active_message_id.is_not(None))
        )
        return [
            key
            for key, until, worker in claims
            if aware(until) <= utc_now() or is_known_dead(worker)
        ]

    def _unclaimed(self) -> Sequence[int]:
        held = self.sessions.active_message_id
        keys: Sequence[int] = self.db.session.scalars(
            sa.select(self.messages.id).where(
                self.messages.status.in_(UNSETTLED),
                self.messages.created_at < utc_now() - CLAIM_LENGTH,
                self.messages.id.not_in(sa.select(held).where(held.is_not(None))),
            )
        ).all()
        return keys

    def _settle_lost(self, lost: Sequence[int]) -> int:
        ended = self.db.session.execute(
            sa.update(self.messages)
            .where(self.messages.id.in_(lost), self.messages.status.in_(UNSETTLED))
            .values(status="interrupted", reason="worker_lost")
            .execution_options(synchronize_session=False)
        )
        self._free_sessions(self.sessions.active_message_id.in_(lost))
        return int(ended.rowcount)


def _pending_answer(endpoint: str) -> dict[str, Any]:
    return {
        "message_type": "assistant",
        "content": "",
        "status": "pending",
        "context_data": {"endpoint": endpoint},
        "created_at": utc_now(),
    }


def _progress(turn: OpenTurn, text: str) -> dict[str, Any]:
    return {
        "turn_answer_id": turn.answer_id,
        "turn_owner": turn.user_id,
        "turn_begun": turn.created_at,
        "turn_question_id": turn.question_id,
        "turn_text": text,
    }
