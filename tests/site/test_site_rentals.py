"""Bookings."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from client import bytes_of
from site_helpers import assert_error, auth, day, make_listing, make_rental, make_user

from app.errors import ConflictError
from app.extensions import db
from app.models import Rental, User
from app.services import rentals


def booking(listing, start, end):
    return {
        "listing_id": listing.id,
        "start_date": day(start).isoformat(),
        "end_date": day(end).isoformat(),
    }


def test_booking(site_client):
    renter, listing = make_user(), make_listing(daily_rate=Decimal("12.50"))
    response = site_client.post("/api/rentals", json=booking(listing, 1, 8), headers=auth(renter))
    assert response.status_code == 201
    rental = response.json
    assert (rental["status"], rental["days"]) == ("pending", 7)
    assert (rental["daily_rate"], rental["total"]) == (12.5, 87.5)
    assert rental["instrument_name"] == listing.instrument.name
    shown = site_client.get(f"/api/rentals/{rental['id']}", headers=auth(renter))
    assert shown.json == rental


def test_the_price_stays_as_agreed(site_client):
    renter, listing = make_user(), make_listing(daily_rate=Decimal(10))
    body = booking(listing, 1, 3)
    rental_id = site_client.post("/api/rentals", json=body, headers=auth(renter)).json["id"]
    listing.daily_rate = Decimal(99)
    db.session.commit()
    shown = site_client.get(f"/api/rentals/{rental_id}", headers=auth(renter)).json
    assert (shown["daily_rate"], shown["total"]) == (10.0, 20.0)


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        (5, 10, 409),
        (4, 6, 409),
        (9, 12, 409),
        (6, 7, 409),
        (1, 20, 409),
        (3, 5, 201),
        (10, 12, 201),
    ],
)
@pytest.mark.parametrize("status", ["pending", "active"])
def test_days_that_are_taken_cannot_be_booked_but_turnaround_days_can(
    site_client, start, end, code, status
):
    listing = make_listing()
    make_rental(listing, start=5, end=10, status=status)
    response = site_client.post(
        "/api/rentals", json=booking(listing, start, end), headers=auth(make_user())
    )
    assert response.status_code == code, response.text


@pytest.mark.parametrize("status", ["completed", "cancelled"])
def test_ended_rentals_are_not_in_the_way(site_client, status):
    listing = make_listing()
    make_rental(listing, start=5, end=10, status=status)
    response = site_client.post(
        "/api/rentals", json=booking(listing, 5, 10), headers=auth(make_user())
    )
    assert response.status_code == 201


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (-1, 3, "start_date"),
        (3, 3, "end_date"),
        (3, 2, "end_date"),
        (0, 366, "end_date"),
        (700, 800, "end_date"),
    ],
)
def test_senseless_dates_are_422(site_client, start, end, field):
    response = site_client.post(
        "/api/rentals", json=booking(make_listing(), start, end), headers=auth(make_user())
    )
    assert list(assert_error(response, 422)["errors"]["json"]) == [field]


@pytest.mark.parametrize("value", ["tomorrow", 5, None, "2030-02-30", "2030-01-01T00:00:00", ["x"]])
def test_a_date_is_a_date(site_client, value):
    body = {**booking(make_listing(), 1, 2), "start_date": value}
    response = site_client.post("/api/rentals", json=body, headers=auth(make_user()))
    assert "start_date" in assert_error(response, 422)["errors"]["json"]


def test_today_can_be_booked(site_client):
    body = booking(make_listing(), 0, 1)
    response = site_client.post("/api/rentals", json=body, headers=auth(make_user()))
    assert response.status_code == 201


def test_ones_own_unavailable_and_unknown_listings_cannot_be_booked(site_client):
    owner = make_user("owner")
    own, off = make_listing(owner), make_listing(is_available=False)
    post = site_client.post
    assert_error(post("/api/rentals", json=booking(own, 1, 2), headers=auth(owner)), 409)
    assert_error(post("/api/rentals", json=booking(off, 1, 2), headers=auth(owner)), 409)
    unknown = {**booking(off, 1, 2), "listing_id": 99999}
    assert_error(post("/api/rentals", json=unknown, headers=auth(owner)), 404)


def test_of_bookings_at_once_exactly_one_succeeds(site_any_db):
    listing_id = make_listing().id
    renters = [make_user().id for _ in range(12)]
    db.session.remove()

    def book(renter_id: int) -> bool:
        with site_any_db.app_context():
            renter = db.session.get(User, renter_id)
            assert renter is not None
            start, end = day(renter_id % 3), day(renter_id % 3 + 5)
            try:
                rentals.book(renter, listing_id=listing_id, start_date=start, end_date=end)
            except ConflictError:
                return False
            return True

    with ThreadPoolExecutor(max_workers=8) as threads:
        outcomes = list(threads.map(book, renters))
    assert sum(outcomes) == 1
    assert db.session.query(Rental).count() == 1


def move(client, rental, user, status, method="patch"):
    send = getattr(client, method)
    return send(f"/api/rentals/{rental.id}", json={"status": status}, headers=auth(user))


@pytest.mark.parametrize("method", ["patch", "put"])
def test_the_owner_accepts_and_completes(site_client, method):
    owner = make_user("owner")
    rental = make_rental(make_listing(owner), start=0, end=2)
    assert move(site_client, rental, owner, "active", method).json["status"] == "active"
    assert move(site_client, rental, owner, "completed", method).json["status"] == "completed"
    assert_error(move(site_client, rental, owner, "active", method), 409)


def test_the_renter_cancels_until_it_begins(site_client):
    renter = make_user()
    pending = make_rental(make_listing(), renter, start=0, end=2)
    assert move(site_client, pending, renter, "cancelled").status_code == 200
    accepted = make_rental(make_listing(), renter, start=1, end=2, status="active")
    assert move(site_client, accepted, renter, "cancelled").status_code == 200
    begun = make_rental(make_listing(), renter, start=0, end=2, status="active")
    assert_error(move(site_client, begun, renter, "cancelled"), 409)


def test_each_side_has_its_own_moves(site_client):
    renter, owner = make_user(), make_user("owner")
    rental = make_rental(make_listing(owner), renter, start=1, end=2)
    assert_error(move(site_client, rental, renter, "active"), 403)
    assert_error(move(site_client, rental, renter, "completed"), 409)
    assert_error(move(site_client, rental, renter, "pending"), 422)
    assert_error(move(site_client, rental, make_user("owner"), "active"), 404)
    assert move(site_client, rental, make_user("admin"), "active").status_code == 200
    assert_error(move(site_client, rental, owner, "cancelled"), 403)


def test_rentals_are_seen_by_their_parties_only(site_client):
    renter, owner = make_user(), make_user("owner")
    rental = make_rental(make_listing(owner), renter, start=1, end=2)
    path = f"/api/rentals/{rental.id}"
    for party in (renter, owner, make_user("admin")):
        assert site_client.get(path, headers=auth(party)).status_code == 200
    stranger = auth(make_user())
    hidden, missing = (site_client.get(p, headers=stranger) for p in (path, "/api/rentals/99999"))
    assert_error(hidden, 404)
    assert bytes_of(hidden) == bytes_of(missing)


def test_lists_are_of_one_side(site_client):
    renter, owner = make_user(), make_user("owner")
    first = make_rental(make_listing(owner), renter, start=1, end=2)
    later = make_rental(make_listing(owner), renter, start=5, end=6, status="cancelled")
    make_rental(make_listing(), start=1, end=2)

    def listed(user, query=""):
        response = site_client.get(f"/api/rentals{query}", headers=auth(user))
        return [rental["id"] for rental in response.json]

    assert listed(renter) == [later.id, first.id]
    assert listed(renter, "?status=pending") == [first.id]
    assert listed(renter, "?side=owner") == []
    assert listed(owner) == []
    assert listed(owner, "?side=owner") == [later.id, first.id]


def test_deleting_an_owner_takes_their_listings_and_rentals_along(site_any_db):
    owner = make_user("owner")
    make_rental(make_listing(owner), start=1, end=2)
    db.session.delete(owner)
    db.session.commit()
    assert db.session.query(Rental).count() == 0
