"""A made-up catalogue of any size, the same each time: instruments, listings and rentals."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy import insert

from app.demo.instruments import INSTRUMENTS
from app.extensions import db
from app.models import BLOCKING_STATUSES, Instrument, Listing, Rental, User

OWNERS = 500
RENTALS_PER_LISTING = 3
TOWNS = ["Austin, TX", "Dallas, TX", "Nashville, TN", "Seattle, WA", "Portland, OR", "Chicago, IL"]
TOWNS += [f"Town {number}, CA" for number in range(1, 95)]
CHUNK = 5000  # rows per insert

Row = dict[str, Any]


def fill(listings: int, instruments: int, today: date) -> None:
    """Write a catalogue into an empty database. Commits.

    :param listings: how many
    :param instruments: how many makes and models they are of
    :param today: rentals lie around this day: one in three takes its listing at the moment
    """
    chance = random.Random(listings)
    _write(User, (_user(number) for number in range(OWNERS)))
    _write(Instrument, itertools.islice(_instruments(), instruments))
    _write(Listing, (_listing(chance, number % instruments + 1) for number in range(listings)))
    rentals = RENTALS_PER_LISTING * listings
    _write(Rental, (_rental(chance, number % listings + 1, today) for number in range(rentals)))


def _write(model: Any, rows: Iterator[Row]) -> None:
    while chunk := list(itertools.islice(rows, CHUNK)):
        db.session.execute(insert(model), chunk)
    db.session.commit()


def _user(number: int) -> Row:
    return {
        "email": f"owner{number}@example.com",
        "password_hash": "",
        "name": f"Owner {number}",
        "role": "owner",
        "is_active": number % 50 != 49,
    }


def _instruments() -> Iterator[Row]:
    """Yield the demo's instruments, and then variants of them with further model numbers."""
    known = [
        {"category": category, "brand": brand, "model": model, "description": description}
        for category, models in INSTRUMENTS.items()
        for brand, model, _, description in models
    ]
    for edition in itertools.count():
        for values in known:
            suffix = f" X{edition}" if edition else ""
            model = values["model"] + suffix
            yield {**values, "model": model, "name": f"{values['brand']} {model}"}


def _listing(chance: random.Random, instrument_id: int) -> Row:
    return {
        "owner_id": chance.randint(1, OWNERS),
        "instrument_id": instrument_id,
        "condition": chance.choice(["new", "excellent", "good", "fair"]),
        "daily_rate": chance.randint(10, 240) / 2,
        "location": chance.choice(TOWNS),
        "is_available": chance.random() > 0.06,
    }


def _rental(chance: random.Random, listing_id: int, today: date) -> Row:
    """Return a rental that may overlap others of its listing; only the chat's queries read it."""
    start = today + timedelta(days=chance.randint(-120, 60))
    blocking = chance.random() < 0.4
    return {
        "listing_id": listing_id,
        "renter_id": chance.randint(1, OWNERS),
        "start_date": start,
        "end_date": start + timedelta(days=chance.randint(1, 30)),
        "status": chance.choice(BLOCKING_STATUSES) if blocking else "completed",
        "daily_rate": 10,
        "total": 100,
    }
