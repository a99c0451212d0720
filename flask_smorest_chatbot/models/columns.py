"""Pieces of columns and constraints that the plugin's tables share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import Mapped, declared_attr, mapped_column
from sqlalchemy.schema import conv
from sqlalchemy.types import TypeEngine

from ..errors import ConfigError
from .user_key import reference_type, user_key_column


def on_mysql(generic: TypeEngine[Any], specific: TypeEngine[Any]) -> TypeEngine[Any]:
    """Return a type that is ``specific`` on MySQL and MariaDB."""
    return generic.with_variant(specific, "mysql", "mariadb")


# SQLite numbers rows by itself only in an INTEGER column.
BigKey = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
#: Largest number that a column of that type holds.
MAX_KEY = 2**63 - 1
# Theirs has no parts of a second unless told otherwise.
Moment = on_mysql(sa.DateTime(timezone=True), mysql.DATETIME(fsp=6))


def utc_now() -> datetime:
    """Return the current time with its zone."""
    return datetime.now(UTC)


def user_reference(cls: Any, **options: Any) -> Mapped[Any]:
    """Return the column of a table that says whose a row is; the row goes when the user goes.

    :param options: further ones of ``mapped_column``
    """
    key = user_key_column(declared(cls, "__user_model__"))
    name = constraint_name("fk", cls.__tablename__, "user_id", key.table.name)
    foreign_key = sa.ForeignKey(key, ondelete="CASCADE", name=name)
    return mapped_column(reference_type(key), foreign_key, nullable=False, sort_order=-3, **options)


class OwnedByUser:
    """A row with a number, that belongs to one user of the host."""

    __tablename__: Any
    __user_model__: ClassVar[type[Any]]

    # The sort orders put a host's own columns behind the keys.
    id: Mapped[int] = mapped_column(BigKey, primary_key=True, sort_order=-4)

    @declared_attr
    def user_id(cls) -> Mapped[Any]:
        return user_reference(cls)


def constraint_name(kind: str, table: str, *rest: str) -> conv:
    """Return the name of a constraint or index.

    ``conv`` says that it is whole: a naming convention of the host's metadata does not wrap it,
    and SQLAlchemy cuts it, with a digest, where the database allows no name so long.
    """
    return conv("_".join((kind, table, *rest)))


def unique(table: str, *columns: str) -> sa.UniqueConstraint:
    """Return a unique constraint that also is the index of the foreign key in its first column.

    A plain index would do for look-ups. But Alembic's downgrades drop plain indexes before their
    table, and MariaDB refuses to drop the one that a foreign key leans on.
    """
    return sa.UniqueConstraint(*columns, name=constraint_name("uq", table, *columns))


def declared(cls: Any, attribute: str) -> type[Any]:
    """Return a model that the host's class names.

    :raises ConfigError: when it does not
    """
    model: type[Any] | None = getattr(cls, attribute, None)
    if model is None:
        raise ConfigError(f"{cls.__name__} must say which model it belongs to: set {attribute}.")
    return model
