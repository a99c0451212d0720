"""No prompt outgrows the model's window, and its front changes as rarely as can be."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from host import Host

from flask_smorest_chatbot import CatalogItem, ChatbotConfig, Period, TurnPlan
from flask_smorest_chatbot.errors import PromptTooLongError
from flask_smorest_chatbot.services import window
from flask_smorest_chatbot.services.history import Exchange, fit
from flask_smorest_chatbot.services.prompts import is_news, still_stands, system_text, user_text
from flask_smorest_chatbot.services.tokens import estimate_tokens

LINE = (
    "- id 17: Yamaha FG800 (acoustic guitar, spruce top; category: Acoustic guitars; brand: "
    "Yamaha; condition: good; location: Austin, TX; 18.00 USD a day; 126.00 USD for 7 days; free "
    "until 2026-12-24)"
)


@pytest.mark.parametrize(
    ("text", "llama2", "smollm2"),
    [
        ("Which guitar suits a beginner with small hands, and how much would it cost?", 17, 16),
        (LINE, 83, 79),
        ("WHICH GUITAR SUITS A BEGINNER WITH SMALL HANDS", 19, 18),
        ("Какая гитара подойдёт", 10, 17),
        ("哪把吉他适合手小的初学者", 13, 24),
        ("🎸🎹🥁🎺🎻🪕😀😃🙏🏽👩‍🚀🇫🇷", 46, 44),
        ("xqzkvjwpqhdfgbnmxkzrtyplkjhgfdsaQWXZKVBNTYPLKJHGFDmnbvcxz", 43, 42),
        ("5f0c7c1e8f0b4a539d0c6a1c5f6d2b11a91b", 37, 36),
        ("for (int i=0;i<10;i++){if(a[i]==NULL){return -1;}}", 28, 31),
    ],
)
def test_estimates_are_not_below_what_tokenizers_count(
    text: str, llama2: int, smollm2: int
) -> None:
    assert max(llama2, smollm2) <= estimate_tokens(text)


def exchange(number: int, reported: int | None = None) -> Exchange:
    return Exchange(number, "word " * 40, "word " * 40, reported)


def test_a_history_grows_until_it_is_full_and_then_goes_in_a_block() -> None:
    one = exchange(0).estimated
    kept: list[Exchange] = []
    lengths = []
    for number in range(40):
        kept = fit([*kept, exchange(number)], 0, 12 * one)
        lengths.append(len(kept))
    assert max(lengths) == 12
    drops = [later - earlier for earlier, later in itertools.pairwise(lengths)]
    assert set(drops) == {1, 3 - 12}


def test_the_servers_count_replaces_the_estimate() -> None:
    exchanges = [exchange(number) for number in range(9)]
    estimated = sum(one.estimated for one in exchanges)
    assert len(fit(exchanges, 100, estimated)) < 9
    counted = [*exchanges, exchange(9, reported=estimated // 2)]
    assert len(fit(counted, 100, estimated)) == 10


@pytest.mark.parametrize("reported", [1, 100_000])
def test_counts_of_something_else_are_not_believed(reported: int) -> None:
    exchanges = [exchange(number, reported) for number in range(9)]
    bare = [exchange(number) for number in range(9)]
    room = sum(one.estimated for one in bare) + 100
    assert len(fit(exchanges, 100, room)) == len(fit(bare, 100, room)) == 9


def test_beside_a_long_system_message_some_history_is_kept() -> None:
    one = exchange(0).estimated
    kept = fit([exchange(number) for number in range(13)], 12 * one, 24 * one)
    assert len(kept) == 2
    assert len(fit([exchange(number) for number in range(25)], 0, 24 * one)) == 7


def test_a_history_of_very_short_messages_is_bounded_too() -> None:
    exchanges = [Exchange(number, "a", "b") for number in range(100)]
    assert len(fit(exchanges, 0, 1_000_000)) == 30


def items(count: int) -> list[CatalogItem]:
    return [CatalogItem(id=n, name=f"Guitar {n}", description="word " * 20) for n in range(count)]


def fitted(message: str, room: int, count: int = 8) -> window.Fitted:
    return window.fit(
        room,
        window.system_texts("You sell guitars.", {"name": "Ann", "notes": "x " * 50}),
        [exchange(number) for number in range(10)],
        lambda found, told, earlier: user_text(message, found, notes=told, earlier=earlier),
        items(count),
        ["A note."],
    )


@pytest.mark.parametrize("room", [1000, 1500, 2000, 3500])
@pytest.mark.parametrize("message", ["Hi", "word " * 100, "吉" * 150])
def test_no_prompt_is_longer_than_the_room(message: str, room: int) -> None:
    laid_out = fitted(message, room).prompt
    assert sum(estimate_tokens(text) for _, text in laid_out) <= room
    assert message.strip() in laid_out[-1][1]


def test_items_give_way_before_the_message_and_the_profile() -> None:
    whole, tight = fitted("Hi", 3500), fitted("Hi", 600)
    assert (whole.items, whole.dropped) == (8, 0)
    assert 0 < tight.items < 8
    assert tight.prompt[0] == whole.prompt[0]
    assert f"id {tight.items - 1}:" in tight.prompt[-1][1]
    assert f"id {tight.items}:" not in tight.prompt[-1][1]


def test_what_the_model_can_still_see_is_only_named_by_id() -> None:
    found = items(3)
    first = user_text("Hi", found)
    shown = Exchange(1, first, "Hello.")

    def ask(room: int, *exchanges: Exchange) -> str:
        return window.fit(
            room,
            ["You sell guitars."],
            exchanges,
            lambda items, told, earlier: user_text("And?", items, notes=told, earlier=earlier),
            found,
            [],
        ).prompt[-1][1]

    assert "\n- listed before: id 0, 1, 2\n" in ask(3000, shown)
    assert "Guitar 1" not in ask(3000, shown)
    other_facts = Exchange(1, first.replace("id 1: Guitar 1 (", "id 1: Guitar 1 (sold; "), "Hello.")
    assert "\n- id 1: Guitar 1 (word" in ask(3000, other_facts)
    assert "\n- listed before: id 0, 2\n" in ask(3000, other_facts)
    assert "listed before" not in ask(800, shown, *map(exchange, range(2, 9)))  # it has gone


def test_of_an_item_that_the_model_has_seen_only_the_new_total_is_told() -> None:
    [item] = [CatalogItem(id=17, name="Yamaha FG800", price="18.00", description="a guitar")]
    week = Period.from_start(date(2026, 12, 12), 7)
    first = user_text("Hi", [item])
    then = user_text("For a week?", [item], period=week, earlier=[first])
    assert "\n- id 17: 126.00 USD for 7 days\n" in then
    earlier = [first, then]
    assert "\n- listed before: id 17\n" in user_text("And?", [item], period=week, earlier=earlier)
    whole = user_text("Hi", [item], period=week)
    assert "(a guitar; 18.00 USD a day; 126.00 USD for 7 days)" in whole
    for period in (week, None):
        again = user_text("And?", [item], period=period, earlier=[whole])
        assert "\n- listed before: id 17\n" in again


@pytest.mark.parametrize(
    "change", [{"price": None}, {"price": "19.00"}, {"location": "Austin, TX"}]
)
def test_an_item_whose_facts_have_changed_is_described_anew(change: dict[str, Any]) -> None:
    [item] = [CatalogItem(id=17, name="Yamaha FG800", price="18.00", description="a guitar")]
    now = replace(item, **change)
    for before, after in ((item, now), (now, item)):
        earlier = [user_text("Hi", [before])]
        assert "\n- id 17: Yamaha FG800 (a guitar" in user_text("And?", [after], earlier=earlier)


def test_until_when_an_item_is_free_is_told_while_no_dates_are_asked_for() -> None:
    until = date(2026, 12, 24)
    item = CatalogItem(id=17, name="Yamaha FG800", price="18.00", free_until=until)
    week = Period.from_start(date(2026, 12, 12), 7)
    dated = user_text("For a week?", [item], period=week)
    assert "free until" not in dated
    undated = user_text("And later?", [item], earlier=[dated])
    assert "\n- id 17: free until 2026-12-24\n" in undated
    earlier = [dated, undated]
    for period in (week, None):
        assert "\n- listed before: id 17\n" in user_text(
            "Hm.", [item], period=period, earlier=earlier
        )


def test_what_users_write_does_not_count_as_told() -> None:
    item, note = CatalogItem(id=17, name="Yamaha FG800", price="18.00"), "The budget: none."
    told = user_text("Hi", [item], notes=[note])
    written = user_text(told, [])
    assert "\n- id 17: Yamaha FG800" in user_text("And?", [item], earlier=[written])
    assert still_stands(note, [told])
    assert not still_stands(note, [written])


def test_a_list_stands_until_another_one() -> None:
    found = items(3)
    earlier: list[str] = []
    for offered, expected in (
        ([], "<items>\n(nothing available)\n</items>\n\nHi"),
        (found, "<items>\n- id 0: Guitar 0"),
        (found, "<items>\n- listed before: id 0, 1, 2\n</items>\n\nHi"),
        (found, "Hi"),
        (found, "Hi"),
        (found[:2], "<items>\n- listed before: id 0, 1\n</items>\n\nHi"),
        (found, "<items>\n- listed before: id 0, 1, 2\n</items>\n\nHi"),
        ([], "<items>\n(nothing available)"),
        (found, "<items>\n- listed before: id 0, 1, 2\n</items>\n\nHi"),
    ):
        earlier.append(user_text("Hi", offered, earlier=earlier))
        assert earlier[-1].startswith(expected)
    refused = user_text("Hi", [], notes=["This site does not carry this: tubas."], earlier=earlier)
    assert refused.startswith("<items>\n(nothing available)\n</items>")


def test_a_price_that_comes_back_is_told_again() -> None:
    cheap, dear = (
        CatalogItem(id=17, name="Yamaha FG800", price=price) for price in ("18.00", "20.00")
    )
    earlier = [user_text("Hi", [cheap])]
    earlier.append(user_text("Hi", [dear], earlier=earlier))
    assert "20.00 USD a day" in earlier[-1]
    assert "18.00 USD a day" in user_text("Hi", [cheap], earlier=earlier)
    assert "listed before" in user_text("And?", [dear], earlier=earlier[1:])


def test_what_known_items_come_to_is_told_when_it_is_asked() -> None:
    item = CatalogItem(id=17, name="Yamaha FG800", price="18.00")
    week = Period(date(2026, 12, 1), date(2026, 12, 8))
    told = user_text("Hi", [item])
    asked = user_text("And for a week?", [item], period=week, earlier=[told])
    assert "- id 17: 126.00 USD for 7 days" in asked
    by_the_way = user_text("Is it loud?", [item], period=week, earlier=[told], is_price_asked=False)
    assert "126.00" not in by_the_way
    new = user_text("Is it loud?", [item], period=week, is_price_asked=False)
    assert "126.00 USD for 7 days" in new


def test_until_when_an_item_is_free_is_told_when_it_changes() -> None:
    def item(until: date | None) -> CatalogItem:
        return CatalogItem(id=17, name="Yamaha FG800", price="18.00", free_until=until)

    early, late = date(2026, 12, 1), date(2026, 12, 15)
    earlier: list[str] = []
    for until, told in (
        (late, "; free until 2026-12-15)"),
        (late, "listed before"),
        (early, "- id 17: free until 2026-12-01"),
        (late, "- id 17: free until 2026-12-15"),
        (None, "(18.00 USD a day)"),
        (None, "listed before"),
    ):
        earlier.append(user_text("Hi", [item(until)], earlier=earlier))
        assert told in earlier[-1]


def test_a_note_stands_until_another_of_its_kind() -> None:
    december, january = "The dates asked for: in December.", "The dates asked for: in January."
    earlier = [user_text("Hi", [], notes=[december, "The budget: none."])]
    assert still_stands(december, earlier)
    assert not still_stands(january, earlier)
    earlier.append(user_text("And then?", [], notes=[january]))
    assert still_stands(january, earlier)
    assert not still_stands(december, earlier)


def test_the_profile_goes_when_a_message_fills_the_window() -> None:
    message = "word " * 200
    room = estimate_tokens(system_text("You sell guitars.", None))
    room += estimate_tokens(user_text(message, []))
    laid_out = fitted(message, room).prompt
    assert "Ann" not in laid_out[0][1]
    assert len(laid_out) == 2


def test_a_message_that_does_not_fit_alone_is_refused() -> None:
    with pytest.raises(PromptTooLongError):
        fitted("word " * 500, 700)


@pytest.mark.parametrize("must_recommend", [False, True])
@pytest.mark.parametrize("text", ["吉他", "🎸", "гитара ", "word ", "x1?"])
def test_what_is_accepted_fits_at_the_turn(text: str, must_recommend: bool) -> None:
    config = ChatbotConfig(num_ctx=2048)
    for length in range(0, 4000, 400):
        plan = TurnPlan(message=(text * 4000)[:length], must_recommend=must_recommend)
        room = window.room_for(config, plan)
        if not window.takes(config, "You sell guitars.", plan):
            return
        assert fitted(plan.message, room).prompt
    assert text == "word "  # all else is too long at some length


def post(host: Host, user: Any, message: str) -> Any:
    return host.app.test_client().post(
        "/api/chatbot/chat",
        json={"message": message, "session_id": "s"},
        headers=host.headers(user),
    )


@pytest.mark.parametrize("text", ["吉他", "🎸"])
def test_a_message_that_cannot_fit_is_refused_and_changes_nothing(
    build_host: Callable[..., Host], text: str
) -> None:
    host = build_host(CHATBOT_NUM_CTX=2048)
    user = host.add_user()
    response = post(host, user, (text * 4000)[:4000])
    assert response.status_code == response.json["code"] == 422
    assert response.json["errors"] == {"reason": "prompt_too_long"}
    assert not host.chat_model.prompts
    headers = host.headers(user)
    assert host.app.test_client().get("/api/chatbot/sessions", headers=headers).json == {
        "sessions": [],
        "total_sessions": 0,
        "next": None,
    }


def test_a_long_english_message_fits_a_small_window(build_host: Callable[..., Host]) -> None:
    host = build_host(CHATBOT_NUM_CTX=2048)
    user = host.add_user()
    sentence = "I would like to know which of these guitars sounds best. "
    assert post(host, user, (sentence * 70)[:2500]).status_code == 200


def test_dates_that_are_taken_back_are_told_once() -> None:
    dates, none = "The dates asked for: in December.", "The dates asked for: none."
    assert not is_news(none, [])
    earlier = [user_text("Hi", [], notes=[dates])]
    assert is_news(none, earlier)
    earlier.append(user_text("Whenever.", [], notes=[none]))
    assert not is_news(none, earlier)
