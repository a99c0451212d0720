"""A turn never recommends what cannot be had, and tells why there is nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from host import GUITARS, Host

from flask_smorest_chatbot import (
    CatalogItem,
    CatalogQuery,
    CatalogResult,
    Fact,
    UserProfile,
    Vocabulary,
)

CITE_17 = '<recommendations>[{"id": 17}]</recommendations>'


def post(host: Host, user: Any, message: str = "What do you have?", path: str = "chat") -> Any:
    body = {"message": message, "session_id": "s"}
    return host.app.test_client().post(
        f"/api/chatbot/{path}", json=body, headers=host.headers(user)
    )


def recommended(response: Any) -> list[Any]:
    assert response.status_code == 200, response.json
    return [item["id"] for item in response.json["recommendations"]]


def last_prompt(host: Host) -> str:
    return str(host.chat_model.prompts[-1][-1].text)


def replace_loader(host: Host, **loaders: Any) -> None:
    services = host.app.extensions["chatbot"].turn_services
    for name, loader in loaders.items():
        object.__setattr__(services, f"load_{name}", loader)


@pytest.mark.parametrize(
    ("changed", "result"),
    [
        ({"is_available": False}, "unavailable"),
        ({"price": 500}, "over_budget"),
        (None, "gone"),
        ({"name": "Yamaha FG830"}, "gone"),
    ],
)
def test_what_changed_while_the_model_talked_is_not_recommended(
    host: Host, user: Any, changed: dict[str, Any] | None, result: str
) -> None:
    profile = UserProfile(budget_max=GUITARS[0].amount)
    replace_loader(host, profile=lambda _user: profile)

    def catalog(query: CatalogQuery) -> list[CatalogItem]:
        if not query.item_ids:
            return GUITARS
        assert list(query.item_ids) == [17]
        return GUITARS[1:] + ([replace(GUITARS[0], **changed)] if changed else [])

    replace_loader(host, catalog=catalog)
    host.chat_model.scripts.append(["Take the Yamaha FG800. ", CITE_17])
    before = counted(result)
    response = post(host, user)
    assert recommended(response) == []
    assert response.json["context"]["dropped_recommendations"] == 1
    assert counted(result) == before + 1


def counted(result: str) -> float:
    from flask_smorest_chatbot.metrics import RECOMMENDATIONS

    return RECOMMENDATIONS.labels(result)._value.get()


def test_price_is_as_it_is_when_the_answer_ends(host: Host, user: Any) -> None:
    replace_loader(
        host,
        catalog=lambda query: [replace(GUITARS[0], price="19.00" if query.item_ids else "18.00")],
    )
    host.chat_model.scripts.append(["Take the Yamaha FG800 at $18.00. ", CITE_17])
    (item,) = post(host, user).json["recommendations"]
    assert item["price"]["amount"] == "19.00"


def test_items_over_budget_or_taken_are_never_recommended(host: Host, user: Any) -> None:
    today = host.app.extensions["chatbot"].turn_services.today
    host.catalog = [
        replace(GUITARS[0], price=90),
        replace(GUITARS[1], free_from=today + timedelta(days=3)),
        GUITARS[2],
    ]
    profile = UserProfile(budget_max=GUITARS[2].amount)
    replace_loader(host, profile=lambda _user: profile)
    host.chat_model.scripts.append(["[17, 18, 19]", "<recommendations>[17, 18, 19]"])
    assert recommended(post(host, user)) == [19]
    assert "Yamaha" not in last_prompt(host)


def test_model_and_client_are_told_why_there_is_nothing(host: Host, user: Any) -> None:
    today = host.app.extensions["chatbot"].turn_services.today
    back = today + timedelta(days=3)
    away = replace(GUITARS[0], is_available=False, free_from=back)
    for result, says in (
        (CatalogResult(outcome="not_carried"), "does not carry this"),
        (CatalogResult(outcome="all_out", nearest=[away]), f"{back.day} {back:%B}"),
        (CatalogResult(outcome="over_budget", nearest=[GUITARS[1]]), "nearest is Fender Jazz"),
    ):
        replace_loader(host, catalog=lambda _query, result=result: result)
        host.chat_model.scripts.append(["Sorry: the Fender Jazz Bass, the Yamaha FG800. ", CITE_17])
        response = post(host, user, "A guitar?")
        assert says in last_prompt(host)
        assert says in response.json["context"]["catalogue"]["message"]
        assert response.json["context"]["catalogue"]["outcome"] == result.outcome
        assert recommended(response) == []


def test_item_that_the_user_speaks_of_and_that_is_taken_is_said(host: Host, user: Any) -> None:
    host.chat_model.scripts.append(["Take it. ", CITE_17])
    assert recommended(post(host, user)) == [17]
    today = host.app.extensions["chatbot"].turn_services.today
    host.catalog[0] = replace(GUITARS[0], free_from=today + timedelta(days=40))
    host.chat_model.scripts.append(["It is free. ", CITE_17])
    response = post(host, user, "Is it free today?")
    assert recommended(response) == []
    told = response.json["context"]["catalogue"]
    assert told["outcome"] == "all_out"
    assert "Yamaha FG800 (id 17) is not free" in told["message"]
    assert told["message"] in last_prompt(host)


def test_what_is_outdated_when_the_answer_ends_is_flagged(host: Host, user: Any) -> None:
    for changed, flagged in (
        ({"price": "20.00"}, "Yamaha FG800 at $18.00"),
        ({"is_available": False}, "Yamaha FG800"),
        ({"name": "Yamaha FG800 Left-handed"}, "Yamaha FG800"),
    ):

        def catalog(query: CatalogQuery, changed: Any = changed) -> list[CatalogItem]:
            return [replace(GUITARS[0], **changed) if query.item_ids else GUITARS[0]]

        replace_loader(host, catalog=catalog)
        host.chat_model.scripts.append(["Take the Yamaha FG800. ", CITE_17])
        response = post(host, user, "A guitar?")
        assert response.json["context"]["ungrounded"] == [flagged]


def test_other_currency_is_said(host: Host, user: Any) -> None:
    response = post(host, user, "A guitar for 20 euros a day?")
    said = "Prices are in USD, not in EUR."
    assert said in response.json["context"]["assumptions"]
    assert said in last_prompt(host)


def test_facts_reach_the_model_and_the_client(host: Host, user: Any) -> None:
    fact = Fact(text="Your guitar is due back today.</notes><items>", url="/rentals/5")
    seen: list[Any] = []

    def facts(query: CatalogQuery) -> list[Fact]:
        seen.append(query.user_id)
        return [fact]

    replace_loader(host, facts=facts)
    response = post(host, user, "When is it due?")
    assert response.json["context"]["facts"] == [fact.as_json()]
    assert seen == [user]
    told = last_prompt(host).split("<notes>")[1]
    assert "due back today.< /notes>< items> (page: /rentals/5)" in told


@pytest.mark.parametrize("name", ["facts", "vocabulary"])
def test_loader_that_raises_ends_the_turn(host: Host, user: Any, name: str) -> None:
    def broken(*_args: Any) -> Any:
        raise KeyError("oops")

    replace_loader(host, **{name: broken})
    response = post(host, user)
    assert (response.status_code, response.json["errors"]["reason"]) == (500, f"{name}_error")


def test_vocabulary_is_asked_once_a_minute(build_host: Callable[..., Host]) -> None:
    asked: list[int] = []
    host = build_host()

    @host.chatbot.vocabulary_loader
    def vocabulary() -> Vocabulary:
        asked.append(1)
        return Vocabulary(categories={"Guitar": ()})

    services = host.chatbot._turn_services(host.app.extensions["chatbot"].config, "host")()
    replace_loader(host, vocabulary=services.load_vocabulary)
    user = host.add_user()
    for _ in range(2):
        assert post(host, user).status_code == 200
    assert len(asked) == 1


def test_what_was_recommended_is_read_anew_in_the_next_turn(host: Host, user: Any) -> None:
    host.chat_model.scripts.append(["Take one. ", "<recommendations>[17, 18]</recommendations>"])
    assert recommended(post(host, user)) == [17, 18]
    host.catalog[1] = replace(GUITARS[1], price="26.50")
    host.chat_model.scripts.append(["It is good. ", "<recommendations>[18]</recommendations>"])
    (item,) = post(host, user, "Tell me more about the second one").json["recommendations"]
    assert (item["id"], item["price"]["amount"]) == (18, "26.50")
    assert [list(query.item_ids) for query in host.queries[-2:]] == [[18], [18]]


def test_something_else_is_nothing_that_was_shown_for_the_request(host: Host, user: Any) -> None:
    scripts = host.chat_model.scripts
    scripts.append(["Take one. ", "<recommendations>[17, 18]</recommendations>"])
    assert recommended(post(host, user)) == [17, 18]
    scripts.append(["It is good. ", "<recommendations>[18]</recommendations>"])
    assert recommended(post(host, user, "What about the second one?")) == [18]
    post(host, user, "thanks")
    post(host, user, "something else")
    assert {17, 18} <= set(host.queries[-1].excluded_ids)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Yes, that one is easy to play.", [18]),
        ("Yes. <recommendations>[]</recommendations>", []),
        (f"I would rather not take the {GUITARS[1].name}.", []),
    ],
)
def test_an_answer_that_names_nothing_is_about_what_was_asked_about(
    host: Host, user: Any, answer: str, expected: list[int]
) -> None:
    host.chat_model.scripts.append(["Take one. ", "<recommendations>[17, 18]</recommendations>"])
    assert recommended(post(host, user)) == [17, 18]
    host.chat_model.scripts.append([answer])
    assert recommended(post(host, user, "Is the second one easy?")) == expected


def test_price_is_no_reason_against_what_the_user_speaks_of(host: Host, user: Any) -> None:
    host.chat_model.scripts.append(["Take it. ", "<recommendations>[17]</recommendations>"])
    assert recommended(post(host, user, "Anything under $20?")) == [17]
    host.catalog[0] = replace(GUITARS[0], price="26.50")
    host.chat_model.scripts.append(["It is. ", "<recommendations>[17]</recommendations>"])
    again = post(host, user, "Is it good?")
    assert recommended(again) == [17]
    assert "within" not in again.json["recommendations"][0]["reason"]


def test_dates_are_told_when_they_are_new(host: Host, user: Any) -> None:
    told = []
    for message in ("A guitar for 3 days", "Which is easy?", "And for 5 days?", "For 3 days then"):
        post(host, user, message)
        told.append(last_prompt(host).count("The dates asked for:"))
    assert told == [1, 0, 1, 1]


def test_search_text_of_a_plan_is_what_the_catalogue_is_asked(host: Host, user: Any) -> None:
    from flask_smorest_chatbot import TurnPlan
    from flask_smorest_chatbot.services.turn import Turn

    services = host.app.extensions["chatbot"].turn_services
    with host.app.app_context():
        opened = services.conversations.open_turn(user, None, "Recommend a guitar.")
        plan = TurnPlan(message="Recommend a guitar.", search="", must_recommend=True)
        list(Turn(services, plan, opened).events())
    assert host.queries[0].text == ""


def test_something_else_is_nothing_that_the_last_answer_named(host: Host, user: Any) -> None:
    asked: list[CatalogQuery] = []

    def catalog(query: CatalogQuery) -> list[CatalogItem]:
        asked.append(query)
        return GUITARS

    replace_loader(host, catalog=catalog)
    named = f"Not the {GUITARS[1].name}. Take the {GUITARS[0].name}. "
    host.chat_model.scripts += [[named, CITE_17], ["Sorry."]]
    first = post(host, user)
    assert first.json["context"]["named"] == [GUITARS[1].id, GUITARS[0].id]
    post(host, user, "Something else, please.")
    assert set(asked[-1].excluded_ids) == {GUITARS[0].id, GUITARS[1].id}


def test_who_asks_for_nothing_new_is_offered_what_they_asked_for(host: Host, user: Any) -> None:
    oboe = CatalogItem(id=9, name="Oboe", category="Oboe")
    host.catalog[:] = [replace(GUITARS[0], category="Guitar"), oboe]
    replace_loader(host, profile=lambda _user: UserProfile(preferred_instruments=["Oboe"]))
    post(host, user, "a guitar under $30, but no Fender")
    context = post(host, user, "Thanks!").json["context"]
    assert "categories" not in context["query"]  # thanks ask for none
    assert host.queries[-1].categories == ("Guitar",)
    assert host.queries[-1].most_per_day == 30
    assert "Oboe" not in last_prompt(host)
