"""What several browser tests do on the page, and how they answer for the model."""

import json
import re
from typing import Any, Protocol

from playwright.sync_api import Locator, Page, Route, expect

ANSWER_MS = 180_000
ENDED = re.compile("complete|stopped|failed")
CHAT_ENDPOINT = "**/api/chatbot/chat"
PHONE = {
    "viewport": {"width": 360, "height": 740},
    "is_mobile": True,
    "has_touch": True,
    "locale": "en-US",
}


class LiveSite(Protocol):
    """A running site and someone who may log in to it."""

    url: str
    email: str
    password: str


def field(page: Page, label: str) -> Locator:
    """The visible field of this label; the hidden one of the two account forms has some alike."""
    return page.get_by_label(label).locator("visible=true")


def log_in(page: Page, site: LiveSite) -> None:
    page.goto(f"{site.url}/")
    field(page, "E-mail").fill(site.email)
    field(page, "Password").fill(site.password)
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.locator("#chat-view")).to_be_visible()


def ask(page: Page, text: str) -> Locator:
    """Sends `text` with the Enter key and returns the answer, which may still be empty."""
    answers = page.locator("#messages .assistant")
    before = answers.count()
    box = field(page, "Your message")
    box.fill(text)
    box.press("Enter")
    expect(answers).to_have_count(before + 1)
    return answers.nth(before)


def settled(answer: Locator, state: str = "complete") -> Locator:
    """Waits until the answer has come to its end, and returns it."""
    expect(answer).to_have_attribute("data-state", ENDED, timeout=ANSWER_MS)
    assert answer.get_attribute("data-state") == state, answer.inner_text()
    return answer


def prose(answer: Locator) -> Locator:
    return answer.locator(".prose")


def events(*pairs: tuple[str, dict[str, Any]]) -> str:
    """The body of an event stream."""
    return "".join(f"event: {name}\r\ndata: {json.dumps(data)}\r\n\r\n" for name, data in pairs)


def answer_with(route: Route, *pairs: tuple[str, dict[str, Any]]) -> None:
    route.fulfill(status=200, content_type="text/event-stream", body=events(*pairs))


def good_answer(
    text: str, recommendations: list[dict[str, Any]] | None = None
) -> list[tuple[str, dict[str, Any]]]:
    """The events of an answer that succeeds."""
    items = recommendations or []
    done = {"assistant_response": text, "recommendations": items, "user_message": "?"}
    return [
        ("start", {"session_id": "s", "message_id": 1, "model": "scripted"}),
        ("delta", {"content": text[:7]}),
        ("delta", {"content": text[7:]}),
        ("recommendations", {"recommendations": items}),
        ("done", done),
    ]


def assert_no_sideways_scroll(page: Page) -> None:
    for selector in ("html", "#log"):
        widths = page.locator(selector).evaluate("node => [node.scrollWidth, node.clientWidth]")
        assert widths[0] <= widths[1], selector
