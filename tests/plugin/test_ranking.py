"""The plugin's own search of a plain list, and why it finds nothing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from flask_smorest_chatbot import Budget, CatalogItem, CatalogQuery, Period, UserProfile
from flask_smorest_chatbot.services.catalogue.ranking import fit, is_at, search

TODAY = date(2026, 11, 21)
WEEK = Period(date(2026, 12, 12), date(2026, 12, 19))
ITEMS = [
    CatalogItem(
        id=1, name="Yamaha FG800", price=18, category="Guitar", brand="Yamaha",
        location="Austin, TX", levels=("beginner",),
    ),
    CatalogItem(
        id=2, name="Fender Stratocaster", price=40, category="Guitar", brand="Fender",
        location="Boston, MA", free_until=date(2026, 12, 15),
    ),
    CatalogItem(
        id=3, name="Roland TD-1", price=35, category="Drums", brand="Roland",
        is_available=False, free_from=date(2026, 12, 14),
    ),
    CatalogItem(id=4, name="Yamaha P-45", price=25, category="Piano", brand="Yamaha"),
]  # fmt: skip


def query(text: str = "", **values: Any) -> CatalogQuery:
    return CatalogQuery(text=text, today=TODAY, **values)


def found(**values: Any) -> tuple[str, list[object], list[object]]:
    result = search(ITEMS, query(**values))
    return result.outcome, [i.id for i in result.items], [i.id for i in result.nearest]


@pytest.mark.parametrize(
    ("values", "outcome", "items", "nearest"),
    [
        ({}, "found", [1, 4, 2], []),
        ({"excluded_words": ["fg800"]}, "found", [4, 2], []),
        ({"categories": ["Guitar"]}, "found", [1, 2], []),
        ({"categories": ["Guitar"], "excluded_brands": ["Yamaha"]}, "found", [2], []),
        ({"brands": ["Yamaha"]}, "found", [1, 4], []),
        ({"words": ["piano"]}, "found", [4, 1, 2], []),
        ({"excluded_ids": ["1", 4]}, "found", [2], []),
        ({"excluded_categories": ["Guitar"]}, "found", [4], []),
        ({"period": WEEK}, "found", [1, 4], []),
        ({"place": "Boston"}, "found", [2, 1, 4], []),
        ({"wanted": "theremin"}, "not_carried", [], []),
        ({"categories": ["Harp"]}, "not_carried", [], []),
        ({"categories": ["Drums"]}, "all_out", [], [3]),
        ({"brands": ["Fender"], "period": WEEK}, "all_out", [], [2]),
        ({"budget": Budget(most=Decimal(10))}, "over_budget", [], [1, 4]),
        ({"budget": Budget(most=Decimal(140), unit="week")}, "found", [1], []),
        ({"budget": Budget(most=Decimal(126), unit="total"), "period": WEEK}, "found", [1], []),
        (
            {"budget": Budget(most=Decimal(125), unit="total"), "period": WEEK},
            "over_budget", [], [1, 4],
        ),
        ({"budget": Budget(least=Decimal(30))}, "found", [2], []),
        ({"budget": Budget(most=Decimal(1), currency="EUR")}, "found", [1, 4, 2], []),
        (
            {
                "budget": Budget(most=Decimal(1), currency="EUR"),
                "profile": UserProfile(budget_max=Decimal(20)),
            },
            "found", [1], [],
        ),
        (
            {"any_price": True, "profile": UserProfile(budget_max=Decimal(1))},
            "found", [1, 4, 2], [],
        ),
        ({"place": "Austin, MN"}, "found", [1, 4, 2], []),
        ({"profile": UserProfile(budget_max=Decimal(20))}, "found", [1], []),
        ({"profile": UserProfile(preferred_instruments=["Piano"])}, "found", [4, 1, 2], []),
        ({"item_ids": ["3", 1, "9"]}, "found", [3, 1], []),
        ({"categories": ["Drums"], "excluded_brands": ["Roland"]}, "found", [], []),
    ],
)  # fmt: skip
def test_search(
    values: dict[str, Any], outcome: str, items: list[object], nearest: list[object]
) -> None:
    assert found(**values) == (outcome, items, nearest)


def test_an_empty_catalogue_carries_nothing() -> None:
    assert search([], query()).outcome == "found"
    assert search([], query(wanted="harp")).outcome == "not_carried"


def test_a_list_as_long_as_the_limit_is_a_whole_catalogue_too() -> None:
    asked = query(wanted="harp", limit=len(ITEMS))
    assert search(ITEMS, asked).outcome == "not_carried"


def test_towns_of_one_name_are_told_apart_by_their_region() -> None:
    assert is_at(ITEMS[0], "austin")
    assert is_at(ITEMS[0], "Austin, TX")
    assert not is_at(ITEMS[0], "Austin, MN")
    assert not is_at(ITEMS[3], "Austin")


def test_fit_is_the_share_of_what_was_asked() -> None:
    asked = query(categories=["Guitar"], place="Austin", level="beginner")
    assert [fit(item, asked) for item in ITEMS[:2]] == [1.0, 0.75]
    assert fit(ITEMS[3], query()) == 0.5
