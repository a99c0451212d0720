"""Register, log in, refresh, profile, log out."""

from __future__ import annotations

import time

import pytest
from client import bytes_of
from site_helpers import PASSWORD, assert_error, auth, make_user

from app.extensions import db
from app.models import RevokedToken, User
from app.services import accounts, tokens

NEW = {"email": "Ada@Example.com", "password": PASSWORD, "name": "Ada", "user_type": "owner"}


def test_registering_returns_the_user_and_never_the_password(site_client):
    response = site_client.post("/api/auth/register", json={**NEW, "phone": "+1 512 555 0100"})
    assert response.status_code == 201
    user = response.json
    assert user.pop("created_at").endswith("+00:00")
    assert user.pop("id") > 0
    assert user == {
        "email": "ada@example.com",
        "name": "Ada",
        "user_type": "owner",
        "phone": "+1 512 555 0100",
    }


def test_passwords_are_stored_as_argon2_hashes(site_client):
    site_client.post("/api/auth/register", json=NEW)
    stored = accounts.find_by_email("ada@example.com")
    assert stored is not None
    assert stored.password_hash.startswith("$argon2id$")


def test_an_address_can_be_registered_once_in_whatever_case(site_client):
    site_client.post("/api/auth/register", json=NEW)
    again = site_client.post("/api/auth/register", json={**NEW, "email": "ADA@example.COM"})
    assert "log in" in assert_error(again, 409)["message"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "nobody"),
        ("email", "a" * 250 + "@example.com"),
        ("email", None),
        ("email", ["a@example.com"]),
        ("password", "seven77"),
        ("password", "x" * 129),
        ("password", 12345678),
        ("password", "with\x00nul in it"),
        ("password", "lone \ud800 surrogate"),
        ("name", "   "),
        ("name", "x" * 121),
        ("name", "line\nbreak"),
        ("user_type", "admin"),
        ("user_type", None),
        ("phone", "call me"),
        ("is_active", True),
        ("role", "admin"),
    ],
)
def test_a_bad_value_is_422_and_named(site_client, field, value):
    error = assert_error(site_client.post("/api/auth/register", json={**NEW, field: value}), 422)
    assert list(error["errors"]["json"]) == [field]


@pytest.mark.parametrize("missing", ["email", "password", "name"])
def test_a_missing_value_is_422(site_client, missing):
    body = {name: value for name, value in NEW.items() if name != missing}
    error = assert_error(site_client.post("/api/auth/register", json=body), 422)
    assert error["errors"] == {"json": {missing: ["Missing data for required field."]}}


def log_in(client, email, password=PASSWORD):
    return client.post("/api/auth/login", json={"email": email, "password": password})


def test_logging_in_gives_tokens_that_work(site_client):
    user = make_user()
    answer = log_in(site_client, user.email.upper()).json
    assert answer["user"]["id"] == user.id
    bearer = {"Authorization": f"Bearer {answer['access_token']}"}
    assert site_client.get("/api/auth/profile", headers=bearer).json["email"] == user.email
    bearer = {"Authorization": f"Bearer {answer['refresh_token']}"}
    refreshed = site_client.post("/api/auth/refresh", headers=bearer)
    assert refreshed.status_code == 200
    bearer = {"Authorization": f"Bearer {refreshed.json['access_token']}"}
    assert site_client.get("/api/auth/profile", headers=bearer).status_code == 200


def test_wrong_password_unknown_address_and_closed_account_get_the_same_answer(site_client):
    user, closed = make_user(), make_user()
    closed.is_active = False
    db.session.commit()
    answers = [
        log_in(site_client, user.email, "wrong password"),
        log_in(site_client, "nobody@example.com"),
        log_in(site_client, "not an address"),
        log_in(site_client, closed.email),
    ]
    for answer in answers:
        assert_error(answer, 401)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert len({bytes_of(answer) for answer in answers}) == 1


def test_an_unknown_address_takes_about_as_long_as_a_wrong_password(site_app, site_client):
    site_app.config.update(ARGON2_TIME_COST=12, ARGON2_MEMORY_COST=8192)
    site_app.extensions.pop("site_passwords", None)
    user = make_user()

    def work(email: str) -> float:
        start = time.process_time()  # what else the machine does would count in seconds
        log_in(site_client, email, "wrong password")
        return time.process_time() - start

    pairs = [(work(user.email), work("nobody@example.com")) for _ in range(5)]
    wrong, unknown = map(min, zip(*pairs, strict=True))
    assert 0.5 < unknown / wrong < 2


def test_a_hash_with_old_settings_is_renewed_at_log_in(site_app, site_client):
    user = make_user()
    before = user.password_hash
    site_app.config["ARGON2_TIME_COST"] = 2
    site_app.extensions.pop("site_passwords")
    assert log_in(site_client, user.email).status_code == 200
    db.session.refresh(user)
    assert user.password_hash != before
    assert log_in(site_client, user.email).status_code == 200


def test_roles_and_closing_take_effect_at_once(site_client):
    user = make_user("owner")
    headers = auth(user)
    user.role = "renter"
    db.session.commit()
    assert site_client.get("/api/auth/profile", headers=headers).json["user_type"] == "renter"
    user.is_active = False
    db.session.commit()
    assert_error(site_client.get("/api/auth/profile", headers=headers), 401)


def test_logging_out_revokes_the_access_token_only(site_client):
    user = make_user()
    headers = auth(user)
    response = site_client.post("/api/auth/logout", headers=headers)
    assert response.status_code == 200
    assert set(response.json) == {"message"}
    assert_error(site_client.get("/api/auth/profile", headers=headers), 401)
    assert site_client.get("/api/auth/profile", headers=auth(user)).status_code == 200


def test_logging_out_can_revoke_the_refresh_token_too(site_client):
    user = make_user()
    refresh = tokens.issue_refresh_token(user)
    body = {"refresh_token": refresh}
    assert site_client.post("/api/auth/logout", json=body, headers=auth(user)).status_code == 200
    bearer = {"Authorization": f"Bearer {refresh}"}
    assert_error(site_client.post("/api/auth/refresh", headers=bearer), 401)


def test_logging_out_takes_no_refresh_token_but_ones_own(site_client):
    user, other = make_user(), make_user()
    for bad in ("rubbish", tokens.issue_access_token(user), tokens.issue_refresh_token(other)):
        response = site_client.post(
            "/api/auth/logout", json={"refresh_token": bad}, headers=auth(user)
        )
        assert "refresh_token" in assert_error(response, 422)["errors"]["json"]
    bearer = {"Authorization": f"Bearer {tokens.issue_refresh_token(other)}"}
    assert site_client.post("/api/auth/refresh", headers=bearer).status_code == 200


def test_revoked_tokens_are_forgotten_once_expired(site_client):
    user = make_user()
    db.session.add(RevokedToken(jti="old", expires_at=user.created_at.replace(year=2020)))
    db.session.commit()
    site_client.post("/api/auth/logout", headers=auth(user))
    assert db.session.get(RevokedToken, "old", populate_existing=True) is None


def test_an_administrator_can_be_made_of_a_user(site_app):
    user = make_user(email="boss@example.com")
    changed, is_new = accounts.make_admin("Boss@example.com", "another password", "Boss")
    assert (changed.id, changed.role, is_new) == (user.id, "admin", False)
    assert accounts.log_in("boss@example.com", "another password").id == user.id
    assert isinstance(accounts.make_admin("new@example.com", PASSWORD, "New")[0], User)
