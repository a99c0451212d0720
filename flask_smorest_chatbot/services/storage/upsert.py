"""One statement that inserts a row of a user's, or changes the one that is there.

So no two workers make it twice or overwrite each other, and it takes one round trip.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

_MODULES = {"mysql": "mysql", "mariadb": "mysql"}


def upsert(
    dialect: str,
    table: sa.Table,
    user_key: sa.Column[Any],
    user_id: Any,
    row: Mapping[str, Any],
    *,
    unique: Sequence[str],
    changes: Mapping[str, Any],
) -> Any:
    """Return the statement.

    It inserts nothing for a user who is not there any more. One who is, is locked first: whoever
    deletes users locks these and then what is theirs, and two that lock in turns wait for ever.

    :param dialect: name of the database's
    :param user_key: key of the host's users
    :param user_id: whose row it is
    :param row: expressions of the new row's other columns
    :param unique: columns that, with the user, tell whether it is there
    :param changes: columns that change if it is
    """
    source = (
        sa.select(user_key, *row.values())
        .where(user_key == user_id)
        .with_for_update(read=True, key_share=True)
    )
    # A dialect that is not in use costs a start 2 MB.
    dialects = importlib.import_module(f"sqlalchemy.dialects.{_MODULES.get(dialect, dialect)}")
    insert = dialects.insert(table).from_select(["user_id", *row], source)
    if dialect in _MODULES:
        return insert.on_duplicate_key_update(**changes)
    return insert.on_conflict_do_update(index_elements=["user_id", *unique], set_=changes)
