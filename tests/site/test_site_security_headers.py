"""What the site tells browsers, with every answer of every kind."""

from __future__ import annotations

import re

import pytest
from site_helpers import auth, make_listing, make_user

from app.security_headers import HEADERS

PAGES = ["/", "/rentals", "/rentals/1", "/api/docs", "/nothing"]
OTHERS = ["/api/nothing", "/health", "/api/openapi.json", "/static/css/base.css", "/metrics"]


def policy_of(answer) -> dict[str, str]:
    """Return the directives of an answer's policy with their sources."""
    parts = answer.headers["Content-Security-Policy"].split("; ")
    return dict(part.split(" ", 1) for part in parts)


@pytest.mark.parametrize("path", [*PAGES, *OTHERS])
def test_every_answer_has_them(site_client, path):
    answer = site_client.get(path, headers={"Accept": "text/html,*/*;q=0.8"})
    answer.close()  # a file
    for name, value in HEADERS.items():
        assert answer.headers.getlist(name) == [value]
    assert "Set-Cookie" not in answer.headers
    # The server that ends TLS says it; twice would be wrong, and over http it means nothing.
    assert "Strict-Transport-Security" not in answer.headers


def test_the_policy_allows_no_inline_script_nor_style(site_client):
    policy = policy_of(site_client.get("/"))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in str(policy)
    assert "*" not in str(policy)


def test_no_page_has_an_inline_script_or_style(site_app, site_client):
    pages = [*PAGES, f"/listings/{make_listing().id}"]
    for path in pages:
        text = site_client.get(path, headers={"Accept": "text/html"}).text
        assert "<style" not in text
        assert not re.search(r"<[^>]+\s(?:style|on\w+)\s*=", text), path
        scripts = re.findall(r"<script([^>]*)>(.*?)</script>", text, re.S)
        assert all("src=" in attributes and not body for attributes, body in scripts), path


def test_no_other_site_may_read_an_answer(site_client):
    asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    for method, path in [("OPTIONS", "/api/chatbot/chat"), ("GET", "/api/instruments")]:
        answer = site_client.open(path, method=method, headers=asked)
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize("path", ["/api/chatbot/sessions", "/api/auth/profile", "/api/survey"])
def test_private_answers_are_kept_by_nobody(site_app, site_client, path):
    answer = site_client.get(path, headers=auth(make_user()))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert site_client.get(path).headers["Cache-Control"] == "no-store"  # a refusal, too


def test_event_streams_keep_their_own_word(site_app, site_client):
    headers = {**auth(make_user()), "Accept": "text/event-stream"}
    answer = site_client.post("/api/chatbot/chat", json={"message": "Hello"}, headers=headers)
    assert answer.headers["Cache-Control"] == "no-cache"
    answer.close()


def test_a_log_in_is_kept_by_nobody(site_app, site_client):
    user = make_user()
    body = {"email": user.email, "password": "correct horse"}
    answer = site_client.post("/api/auth/login", json=body)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
