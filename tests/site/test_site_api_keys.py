"""API keys on the site: its own accounts and roles decide."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from site_helpers import assert_error, auth, make_listing, make_user

from app.extensions import db
from app.models import ChatApiKey, User

USAGE, SESSIONS = "/api/chatbot/admin/usage", "/api/chatbot/sessions"


@pytest.fixture
def site_client(site_any_db: Flask) -> FlaskClient:
    return site_any_db.test_client()


def key_of(client: FlaskClient, user: User, *scopes: str) -> dict[str, str]:
    """Return the headers of a program of ``user``."""
    body: dict[str, Any] = {"name": "program", "scopes": scopes}
    made = client.post("/api/chatbot/api-keys", json=body, headers=auth(user))
    assert made.status_code == 201
    return {"X-API-Key": made.json["key"]}


@pytest.mark.parametrize("role", ["renter", "owner", "admin"])
def test_usage_is_for_the_sites_administrators(site_client: FlaskClient, role: str) -> None:
    user = make_user(role)
    key = key_of(site_client, user, "admin")
    for headers in (auth(user), key):
        answer = site_client.get(USAGE, headers=headers)
        assert answer.status_code == (200 if role == "admin" else 404)
    user.role = "renter"
    db.session.commit()
    assert_error(site_client.get(USAGE, headers=key), 404)


def test_a_key_of_a_deactivated_account_is_refused(site_client: FlaskClient) -> None:
    user = make_user()
    key = key_of(site_client, user, "history")
    assert site_client.get(SESSIONS, headers=key).status_code == 200
    user.is_active = False
    db.session.commit()
    answer = site_client.get(SESSIONS, headers=key)
    assert_error(answer, 401)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_keys_go_with_their_user(site_client: FlaskClient) -> None:
    user = make_user()
    key = key_of(site_client, user, "history")
    db.session.delete(user)
    db.session.commit()
    assert db.session.query(ChatApiKey).count() == 0
    assert site_client.get(SESSIONS, headers=key).status_code == 401


def test_a_key_opens_nothing_but_the_chat(site_client: FlaskClient) -> None:
    user = make_user("admin")
    key = key_of(site_client, user, "chat", "history", "admin")
    listing = make_listing()
    bearer = {"Authorization": f"Bearer {key['X-API-Key']}"}
    for headers in (key, bearer):
        for path in ("/api/auth/profile", "/api/survey", "/api/rentals"):
            assert_error(site_client.get(path, headers=headers), 401)
        path = f"/api/instruments/{listing.instrument_id}"
        assert_error(site_client.delete(path, headers=headers), 401)
