"""Columns of what belongs to a user beside the conversations: API keys, and what was used a day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from .columns import (
    Moment,
    OwnedByUser,
    constraint_name,
    on_mysql,
    unique,
    user_reference,
    utc_now,
)

#: How every API key begins, by which it is told from a token.
API_KEY_MARK = "fsc_"
#: What a key may be for.
API_KEY_SCOPES = ("chat", "history", "admin")
API_KEY_NAME_LENGTH = 100
#: Digits of the part of a key that is stored as it is, to find the key by.
API_KEY_PREFIX_LENGTH = 12

# MySQL and MariaDB may take no emoji unless told otherwise.
_Name = on_mysql(
    sa.String(API_KEY_NAME_LENGTH), mysql.VARCHAR(API_KEY_NAME_LENGTH, charset="utf8mb4")
)


class ChatApiKeyMixin(OwnedByUser):
    """A key with which a program uses the chat in a user's name.

    ``digest`` is the SHA-256 of the key; the key itself is kept nowhere.
    """

    name: Mapped[str] = mapped_column(_Name)
    prefix: Mapped[str] = mapped_column(sa.String(API_KEY_PREFIX_LENGTH))
    digest: Mapped[str] = mapped_column(sa.String(64))
    # Words with spaces between them.
    scopes: Mapped[str] = mapped_column(sa.String(100))
    created_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    last_used_at: Mapped[datetime | None] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        table = cls.__tablename__
        return (
            sa.PrimaryKeyConstraint("id", name=constraint_name("pk", table)),
            unique(table, "user_id", "id"),
            unique(table, "prefix"),
        )


class ChatUsageMixin:
    """What a user has used on one day: counts, and nothing of what was said.

    It stays when conversations are cleared, so that clearing them gives no new tokens.
    """

    __tablename__: Any
    __user_model__: ClassVar[type[Any]]

    day: Mapped[date] = mapped_column(primary_key=True, sort_order=-2)
    turns: Mapped[int] = mapped_column(default=0)
    input_tokens: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    output_tokens: Mapped[int] = mapped_column(sa.BigInteger, default=0)

    @declared_attr
    def user_id(cls) -> Mapped[Any]:
        return user_reference(cls, primary_key=True)

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        table = cls.__tablename__
        return (
            sa.PrimaryKeyConstraint("user_id", "day", name=constraint_name("pk", table)),
            sa.Index(constraint_name("ix", table, "day"), "day"),
        )
