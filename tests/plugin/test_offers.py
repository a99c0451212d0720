"""What a recommendation tells: the catalogue's facts, and reasons that are true."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from flask_smorest_chatbot import Budget, CatalogItem, CatalogQuery, Period, UserProfile
from flask_smorest_chatbot.services.catalogue.offers import offer

TODAY = date(2026, 11, 21)
WEEK = Period(date(2026, 12, 30), date(2027, 1, 6))
ITEM = CatalogItem(
    id=17,
    name="Yamaha FG800",
    price="18.10",
    url="/listings/17",
    category="Guitar",
    brand="Yamaha",
    condition="excellent",
    location="Austin, TX",
    free_until=date(2027, 2, 1),
    levels=("beginner",),
    details={"model": "FG800", "owner_name": "Ann"},
)


def query(**values: Any) -> CatalogQuery:
    return CatalogQuery(text="", today=TODAY, **values)


def test_offer_with_dates_and_budget() -> None:
    told = offer(
        ITEM,
        query(
            period=WEEK,
            categories=["Guitar"],
            brands=["Yamaha"],
            budget=Budget(most=Decimal(20)),
            place="Austin",
            level="beginner",
        ),
    )
    assert told == {
        "id": 17,
        "name": "Yamaha FG800",
        "category": "Guitar",
        "brand": "Yamaha",
        "model": "FG800",
        "owner_name": "Ann",
        "price": {"amount": "18.10", "currency": "USD", "unit": "day"},
        "total": {"amount": "126.70", "currency": "USD", "days": 7},
        "available": {"from": "2026-12-30", "to": "2027-01-06"},
        "condition": "excellent",
        "location": "Austin, TX",
        "url": "/listings/17",
        "fit": 1.0,
        "reason": "Guitar, as you asked; Made by Yamaha, as you asked; "
        "$18.10 a day, within your budget.",
        "reasons": [
            {"fact": "Guitar, as you asked", "field": "category"},
            {"fact": "Made by Yamaha, as you asked", "field": "brand"},
            {"fact": "$18.10 a day, within your budget", "field": "price"},
            {"fact": "$126.70 for 7 days", "field": "total"},
            {"fact": "Free from 30 December 2026 to 6 January 2027", "field": "available"},
            {"fact": "In Austin, TX, as you asked", "field": "location"},
            {"fact": "For beginner level", "field": "levels"},
            {"fact": "In excellent condition", "field": "condition"},
        ],
    }


def test_nothing_is_claimed_that_was_not_asked() -> None:
    told = offer(ITEM, query(profile=UserProfile(preferred_instruments=["drums"])))
    assert [reason["fact"] for reason in told["reasons"]] == [
        "$18.10 a day", "In excellent condition", "Available from today"
    ]  # fmt: skip
    assert told["total"] is None
    assert told["available"] == {"from": "2026-11-21", "to": "2027-02-01"}


def test_over_budget_is_never_called_within() -> None:
    told = offer(ITEM, query(budget=Budget(most=Decimal(18))))
    assert not [reason for reason in told["reasons"] if "within" in reason["fact"]]


def test_an_item_of_few_facts_still_has_a_reason() -> None:
    told = offer(CatalogItem(id="a", name="Thing"), query(period=WEEK))
    assert (told["price"], told["total"], told["url"]) == (None, None, None)
    assert told["reason"] == "Free from 30 December 2026 to 6 January 2027."


def test_totals_of_longer_units_count_units_begun() -> None:
    by_week = CatalogItem(id=1, name="Piano", price=Decimal("70.00"), price_unit="week")
    assert offer(by_week, query(period=Period.from_start(TODAY, 8)))["total"] == {
        "amount": "140.00", "currency": "USD", "days": 8
    }  # fmt: skip
    own = CatalogItem(id=1, name="Piano", price=10, total=Decimal("60.00"))
    assert offer(own, query(period=WEEK))["total"]["amount"] == "60.00"
