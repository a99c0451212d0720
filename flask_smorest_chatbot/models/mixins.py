"""Columns of the tables of conversations, as mixins that a host may subclass to add its own.

A class that uses a mixin sets ``__user_model__`` (and a message class ``__session_model__``);
:func:`.factory.build_models` does so for hosts that need no columns of their own.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from .columns import Moment, OwnedByUser, constraint_name, declared, on_mysql, unique, utc_now

SESSION_ID_LENGTH = 100
TITLE_LENGTH = 80
MODEL_NAME_LENGTH = 200


# MySQL and MariaDB compare strings without case unless told otherwise; session ids are exact.
_SessionId = on_mysql(
    sa.String(SESSION_ID_LENGTH), mysql.VARCHAR(SESSION_ID_LENGTH, collation="utf8mb4_bin")
)
# Theirs may take neither emoji nor more than 64 KiB.
_Title = on_mysql(sa.String(TITLE_LENGTH), mysql.VARCHAR(TITLE_LENGTH, charset="utf8mb4"))
_LongText = on_mysql(sa.Text(), mysql.MEDIUMTEXT(charset="utf8mb4"))


class _InSession(OwnedByUser):
    """A row of one conversation."""

    session_id: Mapped[str] = mapped_column(_SessionId, sort_order=-2)


class ChatSessionMixin(_InSession):
    """One conversation of one user.

    ``session_id`` is the name that clients use; it is unique per user, not overall.
    """

    title: Mapped[str] = mapped_column(_Title, default="")
    started_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    last_message_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    message_count: Mapped[int] = mapped_column(default=0)
    # Messages before this one are no longer shown to the model.
    context_start_id: Mapped[int | None] = mapped_column(sa.BigInteger)

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        table = cls.__tablename__
        return (
            sa.PrimaryKeyConstraint("id", name=constraint_name("pk", table)),
            unique(table, "user_id", "session_id"),
            sa.Index(
                constraint_name("ix", table, "user_id", "last_message_at"),
                "user_id",
                "last_message_at",
            ),
        )


class ChatMessageMixin(_InSession):
    """One thing that the user or the assistant said.

    ``user_id``, ``session_id``, ``message_type`` and ``content`` are enough to insert one by hand;
    ``status`` is one of :data:`STATUSES`.
    """

    __session_model__: ClassVar[type[Any]]

    message_type: Mapped[str] = mapped_column(sa.String(20))
    content: Mapped[str] = mapped_column(_LongText)
    context_data: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)

    status: Mapped[str] = mapped_column(
        sa.String(20), default="complete", server_default="complete"
    )
    # Why a turn failed, as a stable word.
    reason: Mapped[str | None] = mapped_column(sa.String(40))
    # An assistant message: what the model wrote, and the user's message as it was sent for it.
    # Both are replayed to it just so, to keep its cache.
    model_content: Mapped[str | None] = mapped_column(_LongText)
    prompt: Mapped[str | None] = mapped_column(_LongText)
    # An assistant message: the user's message that it answers, once the answer has begun.
    reply_to_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    # A user's message: digests of its Idempotency-Key and of the request that came with it.
    request_key: Mapped[str | None] = mapped_column(sa.String(64))
    request_digest: Mapped[str | None] = mapped_column(sa.String(64))
    model: Mapped[str | None] = mapped_column(sa.String(MODEL_NAME_LENGTH))
    input_tokens: Mapped[int | None] = mapped_column()
    output_tokens: Mapped[int | None] = mapped_column()
    duration_ms: Mapped[int | None] = mapped_column()
    # An answer that is being written: the session that no other one can have meanwhile, until when
    # its worker may be believed alive, and which that is.
    claimed_session_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    claimed_until: Mapped[datetime | None] = mapped_column(Moment)
    claimed_by: Mapped[str | None] = mapped_column(sa.String(120))

    @declared_attr
    def chat_session_id(cls) -> Mapped[int | None]:
        """The session's row; NULL until a row written by hand is first read."""
        key = declared(cls, "__session_model__").__table__.c.id
        name = constraint_name("fk", cls.__tablename__, "chat_session_id")
        foreign_key = sa.ForeignKey(key, ondelete="CASCADE", name=name)
        return mapped_column(key.type, foreign_key, nullable=True, sort_order=-1)

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        table = cls.__tablename__
        return (
            sa.PrimaryKeyConstraint("id", name=constraint_name("pk", table)),
            sa.CheckConstraint(
                "message_type IN ('user', 'assistant')",
                name=constraint_name("ck", table, "message_type"),
            ),
            unique(table, "chat_session_id", "id"),
            unique(table, "user_id", "chat_session_id", "id"),
            unique(table, "user_id", "request_key"),
            # Where SQLite is asked for all claims it reads no other index than one of these alone.
            sa.Index(
                constraint_name("ix", table, "claimed_session_id"),
                "claimed_session_id",
                unique=True,
                sqlite_where=sa.text("claimed_session_id IS NOT NULL"),
            ),
        )
