"""How many wrong passwords may be tried, and by whom."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from site_helpers import PASSWORD, assert_error, auth, make_user, new_site

from app.extensions import db

LOG_IN = "/api/auth/login"
HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


@pytest.fixture
def strict_site(site_sqlite_url: str) -> Any:
    """A site that looks at three wrong passwords for an account, and at five from an address."""
    app = new_site(
        site_sqlite_url,
        LOGIN_FAILURES_PER_ACCOUNT=3,
        LOGIN_FAILURES_PER_ADDRESS=5,
        TRUSTED_PROXIES=1,
    )
    with app.app_context():
        db.create_all()
        yield app
        db.session.remove()
        db.engine.dispose()


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


def test_who_logs_in_is_not_counted(strict_site: Flask) -> None:
    user = make_user()
    for _ in range(12):
        assert try_password(strict_site, user.email, PASSWORD).status_code == 200


def test_guesses_at_once_are_not_all_looked_at(strict_site: Flask) -> None:
    email = make_user().email

    def guess(_number: int) -> int:
        return try_password(strict_site, email, "wrong").status_code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(guess, range(16)))
    assert answers.count(401) == 3


def test_health_readiness_and_metrics_are_not_limited(site_sqlite_url: str) -> None:
    app = new_site(
        site_sqlite_url, CHATBOT_MAX_READS_PER_MINUTE=1, CHATBOT_MAX_REFUSED_PER_MINUTE=1
    )
    with app.app_context():
        db.create_all()
        client, headers = app.test_client(), auth(make_user())
        answers = [client.get("/api/chatbot/sessions", headers=headers) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 429]
        for path in ("/health", "/api/health", "/ready", "/metrics"):
            for _ in range(5):
                answer = client.get(path, headers=headers)
                assert answer.status_code in (200, 503), path
                assert "RateLimit-Limit" not in answer.headers
        db.session.remove()
        db.engine.dispose()
