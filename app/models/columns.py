"""Column pieces that several tables share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import CheckConstraint, DateTime
from sqlalchemy.orm import Mapped, mapped_column

MAX_ROW_ID = 2**31 - 1  # what INTEGER holds on PostgreSQL and MariaDB

# Tokens and addresses name rows by id. By itself, SQLite gives the id of a deleted last row to the
# next one: an old token would then open somebody else's account.
NEVER_REUSE_IDS = {"sqlite_autoincrement": True}


def utc_now() -> datetime:
    """Return the present moment, in UTC and aware of it."""
    return datetime.now(UTC)


def as_utc(moment: datetime) -> datetime:
    """Return ``moment`` aware of being UTC. SQLite and MariaDB forget the zone that we stored."""
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def created_at_column() -> Mapped[datetime]:
    """Return a column that holds when its row was made."""
    return mapped_column(DateTime(timezone=True), default=utc_now)


def one_of(column: str, values: Sequence[str]) -> CheckConstraint:
    """Return a constraint that ``column`` holds one of ``values``.

    A check rather than a database enum: adding a value later is then the same on all databases.
    """
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")
