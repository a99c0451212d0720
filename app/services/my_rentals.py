"""Facts about the user's own rentals, for the chat: what they have, until when, and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Select, and_, func, or_, select

from flask_smorest_chatbot import CatalogQuery, Fact, Period, free_time

from ..extensions import db
from ..models import BLOCKING_STATUSES, Instrument, Listing, Rental
from .phrases import day_text, days_text, money_text, span_text
from .rental_questions import RentalQuestion, folded, rental_question

MAX_TOLD = 5
MAX_READ = 50  # rows; whoever has more sees them on the page
PAGE = "/rentals"
CANNOT = "The assistant cannot change rentals."

_WORD = re.compile(r"[a-z0-9]{2,}")
#: Words of names and categories that name no instrument.
_TELL_NOTHING = frozenset("and the for with of in".split())
_LAST = re.compile(r"\blast (year|month|week)\b")


@dataclass(frozen=True, kw_only=True)
class OwnRental:
    """One of the user's rentals, with what is told of it. Amounts are in US$."""

    id: int
    listing_id: int
    start: date
    end: date
    status: str
    daily_rate: Decimal
    total: Decimal
    location: str
    is_rented_out: bool
    name: str
    category: str

    @property
    def days(self) -> int:
        """Days that are paid for."""
        return (self.end - self.start).days

    @property
    def url(self) -> str:
        """Page of the rental."""
        return f"{PAGE}/{self.id}"

    def is_with_user(self, today: date) -> bool:
        """Tell whether the user has the instrument, late or not."""
        return self.status == "active" and self.start <= today


def rental_facts(query: CatalogQuery) -> list[Fact]:
    """Return what the user should know of their own rentals, if the message asks about them.

    :param query: of which ``text``, ``user_id`` and ``today`` are used
    :return: at most five rentals, how many more there are, and what to do; empty when the message
        is about something else
    """
    question = rental_question(query.text)
    if question is None or query.user_id is None:
        return []
    rentals, count = _read(query, question)
    chosen = _chosen(rentals, question, query.text)
    if not chosen:
        return _none(question, query)
    told = [Fact(text=_sentence(one, query.today), url=one.url) for one in chosen[:MAX_TOLD]]
    return [
        *told,
        *_others(len(told), count),
        *_verdict(chosen, question, query.today),
        _what_to_do(chosen, question, query.today),
    ]


def _read(query: CatalogQuery, question: RentalQuestion) -> tuple[list[OwnRental], int]:
    """Return the rentals that the question is about, and how many there are in all.

    Open ones in the order in which they end; when the past is asked for, all, the latest first.
    """
    found = _own(query.user_id).limit(MAX_READ)
    if "past" in question.topics:
        found = found.order_by(Rental.start_date.desc(), Rental.id.desc())
        if period := _last(query.text, query.today):
            found = found.where(Rental.start_date < period.end, Rental.end_date > period.start)
    else:
        waiting = and_(Rental.status == "pending", Rental.end_date >= query.today)
        found = found.where(or_(Rental.status == "active", waiting))
        found = found.order_by(Rental.end_date, Rental.id)
    rows = db.session.execute(found).all()
    names = OwnRental.__dataclass_fields__
    rentals = [OwnRental(**dict(zip(names, row[:-1], strict=True))) for row in rows]
    return rentals, rows[0][-1] if rows else 0


def _own(user_id: Any) -> Select[*tuple[Any, ...]]:
    """Select a user's rentals: the columns in the order of :class:`OwnRental`, and their count."""
    return (
        select(
            Rental.id,
            Rental.listing_id,
            Rental.start_date,
            Rental.end_date,
            Rental.status,
            Rental.daily_rate,
            Rental.total,
            Listing.location,
            Listing.is_available,
            Instrument.name,
            Instrument.category,
            func.count().over(),
        )
        .join(Listing, Listing.id == Rental.listing_id)
        .join(Instrument, Instrument.id == Listing.instrument_id)
        .where(Rental.renter_id == user_id)
    )


def _last(text: str, today: date) -> Period | None:
    """Return the year, month or week before this one if a text speaks of it."""
    found = _LAST.search(folded(text))
    if found is None:
        return None
    if found[1] == "week":
        monday = today - timedelta(days=today.weekday())
        return Period(monday - timedelta(days=7), monday)
    if found[1] == "month":
        first = today.replace(day=1)
        return Period((first - timedelta(days=1)).replace(day=1), first)
    return Period(date(today.year - 1, 1, 1), date(today.year, 1, 1))


def _chosen(
    rentals: Sequence[OwnRental], question: RentalQuestion, text: str
) -> Sequence[OwnRental]:
    """Return the rentals of the instrument that the message names, or else all of them."""
    asked = _words(text)
    named = [one for one in rentals if asked & _words(f"{one.name} {one.category}")]
    if question.is_sure or question.has_pronoun:
        return named or rentals
    return named


def _words(text: str) -> set[str]:
    """Return the words of a text, without a plural "s"."""
    return {word.rstrip("s") for word in _WORD.findall(folded(text))} - _TELL_NOTHING


def _none(question: RentalQuestion, query: CatalogQuery) -> list[Fact]:
    if not question.is_sure:
        return []
    if "past" in question.topics:
        last = _last(query.text, query.today)
        when = f"from {span_text(last.start, last.end)}" if last else "so far"
        return [Fact(text=f"You have rented nothing {when}.", url=PAGE)]
    now = day_text(query.today)
    return [Fact(text=f"You have no current or upcoming rentals on {now}.", url=PAGE)]


def _others(told: int, count: int) -> Iterator[Fact]:
    if count > told:
        more = count - told
        noun = "rental" if more == 1 else "rentals"
        yield Fact(text=f"You have {more} more {noun}; your rentals page lists them all.", url=PAGE)


def _sentence(rental: OwnRental, today: date) -> str:
    """Say what there is to say of a rental."""
    dates = f"from {span_text(rental.start, rental.end)}"
    paid = f"{days_text(rental.days)}, {money_text(rental.total)} in all"
    if rental.is_with_user(today):
        return _with_user(rental, today)
    match rental.status:
        case "active":
            return f"The {rental.name} is booked and confirmed for you {dates} ({paid})."
        case "pending":
            return (
                f"You have asked for the {rental.name} {dates} ({paid}); "
                "its owner has not confirmed it yet."
            )
        case "completed":
            return f"You rented the {rental.name} {dates} ({paid}); it is returned."
    return f"Your rental of the {rental.name} {dates} ({paid}) is {rental.status}."


def _with_user(rental: OwnRental, today: date) -> str:
    left = (rental.end - today).days
    paid = f"The total is {money_text(rental.total)} for {days_text(rental.days)}."
    since = f"You have the {rental.name} since {day_text(rental.start)}"
    if left < 0:
        late = f"it was due back on {day_text(rental.end)} and is {days_text(-left)} late"
        return f"{since}; {late}. {paid}"
    when = "today" if left == 0 else f"in {days_text(left)}"
    return f"{since}; it is due back on {day_text(rental.end)}, {when}. {paid}"


def _verdict(rentals: Sequence[OwnRental], question: RentalQuestion, today: date) -> Iterator[Fact]:
    """Answer what no single rental answers: whether any is late, what all come to."""
    if "late" in question.topics and not any(
        one.is_with_user(today) and one.end < today for one in rentals
    ):
        yield Fact(text="Nothing that you have is late.", url=PAGE)
    if "money" in question.topics:
        owed = [one for one in rentals if one.status in BLOCKING_STATUSES]
        text = "These totals are as agreed; the site keeps no record of payments."
        if 1 < len(owed) < MAX_READ:
            total = sum((one.total for one in owed), start=Decimal(0))
            text = f"These {len(owed)} rentals come to {money_text(total)} together. {text}"
        yield Fact(text=text, url=PAGE)


def _what_to_do(rentals: Sequence[OwnRental], question: RentalQuestion, today: date) -> Fact:
    """Say how to extend, cancel or return; the chat does none of it."""
    open_ones = [one for one in rentals if one.status in BLOCKING_STATUSES]
    if open_ones and "cancel" in question.topics:
        return _how_to_cancel(open_ones, today)
    if open_ones and "extend" in question.topics:
        return _how_to_extend(open_ones[0], today)
    held = next((one for one in open_ones if one.is_with_user(today)), None)
    if held and "return" in question.topics:
        return _how_to_return(held)
    text = "On your rentals page you can extend a rental, or cancel one before it begins."
    return Fact(text=f"{text} {CANNOT}", url=PAGE)


def _how_to_cancel(rentals: Sequence[OwnRental], today: date) -> Fact:
    for one in rentals:
        if not one.is_with_user(today):
            text = f"You can cancel the rental of the {one.name} on its page. {CANNOT}"
            return Fact(text=text, url=one.url)
    held = rentals[0]
    text = (
        f"The rental of the {held.name} has begun and can no longer be cancelled; bring it back to "
        f"its owner in {held.location}, who then ends it. {CANNOT}"
    )
    return Fact(text=text, url=held.url)


def _how_to_return(rental: OwnRental) -> Fact:
    text = (
        f"Bring the {rental.name} back to its owner in {rental.location}; the owner then marks it "
        f"as returned. {CANNOT}"
    )
    return Fact(text=text, url=rental.url)


def _how_to_extend(rental: OwnRental, today: date) -> Fact:
    """Say until when the same listing is free from the day of return on, and where to rent it."""
    first = max(rental.end, today)
    free = free_time(Period.from_start(first), _taken_after(rental, first))
    if not rental.is_rented_out:
        text = f"The {rental.name} cannot be extended: its owner does not rent it out any more."
        return Fact(text=f"{text} {CANNOT}", url=rental.url)
    if not free.is_free:
        text = f"The {rental.name} cannot be extended: it is already booked from {day_text(first)}."
        return Fact(text=f"{text} {CANNOT}", url=rental.url)
    last = min(Period.from_start(first, rental.days).end, free.free_until or date.max)
    until = f" until {day_text(free.free_until)}" if free.free_until else ""
    text = (
        f"To keep the {rental.name} longer, rent it again from {day_text(first)} on its page: it "
        f"is free from then{until}. {CANNOT}"
    )
    dates = urlencode({"start": first.isoformat(), "end": last.isoformat()})
    return Fact(text=text, url=f"/listings/{rental.listing_id}?{dates}")


def _taken_after(rental: OwnRental, first: date) -> list[Period]:
    query = select(Rental.start_date, Rental.end_date).where(
        Rental.listing_id == rental.listing_id,
        Rental.id != rental.id,
        Rental.status.in_(BLOCKING_STATUSES),
        Rental.end_date > first,
    )
    return [Period(start, end) for start, end in db.session.execute(query)]
