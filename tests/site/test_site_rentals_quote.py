"""Quotes, the rental page, and prices that change between the two."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from site_helpers import (
    assert_error,
    auth,
    day,
    make_instrument,
    make_listing,
    make_rental,
    make_user,
)

from app.extensions import db
from app.models import Rental
from app.services.phrases import day_text, span_text


def quote(client, listing, start, end):
    query = {"start": str(day(start)), "end": str(day(end))}
    return client.get(f"/api/listings/{listing.id}/quote", query_string=query)


def test_a_quote_tells_the_total_to_anybody(site_client):
    listing = make_listing(daily_rate=Decimal("12.35"))
    answer = quote(site_client, listing, 1, 8)
    assert answer.status_code == 200
    message = f"Free from {span_text(day(1), day(8))}: 7 days, $86.45 in all."
    assert answer.json == {
        "listing_id": listing.id,
        "start": str(day(1)),
        "end": str(day(8)),
        "days": 7,
        "daily_rate": 12.35,
        "total": 86.45,
        "currency": "USD",
        "available": True,
        "free_from": None,
        "free_until": None,
        "message": message,
    }


@pytest.mark.parametrize(
    ("start", "end", "available", "free_from", "free_until"),
    [
        (1, 5, True, None, 5),
        (0, 2, True, None, 5),
        (4, 6, False, 13, None),  # the gap from 10 to 11 is too short for two days
        (4, 5, True, None, 5),
        (5, 6, False, 10, 11),
        (10, 11, True, 10, 11),
        (9, 12, False, 13, None),
        (20, 30, True, 13, None),
    ],
)
def test_a_quote_tells_the_free_time(site_client, start, end, available, free_from, free_until):
    listing = make_listing()
    make_rental(listing, start=5, end=10, status="active")
    make_rental(listing, start=11, end=13)
    make_rental(listing, start=1, end=4, status="cancelled")
    told = quote(site_client, listing, start, end).json
    assert told["available"] is available
    assert told["free_from"] == (free_from and str(day(free_from)))
    assert told["free_until"] == (free_until and str(day(free_until)))
    if not available:
        assert day_text(day(free_from)) in told["message"]


def test_what_is_not_rented_out_has_no_next_day(site_client):
    told = quote(site_client, make_listing(is_available=False), 1, 2).json
    assert (told["available"], told["free_from"]) == (False, None)
    assert "does not rent" in told["message"]


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [(-1, 3, "start"), (3, 3, "end"), (3, 1, "end"), (0, 366, "end"), (700, 800, "end")],
)
def test_senseless_dates_have_no_quote(site_client, start, end, field):
    error = assert_error(quote(site_client, make_listing(), start, end), 422)
    assert list(error["errors"]["query"]) == [field]


@pytest.mark.parametrize(
    "query", ["", "start=x&end=y", "start=2030-01-01", "start=2030-02-30&end="]
)
def test_a_quote_needs_two_dates(site_client, query):
    assert_error(site_client.get(f"/api/listings/{make_listing().id}/quote?{query}"), 422)
    assert_error(site_client.get("/api/listings/99999/quote?start=2030-01-01&end=2030-01-02"), 404)


def booking(listing, start, end, **more):
    dates = {"start_date": str(day(start)), "end_date": str(day(end))}
    return {"listing_id": listing.id, **dates, **more}


def test_a_changed_price_is_not_charged_unseen(site_client):
    listing, headers = make_listing(daily_rate=Decimal("10.10")), auth(make_user())
    body = booking(listing, 1, 4, expected_total=30.3)
    listing.daily_rate = Decimal("20.20")
    db.session.commit()
    error = assert_error(site_client.post("/api/rentals", json=body, headers=headers), 409)
    assert "$60.60" in error["message"]
    assert error["errors"]["total"] == 60.6
    assert db.session.query(Rental).count() == 0
    agreed = site_client.post(
        "/api/rentals", json={**body, "expected_total": 60.6}, headers=headers
    )
    assert agreed.status_code == 201
    assert agreed.json["total"] == 60.6
    assert "expected_total" not in agreed.json


@pytest.mark.parametrize("total", [0, -1, "x", 1.005, True, [], None])
def test_an_expected_total_is_money(site_client, total):
    body = booking(make_listing(), 1, 2, expected_total=total)
    error = assert_error(
        site_client.post("/api/rentals", json=body, headers=auth(make_user())), 422
    )
    assert list(error["errors"]["json"]) == ["expected_total"]


@pytest.mark.parametrize("round_", range(3))
def test_of_two_presses_at_once_one_books_and_one_is_told(site_any_db, round_):
    """Through the whole app, started by a barrier, with dates that overlap by one day."""
    listing = make_listing()
    bodies = [booking(listing, 1, 5), booking(listing, 4, 9)]
    headers = [auth(make_user()) for _ in bodies]
    db.session.remove()
    barrier = threading.Barrier(2)

    def press(number):
        client = site_any_db.test_client()
        barrier.wait()
        return client.post("/api/rentals", json=bodies[number], headers=headers[number])

    with ThreadPoolExecutor(max_workers=2) as threads:
        answers = list(threads.map(press, range(2)))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert db.session.query(Rental).count() == 1


def test_rentals_of_one_listing_are_listed(site_client):
    renter, listing = make_user(), make_listing()
    wanted = make_rental(listing, renter, start=1, end=2)
    make_rental(make_listing(), renter, start=1, end=2)

    def listed(value):
        return site_client.get(f"/api/rentals?listing_id={value}", headers=auth(renter))

    assert [rental["id"] for rental in listed(listing.id).json] == [wanted.id]
    for wrong in ("x", 0, 10**12):
        assert_error(listed(wrong), 422)


def page_of(client, listing, query=""):
    page = client.get(f"/listings/{listing.id}{query}")
    assert page.status_code == 200
    return page.text


def test_the_page_opens_with_dates_and_total_filled_in(site_client):
    listing = make_listing(daily_rate=Decimal("12.35"))
    page = page_of(site_client, listing, f"?start={day(1)}&end={day(8)}")
    for shown in (f'value="{day(1)}"', f'value="{day(8)}"', "7 days", "$86.45"):
        assert shown in page


def test_the_page_says_when_it_is_taken(site_client):
    listing = make_listing()
    make_rental(listing, start=2, end=5)
    page = page_of(site_client, listing, f"?start={day(1)}&end={day(8)}")
    assert "Taken on some days" in page
    assert day_text(day(5)) in page


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", "Choose the first day"),
        ("?start=2030-01-01", "Choose the first day"),
        ("?start=soon&end=later", "cannot be read"),
        ("?start=2030-02-30&end=2030-03-01", "cannot be read"),
        ("?start=20300101&end=20300102", "cannot be read"),
        ("?start=2000-01-01&end=2000-01-05", "is past"),
        ("?start=2999-01-05&end=2999-01-01", "comes after"),
        ("?start=2999-01-01&end=2999-01-05", "days ahead"),
        ("?start=9999-12-30&end=9999-12-31", "days ahead"),
        ("?start=0001-01-01&end=9999-12-31", "is past"),
        ("?start=%00&end=%ff", "cannot be read"),
        ("?start=<script>&end=\u0661\u0662", "cannot be read"),
        ("?start=2030-01-01&start=x&end[]=2030-01-02", "Choose the first day"),
    ],
)
def test_dates_that_make_no_sense_leave_a_page_that_works(site_client, query, told):
    page = page_of(site_client, make_listing(), query)
    assert told in page
    assert 'id="rent-form"' in page
    assert "<script>&" not in page


def test_names_are_escaped_everywhere(site_client):
    name = '"><img src=x onerror=alert(1)>'
    page = page_of(site_client, make_listing(instrument=make_instrument(name=name)))
    assert "<img" not in page
    assert "&lt;img" in page


@pytest.mark.parametrize("path", ["/rentals", "/rentals/1", "/rentals/99999"])
def test_the_pages_of_rentals_hold_no_data(site_client, path):
    listing = make_listing(instrument=make_instrument(name="Secret Strat"))
    make_rental(listing, start=1, end=2)
    page = site_client.get(path)
    assert page.status_code == 200
    assert "Secret" not in page.text


def test_an_id_that_no_rental_can_have_has_no_page(site_client):
    assert site_client.get(f"/rentals/{'9' * 30}").status_code == 404


@pytest.mark.parametrize("path", ["/", "/rentals", "/listings/1"])
def test_pages_have_no_inline_scripts_or_styles(site_client, path):
    make_listing()
    page = site_client.get(path).text
    assert "<style" not in page
    assert " style=" not in page
    assert " onclick=" not in page
    assert page.count("<script") == page.count('<script type="module" src=')
