"""Writes the demo data. The same seed gives the same data; only rental dates follow today's."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import select

from ..extensions import db
from ..models import Instrument, Listing, Rental, Survey, User
from ..services.accounts import find_by_email
from ..services.clock import today
from ..services.passwords import hash_password
from ..services.transaction import transaction
from .instruments import INSTRUMENTS
from .people import OWNERS, PASSWORD, RENTERS

SEED = 20_240_601
LISTINGS = 150
CONDITIONS = {"new": "1.15", "excellent": "1.05", "good": "1.00", "fair": "0.85"}  # price factor

BOOKED_AHEAD = 30  # further listings, which owners have booked from one another

# First day and length in days, relative to today, of the rentals that each renter gets.
STAYS = {"completed": (-60, 10), "active": (-3, 10), "pending": (12, 7), "cancelled": (30, 5)}


def seed() -> dict[str, int]:
    """Add what is missing of the demo data. Commits, all or nothing.

    Listings and rentals are added only while the demo owners list nothing, so that a second run
    adds nothing.

    :return: how many rows were added, by table
    """
    chance = random.Random(SEED)  # noqa: S311  (repeatable on purpose)  # nosec B311
    with transaction():
        owners, renters, new_users = _add_users()
        instruments, new_instruments = _add_instruments()
        surveys = _add_surveys(renters)
        listings: list[Listing] = []
        if not _has_listings(owners):
            listings = _add_listings(chance, owners, instruments)
        rentals = _add_rentals(chance, renters, owners, listings)
    return {
        "users": new_users,
        "surveys": surveys,
        "instruments": new_instruments,
        "listings": len(listings),
        "rentals": rentals,
    }


def _add_users() -> tuple[list[User], list[User], int]:
    people = [(email, name, "owner") for email, name, _ in OWNERS]
    people += [(email, name, "renter") for email, name, _ in RENTERS]
    known = {email: find_by_email(email) for email, _, _ in people}
    missing = [person for person in people if known[person[0]] is None]
    # One hash for all: hashing is slow on purpose, and the password is public anyway.
    hashed = hash_password(PASSWORD) if missing else ""
    for email, name, role in missing:
        known[email] = User(email=email, name=name, role=role, password_hash=hashed)
        db.session.add(known[email])
    db.session.flush()
    users = [user for user in known.values() if user is not None]
    return users[: len(OWNERS)], users[len(OWNERS) :], len(missing)


def _add_surveys(renters: list[User]) -> int:
    have = set(db.session.scalars(select(Survey.user_id)))
    told = [(user, survey) for user, (_, _, survey) in zip(renters, RENTERS, strict=True)]
    new = [Survey(user_id=user.id, **survey) for user, survey in told if user.id not in have]
    db.session.add_all(new)
    return len(new)


def _add_instruments() -> tuple[list[tuple[Instrument, Decimal]], int]:
    """Return all demo instruments with their usual daily rate, and how many are new."""
    known = {(item.brand, item.model): item for item in db.session.scalars(select(Instrument))}
    before = len(known)
    priced = []
    for category, items in INSTRUMENTS.items():
        for brand, model, rate, description in items:
            if (brand, model) not in known:
                known[brand, model] = Instrument(
                    name=f"{brand} {model}",
                    category=category,
                    brand=brand,
                    model=model,
                    description=description,
                )
            priced.append((known[brand, model], Decimal(rate)))
    db.session.add_all(known.values())
    db.session.flush()
    return priced, len(known) - before


def _has_listings(owners: list[User]) -> bool:
    ids = [owner.id for owner in owners]
    query = select(Listing.id).where(Listing.owner_id.in_(ids)).limit(1)
    return db.session.scalar(query) is not None


def _add_listings(
    chance: random.Random, owners: list[User], instruments: list[tuple[Instrument, Decimal]]
) -> list[Listing]:
    """List every instrument once before any a second time."""
    pairs = zip(owners, OWNERS, strict=True)
    towns = [(owner, town) for owner, (_, _, own) in pairs for town in own]
    chosen = [*instruments, *chance.choices(instruments, k=LISTINGS - len(instruments))]
    listings = [_listing(chance, *chance.choice(towns), *item) for item in chosen]
    db.session.add_all(listings)
    db.session.flush()
    return listings


def _listing(
    chance: random.Random, owner: User, town: str, instrument: Instrument, rate: Decimal
) -> Listing:
    condition = chance.choices(list(CONDITIONS), weights=[1, 3, 5, 2])[0]
    asked = rate * Decimal(CONDITIONS[condition]) * Decimal(chance.randint(90, 115)) / 100
    return Listing(
        owner=owner,
        instrument=instrument,
        condition=condition,
        daily_rate=round(asked * 2) / Decimal(2),  # owners ask for half dollars
        location=town,
        is_available=chance.random() > 0.06,
    )


def _add_rentals(
    chance: random.Random, renters: list[User], owners: list[User], listings: list[Listing]
) -> int:
    """Give each renter one rental of each status, and owners some of what will be needed soon.

    Each is of a listing of its own, but that a few listings are booked twice in a row.
    """
    wanted = [(renter, status) for renter in renters for status in STAYS]
    rentable = [listing for listing in listings if listing.is_available]
    chance.shuffle(rentable)
    rentals = [
        _rental(chance, renter, status, listing)
        for (renter, status), listing in zip(wanted, rentable, strict=False)
    ]
    for listing in rentable[len(wanted) : len(wanted) + BOOKED_AHEAD]:
        rentals += _bookings_ahead(chance, owners, listing)
    db.session.add_all(rentals)
    return len(rentals)


def _bookings_ahead(chance: random.Random, owners: list[User], listing: Listing) -> list[Rental]:
    """Book a listing for one or two owners; the second begins when the first ends."""
    renter = chance.choice([owner for owner in owners if owner is not listing.owner])
    start = today() + timedelta(days=chance.randint(4, 45))
    first = _booking(listing, renter, start, chance.randint(2, 14), "active")
    if chance.random() < 0.7:
        return [first]
    return [first, _booking(listing, renter, first.end_date, chance.randint(2, 7), "pending")]


def _rental(chance: random.Random, renter: User, status: str, listing: Listing) -> Rental:
    first, days = STAYS[status]
    days += chance.randint(0, 5)
    return _booking(listing, renter, today() + timedelta(days=first), days, status)


def _booking(listing: Listing, renter: User, start: date, days: int, status: str) -> Rental:
    return Rental(
        listing=listing,
        renter=renter,
        start_date=start,
        end_date=start + timedelta(days=days),
        status=status,
        daily_rate=listing.daily_rate,
        total=listing.daily_rate * days,
    )
