"""When a listing is taken. Intervals are half-open: ``[start, end)``, in whole days."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_, exists, select

from ..models import BLOCKING_STATUSES, Listing, Rental
from .clock import today


def overlaps(start: date, end: date) -> ColumnElement[bool]:
    """Return the condition that a rental takes its listing on some day of ``[start, end)``."""
    return and_(
        Rental.status.in_(BLOCKING_STATUSES), Rental.start_date < end, Rental.end_date > start
    )


def is_free(start: date | None = None, end: date | None = None) -> ColumnElement[bool]:
    """Return the condition that a listing can be had.

    :param start: first day; today if None
    :param end: day of return; the day after ``start`` if None
    """
    first = start or today()
    taken = overlaps(first, end or first + timedelta(days=1))
    rentals = select(Rental.id).where(Rental.listing_id == Listing.id, taken)
    return and_(Listing.is_available.is_(True), ~exists(rentals.correlate(Listing)))
