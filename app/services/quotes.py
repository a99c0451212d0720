"""What a listing costs on some days, and whether it can be had then."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select

from flask_smorest_chatbot import FreeTime, Period, free_time

from ..errors import InvalidInputError
from ..extensions import db
from ..models import BLOCKING_STATUSES, Listing, Rental
from .clock import today
from .phrases import day_text, days_text, money_text, span_text
from .rentals import date_problem, total_of

CURRENCY = "USD"
NOT_RENTED_OUT = "The owner does not rent this listing out at the moment."
CHOOSE_DATES = "Choose the first day and the day of return to see the total."
UNREADABLE = "The dates in the address cannot be read; choose them here."

_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, kw_only=True)
class Quote:
    """Price and availability as of now; nothing is reserved. Amounts are in ``currency``.

    :param end: day of return
    :param free_from: first day of the free time around the period, None for no limit; if the
        period is taken, of the next free time that is as long, None if the owner rents it to nobody
    :param free_until: day by which it must be back then; None for no limit
    :param message: one sentence for people
    """

    listing_id: int
    start: date
    end: date
    daily_rate: Decimal
    total: Decimal
    available: bool
    free_from: date | None
    free_until: date | None
    message: str
    currency: str = CURRENCY

    @property
    def days(self) -> int:
        """Days that are paid for."""
        return (self.end - self.start).days


@dataclass(frozen=True, kw_only=True)
class WantedDates:
    """The dates in a page's address: what can be used of them, and what to say of them."""

    start: date | None
    end: date | None
    quote: Quote | None
    message: str


def make_quote(listing: Listing, start: date, end: date) -> Quote:
    """Return the quote for a listing from ``start`` until ``end``, the day of return.

    :raises InvalidInputError: when the dates make no sense
    """
    if problem := date_problem(start, end):
        field, message = problem
        raise InvalidInputError(message, {"query": {field: [message]}})
    free = _free_time(listing, start, end)
    return Quote(
        listing_id=listing.id,
        start=start,
        end=end,
        daily_rate=listing.daily_rate,
        total=total_of(listing, start, end),
        available=free is not None and free.is_free,
        free_from=free.free_from if free else None,
        free_until=free.free_until if free else None,
        message=_message(listing, start, end, free),
    )


def read_dates(listing: Listing, start: str | None, end: str | None) -> WantedDates:
    """Make what can be made of the dates in an address.

    :param start: as it stands there, whatever it is; so is ``end``
    """
    first, last = _read_day(start), _read_day(end)
    if first is None or last is None:
        unreadable = (start and first is None) or (end and last is None)
        message = UNREADABLE if unreadable else CHOOSE_DATES
        return WantedDates(start=first, end=last, quote=None, message=message)
    try:
        quote = make_quote(listing, first, last)
    except InvalidInputError as error:
        return WantedDates(start=first, end=last, quote=None, message=error.message)
    return WantedDates(start=first, end=last, quote=quote, message=quote.message)


def _free_time(listing: Listing, start: date, end: date) -> FreeTime | None:
    """Look into the listing's calendar; None when the owner does not rent it out."""
    if not listing.is_available:
        return None
    taken = (
        select(Rental.start_date, Rental.end_date)
        .where(Rental.listing_id == listing.id)
        .where(Rental.status.in_(BLOCKING_STATUSES), Rental.end_date > today())
    )
    rentals = db.session.execute(taken)
    return free_time(Period(start, end), [Period(*rental) for rental in rentals])


def _message(listing: Listing, start: date, end: date, free: FreeTime | None) -> str:
    if free is None:
        return NOT_RENTED_OUT
    length = days_text((end - start).days)
    if free.is_free or free.free_from is None:
        total = money_text(total_of(listing, start, end))
        return f"Free from {span_text(start, end)}: {length}, {total} in all."
    return (
        f"Taken on some days from {span_text(start, end)}. "
        f"It is next free for {length} from {day_text(free.free_from)}."
    )


def _read_day(text: str | None) -> date | None:
    if text is None or not _ISO_DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
