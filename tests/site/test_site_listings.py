"""Owners' listings."""

from __future__ import annotations

from decimal import Decimal

import pytest
from site_helpers import (
    assert_error,
    auth,
    make_instrument,
    make_listing,
    make_rental,
    make_user,
)

from app.extensions import db
from app.models import Listing, Rental
from app.services import listings


def new(**values):
    return {
        "instrument_id": make_instrument().id,
        "condition": "good",
        "daily_rate": 12.5,
        "location": "Austin, TX",
        **values,
    }


def test_an_owner_offers_an_instrument(site_client):
    owner = make_user("owner", name="Olivia")
    created = site_client.post("/api/listings", json=new(), headers=auth(owner))
    assert created.status_code == 201
    assert created.json["daily_rate"] == 12.5
    assert created.json["is_available"] is True
    assert created.json["owner_name"] == "Olivia"
    assert created.json["instrument"]["id"] == created.json["instrument_id"]
    assert site_client.get(f"/api/listings/{created.json['id']}").json == created.json


def test_a_renter_may_not_offer(site_client):
    assert_error(site_client.post("/api/listings", json=new(), headers=auth(make_user())), 403)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("daily_rate", 0),
        ("daily_rate", -1),
        ("daily_rate", 1.001),
        ("daily_rate", 1e300),
        ("daily_rate", True),
        ("daily_rate", "NaN"),
        ("daily_rate", "1e999999999"),
        ("daily_rate", [1]),
        ("daily_rate", None),
        ("condition", "broken"),
        ("location", ""),
        ("instrument_id", "1"),
        ("instrument_id", True),
        ("instrument_id", 1.5),
        ("instrument_id", 2**31),
        ("instrument_id", 2**31 - 1),
        ("is_available", "yes"),
        ("is_available", 1),
        ("owner_id", 1),
    ],
)
def test_a_bad_value_is_422(site_client, field, value):
    headers = auth(make_user("owner"))
    response = site_client.post("/api/listings", json=new(**{field: value}), headers=headers)
    assert field in assert_error(response, 422)["errors"]["json"]


def test_the_owner_and_administrators_change_it(site_client):
    owner = make_user("owner")
    listing = make_listing(owner)
    path = f"/api/listings/{listing.id}"
    changed = site_client.put(path, json={"daily_rate": 9.99}, headers=auth(owner))
    assert (changed.json["daily_rate"], changed.json["condition"]) == (9.99, "good")
    changed = site_client.put(path, json={"is_available": False}, headers=auth(make_user("admin")))
    assert changed.json["is_available"] is False
    assert changed.json["owner_id"] == owner.id


def test_to_others_it_is_not_there_to_change(site_client):
    path = f"/api/listings/{make_listing().id}"
    stranger = auth(make_user("owner"))
    for target in (path, "/api/listings/99999"):
        assert_error(site_client.put(target, json={"daily_rate": 1}, headers=stranger), 404)
        assert_error(site_client.delete(target, headers=stranger), 404)


def test_deleting_waits_for_open_rentals(site_client):
    owner = make_user("owner")
    listing = make_listing(owner)
    listing_id = listing.id
    rental = make_rental(listing, start=1, end=2)
    path = f"/api/listings/{listing.id}"
    assert_error(site_client.delete(path, headers=auth(owner)), 409)
    rental.status = "completed"
    db.session.commit()
    assert site_client.delete(path, headers=auth(owner)).status_code == 204
    db.session.expire_all()
    assert db.session.get(Listing, listing_id) is None
    assert db.session.query(Rental).count() == 0


def ids(response):
    assert response.status_code == 200, response.text
    return [listing["id"] for listing in response.json]


def test_filters_narrow_the_list_cheapest_first(site_client):
    violin = make_instrument(category="Orchestral strings", brand="Eastman")
    dear = make_listing(instrument=violin, daily_rate=Decimal(24), location="Seattle, WA").id
    cheap = make_listing(instrument=violin, daily_rate=Decimal(8), location="Austin, TX").id
    guitar = make_listing(daily_rate=Decimal(10)).id
    get = site_client.get
    assert ids(get("/api/listings")) == [cheap, guitar, dear]
    assert ids(get("/api/listings?category=orchestral+STRINGS")) == [cheap, dear]
    assert ids(get("/api/listings?brand=eastman&location=seattle")) == [dear]
    assert ids(get("/api/listings?max_daily_rate=10")) == [cheap, guitar]
    assert ids(get("/api/listings?location=%25")) == []
    assert_error(get("/api/listings?max_daily_rate=cheap"), 422)


def test_available_means_that_it_can_be_had_today(site_client):
    free = make_listing().id
    off = make_listing(is_available=False).id
    rented, later, back_today = make_listing(), make_listing(), make_listing()
    make_rental(rented, start=-1, end=1, status="active")
    make_rental(later, start=1, end=3)
    make_rental(back_today, start=-3, end=0, status="active")
    get = site_client.get
    assert ids(get("/api/listings?available=true")) == [free, later.id, back_today.id]
    assert ids(get("/api/listings?available=false")) == [off, rented.id]
    assert listings.listing_facts(rented)["is_available"] is False
    assert listings.listing_facts(later)["is_available"] is True


def test_a_list_costs_the_same_queries_whatever_its_length(site_app, site_client):
    from sqlalchemy import event

    def queries() -> int:
        counted: list[str] = []

        def count(*details: object) -> None:
            counted.append(str(details[2]))

        event.listen(db.engine, "before_cursor_execute", count)
        db.session.expunge_all()
        site_client.get("/api/listings")
        event.remove(db.engine, "before_cursor_execute", count)
        return len(counted)

    make_listing()
    few = queries()
    for _ in range(9):
        make_listing()
    assert queries() == few == 2
