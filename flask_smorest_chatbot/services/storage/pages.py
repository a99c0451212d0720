"""Pages of lists, and where one ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Place:
    """Where a page of sessions ended.

    :param moment: when its last session was last used
    :param key: primary key of that session, as several may have been used at once
    """

    moment: datetime
    key: int


@dataclass(frozen=True)
class Page:
    """Some rows of a list.

    :param rows: in the order of the list
    :param has_more: whether there are rows behind them
    :param total: length of the whole list; None if that was not asked for
    """

    rows: Sequence[Any]
    has_more: bool
    total: int | None = None
