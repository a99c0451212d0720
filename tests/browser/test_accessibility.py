"""Every page, as people meet it, breaks no rule of axe-core's."""

from collections.abc import Iterator
from typing import Protocol

import pytest
from axe_playwright_python.sync_playwright import Axe
from page_helpers import PHONE, log_in, settled
from playwright.sync_api import Page, expect
from shop import Person, day, keep_answer, new_person

START, END = day(20), day(27)


class LiveSite(Protocol):
    """A running site and the settings it was started with."""

    url: str
    environment: dict[str, str]


@pytest.fixture
def renter(live_site: LiveSite) -> Iterator[Person]:
    person = new_person(live_site.url)
    yield person
    person.client.close()


@pytest.fixture
def listing_id(live_site: LiveSite) -> Iterator[int]:
    owner = new_person(live_site.url, "owner")
    yield owner.offer(12.35)["id"]
    owner.client.close()


def violations(page: Page) -> dict[str, list[str]]:
    """Return the broken rules, each with the elements that break it."""
    # Colours are judged as they stay, not as they fade in.
    page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished))")
    broken = Axe().run(page).response["violations"]
    return {rule["id"]: [node["html"] for node in rule["nodes"]] for rule in broken}


@pytest.mark.parametrize(
    "context_options",
    [{"color_scheme": "light"}, {"color_scheme": "dark"}, PHONE],
    ids=["light", "dark", "phone"],
)
def test_the_page_before_and_after_logging_in(
    page: Page, live_site: LiveSite, renter: Person, listing_id: int
) -> None:
    page.goto(f"{live_site.url}/")
    expect(page.get_by_role("button", name="Log in", exact=True)).to_be_visible()
    assert violations(page) == {}
    offer = {
        "id": listing_id, "name": "Yamaha FG800", "reason": "In your budget.",
        "reasons": [{"fact": "In your budget", "field": "price"}],
        "price": {"amount": "12.35", "currency": "USD", "unit": "day"},
        "total": {"amount": "86.45", "currency": "USD", "days": 7},
        "available": {"from": START, "to": END}, "condition": "good", "location": "Reno, NV",
        "url": f"/listings/{listing_id}?start={START}&end={END}", "image_url": None, "fit": 0.9,
    }  # fmt: skip
    facts = [{"text": "Your guitar is due back tomorrow.", "url": "/rentals"}]
    told = {"facts": facts, "assumptions": ["It was taken to start today."]}
    data = {"recommendations": [offer], "context": told}
    session = keep_answer(
        live_site.environment["DATABASE_URL"], renter.id, "# One\n\n- The **Yamaha**\n\n`a b`", data
    )
    log_in(page, renter)
    assert violations(page) == {}
    page.goto(f"{live_site.url}/#session={session}")
    settled(page.locator("#messages .assistant"))
    assert violations(page) == {}


def test_the_pages_for_renting(
    page: Page, live_site: LiveSite, renter: Person, listing_id: int, expected_errors: list[str]
) -> None:
    log_in(page, renter)
    page.goto(f"{live_site.url}/listings/{listing_id}?start={START}&end={END}")
    expect(page.locator("#quote-message")).not_to_contain_text("Checking")
    assert violations(page) == {}
    page.goto(f"{live_site.url}/rentals")
    expect(page.get_by_text("No rentals yet").or_(page.locator("main"))).to_be_visible()
    assert violations(page) == {}
    rental = renter.rent({"id": listing_id}, START, END)
    page.goto(f"{live_site.url}/rentals")
    expect(page.locator("main")).to_contain_text("$86.45")
    assert violations(page) == {}
    page.goto(f"{live_site.url}/rentals/{rental['id']}")
    expect(page.locator("main")).to_contain_text("$86.45")
    assert violations(page) == {}
    expected_errors.append("404")
    page.goto(f"{live_site.url}/listings/999999")
    assert violations(page) == {}
