"""Columns of the plugin's two tables, as mixins that a host may subclass to add its own.

A class that uses a mixin sets ``__user_model__`` (and a message class ``__session_model__``);
:func:`.factory.build_models` does so for hosts that need no columns of their own.
"""

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

SESSION_ID_LENGTH = 100
TITLE_LENGTH = 80
MODEL_NAME_LENGTH = 200


def _on_mysql(generic: TypeEngine[Any], specific: TypeEngine[Any]) -> TypeEngine[Any]:
    """Return a type that is ``specific`` on MySQL and MariaDB."""
    return generic.with_variant(specific, "mysql", "mariadb")


# SQLite numbers rows by itself only in an INTEGER column.
_BigKey = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# MySQL and MariaDB compare strings without case unless told otherwise; session ids are exact.
_SessionId = _on_mysql(
    sa.String(SESSION_ID_LENGTH), mysql.VARCHAR(SESSION_ID_LENGTH, collation="utf8mb4_bin")
)
# Theirs may take neither emoji, nor more than 64 KiB, nor parts of a second.
_Title = _on_mysql(sa.String(TITLE_LENGTH), mysql.VARCHAR(TITLE_LENGTH, charset="utf8mb4"))
_LongText = _on_mysql(sa.Text(), mysql.MEDIUMTEXT(charset="utf8mb4"))
_Moment = _on_mysql(sa.DateTime(timezone=True), mysql.DATETIME(fsp=6))


def utc_now() -> datetime:
    """Return the current time with its zone."""
    return datetime.now(UTC)


class _OwnedByUser:
    """A row that belongs to one user of the host and goes when the user goes."""

    __tablename__: Any
    __user_model__: ClassVar[type[Any]]

    # The sort orders put a host's own columns behind the keys.
    id: Mapped[int] = mapped_column(_BigKey, primary_key=True, sort_order=-4)
    session_id: Mapped[str] = mapped_column(_SessionId, sort_order=-2)

    @declared_attr
    def user_id(cls) -> Mapped[Any]:
        key = user_key_column(_declared(cls, "__user_model__"))
        name = _name("fk", cls.__tablename__, "user_id", key.table.name)
        foreign_key = sa.ForeignKey(key, ondelete="CASCADE", name=name)
        return mapped_column(reference_type(key), foreign_key, nullable=False, sort_order=-3)


class ChatSessionMixin(_OwnedByUser):
    """One conversation of one user.

    ``session_id`` is the name that clients use; it is unique per user, not overall.
    """

    title: Mapped[str] = mapped_column(_Title, default="")
    started_at: Mapped[datetime] = mapped_column(_Moment, default=utc_now)
    last_message_at: Mapped[datetime] = mapped_column(_Moment, default=utc_now)
    message_count: Mapped[int] = mapped_column(default=0)
    # As of the session's first turn: the front of the prompt must not change between turns.
    profile: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    # Messages before this one are no longer shown to the model.
    context_start_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    # The assistant message being written, and until when its worker may be believed alive.
    active_message_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    active_until: Mapped[datetime | None] = mapped_column(_Moment)
    active_worker: Mapped[str | None] = mapped_column(sa.String(120))

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        table = cls.__tablename__
        return (
            sa.PrimaryKeyConstraint("id", name=_name("pk", table)),
            _unique(table, "user_id", "session_id"),
            sa.Index(
                _name("ix", table, "user_id", "last_message_at"),
                "user_id",
                "last_message_at",
            ),
        )


class ChatMessageMixin(_OwnedByUser):
    """One thing that the user or the assistant said.

    ``user_id``, ``session_id``, ``message_type`` and ``content`` are enough to insert one by hand;
    ``status`` is one of :data:`STATUSES`.
    """

    __session_model__: ClassVar[type[Any]]

    message_type: Mapped[str] = mapped_column(sa.String(20))
    content: Mapped[str] = mapped_column(_LongText)
    context_data: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(_Moment, default=utc_now)

    status: Mapped[str] = mapped_column(
        sa.String(20), default="complete", server_default="complete"
    )
    # Why a turn failed, as a stable word.
    reason: Mapped[str | None] = mapped_column(sa.String(40))
    # What the model was sent or wrote, where that is not `content`: replayed to keep its cache.
    model_content: Mapped[str | None] = mapped_column(_LongText)
    # An assistant message: the user's message that it answers.
    reply_to_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    # A user's message: digests of its Idempotency-Key and of the request that came with it.
    request_key: Mapped[str | None] = mapped_column(sa.String(64))
    request_digest: Mapped[str | None] = mapped_column(sa.String(64))
    model: Mapped[str | None] = mapped_column(sa.String(MODEL_NAME_LENGTH))
    input_tokens: Mapped[int | None] = mapped_column()
    output_tokens: Mapped[int | None] = mapped_column()
    duration_ms: Mapped[int | None] = mapped_column()

    @declared_attr
    def chat_session_id(cls) -> Mapped[int | None]:
        """The session's row; NULL until a row written by hand is first read."""
        key = _declared(cls, "__session_model__").__table__.c.id
        name = _name("fk", cls.__tablename__, "chat_session_id")
        foreign_key = sa.ForeignKey(key, ondelete="CASCADE", name=name)
        return mapped_column(key.type, foreign_key, nullable=True, sort_order=-1)

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        table = cls.__tablename__
        return (
            sa.PrimaryKeyConstraint("id", name=_name("pk", table)),
            sa.CheckConstraint(
                "message_type IN ('user', 'assistant')",
                name=_name("ck", table, "message_type"),
            ),
            _unique(table, "chat_session_id", "id"),
            _unique(table, "user_id", "chat_session_id", "id"),
            _unique(table, "user_id", "request_key"),
        )


def _name(kind: str, table: str, *rest: str) -> conv:
    """Return the name of a constraint or index.

    ``conv`` says that it is whole: a naming convention of the host's metadata does not wrap it,
    and SQLAlchemy cuts it, with a digest, where the database allows no name so long.
    """
    return conv("_".join((kind, table, *rest)))


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    """Return a unique constraint that also is the index of the foreign key in its first column.

    A plain index would do for look-ups. But Alembic's downgrades drop plain indexes before their
    table, and MariaDB refuses to drop the one that a foreign key leans on.
    """
    return sa.UniqueConstraint(*columns, name=_name("uq", table, *columns))


def _declared(cls: Any, attribute: str) -> type[Any]:
    """Return a model that the host's class names.

    :raises ConfigError: when it does not
    """
    model: type[Any] | None = getattr(cls, attribute, None)
    if model is None:
        raise ConfigError(f"{cls.__name__} must say which model it belongs to: set {attribute}.")
    return model
