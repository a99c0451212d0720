"""What the chat finds in the catalogue, on both databases."""

from __future__ import annotations

from decimal import Decimal

import pytest
from catalog_helpers import (
    ask,
    at_most,
    counted_queries,
    days,
    instrument,
    make_catalogue,
    models,
    nearest,
)
from site_helpers import day, make_instrument, make_listing, make_rental, make_user

from app.extensions import db
from app.models import Instrument, Listing
from app.services.rentals import MAX_DAYS, MAX_DAYS_AHEAD
from flask_smorest_chatbot import Budget, UserProfile

STRINGS = {"categories": ["Orchestral strings"]}


@pytest.fixture
def listed(site_any_db):
    """Listing ids by model."""
    return make_catalogue()


def test_a_model_is_found_however_it_is_written(listed):
    written = {
        "FG800": ["fg800", "FG-800", "fg 800", "yamaha fg800"],
        "P-125": ["p-125", "p125", "P 125", "88-key"],
        "YEV-104": ["yev104", "YEV 104", "yev-104"],
        "SC-175": ["sc 175", "SC175"],
        "D-28": ["d28", "d-28", "martin d-28"],
    }
    for model, texts in written.items():
        for text in texts:
            assert models(ask(words=text.lower().split())) == [model], text


def test_kinds_are_found_in_singular_and_plural_and_under_other_names(listed):
    kinds = {
        "violins": ["Student II", "VL305", "YEV-104"],
        "fiddle": ["Student II", "VL305", "YEV-104"],
        "strat": ["Player Stratocaster"],
        "bassoons": ["Renard 222"],
        "a cello or a bassoon": ["Renard 222", "SC-175"],
        "electric violin": ["YEV-104"],
        "left-handed electric violin": ["YEV-104"],
        "bass": [],
    }
    for wanted, found in kinds.items():
        assert sorted(models(ask(wanted))) == sorted(found), wanted


def test_marks_find_nothing_in_particular(listed):
    for word in ("%", "_", "'", '"', "\\", "!", ":*", "&", "(", "a:*", ""):
        assert len(ask(words=[word, f"{word}{word}"]).items) == 3
        assert ask(f"x{word}y").outcome == "not_carried"


def test_long_and_many_words_are_searched(listed):
    assert ask(words=["violin", *("w" * 10_000 for _ in range(50))]).outcome == "found"
    assert ask("violin " + "and harp " * 500).outcome == "found"


def test_more_matched_words_come_first_then_the_price(site_any_db):
    ids = make_catalogue(FG800="30", D28="9")
    found = ask("guitar", words=["guitar", "easy", "dreadnought"])
    assert [item.id for item in found.items] == [
        ids["FG800"],
        ids["D-28"],
        ids["Player Stratocaster"],
    ]


def test_what_suits_the_level_comes_first_then_the_same_place(site_any_db):
    make_catalogue(VL305="5", StudentII="30")
    assert models(ask("violin", level="beginner", **STRINGS))[0] == "Student II"
    profile = UserProfile(experience_level="intermediate")
    assert models(ask("violin", profile=profile, **STRINGS))[0] == "VL305"
    make_listing(instrument=instrument("YEV-104"), location="Reno, NV", daily_rate=Decimal(50))
    at_home = UserProfile(location="reno")
    assert models(ask("violin", profile=at_home, **STRINGS))[0] == "YEV-104"


def test_a_place_that_was_named_is_the_only_one_if_it_has_any(listed):
    there = make_listing(instrument=instrument("VL305"), location="Reno, NV", daily_rate=99)
    for place in ("Reno, NV", "reno", "RENO,nv", "Reno, Nevada"):
        found = ask("violin", place=place, **STRINGS)
        assert [(item.id, item.location) for item in found.items] == [(there.id, "Reno, NV")]


def test_elsewhere_is_offered_with_its_true_place(listed):
    found = ask("violin", place="Reno, NV", **STRINGS)
    assert len(found.items) == 3
    assert {item.location for item in found.items} == {"Austin, TX"}


def test_towns_of_one_name_are_told_apart_by_their_state(listed):
    violin = instrument("VL305")
    east = make_listing(instrument=violin, location="Portland, ME", daily_rate=20)
    west = make_listing(instrument=violin, location="Portland, OR", daily_rate=5)
    assert [item.id for item in ask("violin", place="Portland, ME").items] == [east.id]
    both = [item.id for item in ask("violin", place="Portland").items]
    assert both == [west.id]
    bare = make_listing(instrument=violin, location="portland", daily_rate=3)
    assert [item.id for item in ask("violin", place="Portland, ME").items] == [bare.id]


def test_one_listing_of_each_model_unless_only_one_is_asked_for(listed):
    other = make_listing(instrument=instrument("VL305"), daily_rate=Decimal(4))
    assert sorted(models(ask("violin"))) == ["Student II", "VL305", "YEV-104"]
    assert other.id in [item.id for item in ask("violin").items]
    both = ask(words=["vl305"], brands=["eastman"])
    assert [item.id for item in both.items] == [other.id, listed["VL305"]]


def test_the_limit_holds(listed):
    assert len(ask(limit=2).items) == 2
    assert len(ask("violin", limit=2).items) == 2


def test_categories_and_brands_wanted_and_not(listed):
    strings = {"Student II", "VL305", "YEV-104", "SC-175"}
    assert set(models(ask(categories=["ORCHESTRAL strings"]))) == strings
    assert set(models(ask(brands=["yamaha"]))) == {"FG800", "P-125", "YEV-104"}
    assert models(ask(brands=["Yamaha"], **STRINGS)) == ["YEV-104"]
    assert set(models(ask(excluded_brands=["YAMAHA"], **STRINGS))) == strings - {"YEV-104"}
    left = ask(excluded_categories=["Orchestral strings", "woodwinds"], excluded_brands=["Fox"])
    assert set(models(left)) == {"FG800", "D-28", "Player Stratocaster", "P-125"}
    assert "VL305" not in models(ask("violin", excluded_ids=[listed["VL305"], "x", -1, 10**30]))


@pytest.mark.parametrize("limit", [1, 8])
def test_listings_of_the_only_model_come_best_first(listed, limit):
    only = make_instrument(brand="Fox", model="R222", category="Woodwinds", description="racket")
    owner = make_user("owner")
    listings = [
        make_listing(owner, instrument=only, condition=condition, daily_rate=Decimal(10))
        for condition in ("fair", "good", "new")
    ]
    best_first = [listing.id for listing in reversed(listings)]
    assert [item.id for item in ask("racket", limit=limit).items] == best_first[:limit]


def test_a_synonym_means_its_category_and_words_only_sort(listed):
    found = models(ask("axe", categories=["Acoustic guitars"], words=["axe", "bluegrass"]))
    assert found == ["D-28", "FG800"]
    both = ["Acoustic guitars", "Electric guitars"]
    assert len(ask("dreadnought", categories=both).items) == 3


def test_prices_bound_inclusively_by_day_week_and_total(site_any_db):
    make_catalogue(FG800="10", D28="20", PlayerStratocaster="30")
    week = days(1, 8)
    assert set(models(ask("guitar", budget=at_most(20)))) == {"FG800", "D-28"}
    assert set(models(ask("guitar", budget=at_most(140, "week")))) == {"FG800", "D-28"}
    assert models(ask("guitar", budget=at_most(139, "week"))) == ["FG800"]
    assert models(ask("guitar", budget=at_most(70, "total"), period=week)) == ["FG800"]
    between = Budget(least=Decimal(20), most=Decimal("29.99"))
    assert models(ask("guitar", budget=between)) == ["D-28"]
    poor = UserProfile(budget_max=Decimal(12))
    assert models(ask("guitar", profile=poor)) == ["FG800"]
    assert len(ask("guitar", profile=poor, budget=at_most(100)).items) == 3


def test_a_budget_in_another_currency_is_a_limit_all_the_same(site_any_db):
    make_catalogue(FG800="10", D28="20", PlayerStratocaster="75")
    euros = Budget(most=Decimal(20), currency="EUR")
    assert set(models(ask("guitar", budget=euros))) == {"FG800", "D-28"}
    poor = UserProfile(budget_max=Decimal(12))
    assert models(ask("guitar", budget=euros, profile=poor)) == ["FG800"]
    between = Budget(least=Decimal(15), most=Decimal(20), currency="EUR")
    assert models(ask("guitar", budget=between)) == ["D-28"]
    assert models(ask("guitar", budget=between, profile=poor)) == ["FG800"]
    over = Budget(least=Decimal(50), currency="EUR")
    assert models(ask("guitar", budget=over, profile=poor)) == ["Player Stratocaster"]


def test_nothing_is_offered_for_longer_or_later_than_the_site_rents(listed):
    last = MAX_DAYS_AHEAD
    for start, end, is_offered in [
        (1, 1 + MAX_DAYS, True),
        (1, 2 + MAX_DAYS, False),
        (last - 3, last, True),
        (last - 2, last + 1, False),
    ]:
        found = ask("violin", period=days(start, end))
        assert bool(found.items) is is_offered
        assert found.outcome == ("found" if is_offered else "all_out")
        assert not found.nearest
        [item] = ask(item_ids=[listed["VL305"]], period=days(start, end)).items
        assert item.is_available is is_offered


@pytest.mark.parametrize("word", ["fg800", "fg-800", "fg 800", "FG-800"])
def test_models_that_are_not_wanted_are_left_out(listed, word):
    assert "FG800" not in models(ask("guitar", excluded_words=[word]))
    assert models(ask("guitar", excluded_words=[word])) == ["Player Stratocaster", "D-28"]
    assert "FG800" not in models(ask(excluded_words=[word], limit=20))
    assert "FG800" not in models(ask(words=["fg800", "dreadnought"], excluded_words=[word]))
    assert "FG800" not in models(ask("guitar", excluded_words=[word], brands=["Yamaha"]))


def test_only_whole_models_and_beginnings_of_names_are_left_out(listed):
    assert len(models(ask(excluded_words=["fg80", "d-2", "ten", "%", "_", "", "-"], limit=20))) == 9
    assert models(ask("guitar", excluded_words=["strat", "d28"])) == ["FG800"]
    assert models(ask("violin", excluded_words=["student ii", "yev104"])) == ["VL305"]


def test_the_most_expensive_comes_first_if_it_is_asked_for(site_any_db):
    make_catalogue(FG800="10", D28="20", PlayerStratocaster="75")
    text = "What is the most expensive guitar?"
    dearest = ["Player Stratocaster", "D-28", "FG800"]
    assert models(ask("guitar", text=text)) == dearest
    assert models(ask("guitar", text=text, budget=at_most(30))) == dearest[1:]
    assert models(ask("guitar", text="not the most expensive guitar"))[-1] == dearest[0]
    assert not ask("harp", text="the most expensive harp").items


def test_ones_own_closed_accounts_and_withdrawn_listings_are_left_out(site_any_db):
    owner, closed = make_user("owner"), make_user("owner")
    mine, theirs = make_listing(owner), make_listing(closed)
    make_listing(is_available=False)
    assert [item.id for item in ask(user_id=owner.id).items] == [theirs.id]
    closed.is_active = False
    db.session.commit()
    assert [item.id for item in ask().items] == [mine.id]
    assert not ask(user_id=owner.id).items


def test_taken_listings_are_left_out_for_the_days_that_matter(listed):
    violin = db.session.get(Listing, listed["VL305"])
    make_rental(violin, start=5, end=8)
    for start, end, is_free in [(1, 5, True), (1, 6, False), (7, 9, False), (8, 9, True)]:
        assert ("VL305" in models(ask("violin", period=days(start, end)))) is is_free
    assert "VL305" in models(ask("violin"))
    make_rental(violin, start=0, end=1)
    assert "VL305" not in models(ask("violin"))


def test_items_hold_the_listings_facts(listed):
    make_rental(db.session.get(Listing, listed["VL305"]), start=1, end=3)
    make_rental(db.session.get(Listing, listed["VL305"]), start=12, end=15)
    [item] = ask(words=["vl305"], period=days(4, 6)).items
    assert (item.name, item.category, item.brand) == (
        "Eastman VL305",
        "Orchestral strings",
        "Eastman",
    )
    assert (item.amount, item.currency, item.price_unit) == (Decimal("10.00"), "USD", "day")
    assert (item.condition, item.location) == ("good", "Austin, TX")
    assert item.url == f"/listings/{item.id}?start={day(4)}&end={day(6)}"
    assert (item.is_available, item.free_from, item.free_until) == (True, day(3), day(12))
    assert item.levels == ["intermediate"]
    [open_ended] = ask(words=["sc-175"]).items
    assert open_ended.url == f"/listings/{open_ended.id}"
    assert (open_ended.free_from, open_ended.free_until) == (None, None)


def test_named_items_are_returned_as_they_are_now_and_in_order(listed):
    first, second, third = (
        db.session.get(Listing, listed[name]) for name in ("FG800", "D-28", "P-125")
    )
    make_rental(first, start=2, end=4)
    make_rental(first, start=5, end=9)
    second.is_available = False
    third.daily_rate = Decimal("12.34")
    db.session.commit()
    ids = [third.id, "nonsense", str(first.id), second.id, 999_999, 2**70, "²"]
    found = ask(item_ids=ids, period=days(3, 5), budget=at_most(1), place="Reno")
    assert found.outcome == "found"
    assert [item.id for item in found.items] == [third.id, first.id, second.id]
    assert found.items[0].amount == Decimal("12.34")
    assert [item.is_available for item in found.items] == [True, False, False]
    assert (found.items[1].free_from, found.items[1].free_until) == (day(9), None)
    assert found.items[2].free_from is None
    [own] = ask(item_ids=[first.id], user_id=first.owner_id).items
    assert not own.is_available


# What to do when nothing in particular is asked for.


def test_a_message_about_something_else_gets_some_of_what_the_user_likes(listed):
    profile = UserProfile(preferred_instruments=["acoustic guitar", "violin"])
    liked = {"FG800", "D-28", "Student II", "VL305", "YEV-104"}
    assert set(models(ask(profile=profile))) == liked
    at_hand = models(ask(words=["winter"], profile=profile))
    assert len(at_hand) == 3
    assert set(at_hand) < liked


def test_a_message_that_names_nothing_gets_what_the_user_likes(listed):
    profile = UserProfile(preferred_instruments=["acoustic guitar", "cello"])
    liked = {"FG800", "D-28", "SC-175"}
    for words in ([], ["hello", "morning"]):
        assert set(models(ask(words=words, profile=profile))) == liked
    assert models(ask(words=["bassoon"], profile=profile)) == ["Renard 222"]
    poor = UserProfile(preferred_instruments=["acoustic guitar"], budget_max=Decimal(5))
    assert ask(profile=poor).outcome == "over_budget"
    make_listing(instrument=instrument("Renard 222"), daily_rate=Decimal(5))
    assert models(ask(profile=poor)) == ["Renard 222"]  # anything rather than nothing
    unknown = UserProfile(preferred_instruments=["theremin", "", "?!"])
    assert ask(profile=unknown).outcome == "found"
    assert len(ask("an instrument", words=["instrument"]).items) == 8
    assert models(ask(genres=["bluegrass"])) == ["D-28"]


def test_an_empty_catalogue_is_no_missing_kind(site_any_db):
    assert (ask().outcome, ask(words=["hello"]).outcome) == ("found", "found")
    assert ask("violin").outcome == "not_carried"


# The honest no.


def test_not_carried(listed):
    for wanted, values in (
        ("theremin", {}),
        ("theremin", {"words": ["theremin", "beginners", "violin"]}),
        ("harp", {"categories": ["Folk strings"]}),
        ("cello", {"brands": ["Yamaha"], **STRINGS}),
        ("Yamaha FG850", {"brands": ["Yamaha"]}),
        (None, {"categories": ["Brass"]}),
        (None, {"brands": ["Gibson"]}),
        ("double bass", STRINGS),
    ):
        found = ask(wanted, budget=at_most(1), **values)
        told = (found.outcome, list(found.items), list(found.nearest))
        assert told == ("not_carried", [], []), wanted


def test_an_instrument_that_nobody_lists_is_not_carried(listed):
    make_instrument(
        brand="Moog", model="Etherwave", category="Synthesizers", description="Theremin"
    )
    assert ask("theremin").outcome == "not_carried"


def test_what_the_user_excluded_is_carried_still(listed):
    assert ask("bassoon", excluded_ids=[listed["Renard 222"]]).outcome == "found"
    assert ask("bassoon", excluded_brands=["Fox"]).outcome == "found"


def test_all_out_tells_which_come_free_first_for_so_many_days(listed):
    for model, rentals in {
        "Student II": [(0, 9)],
        "VL305": [(-3, 2), (4, 12)],  # two days between are too few
        "YEV-104": [(1, 5)],
    }.items():
        for start, end in rentals:
            make_rental(db.session.get(Listing, listed[model]), start=start, end=end)
    found = ask("violin", period=days(1, 4), **STRINGS)
    assert (found.outcome, list(found.items)) == ("all_out", [])
    assert nearest(found) == ["YEV-104", "Student II", "VL305"]
    assert [item.free_from for item in found.nearest] == [day(5), day(9), day(12)]
    assert not any(item.is_available for item in found.nearest)
    short = ask("violin", period=days(1, 2), brands=["Eastman"])
    assert [(item.free_from, item.free_until) for item in short.nearest] == [(day(2), day(4))]


def test_a_model_that_is_out_is_not_replaced(listed):
    make_rental(db.session.get(Listing, listed["FG800"]), start=0, end=3)
    for values in ({"brands": ["Yamaha"]}, {}):
        found = ask(words=["fg800"], **values)
        assert (found.outcome, nearest(found)) == ("all_out", ["FG800"])


def test_withdrawn_listings_are_out_without_a_date(listed):
    db.session.get(Listing, listed["Renard 222"]).is_available = False
    db.session.commit()
    found = ask("bassoon")
    assert (found.outcome, list(found.nearest)) == ("all_out", [])
    assert ask("bassoon", budget=at_most(3)).outcome == "all_out"


def test_over_budget_tells_the_nearest_prices(site_any_db):
    ids = make_catalogue(StudentII="18", VL305="12", YEV104="15", SC175="5")
    found = ask("violin", budget=at_most(10), **STRINGS)
    assert (found.outcome, list(found.items)) == ("over_budget", [])
    assert nearest(found) == ["VL305", "YEV-104", "Student II"]
    make_rental(db.session.get(Listing, ids["VL305"]), start=0, end=9)
    assert nearest(ask("violin", budget=at_most(10), **STRINGS)) == ["YEV-104", "Student II"]
    few = ask("violin", budget=Budget(least=Decimal(100)), **STRINGS)
    assert (few.outcome, nearest(few)) == ("over_budget", ["Student II", "YEV-104"])


def test_dates_and_budget_both_in_the_way(site_any_db):
    ids = make_catalogue(StudentII="18", VL305="12")
    violin = db.session.get(Listing, ids["VL305"])
    make_rental(violin, start=0, end=9)
    within = ask(words=["violin"], wanted="violin", brands=["Eastman"], budget=at_most(12))
    assert within.outcome == "all_out"
    beyond = ask("violin", brands=["Eastman"], budget=at_most(11))
    assert (beyond.outcome, nearest(beyond)) == ("over_budget", ["VL305"])
    assert beyond.nearest[0].free_from == day(9)
    assert not beyond.nearest[0].is_available


# What it costs.


def test_the_number_of_queries_does_not_depend_on_what_is_found(listed):
    for number in range(3):
        for model in ("VL305", "Student II"):
            make_listing(instrument=instrument(model), daily_rate=Decimal(20 + number))
    profile = UserProfile(
        preferred_instruments=["cello"], location="austin", experience_level="beginner"
    )
    searches = [
        {"wanted": "violin", "period": days(3, 9)},
        {"wanted": "bassoon"},
        {"words": ["hello"]},
        {"place": "Austin, TX", "budget": at_most(15)},
        {"item_ids": list(listed.values())},
        {"words": ["vl305"], "excluded_brands": ["Fox"]},
    ]
    for values in searches:
        with counted_queries() as statements:
            assert ask(profile=profile, **values).items
        assert len(statements) <= 3, values
    poor = {"budget": at_most(1), "profile": profile}
    for values in ({"wanted": "theremin"}, {"wanted": "violin", **poor}, {"words": ["x"], **poor}):
        with counted_queries() as statements:
            assert not ask(**values).items
        assert len(statements) <= 5, values


def test_the_same_queries_in_a_larger_catalogue(listed):
    with counted_queries() as few:
        ask("violin")
    for _ in range(30):
        make_listing(instrument=make_instrument(description="A violin."))
    with counted_queries() as many:
        assert len(ask("violin").items) == 8
    assert len(many) == len(few)
    assert many[0] == few[0]


def test_the_cheapest_of_all_are_of_different_models(site_any_db):
    cheap = make_instrument()
    owner = make_user("owner")
    db.session.add_all(
        Listing(owner=owner, instrument=cheap, condition="good", daily_rate=2, location="Reno, NV")
        for _ in range(250)
    )
    db.session.commit()
    dear = [make_listing(daily_rate=Decimal(40 + number)) for number in range(3)]
    found = [item.id for item in ask().items]
    assert len(found) == 4
    assert found[1:] == [listing.id for listing in dear]


def test_search_follows_changes_of_instruments(listed):
    assert ask("sarod").outcome == "not_carried"
    changed = instrument("SC-175")
    changed.description = "A sarod."
    db.session.commit()
    assert models(ask("sarod")) == ["SC-175"]
    assert ask("cello").outcome == "not_carried"
    db.session.delete(db.session.get(Listing, listed["SC-175"]))
    db.session.delete(changed)
    db.session.commit()
    assert ask("sarod").outcome == "not_carried"
    assert db.session.query(Instrument).count() == 8
