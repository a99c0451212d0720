"""Turns that begin: a question, its pending answer and the claim on their session, all or none."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ...models import ChatMessageMixin, ChatSessionMixin, utc_now
from .lost_turns import CLAIM_LENGTH, is_lost
from .open_turn import InSession, OpenTurn, RepeatedRequestError, SessionBusyError
from .progress import Progress
from .request_key import RequestKey
from .sessions import new_session, title_of
from .worker import new_claim

_Row = dict[str, Any]


class _Opened(NamedTuple):
    """What is stored of a turn that begins."""

    id: int
    has_unlinked: bool
    asked_id: int
    answer_id: int


class Opening(Progress):
    """Stores what begins a turn, one at a time per session."""

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
        answer = pending_answer(endpoint)
        asked: _Row = {"message_type": "user", "content": question, "status": "complete"}
        asked |= {"created_at": answer["created_at"], **told(request)}
        new = new_session(user_id, session_id, title_of(question), answer["created_at"], 2)

        def open_it() -> OpenTurn:
            with self.transaction(), self._refusals(user_id, session_id, request):
                store = self._store_at_once if self._can_at_once else self._store_in_turn
                found = self._use_session(user_id, partial(store, new, asked, answer))
                session = InSession(user_id, found.id, session_id)
                return session.turn(found.asked_id, question, found.answer_id, answer)

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

    # -- refused -------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _refusals(
        self, user_id: Any, session_id: str, request: RequestKey | None
    ) -> Iterator[None]:
        """Say why the database does not take the messages of a turn.

        :raises RepeatedRequestError: when the same request has stored some before
        :raises ConflictError: when another answer has the session
        """
        try:
            yield
        except IntegrityError as error:
            self.db.session.rollback()
            if request is not None and self._is_known(user_id, request):
                raise RepeatedRequestError() from error
            holder = self._holder(user_id, session_id)
            if holder is None and self.messages.claimed_session_id.name not in str(error.orig):
                raise
            raise SessionBusyError(_gone(holder, user_id)) from error

    def _is_known(self, user_id: Any, request: RequestKey) -> bool:
        is_same = self.messages.request_key == request.key
        return self._own(self.messages, user_id, is_same) is not None

    def _holder(self, user_id: Any, session_id: str) -> Any:
        """Return the answer that has the session; None if it has ended meanwhile."""
        sessions, messages = self.sessions, self.messages
        return self.db.session.scalar(
            sa.select(messages)
            .join(sessions, sessions.id == messages.claimed_session_id)
            .where(sessions.user_id == user_id, sessions.session_id == session_id)
        )

    # -- stored --------------------------------------------------------------------------------

    def _store_in_turn(self, new: Mapping[str, Any], asked: _Row, answer: _Row) -> Any:
        """Store the session and then the messages; see :meth:`_store_at_once`."""
        found = self._upsert_session(new)
        if found is None or found.has_unlinked:
            return found
        session = InSession(new["new_owner"], found.id, new["new_name"])
        rows = [session.row(asked), session.claiming_row(answer)]
        columns = dict.fromkeys(column for row in rows for column in row)
        keys = self._insert_rows([{**columns, **row} for row in rows])
        return _Opened(found.id, False, keys["user"], keys["assistant"])

    def _insert_rows(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
        """Store messages; by one statement if the database can, as each takes a round trip.

        :param rows: with the same columns
        :return: key of each by its ``message_type``
        """
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

    @cached_property
    def _can_at_once(self) -> bool:
        """Whether the database can do so: PostgreSQL can.

        But within a statement SQLAlchemy does not fill what Python fills of a host's own columns.
        """
        ours = {*dir(ChatSessionMixin), *dir(ChatMessageMixin)}
        columns = [*self.sessions.__table__.columns, *self.messages.__table__.columns]
        fills = any(column.default is not None and column.key not in ours for column in columns)
        return self._connection().dialect.name == "postgresql" and not fills

    def _store_at_once(self, new: Mapping[str, Any], asked: _Row, answer: _Row) -> Any:
        """Store the session and the messages by one statement, as PostgreSQL can.

        :param new: of :func:`.new_session`
        :param asked: columns of the user's message
        :param answer: and of the pending answer
        :return: ``id`` of the session, ``has_unlinked``, ``asked_id`` and ``answer_id``; None when
            the user is not there any more
        """
        values = {f"asked_{name}": value for name, value in {**told(None), **asked}.items()}
        values |= {f"answer_{name}": value for name, value in answer.items()}
        return self._connection().execute(self._all_at_once, {**new, **values}).first()

    @cached_property
    def _all_at_once(self) -> sa.Select[Any]:
        """The statement, made once: making it takes longer than the database takes."""
        key = self.messages.__table__.c.id
        session = self._session_upserted.cte("session")
        names = "message_type content status created_at".split()
        asked = self._insert_of("asked", [*names, *told(None)], session)
        asked_row = asked.returning(key).cte("asked")
        names += ["context_data", "claimed_until", "claimed_by"]
        # After the question, so that its key is the higher one.
        answer = self._insert_of("answer", names, session, asked_row)
        answer_row = answer.returning(key).cte("answer")
        return (
            sa.select(
                session.c.id,
                session.c.has_unlinked,
                asked_row.c.id.label("asked_id"),
                answer_row.c.id.label("answer_id"),
            )
            .join_from(session, asked_row, sa.true())
            .join(answer_row, sa.true())
        )

    def _insert_of(
        self, message: str, names: Sequence[str], session: sa.CTE, after: sa.CTE | None = None
    ) -> Any:
        """Return the insert of one message of a session.

        :param message: what its parameters are called by, before the names of the columns
        :param after: a message that is stored before; then this one claims the session
        """
        columns = self.messages.__table__.c
        row: dict[str, Any] = {
            "user_id": sa.bindparam("new_owner", type_=columns.user_id.type),
            "session_id": sa.bindparam("new_name", type_=columns.session_id.type),
            "chat_session_id": session.c.id,
        }
        row |= {name: sa.bindparam(f"{message}_{name}", type_=columns[name].type) for name in names}
        source = sa.select(*row.values(), *([] if after is None else [session.c.id]))
        if after is not None:
            source = source.join_from(session, after, sa.true())
            row["claimed_session_id"] = session.c.id
        return self.messages.__table__.insert().from_select(list(row), source)


def pending_answer(endpoint: str) -> dict[str, Any]:
    """Return the columns of an answer that begins, with a new claim."""
    now = utc_now()
    return {
        "message_type": "assistant",
        "content": "",
        "status": "pending",
        "context_data": {"endpoint": endpoint},
        "created_at": now,
        "claimed_until": now + CLAIM_LENGTH,
        "claimed_by": new_claim(),
    }


def told(request: RequestKey | None) -> dict[str, str | None]:
    """Return the columns of a message that tell the request that asked for it."""
    return {
        "request_key": request.key if request else None,
        "request_digest": request.digest if request else None,
    }


def _gone(answer: Any, user_id: Any) -> int | None:
    """Return the key of an answer that does not need its session any more."""
    if answer is None:  # it has ended meanwhile
        return None
    # Another user's: SQLite has given the number of a deleted session again.
    is_gone = answer.user_id != user_id
    is_gone = is_gone or is_lost(answer.claimed_until, answer.claimed_by)
    return int(answer.id) if is_gone else None
