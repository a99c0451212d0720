"""From a recommendation to a rental, in a real browser, against the real site."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from page_helpers import CHAT_ENDPOINT, PHONE, answer_with, ask, field, good_answer, settled
from playwright.sync_api import Locator, Page, expect
from shop import Person, day, day_words, keep_answer, new_person

MARKUP = '<img src=x onerror="window.pwned = 1">'
START, END = day(20), day(27)


class LiveSite(Protocol):
    """A running site and the settings it was started with."""

    url: str
    environment: dict[str, str]


@pytest.fixture
def people(live_site: LiveSite) -> Iterator[Callable[..., Person]]:
    """Makes new people; closes their connections in the end."""
    made: list[Person] = []

    def make(user_type: str = "renter") -> Person:
        made.append(new_person(live_site.url, user_type))
        return made[-1]

    yield make
    for person in made:
        person.client.close()


@pytest.fixture
def renter(people: Callable[..., Person]) -> Person:
    return people()


@pytest.fixture
def owner(people: Callable[..., Person]) -> Person:
    return people("owner")


@pytest.fixture
def listing(owner: Person) -> dict[str, Any]:
    """A new listing at $12.35 a day."""
    return owner.offer(12.35)


def recommendation(listing: dict[str, Any], **values: Any) -> dict[str, Any]:
    """A recommendation as the chat makes them, for START to END."""
    return {
        "id": listing["id"],
        "name": listing["instrument"]["name"],
        "reason": "$12.35 a day; $86.45 for 7 days.",
        "reasons": [
            {"fact": "$12.35 a day, within your budget", "field": "price"},
            {"fact": "In Reno, NV, as you asked", "field": "location"},
            {"fact": "Suits beginner players", "field": "levels"},
            {"fact": "A fourth one, not shown", "field": "brand"},
        ],
        "price": {"amount": "12.35", "currency": "USD", "unit": "day"},
        "total": {"amount": "86.45", "currency": "USD", "days": 7},
        "available": {"from": START, "to": END},
        "condition": "good",
        "location": "Reno, NV",
        "url": f"/listings/{listing['id']}?start={START}&end={END}",
        "image_url": None,
        "fit": 0.9,
        **values,
    }


def fill_log_in(page: Page, person: Person) -> None:
    field(page, "E-mail").fill(person.email)
    field(page, "Password").fill(person.password)
    page.keyboard.press("Enter")


def log_in(page: Page, person: Person) -> None:
    page.goto(f"{person.url}/")
    fill_log_in(page, person)
    expect(page.locator("#chat-view")).to_be_visible()


def open_listing(page: Page, listing: dict[str, Any], site: LiveSite, query: str = "") -> None:
    query = query or f"?start={START}&end={END}"
    page.goto(f"{site.url}/listings/{listing['id']}{query}")
    expect(page.locator("#quote-message")).not_to_contain_text("Checking")


def rent_button(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^Rent it for"))


def no_sideways_scroll(page: Page) -> bool:
    widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    return bool(widths[0] <= widths[1])


def open_answer(page: Page, live_site: LiveSite, person: Person, data: dict[str, Any]) -> Locator:
    """Shows a stored answer in the chat, as the site's own history gives it."""
    database = live_site.environment["DATABASE_URL"]
    session = keep_answer(database, person.id, "The Yamaha would suit you.", data)
    log_in(page, person)
    page.goto(f"{live_site.url}/#session={session}")
    return settled(page.locator("#messages .assistant"))


def test_a_recommendation_is_rented_in_one_press(
    page: Page,
    live_site: LiveSite,
    renter: Person,
    listing: dict[str, Any],
    screenshot_dir: Path,
) -> None:
    data = {"recommendations": [recommendation(listing)], "context": {}}
    answer = open_answer(page, live_site, renter, data)
    page.screenshot(path=screenshot_dir / "recommendation.png", animations="disabled")
    answer.get_by_role("link", name="Rent it Yamaha FG800").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Yamaha FG800")
    expect(page.get_by_label("First day")).to_have_value(START)
    expect(page.get_by_label("Day of return")).to_have_value(END)
    expect(page.locator("#total-amount")).to_have_text("$86.45")
    expect(page.locator("#total-days")).to_have_text("7 days at $12.35")
    expect(rent_button(page)).to_have_text("Rent it for $86.45")
    page.screenshot(path=screenshot_dir / "listing.png", full_page=True)
    rent_button(page).click()

    expect(page.locator("#booked-title")).to_be_focused()
    expect(page.locator("#booked")).to_contain_text("Yamaha FG800 is booked for you")
    expect(page.locator("#booked")).to_contain_text("$86.45")
    (rental,) = renter.rentals()
    assert (rental["start_date"], rental["end_date"]) == (START, END)
    assert (rental["total"], rental["status"]) == (86.45, "pending")

    page.get_by_role("link", name="See this rental").click()
    expect(page).to_have_url(f"{live_site.url}/rentals/{rental['id']}")
    expect(page.locator(".rental")).to_contain_text(day_words(END))
    expect(page.locator(".rental")).to_contain_text("$86.45")


def test_a_double_click_books_once(
    page: Page, live_site: LiveSite, renter: Person, listing: dict[str, Any]
) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if is_booking(request) else None)
    log_in(page, renter)
    open_listing(page, listing, live_site)
    rent_button(page).dblclick()
    expect(page.locator("#booked-title")).to_be_focused()
    assert len(sent) == 1
    assert len(renter.rentals()) == 1


def is_booking(request: Any) -> bool:
    return request.method == "POST" and request.url.endswith("/api/rentals")


def test_other_dates_have_another_total(
    page: Page, live_site: LiveSite, renter: Person, listing: dict[str, Any]
) -> None:
    log_in(page, renter)
    open_listing(page, listing, live_site)
    page.get_by_label("Day of return").fill(day(30))
    expect(page.locator("#total-amount")).to_have_text("$123.50")
    expect(rent_button(page)).to_have_text("Rent it for $123.50")
    assert f"end={day(30)}" in page.url
    page.reload()
    expect(page.get_by_label("Day of return")).to_have_value(day(30))
    page.get_by_label("Day of return").fill(day(19))
    expect(page.locator("#quote-message")).to_contain_text("comes after")
    expect(rent_button(page)).to_be_hidden()
    expect(page.locator("#total")).to_be_hidden()


def test_taken_before_the_page_opens_is_said_with_the_next_free_day(
    page: Page,
    live_site: LiveSite,
    people: Callable[..., Person],
    renter: Person,
    listing: dict[str, Any],
    screenshot_dir: Path,
) -> None:
    people().rent(listing, day(22), day(24))
    log_in(page, renter)
    open_listing(page, listing, live_site)
    expect(page.locator("#quote-message")).to_contain_text("Taken on some days")
    expect(page.locator("#quote-message")).to_contain_text(day_words(day(24)))
    expect(rent_button(page)).to_be_hidden()
    page.screenshot(path=screenshot_dir / "taken.png", full_page=True)
    page.get_by_role("button", name=re.compile("^Take .* instead")).click()
    expect(page.get_by_label("First day")).to_have_value(day(24))
    expect(page.get_by_label("Day of return")).to_have_value(day(31))
    expect(rent_button(page)).to_be_focused()


def test_taken_between_page_and_press_is_said_and_nothing_is_booked(
    page: Page,
    live_site: LiveSite,
    people: Callable[..., Person],
    renter: Person,
    listing: dict[str, Any],
    expected_errors: list[str],
) -> None:
    expected_errors.append("status of 409")
    log_in(page, renter)
    open_listing(page, listing, live_site)
    expect(rent_button(page)).to_be_visible()
    people().rent(listing, day(26), day(29))
    rent_button(page).click()
    expect(page.locator("#rent-error")).to_contain_text("taken")
    expect(page.locator("#quote-message")).to_contain_text(day_words(day(29)))
    expect(rent_button(page)).to_be_hidden()
    assert renter.rentals() == []


def test_ones_own_booking_is_no_puzzle(
    page: Page, live_site: LiveSite, renter: Person, listing: dict[str, Any]
) -> None:
    rental = renter.rent(listing, START, END)
    log_in(page, renter)
    open_listing(page, listing, live_site)
    expect(page.locator("#rent-note")).to_contain_text("booked it yourself")
    page.get_by_role("link", name="See your rental").click()
    expect(page).to_have_url(f"{live_site.url}/rentals/{rental['id']}")


def test_a_changed_price_is_shown_before_it_is_charged(
    page: Page,
    live_site: LiveSite,
    owner: Person,
    renter: Person,
    listing: dict[str, Any],
    expected_errors: list[str],
) -> None:
    expected_errors.append("status of 409")
    log_in(page, renter)
    open_listing(page, listing, live_site)
    expect(rent_button(page)).to_have_text("Rent it for $86.45")
    owner.send("PUT", f"/api/listings/{listing['id']}", {"daily_rate": 20})
    rent_button(page).click()
    expect(page.locator("#rent-error")).to_contain_text("changed to $140.00")
    assert renter.rentals() == []
    expect(rent_button(page)).to_have_text("Rent it for $140.00")
    rent_button(page).click()
    expect(page.locator("#booked")).to_contain_text("$140.00")


def test_who_is_not_logged_in_logs_in_and_keeps_the_dates(
    page: Page, live_site: LiveSite, renter: Person, listing: dict[str, Any]
) -> None:
    open_listing(page, listing, live_site)
    expect(page.locator("#total-amount")).to_have_text("$86.45")
    expect(rent_button(page)).to_be_hidden()
    page.get_by_role("button", name="Log in to rent it").click()
    expect(field(page, "E-mail")).to_be_focused()
    fill_log_in(page, renter)
    expect(rent_button(page)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#booked-title")).to_be_focused()
    (rental,) = renter.rentals()
    assert rental["start_date"] == START


def test_an_ended_log_in_asks_for_a_new_one_and_keeps_the_dates(
    page: Page,
    live_site: LiveSite,
    renter: Person,
    listing: dict[str, Any],
    expected_errors: list[str],
) -> None:
    expected_errors.append("status of 401")
    log_in(page, renter)
    open_listing(page, listing, live_site)
    expect(rent_button(page)).to_be_visible()
    page.evaluate("sessionStorage.setItem('access_token', 'x.y.z')")
    page.evaluate("sessionStorage.setItem('refresh_token', 'x.y.z')")
    rent_button(page).click()
    expect(page.locator("#auth-notice")).to_contain_text("log-in has ended")
    fill_log_in(page, renter)
    rent_button(page).click()
    expect(page.locator("#booked-title")).to_be_focused()


def test_owners_cannot_rent_their_own(
    page: Page, live_site: LiveSite, owner: Person, listing: dict[str, Any]
) -> None:
    log_in(page, owner)
    open_listing(page, listing, live_site)
    expect(page.locator("#rent-note")).to_contain_text("your own listing")
    expect(rent_button(page)).to_be_hidden()


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("?start=2000-01-01&end=2000-01-03", "is past"),
        ("?start=soon&end=later", "cannot be read"),
        (f"?start={day(9)}&end={day(3)}", "comes after"),
        (f"?start={day(9)}", "Choose the first day"),
        ("?x=1", "Choose the first day"),
    ],
)
def test_dates_that_make_no_sense_are_said_and_can_be_mended(
    page: Page,
    live_site: LiveSite,
    renter: Person,
    listing: dict[str, Any],
    query: str,
    told: str,
) -> None:
    log_in(page, renter)
    open_listing(page, listing, live_site, query)
    expect(page.locator("#quote-message")).to_contain_text(told)
    page.get_by_label("First day").fill(START)
    page.get_by_label("Day of return").fill(END)
    expect(rent_button(page)).to_have_text("Rent it for $86.45")


def test_the_keyboard_alone_rents(
    page: Page, live_site: LiveSite, renter: Person, listing: dict[str, Any]
) -> None:
    log_in(page, renter)
    open_listing(page, listing, live_site)
    expect(rent_button(page)).to_be_visible()
    page.locator("#skip-link").focus()
    page.keyboard.press("Enter")
    seen = []
    for _ in range(20):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.id"))
        if seen[-1] == "rent-button":
            break
    assert [name for name in dict.fromkeys(seen) if name in ("start", "end", "rent-button")] == [
        "start",
        "end",
        "rent-button",
    ]
    page.keyboard.press("Space")
    expect(page.locator("#booked-title")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="See this rental")).to_be_focused()


@pytest.mark.parametrize("context_options", [PHONE])
def test_it_is_rented_on_a_phone(
    page: Page, live_site: LiveSite, renter: Person, listing: dict[str, Any], screenshot_dir: Path
) -> None:
    open_listing(page, listing, live_site)
    assert no_sideways_scroll(page)
    page.get_by_role("button", name="Log in to rent it").tap()
    assert no_sideways_scroll(page)
    fill_log_in(page, renter)
    expect(rent_button(page)).to_be_visible()
    page.screenshot(path=screenshot_dir / "listing-phone.png", full_page=True)
    rent_button(page).tap()
    expect(page.locator("#booked")).to_be_visible()
    assert no_sideways_scroll(page)
    page.get_by_role("link", name="All your rentals").tap()
    expect(page.locator(".rental")).to_have_count(1)
    assert no_sideways_scroll(page)
    page.screenshot(path=screenshot_dir / "rentals-phone.png", full_page=True)


def test_rentals_are_listed_and_cancelled(
    page: Page,
    live_site: LiveSite,
    renter: Person,
    listing: dict[str, Any],
    screenshot_dir: Path,
) -> None:
    rental = renter.rent(listing, START, END)
    page.goto(f"{live_site.url}/rentals")
    expect(page.locator("#auth-notice")).to_contain_text("Log in to see your rentals")
    fill_log_in(page, renter)
    card = page.locator(".rental")
    expect(card).to_contain_text("Not yet confirmed by the owner")
    page.screenshot(path=screenshot_dir / "rentals.png", full_page=True)
    longer = card.get_by_role("link", name="Keep it longer").get_attribute("href")
    assert longer == f"/listings/{listing['id']}?start={END}&end={day(34)}"
    card.get_by_role("button", name="Cancel the rental").click()
    page.get_by_role("button", name="Keep it", exact=True).click()
    expect(card.get_by_role("button", name="Cancel the rental")).to_be_focused()
    assert renter.send("GET", f"/api/rentals/{rental['id']}")["status"] == "pending"
    card.get_by_role("button", name="Cancel the rental").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the rental").click()
    expect(page.locator(".badge")).to_have_text("Cancelled")
    assert renter.send("GET", f"/api/rentals/{rental['id']}")["status"] == "cancelled"


def test_due_today_and_late_are_told(
    page: Page, live_site: LiveSite, owner: Person, renter: Person, listing: dict[str, Any]
) -> None:
    rental = renter.rent(listing, day(0), day(2))
    owner.send("PATCH", f"/api/rentals/{rental['id']}", {"status": "active"})
    log_in(page, renter)
    for today, told in ((0, "Due back in 2 days"), (2, "Due back today"), (3, "1 day late")):
        tell_day(page, day(today))
        page.goto(f"{live_site.url}/rentals/{rental['id']}")
        expect(page.locator(".badge")).to_have_text(told)
    expect(page.locator(".rental")).to_contain_text("Bring it back to its owner in Reno, NV")


def tell_day(page: Page, today: str) -> None:
    """Has the browser get the page of another day: the site's clock cannot be set."""

    def of_that_day(route: Any) -> None:
        answer = route.fetch()
        body = re.sub(r'data-today="[^"]*"', f'data-today="{today}"', answer.text())
        route.fulfill(response=answer, body=body)

    page.unroute("**/rentals/*")
    page.route(re.compile(r"://[^/]+/rentals/\d+$"), of_that_day)


def test_somebody_elses_rental_is_not_shown(
    page: Page,
    live_site: LiveSite,
    people: Callable[..., Person],
    renter: Person,
    listing: dict[str, Any],
    expected_errors: list[str],
) -> None:
    expected_errors.append("status of 404")
    rental = people().rent(listing, START, END)
    log_in(page, renter)
    page.goto(f"{live_site.url}/rentals/{rental['id']}")
    expect(page.locator("#rentals-note")).to_have_text("You have no such rental.")
    expect(page.locator(".rental")).to_have_count(0)


def test_cards_facts_and_assumptions_are_the_same_live_and_from_the_history(
    page: Page,
    live_site: LiveSite,
    renter: Person,
    listing: dict[str, Any],
    screenshot_dir: Path,
) -> None:
    items = [
        recommendation(listing),
        recommendation(listing, total=None, available={"from": START}),
    ]
    facts = [{"text": "Your violin is due back today.", "url": "/rentals/1"}]
    context = {"facts": facts, "assumptions": ["No budget is known.", "No dates were given."]}
    text = "The Yamaha would suit you."
    stored = open_answer(page, live_site, renter, {"recommendations": items, "context": context})
    first, second = stored.locator(".card").all()
    expect(first).to_contain_text("$12.35 a day · $86.45 for 7 days")
    expect(first.locator(".card-reasons li")).to_have_count(3)
    expect(first.locator(".card-facts")).to_contain_text("Free")
    expect(first.locator(".card-facts")).to_contain_text(day_words(END))
    expect(first.locator(".card-facts")).to_contain_text("Reno, NV")
    expect(first.get_by_role("link")).to_have_text("Rent it Yamaha FG800")
    expect(second.get_by_role("link")).to_have_text("See it Yamaha FG800")
    expect(second).to_contain_text(f"Free from {day_words(START)}")
    expect(stored.locator(".account-facts")).to_contain_text("From your account")
    expect(stored.locator(".account-facts")).to_contain_text("Your violin is due back today.")
    expect(stored.locator(".assumed")).to_have_text(
        "Assumed: No budget is known. No dates were given."
    )
    shown = stored.inner_html()
    page.screenshot(path=screenshot_dir / "facts.png", animations="disabled")

    events = good_answer(text, items)
    events[-1][1]["context"] = context
    page.route(CHAT_ENDPOINT, lambda route: answer_with(route, *events))
    assert settled(ask(page, "And live?")).inner_html() == shown


def test_odd_old_and_hostile_values_stay_text(
    page: Page, live_site: LiveSite, renter: Person, listing: dict[str, Any]
) -> None:
    items: list[Any] = [
        {"name": "Only a name"},
        {"name": "Old", "reason": "It **suits** you.", "price": 12.5, "url": "/listings/1"},
        {
            "name": MARKUP,
            "reasons": [{"fact": MARKUP}, MARKUP, None, 5, {"field": "x"}],
            "price": {"amount": MARKUP},
            "total": {"amount": MARKUP, "days": MARKUP},
            "available": {"from": MARKUP, "to": [1]},
            "condition": MARKUP,
            "location": {"a": 1},
            "url": "javascript:alert(1)",
            "image_url": "https://evil.example/x.png",
            "fit": MARKUP,
        },
        {"name": None, "total": 5, "available": "x", "reasons": "x", "url": "data:text/html,x"},
        None,
        "x",
    ]
    facts = [
        {"text": MARKUP, "url": "javascript:alert(1)"},
        {"text": "Foreign", "url": "https://evil.example/"},
        {"text": 5},
        None,
        "x",
    ]
    context = {"facts": facts, "assumptions": [MARKUP, None, 5]}
    answer = open_answer(page, live_site, renter, {"recommendations": items, "context": context})
    expect(answer.locator(".card")).to_have_count(4)
    expect(answer.locator(".card").nth(1)).to_contain_text("It suits you.")
    expect(answer.locator("img, script, b, iframe")).to_have_count(0)
    hrefs = answer.locator("a").evaluate_all("links => links.map((link) => link.href)")
    assert hrefs == [f"{live_site.url}/listings/1"]
    expect(answer.locator(".account-facts li")).to_have_count(2)
    expect(answer.locator(".assumed")).to_have_text(f"Assumed: {MARKUP}")
    assert page.evaluate("window.pwned") is None


@pytest.mark.parametrize("context_data", [None, {}, {"endpoint": "/chat"}, {"context": None}])
def test_old_answers_are_still_shown(
    page: Page, live_site: LiveSite, renter: Person, context_data: dict[str, Any] | None
) -> None:
    answer = open_answer(page, live_site, renter, context_data)  # type: ignore[arg-type]
    expect(answer).to_contain_text("The Yamaha would suit you.")
    expect(answer.locator(".card, .account-facts, .assumed")).to_have_count(0)
