"""What the site's tests make, send and check."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask import Flask

from app import create_app
from app.extensions import db
from app.models import Instrument, Listing, Rental, User
from app.services import accounts, clock, tokens

PASSWORD = "correct horse"
SECRET = "for-tests-only-and-long-enough-for-every-hash-that-a-token-may-use"
TEST_CONFIG = {
    "TESTING": True,
    "JWT_SECRET_KEY": SECRET,
    "ARGON2_TIME_COST": 1,
    "ARGON2_MEMORY_COST": 8,
    "ARGON2_PARALLELISM": 1,
}

Headers = dict[str, str]
_numbers = itertools.count(1)


def new_site(url: str, **config: Any) -> Flask:
    """Return a site on the database at ``url``, in which passwords cost nothing."""
    return create_app({"DATABASE_URL": url, **TEST_CONFIG, **config})


def make_user(role: str = "renter", **values: Any) -> User:
    """Store a user with :data:`PASSWORD`."""
    values = {"email": f"user{next(_numbers)}@example.com", "name": "Some One", **values}
    return accounts.register(password=PASSWORD, role=role, **values)


def auth(user: User) -> Headers:
    """Return the headers that ``user`` logs in with."""
    return {"Authorization": f"Bearer {tokens.issue_access_token(user)}"}


def make_instrument(**values: Any) -> Instrument:
    """Store an instrument; its model is unique unless given."""
    number = next(_numbers)
    values = {"brand": "Brand", "model": f"M{number}", "category": "Guitars", **values}
    values.setdefault("name", f"{values['brand']} {values['model']}")
    instrument = Instrument(**values)
    db.session.add(instrument)
    db.session.commit()
    return instrument


def make_listing(owner: User | None = None, **values: Any) -> Listing:
    """Store a listing; its instrument and owner are new unless given."""
    instrument = values.pop("instrument", None) or make_instrument()
    values = {
        "condition": "good",
        "daily_rate": Decimal("12.50"),
        "location": "Austin, TX",
        **values,
    }
    listing = Listing(owner=owner or make_user("owner"), instrument=instrument, **values)
    db.session.add(listing)
    db.session.commit()
    return listing


def make_rental(
    listing: Listing, renter: User | None = None, *, start: int, end: int, status: str = "pending"
) -> Rental:
    """Store a rental from ``start`` to ``end``, in days from today, whatever the rules say."""
    rental = Rental(
        listing=listing,
        renter=renter or make_user(),
        start_date=day(start),
        end_date=day(end),
        status=status,
        daily_rate=listing.daily_rate,
        total=listing.daily_rate * (end - start),
    )
    db.session.add(rental)
    db.session.commit()
    return rental


def day(offset: int) -> date:
    """Return today's date plus ``offset`` days."""
    return clock.today() + timedelta(days=offset)


def assert_error(response: Any, code: int) -> dict[str, Any]:
    """Check status and shape of an error; return it."""
    assert response.status_code == code, response.get_data(as_text=True)
    body: dict[str, Any] = response.get_json()
    assert set(body) == {"code", "status", "message", "errors", "request_id"}
    assert body["code"] == code
    assert body["request_id"] == response.headers["X-Request-ID"]
    assert isinstance(body["errors"], dict)
    assert body["message"].endswith(".")
    return body
