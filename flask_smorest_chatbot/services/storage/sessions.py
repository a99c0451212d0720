"""Sessions of a user: found, created, and given to messages that were inserted without one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ...errors import ConflictError, SessionClearedError
from ...models import TITLE_LENGTH, user_key_column
from .tables import Tables
from .upsert import upsert


class Sessions(Tables):
    """Finds and creates the rows that messages belong to."""

    def _use_session(self, user_id: Any, upsert: Callable[[], Any]) -> Any:
        """Return the user's session as ``upsert`` does: its ``id``, and what else that tells.

        To be called before anything else is written, as rows without a session are given one by
        transactions of their own.

        :param upsert: finds the session, made if need be, and locks it; it tells ``has_unlinked``,
            and nothing when the user is not there any more
        :raises SessionClearedError: when the user is not there any more
        """
        found = upsert()
        if found is not None and found.has_unlinked:
            self.db.session.rollback()
            self._adopt_unlinked(user_id)
            found = upsert()
        if found is None:
            raise SessionClearedError()
        return found

    def _upsert_session(self, values: Mapping[str, Any]) -> Any:
        """Find the user's session, made if need be; see :meth:`_use_session`.

        :param values: of :func:`new_session`
        """
        connection = self._connection()
        if connection.dialect.update_returning:
            return connection.execute(self._session_upserted, values).first()
        connection.execute(self._session_upsert, values)
        return connection.execute(self._session_found, values).first()

    @cached_property
    def _session_upserted(self) -> Any:
        """The upsert that tells what is there then."""
        return self._session_upsert.returning(*self._session_found.selected_columns)

    @cached_property
    def _session_upsert(self) -> Any:
        """The statement, made once: making it takes longer than the database takes."""
        table = self.sessions.__table__
        columns, at = table.c, sa.bindparam("new_at", type_=table.c.last_message_at.type)
        count = sa.bindparam("new_count", type_=columns.message_count.type)
        return upsert(
            self._connection().dialect.name,
            table,
            user_key_column(self.sessions.__user_model__),
            sa.bindparam("new_owner", type_=columns.user_id.type),
            {
                "session_id": sa.bindparam("new_name", type_=columns.session_id.type),
                "title": sa.bindparam("new_title", type_=columns.title.type),
                "started_at": at,
                "last_message_at": at,
                "message_count": count,
            },
            unique=["session_id"],
            changes={"last_message_at": at, "message_count": columns.message_count + count},
        )

    @cached_property
    def _session_found(self) -> sa.Select[Any]:
        """Select the row that is there then, and ``has_unlinked``."""
        table = self.sessions.__table__
        owner = sa.bindparam("new_owner", type_=table.c.user_id.type)
        name = sa.bindparam("new_name", type_=table.c.session_id.type)
        return sa.select(table.c.id, self._has_unlinked(owner)).where(
            table.c.user_id == owner, table.c.session_id == name
        )

    def _own_or_new_session(self, user_id: Any, session_id: str, title: str = "") -> Any:
        """Return the user's session of that name, created if need be.

        To be called before anything else is written: what another request creates at the same
        moment shows only in a new transaction.

        :raises ConflictError: when others create and clear it faster than this can look
        """
        named = self.sessions.session_id == session_id
        for _ in range(3):
            if (session := self._own(self.sessions, user_id, named)) is not None:
                return session
            if (session := self._new_session(user_id, session_id, title)) is not None:
                return session
        raise ConflictError("This session is being changed elsewhere: try again.")

    def _new_session(self, user_id: Any, session_id: str, title: str) -> Any:
        """Create a session; None if there is one of that name by now."""
        session = self.sessions(user_id=user_id, session_id=session_id, title=title)
        self.db.session.add(session)
        try:
            self.db.session.flush()
        except IntegrityError:
            self.db.session.rollback()
            return None
        return session

    def _has_unlinked(self, user_id: Any) -> sa.Label[bool]:
        """Return ``has_unlinked``: whether :meth:`_adopt_unlinked` has to do anything.

        For a query that is made anyway; the index on ``(user_id, chat_session_id)`` makes it one
        look-up.
        """
        messages = self.messages.__table__.alias()
        unlinked = sa.exists().where(
            messages.c.user_id == user_id, messages.c.chat_session_id.is_(None)
        )
        return unlinked.label("has_unlinked")

    def _with_unlinked(self, user_id: Any, rows: Any, **values: Any) -> sa.Select[Any]:
        """Select rows, or one without any, each beside ``has_unlinked`` and the values.

        :param rows: an entity
        :param values: scalar subqueries by name
        """
        labelled = [value.label(name) for name, value in values.items()]
        one = sa.select(self._has_unlinked(user_id), *labelled).subquery("one")
        return sa.select(rows, *one.c).select_from(one).outerjoin(rows, sa.true())

    def _adopt_unlinked(self, user_id: Any) -> None:
        """Give sessions to the user's messages that were inserted without one.

        Rows written by hand or by older code name their session only by ``session_id``.
        """
        messages = self.messages
        unlinked = (messages.user_id == user_id, messages.chat_session_id.is_(None))
        session_ids = self.db.session.scalars(
            sa.select(messages.session_id).where(*unlinked).distinct()
        ).all()
        for session_id in session_ids:
            with self.transaction():
                self._adopt(user_id, session_id)

    def _adopt(self, user_id: Any, session_id: str) -> None:
        messages = self.messages
        session = self._own_or_new_session(user_id, session_id)
        in_session = (messages.user_id == user_id, messages.session_id == session_id)
        self.db.session.execute(
            sa.update(messages)
            .where(*in_session)
            .values(chat_session_id=session.id)
            .execution_options(synchronize_session=False)
        )
        first, last, count = self.db.session.execute(
            sa.select(
                sa.func.min(messages.created_at), sa.func.max(messages.created_at), sa.func.count()
            ).where(*in_session)
        ).one()
        opening = self.db.session.scalar(
            sa.select(messages.content)
            .where(*in_session, messages.message_type == "user")
            .order_by(messages.id)
            .limit(1)
        )
        session.started_at, session.last_message_at, session.message_count = first, last, count
        session.title = session.title or title_of(opening or "")
        self.db.session.flush()


def new_session(
    user_id: Any, session_id: str, title: str, at: datetime, added: int
) -> dict[str, Any]:
    """Return the parameters of :attr:`Sessions._session_upsert`.

    :param title: of a new one
    :param at: when messages are added to it
    :param added: how many
    """
    return {
        "new_owner": user_id,
        "new_name": session_id,
        "new_title": title,
        "new_at": at,
        "new_count": added,
    }


def title_of(question: str) -> str:
    return " ".join(question.split())[:TITLE_LENGTH]
