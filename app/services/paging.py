"""One page of a query's rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func

from ..errors import NotFoundError
from ..extensions import db

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows, and how many there are in all."""

    items: list[Row]
    total: int


def fetch_page(query: Select[Any], *, page: int, page_size: int) -> Page[Any]:
    """Return one page of a query for entities.

    :param query: filtered and ordered
    :param page: from 1; the first page exists even when it is empty
    :raises NotFoundError: when ``page`` is past the last one, however large
    """
    counted = query.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)
    total = db.session.scalar(counted) or 0
    if page > max(1, -(-total // page_size)):
        raise NotFoundError("There is no such page.")
    rows = db.session.scalars(query.limit(page_size).offset((page - 1) * page_size))
    return Page(items=list(rows), total=total)


def get_or_404(model: type[Row], row_id: int, what: str) -> Row:
    """Return the row with this id.

    :param what: how to call it in the error
    :raises NotFoundError: when there is none
    """
    row = db.session.get(model, row_id)
    if row is None:
        raise NotFoundError(f"There is no such {what}.")
    return row
