"""The host's database, as far as the plugin uses it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from ...models import ChatMessageMixin, ChatSessionMixin, ChatUsageMixin, user_key_column

#: What is raised when the database cannot be asked now, but may be soon: it is away, locked, or all
#: of the pool's connections are in use.
DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeoutError)

#: The plugin's own; its statements name all of them that need a value.
_OUR_COLUMNS = {*dir(ChatSessionMixin), *dir(ChatMessageMixin), *dir(ChatUsageMixin)}


class Store:
    """What is stored in the host's database, one transaction at a time.

    :param db: the host's ``SQLAlchemy`` extension
    """

    def __init__(self, db: Any) -> None:
        self.db = db

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what the block did, or roll it back if it raises; the connection goes back."""
        try:
            yield
            self.db.session.commit()
        except BaseException:
            self.db.session.rollback()
            raise


class UserStore(Store):
    """A table whose rows belong to users.

    :param model: the mapped class of the rows
    :param user_model: the host's mapped user class
    """

    def __init__(self, db: Any, model: type[Any], user_model: type[Any]) -> None:
        super().__init__(db)
        self.model = model
        self._user_key = user_key_column(user_model)


class Tables(Store):
    """The tables of one app's conversations.

    :param db: the host's ``SQLAlchemy`` extension
    :param session_model: the mapped sessions' class
    :param message_model: the mapped messages' class
    """

    def __init__(self, db: Any, session_model: type[Any], message_model: type[Any]) -> None:
        super().__init__(db)
        self.sessions = session_model
        self.messages = message_model

    def _connection(self) -> sa.Connection:
        """Return that of the tables' own database, where the host has several."""
        connection: sa.Connection = self.db.session.connection(
            bind_arguments={"mapper": sa.inspect(self.messages)}
        )
        return connection

    def _in_order(self, *statements: Any) -> sa.CursorResult[Any]:
        """Carry out statements one after the other; PostgreSQL takes them all in one round trip.

        :param statements: all but the first with conditions
        :return: the last one's result
        """
        *first, last = statements
        if not all(self._takes_within(statement.table) for statement in first):
            for statement in first:
                self.db.session.execute(statement)
            return cast("sa.CursorResult[Any]", self.db.session.execute(last))
        done: list[Any] = []
        for number, statement in enumerate(first):
            # Each waits for the one before, or PostgreSQL would choose the order of their locks.
            step = statement.where(*done) if done else statement
            ran = step.returning(sa.literal(1).label("row")).cte(f"step_{number}")
            done = [sa.select(sa.func.count()).select_from(ran).scalar_subquery() >= 0]
        return cast("sa.CursorResult[Any]", self.db.session.execute(last.where(*done)))

    def _takes_within(self, table: sa.Table) -> bool:
        """Tell whether a statement of the messages' database can hold one that writes to a table.

        PostgreSQL's can, of tables in the same database. But within a statement SQLAlchemy does not
        fill the columns that are not named.
        """
        connection = self._connection()
        if connection.dialect.name != "postgresql" or _fills_columns(table):
            return False
        bind = self.db.session.get_bind(clause=table)
        return bool(bind.engine is connection.engine)

    def _own(self, model: type[Any], user_id: Any, *conditions: Any) -> Any:
        return self.db.session.scalar(sa.select(model).where(model.user_id == user_id, *conditions))

    @staticmethod
    def _update(model: type[Any], key: int, values: Mapping[str, Any]) -> Any:
        return (
            sa.update(model)
            .where(model.id == key)
            .values(**values)
            .execution_options(synchronize_session=False)
        )


@lru_cache(64)
def _fills_columns(table: sa.Table) -> bool:
    """Tell whether Python fills columns of a table that a host has added to it."""
    return any(
        column.key not in _OUR_COLUMNS and (column.default or column.onupdate) is not None
        for column in table.columns
    )


def aware(moment: datetime | None) -> datetime:
    """Read a stored time as UTC; SQLite and MariaDB keep no zone."""
    if moment is None:
        return datetime.min.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
