"""Random calendars: what can be had when, against a count of days, on both databases."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from site_helpers import make_instrument, make_user
from sqlalchemy import insert

from app.extensions import db
from app.models import BLOCKING_STATUSES, RENTAL_STATUSES, Listing, Rental
from app.services import clock
from app.services.candidates import find
from app.services.catalog import next_free
from app.services.catalog_search import Search
from flask_smorest_chatbot import CatalogQuery, Period, free_time

CALENDARS = 1000
SEARCHES = 25  # random periods, each asked of all calendars at once
DAYS = 45  # that a calendar spans

# A day before the end of a month, of a February, and before the clocks change in New York.
STARTS = [date(2027, 1, 20), date(2028, 2, 20), date(2027, 3, 10), date(2027, 11, 1)]

Rentals = list[tuple[Period, str]]


def random_calendar(chance: random.Random, today: date) -> Rentals:
    """Return rentals that do not overlap if they block, often ending where the next begins."""
    rentals: Rentals = []
    start = today + timedelta(days=chance.randint(-12, 3))
    while (start - today).days < DAYS and chance.random() < 0.85:
        period = Period.from_start(start, chance.randint(1, 9))
        rentals.append((period, chance.choice(BLOCKING_STATUSES)))
        start = period.end + timedelta(days=chance.choice([0, 0, 1, 2, 5, 11]))
    for _ in range(chance.randint(0, 3)):  # these may lie anywhere
        begun = today + timedelta(days=chance.randint(-20, DAYS))
        past = Period.from_start(begun, chance.randint(1, 20))
        rentals.append((past, chance.choice(["completed", "cancelled"])))
    return rentals


def random_period(chance: random.Random, today: date) -> Period:
    start = today + timedelta(days=chance.randint(0, DAYS))
    return Period.from_start(start, chance.choice([1, 1, 2, 3, 7, 14, 31]))


def taken_days(rentals: Rentals) -> set[date]:
    """Return every single day on which somebody has the listing."""
    return {
        period.start + timedelta(days=number)
        for period, status in rentals
        if status in BLOCKING_STATUSES
        for number in range(period.days)
    }


def is_free(taken: set[date], start: date, days: int) -> bool:
    return not any(start + timedelta(days=number) in taken for number in range(days))


def first_free(taken: set[date], wanted: Period) -> date:
    start = wanted.start
    while not is_free(taken, start, wanted.days):
        start += timedelta(days=1)
    return start


def free_bounds(taken: set[date], start: date) -> tuple[date | None, date | None]:
    """Return first and last border of the free days around ``start``; None without a border."""
    before = [day + timedelta(days=1) for day in taken if day < start]
    after = [day for day in taken if day >= start]
    return max(before, default=None), min(after, default=None)


def expected(rentals: Rentals, wanted: Period) -> tuple[bool, date | None, date | None]:
    taken = taken_days(rentals)
    if is_free(taken, wanted.start, wanted.days):
        return True, *free_bounds(taken, wanted.start)
    start = first_free(taken, wanted)
    return False, start, free_bounds(taken, start)[1]


@pytest.mark.parametrize("today", STARTS)
def test_free_time_agrees_with_counting_days(today):
    chance = random.Random(today.toordinal())
    for _ in range(CALENDARS):
        rentals, wanted = random_calendar(chance, today), random_period(chance, today)
        blocking = [period for period, status in rentals if status in BLOCKING_STATUSES]
        chance.shuffle(blocking)
        found = free_time(wanted, blocking)
        answer = (found.is_free, found.free_from, found.free_until)
        assert answer == expected(rentals, wanted), (rentals, wanted)


@pytest.mark.parametrize("today", STARTS[:2])
def test_the_database_agrees_with_counting_days(site_any_db, today):
    chance = random.Random(today.toordinal())
    calendars = dict(stored_calendars(chance, today))
    for _ in range(SEARCHES):
        wanted = random_period(chance, today)
        answers = {number: expected(rentals, wanted) for number, rentals in calendars.items()}
        free = {number for number, (is_free, *_) in answers.items() if is_free}
        query = CatalogQuery(text="", today=today, period=wanted, limit=CALENDARS)
        assert {item.id for item in find(query).items} == free
        assert_facts(query, answers)
        assert_first(wanted, calendars, answers)


def stored_calendars(chance: random.Random, today: date) -> Iterator[tuple[int, Rentals]]:
    """Store a listing, of an instrument of its own, for each calendar."""
    owner, renter = make_user("owner").id, make_user().id
    category = make_instrument()
    values = {"category": category.category, "brand": "Maker", "name": "It", "description": ""}
    models = [{**values, "model": f"X{number}"} for number in range(CALENDARS)]
    db.session.execute(insert(type(category)), models)
    listing = {
        "owner_id": owner,
        "condition": "good",
        "daily_rate": 10,
        "location": "Reno, NV",
    }
    first = category.id + 1
    rows = [{**listing, "instrument_id": first + number} for number in range(CALENDARS)]
    db.session.execute(insert(Listing), rows)
    numbers = db.session.scalars(db.select(Listing.id).order_by(Listing.id)).all()
    calendars = [(number, random_calendar(chance, today)) for number in numbers]
    rental = {"renter_id": renter, "daily_rate": 10, "total": 10}
    db.session.execute(
        insert(Rental),
        [
            {
                **rental,
                "listing_id": number,
                "start_date": period.start,
                "end_date": period.end,
                "status": status,
            }
            for number, rentals in calendars
            for period, status in rentals
        ],
    )
    db.session.commit()
    yield from calendars


def assert_facts(query: CatalogQuery, answers: dict[int, tuple]) -> None:
    """Check what is told of each listing, free or not. Borders up to today tell nothing."""
    named = CatalogQuery(
        text="", today=query.today, period=query.period, item_ids=list(answers), limit=CALENDARS
    )
    for item in find(named).items:
        is_free, since, until = answers[item.id]
        known = None if is_free and since and since <= query.today else since
        told = (item.is_available, item.free_from, item.free_until)
        assert told == (is_free, known, until), item.id


def assert_first(wanted: Period, calendars: dict[int, Rentals], answers: dict[int, tuple]) -> None:
    """Check which of those that are taken come free first."""
    taken = [number for number, (is_free, *_) in answers.items() if not is_free]
    free = [number for number in calendars if number not in taken]
    if not taken:
        return
    search = Search(period=wanted, excluded_ids=free)
    first = sorted(answers[number][1] for number in taken)[:3]
    assert [answers[hit.listing_id][1] for hit in next_free(search)] == first


def test_statuses_are_all_known():
    assert set(RENTAL_STATUSES) == {*BLOCKING_STATUSES, "completed", "cancelled"}


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2027-01-31T04:59:59", "2027-01-30"),
        ("2027-01-31T05:00:00", "2027-01-31"),
        # Clocks go forward at 2 in the morning of 14 March, and back on 7 November.
        ("2027-03-14T04:59:59", "2027-03-13"),
        ("2027-03-14T05:00:00", "2027-03-14"),
        ("2027-03-15T03:59:59", "2027-03-14"),
        ("2027-03-15T04:00:00", "2027-03-15"),
        ("2027-11-07T03:59:59", "2027-11-06"),
        ("2027-11-07T04:00:00", "2027-11-07"),
        ("2027-11-08T04:59:59", "2027-11-07"),
        ("2027-11-08T05:00:00", "2027-11-08"),
        ("2028-02-29T05:00:00", "2028-02-29"),
    ],
)
def test_a_day_begins_at_midnight_where_the_site_is(site_app, monkeypatch, moment, day):
    """Also on the days of 23 and of 25 hours."""

    class FixedClock(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.fromisoformat(moment).replace(tzinfo=UTC).astimezone(tz)

    monkeypatch.setattr(clock, "datetime", FixedClock)
    site_app.config["SITE_TIMEZONE"] = "America/New_York"
    assert clock.today() == date.fromisoformat(day)


def test_days_of_23_and_25_hours_count_as_days():
    for changed in (date(2027, 3, 14), date(2027, 11, 7)):
        week = Period.from_start(changed - timedelta(days=3), 7)
        assert week.days == 7
        day = Period.from_start(changed)
        assert free_time(day, [Period(week.start, changed), Period(day.end, week.end)]).is_free
