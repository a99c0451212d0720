"""How often one may ask, make accounts, and try wrong passwords."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client import REGISTRY
from site_helpers import PASSWORD, assert_error, auth, make_user, new_site

from app.extensions import db
from app.models import User

REGISTER, SURVEYS, LISTINGS = "/api/auth/register", "/api/survey", "/api/listings"
LOG_IN = "/api/auth/login"
HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


@contextmanager
def open_site(url: str, **settings: Any) -> Iterator[Flask]:
    app = new_site(url, **settings)
    with app.app_context():
        db.create_all()
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def strict_site(site_sqlite_url: str) -> Iterator[Flask]:
    """A site that looks at three wrong passwords for an account, and at five from an address."""
    failures = {"LOGIN_FAILURES_PER_ACCOUNT": 3, "LOGIN_FAILURES_PER_ADDRESS": 5}
    with open_site(site_sqlite_url, **failures, TRUSTED_PROXIES=1) as app:
        yield app


def try_password(app: Flask, email: str, password: str, address: str = "198.51.100.1") -> Any:
    body = {"email": email, "password": password}
    sent = {"X-Forwarded-For": f"203.0.113.99, {address}"}
    return app.test_client().post(LOG_IN, json=body, headers=sent)


@pytest.mark.parametrize("exists", [True, False])
def test_an_account_takes_so_many_wrong_passwords(strict_site: Flask, exists: bool) -> None:
    email = make_user().email if exists else "nobody@example.com"
    for number in range(3):
        answer = try_password(strict_site, email, "wrong", f"198.51.100.{number}")
        assert answer.status_code == 401
        assert all(name in answer.headers for name in HEADERS)
    # From any address, in whatever case, and the right one as well: else guessing would go on.
    for password in ("wrong", PASSWORD):
        answer = try_password(strict_site, email.upper(), password, "198.51.100.50")
        assert assert_error(answer, 429)["errors"] == {"reason": "rate_limited"}
        assert 1 <= int(answer.headers["Retry-After"]) <= 301
        assert answer.headers["RateLimit-Remaining"] == "0"
    assert try_password(strict_site, make_user().email, PASSWORD).status_code == 200


def test_an_address_takes_so_many_wrong_passwords(strict_site: Flask) -> None:
    for number in range(5):
        assert try_password(strict_site, f"a{number}@example.com", "wrong").status_code == 401
    user = make_user()
    assert try_password(strict_site, user.email, PASSWORD).status_code == 429
    assert try_password(strict_site, user.email, PASSWORD, "198.51.100.2").status_code == 200


def test_an_address_logs_in_so_often_a_minute(site_sqlite_url: str) -> None:
    with open_site(site_sqlite_url, LOGINS_PER_ADDRESS=3, TRUSTED_PROXIES=1) as app:
        email = make_user().email
        for password in (PASSWORD, "wrong", PASSWORD):
            assert try_password(app, email, password).status_code in (200, 401)
        refused = try_password(app, email, PASSWORD)
        assert assert_error(refused, 429)["errors"] == {"reason": "rate_limited"}
        assert 1 <= int(refused.headers["Retry-After"]) <= 61
        assert try_password(app, email, PASSWORD, "198.51.100.2").status_code == 200


def test_on_mariadb_an_account_has_one_spelling(site_mariadb_url: str) -> None:
    """It takes letters with and without accents, and blanks at the end, for the same."""
    with open_site(site_mariadb_url, LOGIN_FAILURES_PER_ACCOUNT=2, TRUSTED_PROXIES=1) as app:
        make_user(email="owner@example.com")
        for email in ("ówner@example.com", "owñer@example.com", "owner@éxample.com"):
            assert try_password(app, email, PASSWORD).status_code == 401, email
        for email in ("owner@example.com ", "OWNER@example.com"):
            assert try_password(app, email, PASSWORD).status_code == 200, email
        found = [try_password(app, "owner@example.com", "wrong").status_code for _ in range(3)]
        assert found == [401, 401, 429]


def test_who_logs_in_is_not_counted(strict_site: Flask) -> None:
    user = make_user()
    for _ in range(12):
        assert try_password(strict_site, user.email, PASSWORD).status_code == 200


def test_guesses_at_once_are_not_all_looked_at(site_sqlite_url: str) -> None:
    # No limit of the address: those that the account's refuses count for it, too, and may be first.
    limits = {"LOGIN_FAILURES_PER_ACCOUNT": 3, "LOGIN_FAILURES_PER_ADDRESS": 0}
    with open_site(site_sqlite_url, **limits) as app:
        email = make_user().email

        def guess(_number: int) -> int:
            return try_password(app, email, "wrong").status_code

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(guess, range(16)))
    assert answers.count(401) == 3


def test_health_and_metrics_are_not_limited(site_sqlite_url: str) -> None:
    limits = {"CHATBOT_MAX_READS_PER_MINUTE": 1, "CHATBOT_MAX_REFUSED_PER_MINUTE": 1}
    with open_site(site_sqlite_url, **limits) as app:
        client, headers = app.test_client(), auth(make_user())
        answers = [client.get("/api/chatbot/sessions", headers=headers) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 429]
        for path in ("/health", "/api/health", "/metrics"):
            for _ in range(5):
                answer = client.get(path, headers=headers)
                assert answer.status_code in (200, 503), path
                assert "RateLimit-Limit" not in answer.headers


# -- all that is asked of the API ----------------------------------------------------------------


@pytest.fixture
def small_site(site_sqlite_url: str) -> Iterator[Flask]:
    """A site on which three requests a minute may be sent, and two accounts an hour be made."""
    limits = {"MAX_REQUESTS_PER_MINUTE": 3, "REGISTRATIONS_PER_ADDRESS": 2}
    with open_site(site_sqlite_url, **limits, TRUSTED_PROXIES=1) as app:
        yield app


def ask(
    app: Flask, path: str, address: str = "198.51.100.1", method: str = "GET", **more: Any
) -> Any:
    headers = {"X-Forwarded-For": f"203.0.113.99, {address}", **more.pop("headers", {})}
    return app.test_client().open(path, method=method, headers=headers, **more)


def test_every_answer_of_the_api_says_how_the_limits_stand(
    site_app: Flask, site_client: FlaskClient
) -> None:
    document = site_client.get("/api/openapi.json").json
    admin = auth(make_user("admin"))
    paths = [(path, method) for path, methods in document["paths"].items() for method in methods]
    paths += [("/api/nothing", "get"), ("/api/docs", "get"), ("/api/openapi.json", "get")]
    paths += [("/api/chatbot/nothing", "get"), ("/api/chatbot/chat", "patch"), ("/api", "get")]
    paths += [("/", "get"), ("/rentals", "get"), ("/listings/77", "get"), ("/nothing", "get")]
    paths += [("/static/site.css", "get"), ("/static/none", "get"), ("/metrics/x", "get")]
    for path, method in paths:
        filled = re.sub(r"{\w+}", "77", path)
        exempt = filled in ("/health", "/api/health")
        for sent in ({}, admin, {"Authorization": "Bearer junk"}, {"Authorization": "a, b"}):
            for verb in (method, "options", "trace", "head"):
                answer = site_client.open(filled, method=verb.upper(), headers=sent)
                told = [name in answer.headers for name in HEADERS]
                assert told == [not exempt] * 3, (verb, path, answer.status)
                assert exempt or int(answer.headers["RateLimit-Limit"]) >= 600


@pytest.mark.parametrize(
    "path", [LISTINGS, "/api/nothing", "/api/healthy", "/api/health/", "/api/openapi.json", SURVEYS]
)
def test_strangers_are_counted_by_address(small_site: Flask, path: str) -> None:
    def statuses(address: str) -> list[int]:
        return [ask(small_site, path, address).status_code for _ in range(4)]

    found = statuses("198.51.100.1")
    assert len(set(found[:3])) == 1
    assert found[3] == 429
    assert statuses("198.51.100.2") == found, "another address is not held back"
    answer = ask(small_site, path)
    assert assert_error(answer, 429)["errors"] == {"reason": "rate_limited"}
    assert 1 <= int(answer.headers["Retry-After"]) <= 61
    assert ask(small_site, path.upper()).status_code in (404, 429)


def test_users_are_counted_wherever_they_are(small_site: Flask) -> None:
    user = make_user()
    found = [
        ask(small_site, SURVEYS, f"198.51.100.{n}", headers=auth(user)).status_code
        for n in range(4)
    ]
    assert found == [200, 200, 200, 429]
    assert ask(small_site, SURVEYS, headers=auth(make_user())).status_code == 200


def test_a_bad_token_is_counted_by_address_and_costs_its_user_nothing(small_site: Flask) -> None:
    user = make_user()
    headers = auth(user)
    assert ask(small_site, "/api/auth/logout", method="POST", headers=headers).status_code == 200
    found = [
        ask(small_site, SURVEYS, "198.51.100.9", headers=headers).status_code for _ in range(4)
    ]
    assert found == [401, 401, 401, 429]
    assert ask(small_site, SURVEYS, headers=auth(user)).headers["RateLimit-Remaining"] == "1"


def test_the_chat_and_the_pages_have_no_part_in_it(small_site: Flask) -> None:
    for number in range(5):
        assert ask(small_site, "/", f"198.51.100.{number}").status_code == 200
        answer = ask(small_site, "/api/chatbot/sessions", headers=auth(make_user()))
        assert answer.status_code == 200
        assert answer.headers["RateLimit-Limit"] != "3"
    assert ask(small_site, LISTINGS).headers["RateLimit-Remaining"] == "2"


@pytest.mark.parametrize("path", ["/", "/rentals", "/nothing", "/ready", "/static/none"])
def test_what_is_not_the_api_is_counted_but_never_refused(small_site: Flask, path: str) -> None:
    answers = [ask(small_site, path) for _ in range(5)]
    assert {answer.status_code for answer in answers} <= {200, 404, 503}
    assert [int(answer.headers["RateLimit-Remaining"]) for answer in answers] == [2, 1, 0, 0, 0]
    assert REGISTRY.get_sample_value("chatbot_rate_limited_total", {"limit": "open"}) is None
    assert ask(small_site, LISTINGS).headers["RateLimit-Remaining"] == "2", "counted apart"


def test_limits_may_be_switched_off(site_sqlite_url: str) -> None:
    with open_site(site_sqlite_url, MAX_REQUESTS_PER_MINUTE=0) as app:
        assert "RateLimit-Limit" not in ask(app, LISTINGS).headers


# -- accounts ------------------------------------------------------------------------------------


def register(app: Flask, name: str, address: str = "198.51.100.1") -> Any:
    body = {"email": f"{name}@example.com", "password": PASSWORD, "name": name}
    return ask(app, REGISTER, address, "POST", json={**body, "user_type": "renter"})


def test_an_address_makes_so_many_accounts(small_site: Flask) -> None:
    assert [register(small_site, name).status_code for name in ("a", "b", "c")] == [201, 201, 429]
    answer = register(small_site, "d", "198.51.100.2")
    assert answer.status_code == 201
    assert [answer.headers[name] for name in HEADERS[:2]] == ["2", "1"], "the closest limit"
    assert small_site.test_client().get("/health").status_code == 200
    names = sorted(db.session.scalars(db.select(User.name)))
    assert names == ["a", "b", "d"]


def test_asking_who_has_an_account_is_counted_as_making_one(small_site: Flask) -> None:
    make_user(email="a@example.com")
    assert [register(small_site, "a").status_code for _ in range(3)] == [409, 409, 429]


def test_accounts_at_once_are_not_all_made(small_site: Flask) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = [
            answer.status_code
            for answer in pool.map(lambda n: register(small_site, f"n{n}"), range(8))
        ]
    assert answers.count(201) == 2
