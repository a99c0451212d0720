"""The page at / in a real browser, against the real site.

What the model says is not looked at: only that it says something, and how the page shows it. Where
a certain answer is needed, the browser's request is intercepted and answered by the test.
"""

import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from page_helpers import (
    ANSWER_MS,
    CHAT_ENDPOINT,
    ENDED,
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
from playwright.sync_api import Locator, Page, Route, expect

LONG_QUESTION = (
    "Tell me a long story, in many sentences, about a guitar that travels around the world."
)
PRICE = {"amount": "31.00", "currency": "USD", "unit": "day"}
MARKUP = '<img src=x onerror="window.pwned = 1"><script>window.pwned = 1</script><b>bold</b>'

# Notes how long the newest answer was after each change of the conversation.
WATCH_LENGTHS = """() => {
  window.lengths = [];
  const log = document.querySelector("#messages");
  new MutationObserver(() => {
    const answers = log.querySelectorAll(".assistant .prose");
    if (answers.length) window.lengths.push(answers[answers.length - 1].textContent.length);
  }).observe(log, { childList: true, subtree: true, characterData: true });
}"""

# Collects what the page says while an answer is waited for: an intercepted stream is over at once.
WATCH_WAITING = """() => {
  window.labels = [];
  new MutationObserver((changes) => {
    const added = changes.flatMap((change) => [...change.addedNodes]);
    window.labels.push(...added.map((node) => node.textContent));
  }).observe(document.querySelector("#messages"), { childList: true, subtree: true });
}"""

DESCRIBE_FOCUS = """() => {
  const node = document.activeElement;
  const shown = (element) => element && getComputedStyle(element).outlineStyle !== "none";
  const visible = [node, node.closest(".composer"), node.closest(".card")].some(shown);
  return { id: node.id, tag: node.tagName, classes: node.className, visible };
}"""


def test_logging_in_and_asking_shows_an_answer_that_grows(
    page: Page, live_site: LiveSite, screenshot_dir: Path
) -> None:
    log_in(page, live_site)
    expect(field(page, "Your message")).to_be_focused()
    page.evaluate(WATCH_LENGTHS)
    answer = settled(ask(page, "I am a beginner. Which guitar should I rent?"))
    lengths = {length for length in page.evaluate("window.lengths") if length > 0}
    assert len(lengths) >= 2
    expect(prose(answer)).not_to_be_empty()
    expect(page.locator("#session-list li.current")).to_have_count(1)
    page.screenshot(path=screenshot_dir / "chat.png")


def test_recommend_for_me_needs_no_text(page: Page, live_site: LiveSite) -> None:
    log_in(page, live_site)
    page.get_by_role("button", name="Recommend for me").click()
    settled(page.locator("#messages .assistant"))
    expect(page.locator("#messages .user")).not_to_be_empty()


def test_an_example_question_is_sent_by_a_click(page: Page, live_site: LiveSite) -> None:
    page.route(CHAT_ENDPOINT, lambda route: answer_with(route, *good_answer("Surely.")))
    log_in(page, live_site)
    example = page.locator("#examples button").first
    text = example.inner_text()
    example.click()
    expect(page.locator("#messages .user")).to_have_text(text)
    expect(example).to_be_hidden()


def test_a_wrong_password_is_told_in_the_form(
    page: Page, live_site: LiveSite, expected_errors: list[str]
) -> None:
    expected_errors.append("status of 401")
    page.goto(f"{live_site.url}/")
    field(page, "E-mail").fill(live_site.email)
    field(page, "Password").fill("not-the-password")
    page.keyboard.press("Enter")
    expect(page.locator("#login-form [role=alert]")).not_to_be_empty()
    expect(field(page, "E-mail")).to_have_value(live_site.email)


def test_a_new_renter_registers_into_the_chat(page: Page, live_site: LiveSite) -> None:
    page.goto(f"{live_site.url}/")
    page.get_by_role("button", name="Register as a renter").click()
    expect(field(page, "Name")).to_be_focused()
    field(page, "Name").fill("Robin Renter")
    field(page, "E-mail").fill(f"robin-{uuid.uuid4().hex[:12]}@example.com")
    field(page, "Password").fill("a long enough password")
    page.get_by_role("button", name="Create the account").click()
    expect(field(page, "Your message")).to_be_focused()
    expect(page.locator("#account-name")).to_have_text("Robin Renter")


def test_the_keyboard_alone_is_enough(page: Page, live_site: LiveSite) -> None:
    page.goto(f"{live_site.url}/")
    keys = page.keyboard
    expect(field(page, "E-mail")).to_be_focused()
    keys.type(live_site.email)
    keys.press("Tab")
    keys.type(live_site.password)
    keys.press("Enter")
    expect(field(page, "Your message")).to_be_focused()
    keys.type("Hello")
    keys.press("Shift+Enter")
    keys.type("there")
    keys.press("Enter")
    expect(page.locator("#messages .user .bubble")).to_have_text(
        re.compile(r"^Hello\nthere$"), use_inner_text=True
    )
    settled(page.locator("#messages .assistant"))
    stops = focus_order(page)
    order = [stop["id"] for stop in stops if stop["id"]]
    wanted = ["skip-link", "log-out", "new-chat", "log", "message", "recommend", "send"]
    assert [name for name in order if name in wanted] == wanted
    assert any("delete" in str(stop["classes"]) for stop in stops)
    assert all(stop["visible"] for stop in stops)


def focus_order(page: Page) -> list[dict[str, Any]]:
    """Where Tab leads, once around the page from its first element."""
    page.locator("#skip-link").focus()
    stops = [page.evaluate(DESCRIBE_FOCUS)]
    for _ in range(200):
        page.keyboard.press("Tab")
        stop = page.evaluate(DESCRIBE_FOCUS)
        if stop["tag"] == "BODY" or stop["id"] == "skip-link":
            break
        stops.append(stop)
    return stops


def test_the_skip_link_leads_to_the_message_box_and_keeps_the_address(
    page: Page, live_site: LiveSite
) -> None:
    page.route(CHAT_ENDPOINT, lambda route: answer_with(route, *good_answer("Surely.")))
    log_in(page, live_site)
    settled(ask(page, "Hello"))
    address = page.url
    page.locator("#skip-link").focus()
    page.keyboard.press("Enter")
    expect(field(page, "Your message")).to_be_focused()
    assert page.url == address


def test_escape_stops_an_answer_and_keeps_what_was_said(page: Page, live_site: LiveSite) -> None:
    log_in(page, live_site)
    stopped_answer(page, lambda: page.keyboard.press("Escape"))


def test_the_stop_button_keeps_what_was_said_also_after_a_reload(
    page: Page, live_site: LiveSite
) -> None:
    log_in(page, live_site)
    answer = stopped_answer(page, page.get_by_role("button", name="Stop the answer").click)
    expect(field(page, "Your message")).to_be_focused()
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    assert prose(answer).inner_text().strip()
    page.reload()
    kept = page.locator("#messages .assistant").last
    settled(kept, "stopped")
    expect(prose(kept)).not_to_be_empty()


def stopped_answer(page: Page, stop: Any, attempts: int = 4) -> Locator:
    """Stops an answer in its middle; asks again when the model was done before the stop arrived."""
    for _ in range(attempts):
        answer = ask(page, LONG_QUESTION)
        expect(prose(answer)).not_to_be_empty(timeout=ANSWER_MS)
        if page.locator("#stop").is_visible():
            stop()
        expect(answer).to_have_attribute("data-state", ENDED, timeout=ANSWER_MS)
        if answer.get_attribute("data-state") == "stopped":
            expect(prose(answer)).not_to_be_empty()
            expect(answer.locator(".note")).to_contain_text("Stopped")
            return answer
    pytest.fail("every answer was complete before it could be stopped")


def test_a_reload_keeps_the_conversation_and_the_list(page: Page, live_site: LiveSite) -> None:
    log_in(page, live_site)
    question = f"What is a capo? ({uuid.uuid4().hex[:8]})"
    answer = settled(ask(page, question))
    said = prose(answer).inner_text()
    address = page.url
    page.reload()
    expect(page.locator("#messages .user")).to_have_text(question)
    expect(prose(page.locator("#messages .assistant"))).to_have_text(said, use_inner_text=True)
    assert page.url == address

    page.get_by_role("button", name="New chat").click()
    expect(page.locator("#messages .message")).to_have_count(0)
    expect(page.locator("#empty")).to_be_visible()
    assert "#" not in page.url

    page.go_back()
    expect(page.locator("#messages .user")).to_have_text(question)


def test_a_chat_is_opened_and_deleted_from_the_list(page: Page, live_site: LiveSite) -> None:
    log_in(page, live_site)
    settled(ask(page, "What is a plectrum?"))
    session = page.evaluate("new URLSearchParams(location.hash.slice(1)).get('session')")
    entry = page.locator(f'#session-list li[data-session="{session}"]')
    page.get_by_role("button", name="New chat").click()
    entry.get_by_role("link").click()
    expect(page.locator("#messages .user")).to_have_text("What is a plectrum?")

    entry.hover()
    entry.get_by_role("button").click()
    page.get_by_role("button", name="Keep it").click()
    expect(entry).to_have_count(1)
    entry.get_by_role("button").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(entry).to_have_count(0)
    expect(page.locator("#empty")).to_be_visible()


def test_an_unknown_session_in_the_address_becomes_a_new_chat(
    page: Page, live_site: LiveSite, expected_errors: list[str]
) -> None:
    expected_errors.append("status of 404")
    log_in(page, live_site)
    page.goto(f"{live_site.url}/#session={uuid.uuid4()}")
    expect(page.locator("#chat-notice")).to_contain_text("was not found")
    assert "#" not in page.url


def test_markup_in_a_message_is_shown_as_text(page: Page, live_site: LiveSite) -> None:
    log_in(page, live_site)
    settled(ask(page, MARKUP))
    expect(page.locator("#messages .user .bubble")).to_have_text(MARKUP)
    page.reload()
    expect(page.locator("#messages .user .bubble")).to_have_text(MARKUP)
    expect(page.locator("#session-list li.current")).to_have_count(1)
    expect(page.locator("#messages img, #messages script, #session-list img")).to_have_count(0)
    assert page.evaluate("window.pwned") is None


def test_markup_and_links_of_the_model_stay_harmless(page: Page, live_site: LiveSite) -> None:
    foreign = "[a](https://evil.example/x) [b](javascript:alert(1)) https://evil.example/y"
    prose_text = f"{MARKUP}\n\n{foreign} [ours](/listings/1)"
    items: list[dict[str, Any]] = [
        {
            "name": MARKUP,
            "reason": MARKUP,
            "price": MARKUP,
            "location": MARKUP,
            "condition": MARKUP,
            "url": "/listings/1",
        },
        {"name": "Script link", "reason": "r", "url": "javascript:alert(1)"},
        {"name": "Foreign link", "reason": "r", "price": 12.5, "url": "https://evil.example/z"},
        {"name": "Odd link", "reason": "r", "price": PRICE, "url": "//evil.example/z"},
    ]
    page.route(CHAT_ENDPOINT, lambda route: answer_with(route, *good_answer(prose_text, items)))
    log_in(page, live_site)
    answer = settled(ask(page, "Hello"))
    expect(prose(answer)).to_contain_text(MARKUP)
    expect(answer.locator("img, script, b, iframe")).to_have_count(0)
    hrefs = answer.locator("a").evaluate_all("links => links.map((link) => link.href)")
    assert hrefs == [f"{live_site.url}/listings/1"] * 2
    cards = answer.get_by_role("listitem").filter(has=page.get_by_role("heading"))
    expect(cards).to_have_count(4)
    expect(cards.nth(2)).to_contain_text("$12.50 a day")
    expect(cards.nth(2)).to_contain_text("https://evil.example/z")
    expect(cards.nth(3)).to_contain_text("$31 a day")
    assert page.evaluate("window.pwned") is None


def test_an_error_event_is_shown_in_place_and_retry_asks_again(
    page: Page, live_site: LiveSite
) -> None:
    sent: list[dict[str, Any]] = []
    message = "The model took too long; try a shorter question."

    def first_fails(route: Route) -> None:
        sent.append(route.request.post_data_json or {})
        failure = [
            ("delta", {"content": "So far"}),
            ("error", {"code": 504, "status": "Gateway Timeout", "message": message}),
        ]
        answer_with(route, *(failure if len(sent) == 1 else good_answer("Here you are.")))

    page.route(CHAT_ENDPOINT, first_fails)
    log_in(page, live_site)
    failed = settled(ask(page, "Will this work?"), "failed")
    expect(failed).to_contain_text(message)
    expect(prose(failed)).to_have_text("So far")
    page.get_by_role("button", name="Try again").click()
    settled(page.locator("#messages .assistant"))
    expect(page.locator("#messages .user")).to_have_text("Will this work?")
    expect(page.locator("#messages .problem")).to_have_count(0)
    assert sent[0] == sent[1]


def test_a_question_that_the_server_has_kept_is_retried_not_sent_again(
    page: Page, live_site: LiveSite
) -> None:
    start = ("start", {"session_id": "s", "message_id": 17, "model": "scripted"})
    failure = ("error", {"code": 503, "status": "Service Unavailable", "message": "Try again."})
    page.route(CHAT_ENDPOINT, lambda route: answer_with(route, start, failure))
    page.route(
        "**/api/chatbot/messages/17/retry",
        lambda route: answer_with(route, *good_answer("The second attempt.")),
    )
    log_in(page, live_site)
    settled(ask(page, "Will this work?"), "failed")
    page.get_by_role("button", name="Try again").click()
    expect(prose(settled(page.locator("#messages .assistant")))).to_have_text("The second attempt.")


def test_a_broken_answer_in_the_history_can_be_tried_again(page: Page, live_site: LiveSite) -> None:
    def message(number: int, kind: str, content: str, **more: Any) -> dict[str, Any]:
        return {
            "id": number,
            "message_type": kind,
            "content": content,
            "context_data": None,
            **more,
        }

    history = [
        message(1, "user", "What is a banjo?", status="complete"),
        message(2, "assistant", "First attempt", status="failed", reason="model_down"),
        message(3, "assistant", "Second att", status="interrupted", reason="worker_lost"),
    ]
    page.route("**/api/chatbot/history/*", lambda route: route.fulfill(json=history))
    page.route(
        "**/api/chatbot/messages/3/retry",
        lambda route: answer_with(route, *good_answer("Third attempt.")),
    )
    log_in(page, live_site)
    page.goto(f"{live_site.url}/#session=abc")
    answers = page.locator("#messages .assistant")
    expect(answers).to_have_count(1)
    expect(prose(answers)).to_have_text("Second att")
    page.get_by_role("button", name="Try again").click()
    expect(prose(settled(answers))).to_have_text("Third attempt.")
    expect(page.locator("#messages .user")).to_have_text("What is a banjo?")


def test_a_refusal_keeps_the_text_for_editing(
    page: Page, live_site: LiveSite, expected_errors: list[str]
) -> None:
    expected_errors.append("status of 503")
    body = {
        "code": 503,
        "status": "Service Unavailable",
        "message": "The model is away; try again in a minute.",
        "errors": {},
    }
    page.route(CHAT_ENDPOINT, lambda route: route.fulfill(status=503, json=body))
    log_in(page, live_site)
    failed = settled(ask(page, "Please keep this"), "failed")
    expect(failed).to_contain_text("The model is away")
    page.get_by_role("button", name="Edit").click()
    expect(field(page, "Your message")).to_have_value("Please keep this")
    expect(field(page, "Your message")).to_be_focused()
    expect(page.locator("#messages .message")).to_have_count(0)


def test_a_stream_that_just_ends_is_an_error(page: Page, live_site: LiveSite) -> None:
    page.route(CHAT_ENDPOINT, lambda route: answer_with(route, ("delta", {"content": "Half a"})))
    log_in(page, live_site)
    failed = settled(ask(page, "Hello"), "failed")
    expect(prose(failed)).to_have_text("Half a")
    expect(failed.get_by_role("button", name="Try again")).to_be_visible()


def test_waiting_in_the_queue_is_told(page: Page, live_site: LiveSite) -> None:
    page.route(
        CHAT_ENDPOINT,
        lambda route: answer_with(route, ("queued", {"position": 3}), *good_answer("Surely.")),
    )
    log_in(page, live_site)
    page.evaluate(WATCH_WAITING)
    answer = settled(ask(page, "Hello"))
    assert any("You are 3rd in line" in label for label in page.evaluate("window.labels"))
    expect(answer.locator(".waiting")).to_have_count(0)


def test_a_question_right_after_a_stop_waits_until_the_session_is_free(
    page: Page, live_site: LiveSite, expected_errors: list[str]
) -> None:
    expected_errors.append("status of 409")
    log_in(page, live_site)
    stopped = ask(page, LONG_QUESTION)
    page.keyboard.press("Escape")
    expect(stopped).to_have_attribute("data-state", ENDED, timeout=ANSWER_MS)
    busy = {"code": 409, "status": "Conflict", "message": "Being answered.", "errors": {}}
    replies = iter([409, 409])

    def free_at_last(route: Route) -> None:
        if next(replies, None):
            route.fulfill(status=409, json=busy)
        else:
            answer_with(route, *good_answer("Surely."))

    page.route(CHAT_ENDPOINT, free_at_last)
    expect(prose(settled(ask(page, "And now?")))).to_have_text("Surely.")


def test_an_expired_token_is_renewed_unseen(
    page: Page, live_site: LiveSite, expected_errors: list[str]
) -> None:
    expected_errors.append("status of 401")
    log_in(page, live_site)
    refused: list[str] = []

    def refuse_once(route: Route) -> None:
        token = route.request.headers["authorization"]
        if not refused:
            refused.append(token)
            route.fulfill(
                status=401,
                json={"code": 401, "status": "Unauthorized", "message": "Expired.", "errors": {}},
            )
            return
        assert token != refused[0]
        answer_with(route, *good_answer("Surely."))

    page.route(CHAT_ENDPOINT, refuse_once)
    settled(ask(page, "Hello"))
    assert len(refused) == 1


def test_an_ended_log_in_keeps_the_text(
    page: Page, live_site: LiveSite, expected_errors: list[str]
) -> None:
    expected_errors += ["status of 401", "status of 404"]
    refusal = {"code": 401, "status": "Unauthorized", "message": "Expired.", "errors": {}}
    log_in(page, live_site)
    for endpoint in (CHAT_ENDPOINT, "**/api/auth/refresh"):
        page.route(endpoint, lambda route: route.fulfill(status=401, json=refusal))
    box = field(page, "Your message")
    box.fill("Do not lose me")
    box.press("Enter")
    expect(page.locator("#auth-notice")).to_contain_text("log in again")
    field(page, "E-mail").fill(live_site.email)
    field(page, "Password").fill(live_site.password)
    page.keyboard.press("Enter")
    expect(box).to_have_value("Do not lose me")


def test_logging_out_forgets_everything_in_the_tab(page: Page, live_site: LiveSite) -> None:
    log_in(page, live_site)
    page.get_by_role("button", name="Log out").click()
    expect(field(page, "E-mail")).to_be_focused()
    assert page.evaluate("Object.keys(sessionStorage).concat(Object.keys(localStorage))") == []
    assert page.context.cookies() == []
    page.reload()
    expect(page.locator("#login-form")).to_be_visible()
    expect(page.locator("#session-list li")).to_have_count(0)


def test_the_message_box_counts_near_its_limit(page: Page, live_site: LiveSite) -> None:
    log_in(page, live_site)
    box = field(page, "Your message")
    limit = int(box.get_attribute("maxlength") or 0)
    assert limit == 4000
    box.fill("a" * 100)
    expect(page.locator("#counter")).to_be_empty()
    box.fill("a" * (limit - 1))
    expect(page.locator("#counter")).to_have_text(f"{limit - 1} / {limit}")


def test_the_page_says_that_an_ai_answers_and_chats_are_stored(
    page: Page, live_site: LiveSite
) -> None:
    log_in(page, live_site)
    expect(page.locator(".consent")).to_contain_text("AI")
    expect(page.locator(".consent")).to_contain_text("stored")


@pytest.mark.parametrize("context_options", [PHONE])
def test_the_page_fits_a_phone(page: Page, live_site: LiveSite, screenshot_dir: Path) -> None:
    page.goto(f"{live_site.url}/")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    log_in(page, live_site)
    assert_no_sideways_scroll(page)
    settled(ask(page, "Which ukulele is easy to carry? " + "x" * 80))
    assert_no_sideways_scroll(page)
    page.screenshot(path=screenshot_dir / "phone.png")

    expect(page.get_by_role("button", name="New chat")).to_be_hidden()
    page.get_by_role("button", name="Your chats").tap()
    expect(page.get_by_role("button", name="Close the list of chats")).to_be_focused()
    assert_no_sideways_scroll(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Your chats")).to_be_focused()
    page.get_by_role("button", name="Your chats").tap()
    page.get_by_role("button", name="New chat").tap()
    expect(page.locator("#empty")).to_be_visible()
    expect(page.get_by_role("button", name="New chat")).to_be_hidden()


@pytest.mark.parametrize("context_options", [PHONE])
def test_long_words_and_wide_code_do_not_widen_a_phone(page: Page, live_site: LiveSite) -> None:
    text = f"{'w' * 300}\n\n```\n{'c' * 300}\n```\n\n- **{'i' * 300}**"
    items = [
        {
            "name": "n" * 200,
            "reason": "r" * 200,
            "price": 10,
            "url": "/listings/1",
            "location": "l" * 200,
        }
    ]
    page.route(CHAT_ENDPOINT, lambda route: answer_with(route, *good_answer(text, items)))
    log_in(page, live_site)
    settled(ask(page, "y" * 300))
    assert_no_sideways_scroll(page)
