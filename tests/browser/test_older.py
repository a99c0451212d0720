"""Long lists come a page at a time: chats, and messages of one."""

from typing import Any

import pytest
import sqlalchemy as sa
from page_helpers import CHAT_ENDPOINT, answer_with, ask, good_answer, log_in, settled
from playwright.sync_api import Locator, Page, expect
from sqlalchemy.orm import Session

from app.models import ChatMessage, User

PAGE_SIZE = 50


def store(site: Any, chats: int, exchanges: int) -> None:
    """Store conversations of the site's user, the last one the newest."""
    engine = sa.create_engine(site.environment["DATABASE_URL"])
    with Session(engine) as session, session.begin():
        user = session.scalars(sa.select(User).where(User.email == site.email)).one()
        session.add_all(
            ChatMessage(
                user_id=user.id,
                session_id=f"chat-{chat}",
                message_type=kind,
                content=f"{kind} {chat} {number} " + "and more of it " * 20,
            )
            for chat in range(chats)
            for number in range(exchanges)
            for kind in ("user", "assistant")
        )
    engine.dispose()


@pytest.fixture
def chats(page: Page) -> Locator:
    return page.locator("#session-list li")


def test_older_chats_are_shown_on_demand_and_stay(page: Page, renter: Any, chats: Locator) -> None:
    store(renter, PAGE_SIZE + 10, 1)
    log_in(page, renter)
    expect(chats).to_have_count(PAGE_SIZE)
    older = page.get_by_role("button", name="Show older chats")
    older.click()
    expect(chats).to_have_count(PAGE_SIZE + 10)
    expect(older).to_be_hidden()
    expect(chats.nth(PAGE_SIZE).get_by_role("link")).to_be_focused()
    names = chats.evaluate_all("items => items.map((item) => item.dataset.session)")
    assert names == [f"chat-{number}" for number in reversed(range(PAGE_SIZE + 10))]

    page.route(CHAT_ENDPOINT, lambda route: answer_with(route, *good_answer("Surely.")))
    with page.expect_response("**/api/chatbot/sessions?*"):
        settled(ask(page, "Hello"))
    expect(chats).to_have_count(PAGE_SIZE + 10)

    for chat in (0, PAGE_SIZE + 5):  # one of the older page, and one of the newest
        page.locator(f'[data-session="chat-{chat}"]').get_by_role("button").click()
        with page.expect_response("**/api/chatbot/sessions?*"):
            page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(page.locator(f'[data-session="chat-{chat}"]')).to_have_count(0)
    expect(chats).to_have_count(PAGE_SIZE + 8)


def test_earlier_messages_are_shown_above_on_demand(page: Page, renter: Any) -> None:
    store(renter, 1, PAGE_SIZE + 5)
    log_in(page, renter)
    page.goto(f"{renter.url}/#session=chat-0")
    messages = page.locator("#messages .message")
    expect(messages).to_have_count(PAGE_SIZE)
    expect(messages.last).to_be_in_viewport()
    earlier = page.get_by_role("button", name="Show earlier messages")
    earlier.scroll_into_view_if_needed()
    top = messages.first
    text, place = top.inner_text(), place_of(top)
    earlier.click()
    expect(messages).to_have_count(2 * PAGE_SIZE)
    assert messages.nth(PAGE_SIZE).inner_text() == text
    assert place_of(messages.nth(PAGE_SIZE)) == pytest.approx(place, abs=3)
    expect(page.locator("#announcer")).to_contain_text("50 earlier messages")

    earlier.click()
    expect(messages).to_have_count(2 * PAGE_SIZE + 10)
    expect(earlier).to_be_hidden()
    expect(page.locator("#log")).to_be_focused()
    numbers = messages.evaluate_all(
        "nodes => nodes.map((node) => /0 ([0-9]+)/.exec(node.innerText)[1])"
    )
    assert numbers == [str(number // 2) for number in range(2 * PAGE_SIZE + 10)]


def place_of(message: Locator) -> float:
    """Return how far down a message stands."""
    return float(message.evaluate("node => node.getBoundingClientRect().top"))


def test_a_failure_to_show_earlier_messages_is_told_and_can_be_repeated(
    page: Page, renter: Any, expected_errors: list[str]
) -> None:
    expected_errors.append("status of 503")
    store(renter, 1, PAGE_SIZE)
    log_in(page, renter)
    page.goto(f"{renter.url}/#session=chat-0")
    body = {"code": 503, "status": "Service Unavailable", "message": "Try again.", "errors": {}}
    with_place = "**/api/chatbot/history/*before=*"
    page.route(with_place, lambda route: route.fulfill(status=503, json=body))
    earlier = page.get_by_role("button", name="Show earlier messages")
    earlier.click()
    expect(page.locator("#earlier-note")).to_have_text("Try again.")
    page.unroute(with_place)
    earlier.click()
    expect(page.locator("#messages .message")).to_have_count(2 * PAGE_SIZE)
    expect(page.locator("#earlier-note")).to_be_hidden()


def test_a_new_chat_has_nothing_earlier(page: Page, renter: Any) -> None:
    store(renter, 1, PAGE_SIZE)
    log_in(page, renter)
    page.goto(f"{renter.url}/#session=chat-0")
    earlier = page.get_by_role("button", name="Show earlier messages")
    expect(earlier).to_be_visible()
    page.get_by_role("button", name="New chat").click()
    expect(earlier).to_be_hidden()
