"""The chat's catalogue query, on both databases."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from site_helpers import day, make_instrument, make_listing, make_rental, make_user
from sqlalchemy import event

from app.extensions import db
from app.models import BLOCKING_STATUSES, RENTAL_STATUSES, Listing, Rental
from app.services.catalog import search_listings


def found(*args, **kwargs):
    return [hit.listing_id for hit in search_listings(*args, **kwargs)]


@pytest.fixture
def catalogue(site_any_db):
    """Listing ids by a short name."""
    nylon = make_instrument(
        brand="Yamaha",
        model="C40",
        category="Acoustic guitars",
        description="Nylon strings for BEGINNERS.",
    )
    violin = make_instrument(
        brand="Stentor",
        model="Student",
        category="Orchestral strings",
        description="Complete beginner's outfit. 100% easy!",
    )
    return {
        "nylon": make_listing(instrument=nylon, daily_rate=Decimal(7)).id,
        "nylon_far": make_listing(instrument=nylon, daily_rate=Decimal(5), location="Reno, NV").id,
        "violin": make_listing(instrument=violin, daily_rate=Decimal(9), location="Reno, NV").id,
    }


def test_more_matched_words_come_first_then_price(catalogue):
    assert found(["nylon", "Guitars", "beginner"]) == [
        catalogue["nylon_far"],
        catalogue["nylon"],
        catalogue["violin"],
    ]
    hits = search_listings(["nylon", "Guitars", "beginner"])
    assert [hit.matched_words for hit in hits] == [3, 3, 1]


def test_the_same_place_comes_before_the_price(catalogue):
    for place in ("Austin", "austin, TX", "Austin, Texas"):
        assert found(["guitar"], location=place)[0] == catalogue["nylon"]
    assert found(["guitar"], location="%")[0] == catalogue["nylon_far"]


def test_without_words_the_cheapest_come_first(catalogue):
    assert found() == [catalogue["nylon_far"], catalogue["nylon"], catalogue["violin"]]


def test_words_that_match_nothing_find_nothing_unless_told_otherwise(catalogue):
    assert found(["unicorn", "harp"]) == []
    assert len(found(["unicorn", "harp"], require_match=False)) == 3


@pytest.mark.parametrize(
    ("word", "count"), [("violins", 0), ("%", 1), ("_", 0), ("!", 1), ("'", 1), ("\\", 0), ("", 3)]
)
def test_marks_stand_for_themselves(catalogue, word, count):
    assert len(found([word])) == count


def test_plurals_find_singulars(site_any_db):
    listing = make_listing(instrument=make_instrument(description="A violin."))
    assert found(["violins"]) == [listing.id]
    assert found(["bass"]) == []


def test_prices_and_categories_bound(catalogue):
    assert found(max_daily_rate=Decimal(7)) == [catalogue["nylon_far"], catalogue["nylon"]]
    assert found(min_daily_rate=Decimal(7)) == [catalogue["nylon"], catalogue["violin"]]
    assert found(categories=["orchestral STRINGS"]) == [catalogue["violin"]]
    assert found(limit=1) == [catalogue["nylon_far"]]


def test_ones_own_and_closed_accounts_listings_are_left_out(site_any_db):
    owner, closed = make_user("owner"), make_user("owner")
    mine, theirs = make_listing(owner), make_listing(closed)
    assert found(exclude_owner_id=owner.id) == [theirs.id]
    closed.is_active = False
    db.session.commit()
    assert found() == [mine.id]


def test_it_is_one_query(catalogue):
    statements: list[str] = []

    def count(*details: object) -> None:
        statements.append(str(details[2]))

    event.listen(db.engine, "before_cursor_execute", count)
    hits = search_listings(["guitar"], location="Austin")
    event.remove(db.engine, "before_cursor_execute", count)
    assert len(hits) == 2
    assert len(statements) == 1


def test_availability_agrees_with_brute_force(site_any_db):
    chance = random.Random(7)
    owner, renter = make_user("owner"), make_user()
    listings = [make_listing(owner, is_available=chance.random() > 0.1) for _ in range(12)]
    for _ in range(40):
        start = chance.randint(-10, 10)
        make_rental(
            chance.choice(listings),
            renter,
            start=start,
            end=start + chance.randint(1, 6),
            status=chance.choice(RENTAL_STATUSES),
        )
    booked = list(db.session.query(Rental))

    def taken_on(listing: Listing, offset: int) -> bool:
        return any(
            rental.start_date <= day(offset) < rental.end_date
            for rental in booked
            if rental.listing_id == listing.id and rental.status in BLOCKING_STATUSES
        )

    for _ in range(60):
        start = chance.randint(-3, 12)
        end = start + chance.randint(1, 5)
        expected = {
            listing.id
            for listing in listings
            if listing.is_available
            and not any(taken_on(listing, offset) for offset in range(start, end))
        }
        window = {"available_from": day(start), "available_to": day(end)}
        assert set(found(**window, limit=100)) == expected
    now = {listing.id for listing in listings if listing.is_available and not taken_on(listing, 0)}
    assert set(found(limit=100)) == now
