"""When a listing is taken. Intervals are half-open: ``[start, end)``, in whole days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, and_, exists, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased
from sqlalchemy.sql.functions import FunctionElement

from flask_smorest_chatbot import Period

from ..extensions import db
from ..models import BLOCKING_STATUSES, Listing, Rental
from .clock import today


def overlaps(start: Any, end: Any, rental: Any = Rental) -> ColumnElement[bool]:
    """Return the condition that a rental takes its listing on some day of ``[start, end)``.

    :param start: a date or an expression for one; so is ``end``
    :param rental: an alias of the rentals
    """
    return and_(
        rental.status.in_(BLOCKING_STATUSES), rental.start_date < end, rental.end_date > start
    )


def is_free(start: Any = None, end: Any = None) -> ColumnElement[bool]:
    """Return the condition that a listing can be had.

    :param start: first day, a date or an expression for one; today if None
    :param end: day of return; the day after ``start`` if None
    """
    first = today() if start is None else start
    taken = overlaps(first, first + timedelta(days=1) if end is None else end)
    rentals = select(Rental.id).where(Rental.listing_id == Listing.id, taken)
    return and_(Listing.is_available.is_(True), ~exists(rentals.correlate(Listing)))


def comes_free(start: Any, days: Any) -> ColumnElement[bool]:
    """Return the condition that from a rental's end on its listing is free for so many days.

    Only ends after ``start`` count. The earliest of a listing that is not free from ``start`` on
    is when it can be had next.

    :param start: a date or an expression for one; so is ``days`` for a number
    """
    later = aliased(Rental)
    until = DaysAfter(Rental.end_date, days)
    taken = select(later.id).where(
        later.listing_id == Rental.listing_id, overlaps(Rental.end_date, until, later)
    )
    return and_(
        Rental.status.in_(BLOCKING_STATUSES),
        Rental.end_date > start,
        ~exists(taken.correlate(Rental)),
    )


def taken_periods(listing_ids: Sequence[int], since: date) -> Mapping[int, list[Period]]:
    """Return the periods in which each listing is taken, by one query.

    :param since: those that end by then are left out
    """
    query = select(Rental.listing_id, Rental.start_date, Rental.end_date).where(
        Rental.listing_id.in_(listing_ids),
        Rental.status.in_(BLOCKING_STATUSES),
        Rental.end_date > since,
    )
    taken: defaultdict[int, list[Period]] = defaultdict(list)
    for listing_id, start, end in db.session.execute(query):
        taken[listing_id].append(Period(start, end))
    return taken


class DaysAfter(FunctionElement[date]):
    """A date, so many days later."""

    type = Date()
    name = "days_after"
    inherit_cache = True


@compiles(DaysAfter)
def _days_after(element: DaysAfter, compiler: Any, **kwargs: Any) -> str:
    return f"adddate({compiler.process(element.clauses, **kwargs)})"


@compiles(DaysAfter, "postgresql")
def _days_after_on_postgresql(element: DaysAfter, compiler: Any, **kwargs: Any) -> str:
    day, days = (compiler.process(part, **kwargs) for part in element.clauses)
    return f"({day} + {days})"


@compiles(DaysAfter, "sqlite")
def _days_after_on_sqlite(element: DaysAfter, compiler: Any, **kwargs: Any) -> str:
    day, days = (compiler.process(part, **kwargs) for part in element.clauses)
    return f"date({day}, {days} || ' days')"
