"""When a listing is taken. Intervals are half-open: ``[start, end)``, in whole days."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, ScalarSelect, String, and_, cast, exists, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased
from sqlalchemy.sql.functions import FunctionElement

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


def taken_from(since: Any) -> ScalarSelect[str]:
    """Return an expression for when a listing is taken: ``2026-12-12/2026-12-19,...``, or null.

    A text, so that it comes in the row of the listing and needs no query of its own.

    :param since: a date or an expression for one; rentals that end by then are left out
    """
    rental = aliased(Rental)
    start, end = (cast(day, String(10)) for day in (rental.start_date, rental.end_date))
    taken = select(func.aggregate_strings(start + "/" + end, ",")).where(
        rental.listing_id == Listing.id,
        rental.status.in_(BLOCKING_STATUSES),
        rental.end_date > since,
    )
    return taken.correlate(Listing).scalar_subquery()


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
