"""What the pages load, under their own policy: the browser tells of all that it refuses."""

from page_helpers import LiveSite, log_in
from playwright.sync_api import Page, expect

WATCH = """
window.refused = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.refused.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`);
});
"""


def test_the_policy_refuses_nothing_that_the_pages_need(page: Page, live_site: LiveSite) -> None:
    page.add_init_script(WATCH)
    log_in(page, live_site)
    for path in ("/", "/rentals", "/listings/1", "/listings/2?start=2030-01-01&end=2030-01-08"):
        page.goto(live_site.url + path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("window.refused") == [], path


def test_swagger_ui_works_under_the_policy(
    page: Page, live_site: LiveSite, expected_errors: list[str]
) -> None:
    expected_errors.append("status of 401")  # what the request that is tried out gets
    page.add_init_script(WATCH)
    page.goto(f"{live_site.url}/api/docs")
    expect(page.locator(".opblock-tag").first).to_be_visible()
    page.get_by_role("button", name="Authorize").first.click()
    page.locator(".auth-container input").first.fill("a.b.c")
    page.keyboard.press("Escape")
    page.locator(".opblock-summary").last.click()
    page.get_by_role("button", name="Try it out").last.click()
    page.get_by_role("button", name="Execute").last.click()
    expect(page.locator(".responses-table.live-responses-table").first).to_be_visible()
    assert page.evaluate("window.refused") == []


def test_an_inline_script_does_not_run(
    page: Page, live_site: LiveSite, expected_errors: list[str]
) -> None:
    expected_errors += ["Content Security Policy", "status of 404"]
    page.add_init_script(WATCH)
    page.goto(f"{live_site.url}/")
    page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.pwned = 1";
          document.body.append(script);
          document.body.insertAdjacentHTML("beforeend", '<img src="/none" onerror="pwned = 2">');
        }"""
    )
    page.wait_for_function("window.refused.length >= 1")
    assert page.evaluate("window.pwned") is None
