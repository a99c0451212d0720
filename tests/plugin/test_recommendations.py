"""Recommendations refer to what was offered, and to nothing else."""

from __future__ import annotations

from datetime import date

import pytest

from flask_smorest_chatbot import Period
from flask_smorest_chatbot.services.reading.recommendations import (
    ground,
    mentioned,
    offers,
    selection_schema,
)
from flask_smorest_chatbot.values import CatalogItem

OFFERED = [
    CatalogItem(id=1, name="Fender Jazz Bass", price=25, description="A bass."),
    CatalogItem(id=2, name="Fender Jazz Bass V", price=30),
    CatalogItem(id=3, name="Yamaha FG800", price="18.00", description="Acoustic guitar."),
    CatalogItem(id="x-4", name="Yamaha FG800", price="16.00"),
]


def ids(prose: str, *blocks: str, limit: int = 5) -> tuple[list[object], int]:
    grounded = ground(prose, blocks, OFFERED, limit)
    return [item.id for item in grounded.items], grounded.dropped


def test_cited_ids_are_taken_in_order_and_once() -> None:
    assert ids("", '[{"id": "x-4"}, {"id": "1"}, {"id": 1}]') == (["x-4", 1], 1)


def test_what_was_not_offered_is_dropped_and_counted() -> None:
    block = '[{"id": 99}, {"name": "Unicorn Harp 9000", "reason": "magic"}, {"id": 3}]'
    assert ids("", block) == ([3], 2)
    assert ids("", '[{"id": -1}, {"id": "-1"}, {"id": "id-2"}, {"id": "#3"}]') == ([2, 3], 2)


def test_names_stand_in_for_missing_or_wrong_ids() -> None:
    assert ids("", '[{"name": "fender  jazz-bass v", "reason": "low B"}]') == ([2], 0)


def test_prose_names_items_when_no_block_does() -> None:
    assert ids("Take the **Fender Jazz Bass V**, or a Yamaha FG800!") == ([2, 3], 0)
    assert ids("Take a Fender Jazz Bassoon.") == ([], 0)
    assert ids("Nothing fits.", '[{"id": 99}]') == ([], 1)


def test_longer_names_win_and_shorter_ones_still_count() -> None:
    named = mentioned("The Fender Jazz Bass V is like the Fender Jazz Bass.", OFFERED)
    assert [item.id for item in named] == [2, 1]


def test_no_more_than_the_limit_are_recommended() -> None:
    assert ids("", "[1, 2, 3]", limit=2) == ([1, 2], 0)


def test_what_is_named_is_told_whether_it_is_recommended_or_not() -> None:
    grounded = ground("Not the Fender Jazz Bass V. A Yamaha FG800!", ['[{"id": 1}]'], OFFERED, 5)
    assert ([item.id for item in grounded.items], grounded.named) == ([1], [2, 3])


def test_selection_schema_allows_only_offered_ids() -> None:
    schema = selection_schema(OFFERED, 3)
    items = schema["properties"]["items"]
    assert items["items"]["enum"] == ["1", "2", "3", "x-4"]
    assert (items["minItems"], items["maxItems"]) == (1, 3)


def test_results_are_counted() -> None:
    block = '[{"id": 1}, {"id": 1}, {"id": 99}, {"id": 2, "name": "Yamaha FG800"}, {"id": 3}]'
    grounded = ground("", [block], OFFERED, 1)
    assert grounded.results == {
        "accepted": 1, "over_limit": 1, "duplicate": 1, "not_offered": 1, "mismatch": 1
    }  # fmt: skip
    assert grounded.dropped == 3


def test_untruths_are_told() -> None:
    prose = "Take the Yamaha FG800 at $5 a day, or the Gibson ES-335, see https://evil.example/x."
    block = '[{"name": "Unicorn Harp", "reason": "magic"}, {"id": 1, "price": "$3"}]'
    assert ground(prose, [block], OFFERED, 5).ungrounded == [
        "Unicorn Harp", "Fender Jazz Bass at $3", "Gibson ES-335", "Yamaha FG800 at $5",
        "https://evil.example/x",
    ]  # fmt: skip


def test_one_of_several_listings_is_told_by_price_or_id() -> None:
    assert ids("Take the Yamaha FG800 at $16 a day.") == (["x-4"], 0)
    assert ids("Take the Yamaha FG800 (id x-4).") == (["x-4"], 0)
    assert ids("Take the Gibson J-45 (id 3).") == ([], 1)


def test_what_is_advised_against_is_not_recommended() -> None:
    assert ids("I would not take the Fender Jazz Bass; the Yamaha FG800 is easier.") == ([3], 0)


def test_makers_that_the_host_knows_tell_other_things() -> None:
    assert ground("Try the Gretsch Streamliner.", [], OFFERED, 5).ungrounded == []
    named = ground("Try the Gretsch Streamliner.", [], OFFERED, 5, brands=["Gretsch"])
    assert named.ungrounded == ["Gretsch Streamliner"]


def test_a_short_name_is_that_of_what_was_named_and_otherwise_of_nothing() -> None:
    offered = [CatalogItem(id=key, name=f"Roland {key}") for key in ("RD-88", "Juno-X", "FP-30X")]
    assert mentioned("Any of ours, the Roland is fine.", offered) == []
    chosen = ground("Of the Roland RD-88 and the Yamaha MODX7, the Roland.", [], offered, 5)
    assert [item.id for item in chosen.items] == ["RD-88"]


def test_what_several_names_begin_with_is_no_other_thing() -> None:
    offered = [CatalogItem(id=n, name=f"Stentor Student II {n}/4 Violin") for n in (3, 4)]
    assert ground("Schools use the Stentor Student II.", [], offered, 5).ungrounded == []
    prose = "Schools use the Stentor Messina III."
    assert ground(prose, [], offered, 5).ungrounded == ["Stentor Messina III"]


def test_what_the_user_has_is_not_recommended() -> None:
    assert ids("These strings are for your Fender Jazz Bass.") == ([], 0)
    assert ids("Enjoy your Fender Jazz Bass!") == ([1], 0)


def test_offers_tells_citations_of_offered_items() -> None:
    is_offered = offers(OFFERED)
    assert is_offered({"id": "1", "name": "Fender Jazz Bass"})
    assert is_offered({"name": "yamaha fg-800"})
    assert not is_offered({"id": 1, "name": "Bob"})
    assert not is_offered({"id": 99})


@pytest.mark.parametrize(
    ("prose", "untrue"),
    [
        ("The Roland FP-10 is $10.50 a day, $73.50 in total.", []),
        ("The Roland FP-10 is $73.50 in total.", []),
        ("The Roland FP-10 is $73.50 a day.", ["Roland FP-10 at $73.50"]),
        ("The Roland FP-10 is $80 in total.", ["Roland FP-10 at $80"]),
    ],
)
def test_totals_of_the_period_are_true_prices(prose: str, untrue: list[str]) -> None:
    item = CatalogItem(id=5, name="Roland FP-10", price="10.50")
    week = Period.from_start(date(2026, 12, 12), 7)
    assert ground(prose, [], [item], 5, period=week).ungrounded == untrue
    block = '[{"id": 5, "price": "$73.50"}]'
    assert ground("", [block], [item], 5, period=week).ungrounded == []
    assert ground("", [block], [item], 5).ungrounded == ["Roland FP-10 at $73.50"]
