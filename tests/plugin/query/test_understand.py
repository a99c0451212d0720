"""What users say becomes what the catalogue is asked, on labelled cases and on anything at all."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flask_smorest_chatbot.catalog import CatalogItem, CatalogQuery, Vocabulary
from flask_smorest_chatbot.profile import UserProfile
from flask_smorest_chatbot.services.query import (
    Earlier,
    dates,
    money,
    names,
    nearby_dates,
    terms,
    understand,
)
from flask_smorest_chatbot.services.query.money import asks_price

DATA = Path(__file__).parents[2] / "data"
VOCABULARY = Vocabulary(**json.loads((DATA / "vocabulary.json").read_text()))
CASES = [json.loads(line) for line in (DATA / "requests.jsonl").read_text().splitlines()]
TODAY = date(2026, 11, 21)  # a Saturday
#: Fields that count as empty where a case does not list them; ``wanted`` counts where it is listed.
JUDGED = (
    "period budget categories excluded_categories brands excluded_brands place level genres "
    "item_ids excluded_ids excluded_words any_price"
).split()


def ask(
    text: str,
    earlier: Earlier | None = None,
    today: date = TODAY,
    vocabulary: Vocabulary = VOCABULARY,
) -> CatalogQuery:
    return understand(
        text, vocabulary=vocabulary, today=today, earlier=earlier, profile=UserProfile()
    )


def _earlier(case: dict[str, Any]) -> Earlier | None:
    said = case.get("earlier")
    return said and Earlier(
        query=said["query"], items=[CatalogItem(**item) for item in said["items"]]
    )


def _alike(name: str, value: Any) -> Any:
    """Return a field in the form in which two of them are compared."""
    if not value:
        return None
    if name == "period":
        return value["from"], value["to"]
    if name == "budget":
        amounts = [value[side] and Decimal(value[side]) for side in ("most", "least")]
        return *amounts, value["unit"], value["currency"]
    if name == "wanted":
        return value.casefold()
    return sorted(map(str, value)) if isinstance(value, list) else value


def _wrong(case: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that are not as labelled: what was understood and what was meant."""
    query = ask(case["text"], _earlier(case), date.fromisoformat(case["today"])).as_json()
    expected = case["expected"]
    fields = [*JUDGED, *(["wanted"] if "wanted" in expected else [])]
    pairs = {
        name: (_alike(name, query.get(name)), _alike(name, expected.get(name))) for name in fields
    }
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_labelled_case(case: dict[str, Any]) -> None:
    assert _wrong(case) == {}


def test_the_cases_are_many_and_each_has_its_own_name() -> None:
    assert len(CASES) >= 230
    assert len({case["id"] for case in CASES}) == len(CASES)
    assert {case["kind"] for case in CASES} == {"dates", "budget", "terms", "followup"}


# -- what is said about what was assumed -------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("for two weeks", "No first day was given: it was taken to start today."),
        ("under $20", "The amount was taken as US$ a day."),
        ("12 January", "The year was taken to be 2027."),
        ("31 November", "31 November is no date."),
        ("I called last week", "Last week is past, so no dates were taken from it."),
        ("25 December to 20 December", "The dates end before they start, so none were taken."),
        ("12/19-12/12", "The dates end before they start, so none were taken."),
        ("18-25 November", "18 November 2026 is past: it was taken to start today."),
        ("do you have pianos in Paris?", '"Paris" is no place that is known here.'),
        (
            "a piano in Austin or Dallas",
            "Austin, TX and Dallas, TX were named: all places were searched.",
        ),
        ("a bass near New York for 3 days", '"New York" is no place that is known here.'),
        ("the second one", 'Nothing was shown before that "the second one" could be.'),
        ("compare them", 'Nothing was shown before that "compare them" could be.'),
        ("is it free next week?", 'Nothing was shown before that "is it" could be.'),
        ("something cheaper", 'Nothing was shown before that "something cheaper" could be.'),
        ("12 November 2025", "12 November 2025 is past, so no dates were taken from it."),
    ],
)
def test_what_was_assumed_is_said(text: str, sentence: str) -> None:
    assert sentence in ask(text).assumptions


def test_what_was_said_is_not_called_assumed() -> None:
    assert ask("a guitar from 12 to 19 December for $20 a day").assumptions == ()


@pytest.mark.parametrize(
    "text",
    [
        "a piano in Austin",
        "a guitar in Black",
        "do you speak any language, in German?",
        "a guitar in December",
        "eine Gitarre in Ordnung",
        "a guitar in Mint condition",
        "do you have a violin? is it free?",
        "how does it work?",
        "is it possible to pay by card?",
        "what is the cheapest guitar?",
        "this weekend",
    ],
)
def test_nothing_is_said_to_be_unknown_that_is_none(text: str) -> None:
    assert not [said for said in ask(text).assumptions if "no place" in said or "shown" in said]


def test_without_known_places_none_is_unknown() -> None:
    assert ask("a bike in Paris", vocabulary=Vocabulary()).assumptions == ()


def test_what_is_turned_down_is_neither_wanted_nor_searched_for() -> None:
    query = ask("any bike but the VanMoof S3", vocabulary=Vocabulary())
    assert (query.wanted, query.words) == ("bike", ("bike",))
    assert query.excluded_words == ("s3", "s-3")
    assert ask("not the FG800", vocabulary=Vocabulary()).words == ()


def test_an_ordinal_beyond_the_list_is_said() -> None:
    shown = [CatalogItem(id=number, name=f"Thing {number}") for number in (1, 2)]
    query = ask("the fifth one", Earlier(items=shown))
    assert query.item_ids == ()
    assert query.assumptions == ('There is no "the 5th one" among the 2 shown.',)


def test_it_among_several_is_the_first_and_that_is_said() -> None:
    shown = [CatalogItem(id=number, name=f"Thing {number}") for number in (1, 2)]
    query = ask("is it free tomorrow?", Earlier(items=shown))
    assert query.item_ids == (1,)
    assert '"it" was taken to be Thing 1.' in query.assumptions


def test_it_is_what_was_spoken_of_last() -> None:
    shown = [CatalogItem(id=number, name=f"Thing {number}") for number in (1, 2)]
    query = ask("is it free tomorrow?", Earlier(query={"item_ids": [2]}, items=shown))
    assert query.item_ids == (2,)


def test_it_before_anything_was_shown_is_nothing() -> None:
    assert ask("is it free tomorrow?").item_ids == ()
    assert ask("is it free tomorrow?", Earlier()).item_ids == ()


# -- words -------------------------------------------------------------------------------------


def test_words_leave_out_what_was_understood_otherwise() -> None:
    query = ask("a red guitar in Austin from Friday for 3 days under $20 a day, not Yamaha")
    assert query.words == ("red", "guitar")


@pytest.mark.parametrize("text", ["Yamaha fg 800", "Yamaha FG-800", "yamaha fg800"])
def test_a_models_number_is_found_however_it_is_written(text: str) -> None:
    assert "fg800" in ask(text).words


def test_the_thing_asked_for_is_in_the_users_words() -> None:
    assert ask("do you have a Yamaha P-125?").wanted == "Yamaha P-125"
    assert ask("Is there a Theremin?").wanted == "Theremin"
    assert ask("how are you?").wanted is None


# -- names -------------------------------------------------------------------------------------


def test_a_name_of_two_categories_means_either() -> None:
    vocabulary = Vocabulary(
        categories={
            "Acoustic guitars": ["guitar"],
            "Electric guitars": ["guitar"],
            "Bass guitars": ["bass"],
            "Pianos and keyboards": [],
        }
    )
    assert ask("a guitar", vocabulary=vocabulary).categories == (
        "Acoustic guitars",
        "Electric guitars",
    )
    assert ask("an electric guitar", vocabulary=vocabulary).categories == ("Electric guitars",)
    assert ask("a bass guitar", vocabulary=vocabulary).categories == ("Bass guitars",)
    assert ask("keyboards?", vocabulary=vocabulary).categories == ("Pianos and keyboards",)


def test_without_a_vocabulary_only_dates_money_and_words_are_understood() -> None:
    query = ask("a Yamaha guitar tomorrow under $20 a day", vocabulary=Vocabulary())
    assert query.categories == ()
    assert query.brands == ()
    assert query.period is not None
    assert query.budget is not None
    assert query.words == ("yamaha", "guitar")


@pytest.mark.parametrize("text", ["gender", "hello", "a sharp knife", "the mood", "a friend"])
def test_an_english_word_is_no_misspelt_name(text: str) -> None:
    query = ask(text)
    assert (*query.categories, *query.brands) == ()


# -- earlier turns are not trusted ---------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        {"period": 7, "budget": [], "categories": "Guitar", "level": 3, "item_ids": {"a": 1}},
        {"period": {"from": "x", "to": None}, "budget": {"most": "NaN", "unit": "day"}},
        {
            "period": {"from": "2027-01-02", "to": "2027-01-01"},
            "budget": {"most": "9", "unit": "eon"},
        },
        {"budget": {"most": "-9", "unit": "day"}, "categories": [None, 4], "excluded_ids": [None]},
    ],
)
def test_a_broken_earlier_query_says_nothing(query: dict[str, Any]) -> None:
    understood = ask("something else", Earlier(query=query))
    assert understood.as_json() == {}


def test_a_period_that_has_begun_holds_from_today_and_a_past_one_no_more() -> None:
    begun = Earlier(query={"period": {"from": "2026-11-18", "to": "2026-11-25"}})
    past = Earlier(query={"period": {"from": "2026-11-18", "to": "2026-11-21"}})
    assert ask("under $20", begun).period == dates_of("2026-11-21", "2026-11-25")
    assert ask("under $20", past).period is None


def dates_of(start: str, end: str) -> Any:
    from flask_smorest_chatbot.catalog import Period

    return Period(date.fromisoformat(start), date.fromisoformat(end))


def test_something_else_is_none_of_what_was_named() -> None:
    named = Earlier(items=[CatalogItem(id=2, name="Two", price=9)], named=[2, 7])
    assert ask("something else", named).excluded_ids == (2, 7)
    assert ask("something better", named).excluded_ids == (2,)
    reversed_dates = ask("from today to 20 November")
    assert reversed_dates.period is None
    assert reversed_dates.assumptions == ("The dates end before they start, so none were taken.",)


def test_options_once_shown_stay_out() -> None:
    shown = Earlier(query={"excluded_ids": [1]}, items=[CatalogItem(id=2, name="Two")])
    assert ask("show me more", shown).excluded_ids == (1, 2)
    for by_the_way in ("thanks!", "how does it sound?", "the first one", "what is a preamp?"):
        assert ask(by_the_way, shown).excluded_ids == (1,)
    again = Earlier(query={"excluded_ids": [1]}, items=[CatalogItem(id=1, name="One")])
    assert ask("the first one", again).excluded_ids == ()
    assert ask("and next week?", shown).excluded_ids == ()
    assert ask("a drum kit", shown).excluded_ids == ()


def test_what_is_said_by_the_way_does_not_end_a_request() -> None:
    def goes_on(text: str, after: CatalogQuery) -> CatalogQuery:
        return ask(text, Earlier(query=after.as_json(), items=[CatalogItem(id=1, name="FG800")]))

    asked = ask("a folk guitar, no Yamaha")
    by_the_way = goes_on("are you sure?", goes_on("thanks!", asked))
    assert (by_the_way.categories, by_the_way.genres) == ((), ())
    again = goes_on("and in Dallas?", by_the_way)
    assert (again.categories, again.excluded_brands) == (("Guitar",), ("Yamaha",))
    assert (again.genres, again.set_aside) == (("folk",), {})
    assert goes_on("start over", by_the_way).set_aside == {}
    assert goes_on("and in Dallas?", goes_on("a drum kit", by_the_way)).excluded_brands == ()


def test_cheaper_counts_by_the_day() -> None:
    shown = Earlier(items=[CatalogItem(id=1, name="One", price=70, price_unit="week")])
    query = ask("something cheaper", shown)
    assert query.budget is not None
    assert (query.budget.most, query.budget.unit) == (Decimal("9.99"), "day")


def test_budget_ends_when_the_user_goes_back_to_what_costs_more() -> None:
    budget = {"most": "7.49", "least": None, "unit": "day", "currency": "USD"}
    items = [CatalogItem(id=1, name="One", price=7), CatalogItem(id=2, name="Two", price=9)]
    shown = Earlier(query={"budget": budget}, items=items)
    assert ask("then the second one", shown).budget is None
    assert ask("then the first one", shown).budget is not None


# -- anything at all ---------------------------------------------------------------------------

PIECES = """12 12th 19 31 2026 2026-12-12 12/12 3/4 1. - to until from for the a week month
 december  may friday weekend next this tomorrow yesterday christmas day after in of
 $ 20 € dollars under
 least per total budget not no but
 yamaha guitar bass fg 800 second one it them both cheaper else
 more  austin jazz beginner pro never and or , . ? ! ( ) ' " ß İ 12-19 29 february 9999 0 00
 99999999999 two hundred last first days years ago later any dates price""".split()  # fmt: skip
SHOWN = [
    CatalogItem(id=1, name="Yamaha FG800", price="9", brand="Yamaha", category="Guitar"),
    CatalogItem(id="b", name="", price=None),
]
EARLIER = Earlier(
    query={
        "categories": ["Guitar"],
        "period": {"from": "2026-12-30", "to": "2027-01-02"},
        "budget": {"most": "30", "least": None, "unit": "day", "currency": "USD"},
        "item_ids": [1],
    },
    items=SHOWN,
)
messages = st.one_of(
    st.text(max_size=300), st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join)
)


@settings(max_examples=400, deadline=None)
@given(
    text=messages,
    earlier=st.sampled_from([None, EARLIER, Earlier()]),
    today=st.dates(date(2024, 1, 1), date(2030, 12, 31)),
)
def test_any_message_gives_a_query_that_holds_together(
    text: str, earlier: Earlier | None, today: date
) -> None:
    # ``understand`` itself raises nothing: what it is made of must not either.
    query = ask(text, earlier, today)
    assert query.text == text
    if query.period is not None:
        assert today <= query.period.start < query.period.end
    if query.budget is not None:
        amounts = [
            amount for amount in (query.budget.most, query.budget.least) if amount is not None
        ]
        assert amounts
        assert all(amount > 0 for amount in amounts)
    assert not set(query.categories) & set(query.excluded_categories)
    assert not set(query.brands) & set(query.excluded_brands)
    assert set(query.item_ids) <= {1, "b"}
    assert json.dumps(query.as_json())


@settings(max_examples=150, deadline=None)
@given(text=messages)
def test_nothing_within_raises(text: str) -> None:
    from flask_smorest_chatbot.services.query.joining import joined
    from flask_smorest_chatbot.services.query.reading import read_message

    joined(read_message(text, VOCABULARY, TODAY, SHOWN, [1]), EARLIER, TODAY)


def test_a_fault_within_costs_the_understanding_and_not_the_turn(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("flask_smorest_chatbot.services.query.joining.joined", fail)
    assert ask("a guitar").as_json() == {}
    assert "not understood" in caplog.text


# -- bounded work, by counting -----------------------------------------------------------------


def test_a_long_message_asks_the_libraries_only_a_few_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    library_date = nearby_dates.library_date
    decimal = money._decimal
    monkeypatch.setattr(
        nearby_dates, "library_date", lambda *args: asked.append("date") or library_date(*args)
    )
    monkeypatch.setattr(money, "_decimal", lambda *args: asked.append("money") or decimal(*args))
    ask("in 3 days for $5 or tomorrow under 20 dollars " * 90)
    assert asked.count("date") <= dates._MOST_POINTS
    assert asked.count("money") <= 3 * money._MOST_AMOUNTS


def test_a_long_message_has_only_so_many_words_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []
    monkeypatch.setattr(
        names, "spelt_right", lambda words, *_known: looked_up.extend(words) or list(words)
    )
    ask("qa wb ec rd " * 330)
    assert 0 < len(looked_up) <= terms._MOST_WORDS


def test_no_pattern_repeats_without_a_bound_what_can_repeat_itself() -> None:
    """A repeated choice of words, each optional in number, takes exponential time to refuse."""
    package = Path(names.__file__).parent
    for file in package.glob("*.py"):
        for line in file.read_text().splitlines():
            for found in re.finditer(r"\((?:\?:)[^()]*\|[^()]*\)[*+]", line):
                pytest.fail(f"{file.name}: {found[0]}")


@pytest.mark.parametrize(
    ("message", "is_asked"),
    [
        ("And the total?", True),
        ("How much for all days?", True),
        ("Was kostet das zusammen?", True),
        ("¿Cuánto cuesta?", True),
        ("C'est combien ?", True),
        ("Is it heavy?", False),
        ("Thanks!", False),
    ],
)
def test_whether_a_price_is_asked(message: str, is_asked: bool) -> None:
    assert asks_price(message) is is_asked
