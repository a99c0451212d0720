"""People own their words: consent, download, deletion, and stopping an answer for good."""

import json
from pathlib import Path

import pytest
from page_helpers import (
    ANSWER_MS,
    CHAT_ENDPOINT,
    PHONE,
    LiveSite,
    answer_with,
    ask,
    assert_no_sideways_scroll,
    field,
    good_answer,
    log_in,
    prose,
    settled,
)
from playwright.sync_api import Page, expect


def test_the_page_says_that_it_is_an_ai_and_that_chats_are_stored(
    page: Page, renter: LiveSite
) -> None:
    page.goto(f"{renter.url}/")
    for where in (".fine-print", ".consent"):
        text = page.locator(where).text_content() or ""
        assert "AI" in text
        assert "stored" in text


def test_all_chats_are_downloaded_and_then_deleted(
    page: Page, renter: LiveSite, tmp_path: Path
) -> None:
    log_in(page, renter)
    settled(ask(page, "What is a capo?"))
    with page.expect_download() as started:
        page.get_by_role("button", name="Download my chats").click()
    file = tmp_path / "chats"
    started.value.save_as(file)
    assert started.value.suggested_filename == "my-chats.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert lines[-1] == {"type": "end", "sessions": 1, "messages": 2, "api_keys": 0, "days": 1}
    expect(page.locator("#account-data-note")).to_contain_text("downloaded")

    page.get_by_role("button", name="Delete all my chats").click()
    dialog = page.get_by_role("dialog", name="Delete all your chats?")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("#session-list li")).to_have_count(1)
    expect(page.locator("#erase-chats")).to_be_focused()
    expect(page.locator("#erase-chats[aria-disabled]")).to_have_count(0)

    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Delete all").click()
    expect(page.locator("#session-list li")).to_have_count(0)
    expect(page.locator("#messages .message")).to_have_count(0)
    expect(page.locator("#account-data-note")).to_contain_text("deleted (2 messages)")
    assert "session" not in page.url


def test_a_failure_is_told(page: Page, renter: LiveSite, expected_errors: list[str]) -> None:
    expected_errors.append("status of 503")
    fault = {"code": 503, "message": "The database is away: try again.", "errors": {}}
    page.route("**/api/chatbot/export", lambda route: route.fulfill(status=503, json=fault))
    log_in(page, renter)
    page.get_by_role("button", name="Download my chats").click()
    expect(page.locator("#account-data-note")).to_have_text("The database is away: try again.")


@pytest.mark.parametrize("context_options", [PHONE])
def test_the_links_fit_a_phone(page: Page, renter: LiveSite) -> None:
    page.route(CHAT_ENDPOINT, lambda route: answer_with(route, *good_answer("Surely.")))
    log_in(page, renter)
    expect(page.get_by_role("button", name="Delete all my chats")).to_be_visible()
    assert_no_sideways_scroll(page)


def test_stopping_asks_the_server_and_shows_what_it_kept(page: Page, renter: LiveSite) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    log_in(page, renter)
    for _ in range(4):  # the model may be done before the stop arrives
        answer = ask(page, "Tell me a long story, in many sentences, about a travelling guitar.")
        expect(prose(answer)).not_to_be_empty(timeout=ANSWER_MS)
        if page.locator("#stop").is_visible():
            page.locator("#stop").click()
        expect(page.locator("#send")).to_be_visible(timeout=ANSWER_MS)
        if answer.get_attribute("data-state") == "stopped":
            break
    assert answer.get_attribute("data-state") == "stopped"
    assert [url for url in asked if url.endswith("/stop")]
    shown = prose(answer).inner_text()
    page.reload()
    kept = settled(page.locator("#messages .assistant").last, "stopped")
    expect(prose(kept)).to_have_text(shown, use_inner_text=True)
    # The session is free at once.
    field(page, "Your message").fill("Thanks")
    page.keyboard.press("Enter")
    settled(page.locator("#messages .assistant").last)
