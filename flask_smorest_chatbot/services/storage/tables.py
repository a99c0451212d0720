"""The host's database, as far as the plugin uses it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from ...models import user_key_column

#: What is raised when the database cannot be asked now, but may be soon: it is away, locked, or all
#: of the pool's connections are in use.
DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeoutError)


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


def aware(moment: datetime | None) -> datetime:
    """Read a stored time as UTC; SQLite and MariaDB keep no zone."""
    if moment is None:
        return datetime.min.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
