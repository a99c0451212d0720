"""All that the plugin keeps of one user, told or erased; and what is too old, erased.

Everything goes in batches, each a short transaction of its own: what a user has gathered in years
neither fills the memory nor keeps a connection or a lock from others.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from ...models import utc_now
from .sessions import Sessions
from .tables import aware

#: Rows that are read, or deleted, in one transaction.
BATCH = 200
#: How a worker claims a session is nothing of the user's; what is kept of an API key lets nobody
#: in, and still is nobody's to have.
_NOT_TOLD = {"claimed_session_id", "claimed_until", "claimed_by", "digest"}
#: How often erasing looks whether something was said meanwhile.
_MOST_PASSES = 10

Row = dict[str, Any]


@dataclass(frozen=True)
class Erased:
    """How much was, or would be, deleted."""

    sessions: int = 0
    messages: int = 0
    api_keys: int = 0

    def __add__(self, other: Erased) -> Erased:
        return Erased(*(map(operator.add, astuple(self), astuple(other))))


class AccountData(Sessions):
    """Reads and deletes all that is one user's, and old conversations.

    :param tables: the mapped classes of sessions, messages, API keys and usage
    """

    def __init__(self, db: Any, tables: Sequence[Any]) -> None:
        sessions, messages, self._api_keys, self._usage = tables
        super().__init__(db, sessions, messages)

    # -- one user's ----------------------------------------------------------------------------

    def export(self, user_id: Any) -> Iterator[list[Row]]:
        """Yield all rows of a user, as they were at the beginning, a batch at a time.

        What is written later is left out: should the user be deleted meanwhile, a database may give
        their number to somebody else.

        :return: sessions, messages by session, API keys, and what was used a day, each with its
            ``type`` and as plain JSON types; last ``{"type": "end"}`` with their numbers, so that
            a part is not taken for the whole
        """
        self._adopt_unlinked(user_id)
        counts = {}
        for name, kind, key, *conditions in self._owned(utc_now()):
            counts[name] = 0
            whose = key[0].class_.user_id == user_id
            for batch in self._batches(key, whose, *conditions):
                counts[name] += len(batch)
                yield [{"type": kind, **row} for row in batch]
        yield [{"type": "end", **counts}]

    def _owned(self, began: datetime) -> Iterator[tuple[Any, ...]]:
        """Yield each table's name, its rows' type and unique key, and which rows there were."""
        sessions, messages = self.sessions, self.messages
        api_keys, usage = self._api_keys, self._usage
        yield "sessions", "session", [sessions.id], sessions.started_at <= began
        linked = messages.chat_session_id.is_not(None)
        by_session = [messages.chat_session_id, messages.id]
        yield "messages", "message", by_session, linked, messages.created_at <= began
        yield "api_keys", "api_key", [api_keys.id], api_keys.created_at <= began
        yield "days", "usage", [usage.day], usage.day <= began.date()

    def erase(self, user_id: Any) -> Erased:
        """Delete everything of a user; a turn that is being answered ends, and is not stored.

        Only the counts of what was used a day stay: without them, limits would begin anew.

        :return: what was deleted
        """
        total = Erased()
        for _ in range(_MOST_PASSES):
            # What was said to a session that goes now is found by the next pass.
            deleted = Erased(
                messages=self._delete_own(self.messages, user_id),
                sessions=self._delete_own(self.sessions, user_id),
                api_keys=self._delete_own(self._api_keys, user_id),
            )
            if deleted == Erased():
                break
            total += deleted
        return total

    def _batches(self, key: Sequence[Any], *conditions: Any) -> Iterator[list[Row]]:
        """Yield the rows of a table that meet the conditions, in the order of a unique key."""
        columns = _columns(key[0].class_)
        told = {name: column for name, column in columns.items() if name not in _NOT_TOLD}
        query = (
            sa.select(*(column.label(name) for name, column in told.items()))
            .where(*conditions)
            .order_by(*key)
            .limit(BATCH)
        )
        batch: Sequence[Any] = ()
        while not batch or len(batch) == BATCH:
            page = query.where(*_after(key, batch[-1])) if batch else query
            with self.transaction():
                batch = self.db.session.execute(page).mappings().all()
            if not batch:
                return
            yield [{name: _plain(value) for name, value in row.items()} for row in batch]

    def _delete_own(self, model: type[Any], user_id: Any) -> int:
        """Delete all rows of a user; return how many there were."""
        deleted = 0
        while True:
            with self.transaction():
                own = sa.select(model.id).where(model.user_id == user_id).limit(BATCH)
                keys = self.db.session.scalars(own).all()
                deleted += self._delete(model, model.id.in_(keys), model.user_id == user_id)
            if len(keys) < BATCH:
                return deleted

    # -- what is old ---------------------------------------------------------------------------

    def count_idle(self, before: datetime) -> Erased:
        """Return how much :meth:`purge` would delete."""
        idle = self._idle(before)
        with self.transaction():
            keys = sa.select(self.sessions.id).where(*idle)
            counted = (
                sa.select(sa.func.count()).select_from(self.sessions).where(*idle),
                sa.select(sa.func.count())
                .select_from(self.messages)
                .where(self.messages.chat_session_id.in_(keys)),
            )
            return Erased(*(self.db.session.scalar(query) or 0 for query in counted))

    def purge(self, before: datetime) -> Erased:
        """Delete the conversations in which nothing was said since, with all their messages.

        None that is being answered is touched.

        :param before: the moment of the last message that is too old
        """
        total, last = Erased(), 0
        while True:
            with self.transaction():
                keys = self._idle_keys(before, last)
                total += self._delete_sessions(keys, before)
            if len(keys) < BATCH:
                return total
            last = keys[-1]

    def adopt_all(self) -> None:
        """Give sessions to all messages that were inserted without one, whoever's they are."""
        messages = self.messages
        with self.transaction():
            unlinked = sa.select(messages.user_id).where(messages.chat_session_id.is_(None))
            users = self.db.session.scalars(unlinked.distinct()).all()
        for user_id in users:
            self._adopt_unlinked(user_id)

    def _idle(self, before: datetime) -> tuple[Any, Any]:
        sessions = self.sessions
        is_answered = sa.exists().where(self.messages.claimed_session_id == sessions.id)
        return sessions.last_message_at < before, ~is_answered

    def _idle_keys(self, before: datetime, last: int) -> Sequence[int]:
        sessions = self.sessions
        return self.db.session.scalars(
            sa.select(sessions.id)
            .where(sessions.id > last, *self._idle(before))
            .order_by(sessions.id)
            .limit(BATCH)
            .with_for_update()
        ).all()

    def _delete_sessions(self, keys: Sequence[int], before: datetime) -> Erased:
        """Delete sessions unless something is said to them just now.

        SQLite locks no rows that are read: there the first of these statements looks once more.
        """
        sessions, messages = self.sessions, self.messages
        still_idle = (sessions.id.in_(keys), *self._idle(before))
        gone = sa.select(sessions.id).where(*still_idle)
        return Erased(
            messages=self._delete(messages, messages.chat_session_id.in_(gone)),
            sessions=self._delete(sessions, *still_idle),
        )

    def _delete(self, model: type[Any], *conditions: Any) -> int:
        statement = sa.delete(model).where(*conditions)
        unsynchronized = statement.execution_options(synchronize_session=False)
        return int(self.db.session.execute(unsynchronized).rowcount)


def _columns(model: type[Any]) -> dict[str, Any]:
    """Return a model's columns by their names in Python, those that a host has added too."""
    return {item.key: getattr(model, item.key) for item in sa.inspect(model).column_attrs}


def _after(key: Sequence[Any], row: Any) -> tuple[Any, Any]:
    """Return the conditions of what follows a row.

    The second alone says it all; MariaDB needs the first to find the place by the index.
    """
    place = [row[column.key] for column in key]
    return key[0] >= place[0], sa.tuple_(*key) > sa.tuple_(*map(sa.literal, place))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return aware(value).isoformat()
    return value.isoformat() if isinstance(value, date) else value
