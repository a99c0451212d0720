"""Matching of words in text columns, alike on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, or_

ESCAPE = "!"  # not a backslash: MariaDB reads that inside string literals too


def contains(column: Any, words: str) -> ColumnElement[bool]:
    """Return the condition that ``column`` contains ``words``, in whatever case.

    ``%`` and ``_`` in ``words`` stand for themselves.
    """
    return func.lower(column).like(f"%{_escaped(words.lower())}%", escape=ESCAPE)


def any_contains(columns: Sequence[Any], words: str) -> ColumnElement[bool]:
    """Return the condition that at least one of ``columns`` contains ``words``."""
    return or_(*(contains(column, words) for column in columns))


def _escaped(words: str) -> str:
    for mark in (ESCAPE, "%", "_"):
        words = words.replace(mark, ESCAPE + mark)
    return words
