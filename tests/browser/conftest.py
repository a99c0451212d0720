"""Fixtures of the browser tests: Chromium, and a page watched for stray requests and errors."""

import os
import re
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

ARTIFACTS = Path(__file__).resolve().parent.parent / "artifacts"
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
# Without these Chromium needs a GPU, a setuid sandbox or a large /dev/shm, or talks to its maker.
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage"
).split()


class LiveSite(Protocol):
    """What the fixture `live_site` gives: a running site and someone who may log in to it."""

    url: str
    environment: dict[str, str]
    email: str
    password: str


def chromium_path(playwright: Playwright) -> str | None:
    """The system's Chromium, else the one that Playwright has downloaded, else None."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


# Playwright's event loop runs as long as this does: other folders' tests need the thread's own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the tests of a file."""
    with sync_playwright() as playwright:
        path = chromium_path(playwright)
        if path is None:
            pytest.skip("Chromium is not installed")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def expected_errors() -> list[str]:
    """Patterns of console errors that a test provokes on purpose; add to it."""
    return []


@pytest.fixture
def context_options() -> dict[str, object]:
    """Options of the browser context; a test overrides them by parametrizing this fixture."""
    return {"viewport": {"width": 1280, "height": 800}, "locale": "en-US"}


@pytest.fixture
def context(browser: Browser, context_options: dict[str, object]) -> Iterator[BrowserContext]:
    """A browser context of its own, so that no test sees another one's log-in."""
    context = browser.new_context(**context_options)  # type: ignore[arg-type]
    yield context
    context.close()


@pytest.fixture
def page(
    context: BrowserContext, live_site: LiveSite, expected_errors: list[str]
) -> Iterator[Page]:
    """A page that fails its test on a request to another host or an unexpected console error."""
    requests: list[str] = []
    errors: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console",
        lambda said: errors.append(said.text) if said.type in ("error", "warning") else None,
    )
    yield page
    strays = [url for url in requests if not url.startswith(live_site.url)]
    unexpected = [
        text for text in errors if not any(re.search(pattern, text) for pattern in expected_errors)
    ]
    assert strays == []
    assert unexpected == []


@pytest.fixture
def renter(live_site: LiveSite) -> LiveSite:
    """A renter of their own, so that no other test's chats are deleted."""

    class Renter:
        url = live_site.url
        environment = live_site.environment
        email = f"{uuid.uuid4().hex[:12]}@example.com"
        password = "a long enough password"

    body = {"email": Renter.email, "password": Renter.password, "name": "R", "user_type": "renter"}
    httpx.post(f"{live_site.url}/api/auth/register", json=body, trust_env=False).raise_for_status()
    return Renter()


@pytest.fixture
def screenshot_dir() -> Path:
    """Where screenshots are kept: `SCREENSHOT_DIR`, else tests/artifacts."""
    folder = Path(os.environ.get("SCREENSHOT_DIR") or ARTIFACTS)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
