"""Errors have one shape, whatever caused them."""

from __future__ import annotations

import pytest
from site_helpers import assert_error, auth, make_user, new_site
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError


@pytest.mark.parametrize("path", ["/api", "/api/nothing", "/api/survey/x", "/health/x", "/nothing"])
def test_an_unknown_path_is_404(site_client, path):
    assert_error(site_client.get(path), 404)


def test_a_person_gets_a_page(site_client):
    page = site_client.get("/nothing", headers={"Accept": "text/html,*/*;q=0.8"})
    assert page.status_code == 404
    assert page.mimetype == "text/html"
    assert "There is nothing at this address." in page.text
    assert_error(site_client.get("/api/nothing", headers={"Accept": "text/html"}), 404)


def test_a_page_of_a_fault_names_the_request(site_sqlite_url):
    site = new_site(site_sqlite_url, TESTING=False)  # without tables
    headers = {"Accept": "text/html", "X-Request-ID": "r-17"}
    page = site.test_client().get("/listings/1", headers=headers)
    assert page.status_code in (500, 503)
    assert "r-17" in page.text


def test_a_wrong_method_is_405_and_says_which_are_right(site_client):
    response = site_client.delete("/api/auth/login")
    assert_error(response, 405)
    assert "POST" in response.headers["Allow"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'a': 1}",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"email": ' + b"9" * 5000 + b"}",
        b'{"email": "a"} trailing',
    ],
    ids=["empty", "cut", "quotes", "bytes", "deep", "long number", "trailing"],
)
def test_a_body_that_is_not_json_is_400(site_client, body):
    response = site_client.post("/api/auth/login", data=body, content_type="application/json")
    assert_error(response, 400)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
def test_a_body_of_another_kind_is_400(site_client, kind):
    response = site_client.post("/api/auth/login", data=b'{"email": "a"}', content_type=kind)
    assert "application/json" in assert_error(response, 400)["message"]


@pytest.mark.parametrize("body", ["[]", '"text"', "1", "null", "true"])
def test_json_of_another_type_is_422(site_client, body):
    response = site_client.post("/api/auth/login", data=body, content_type="application/json")
    assert_error(response, 422)


def test_a_large_body_is_413(site_client):
    body = {"email": "x" * 1_048_577, "password": "y"}
    assert_error(site_client.post("/api/auth/login", json=body), 413)
    small = site_client.post("/api/auth/login", json={"email": "x" * 1000, "password": "y"})
    assert_error(small, 422)


def failing_site(url, error):
    app = new_site(url, TESTING=False)

    def fail() -> str:
        raise error

    app.add_url_rule("/api/fail", "fail", fail)
    return app.test_client()


def test_a_bug_is_500_and_tells_nothing(site_sqlite_url):
    response = failing_site(site_sqlite_url, RuntimeError("secret detail")).get("/api/fail")
    assert_error(response, 500)
    assert b"secret" not in response.data


@pytest.mark.parametrize(
    "error", [OperationalError("SELECT secret", {}, Exception("host")), PoolTimeoutError()]
)
def test_a_database_that_is_away_is_503(site_sqlite_url, error):
    response = failing_site(site_sqlite_url, error).get("/api/fail")
    assert_error(response, 503)
    assert response.headers["Retry-After"] == "5"
    assert b"secret" not in response.data


def test_a_stopped_database_is_503_and_not_ready():
    client = new_site("postgresql://nobody@127.0.0.1:1/none", TESTING=False).test_client()
    body = {"email": "a@example.com", "password": "x"}
    assert_error(client.post("/api/auth/login", json=body), 503)
    assert client.get("/health").json == {"status": "ok"}
    ready = client.get("/ready")
    assert ready.status_code == 503
    assert ready.json["status"] == "unavailable"
    assert ready.json["database"] == "unreachable"


def test_trailing_slashes_are_forgiven(site_client):
    headers = auth(make_user())
    assert site_client.get("/api/survey/", headers=headers).status_code == 200
