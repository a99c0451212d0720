"""Whatever is wrong with a token, the answer is 401 in the API's shape."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from site_helpers import assert_error, make_user

from app.extensions import db
from app.models import User, as_utc
from app.services import tokens

Forge = Callable[..., str]


@pytest.fixture
def site_client(site_any_db: Flask) -> FlaskClient:
    """A client of the site on either database: they differ in what they take for a key."""
    return site_any_db.test_client()


@pytest.fixture
def site_user(site_any_db: Flask) -> User:
    return make_user()


@pytest.fixture
def forge(site_any_db: Flask, site_user: User) -> Forge:
    """Return a function that signs any claims as the site would."""

    def sign(key: str | None = None, algorithm: str = "HS256", **claims: Any) -> str:
        now = datetime.now(UTC)
        usual = {"sub": str(site_user.id), "jti": "j", "type": "access", "iat": now, "fresh": False}
        usual["exp"] = now + timedelta(minutes=5)
        payload = {name: value for name, value in {**usual, **claims}.items() if value is not ...}
        # PyJWT refuses to sign some of what it must refuse to read.
        token = jwt.api_jws.encode(
            json.dumps(payload, default=lambda moment: int(moment.timestamp())).encode(),
            site_any_db.config["JWT_SECRET_KEY"] if key is None else key,
            algorithm=algorithm,
        )
        return str(token)

    return sign


def profile(client: Any, credentials: str | None) -> Any:
    headers = {} if credentials is None else {"Authorization": credentials}
    return client.get("/api/auth/profile", headers=headers)


def assert_refused(response: Any) -> None:
    assert_error(response, 401)
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_a_forged_token_with_usual_claims_would_be_taken(site_client, forge):
    assert profile(site_client, f"Bearer {forge()}").status_code == 200


BAD_CLAIMS: list[dict[str, Any]] = [
    {"exp": 1},
    {"exp": ...},
    {"exp": "soon"},
    {"exp": [1]},
    {"exp": math.inf},
    {"iat": ...},
    {"iat": None},
    {"iat": [1]},
    {"iat": True},
    {"iat": math.nan},
    {"iat": -math.inf},
    {"iat": -(10**30)},
    {"nbf": 4_000_000_000},
    {"iat": "then"},
    {"type": "refresh"},
    {"type": "other"},
    {"type": ["access"]},
    {"jti": ...},
    {"jti": 5},
    {"jti": ["a"]},
    {"jti": ""},
    {"jti": "a\x00b"},
    {"jti": "a\ud800b"},
    {"jti": "a" * 65},
    {"sub": ...},
    {"sub": None},
    {"sub": 1},
    {"sub": -1},
    {"sub": 10**30},
    {"sub": 1.5},
    {"sub": math.nan},
    {"sub": True},
    {"sub": ["1"]},
    {"sub": {"id": 1}},
    {"sub": ""},
    {"sub": "0"},
    {"sub": "-1"},
    {"sub": "1.0"},
    {"sub": " 1"},
    {"sub": "1_0"},
    {"sub": "\u0661"},
    {"sub": "admin"},
    {"sub": "1\x00"},
    {"sub": "1\ud800"},
    {"sub": "999999"},
    {"sub": str(2**31)},
    {"sub": str(10**30)},
    {"sub": "9" * 5000},
    {"key": "x" * 32},
    {"algorithm": "HS512"},
]


def test_a_token_with_a_bad_claim_is_refused(site_client, forge):
    for claims in BAD_CLAIMS:
        response = profile(site_client, f"Bearer {forge(**claims)}")
        assert response.status_code == 401, claims
        assert_refused(response)


def test_a_token_without_signature_is_refused(site_client, forge):
    body = forge().split(".")[1]
    head = jwt.utils.base64url_encode(b'{"alg":"none","typ":"JWT"}').decode()
    assert_refused(profile(site_client, f"Bearer {head}.{body}."))


@pytest.mark.parametrize(
    "credentials",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Bearer rubbish",
        "Bearer a.b.c",
        "Bearer ..",
        "Bearer é.é.é",
        "bearer rubbish",
        "Basic dXNlcjpwYXNz",
        ",  ,Bearer x",
        ", ",
        "Bearer x, Bearer y",
        "Bearer " + "a" * 20_000,
    ],
)
def test_a_malformed_credential_is_refused(site_client, credentials):
    assert_refused(profile(site_client, credentials))


def test_a_token_that_is_not_an_object_is_refused(site_any_db, site_client):
    for payload in (b"[]", b"1", b'"x"', b"null", b"{", b"\xff"):
        token = jwt.api_jws.encode(payload, site_any_db.config["JWT_SECRET_KEY"], algorithm="HS256")
        assert_refused(profile(site_client, f"Bearer {token}"))


def test_a_token_of_a_deleted_user_is_refused(site_client, site_user):
    token = tokens.issue_access_token(site_user)
    db.session.delete(site_user)
    db.session.commit()
    assert_refused(profile(site_client, f"Bearer {token}"))


def test_the_next_user_does_not_get_a_deleted_users_id(site_client, site_user):
    token, old_id = tokens.issue_access_token(site_user), site_user.id
    db.session.delete(site_user)
    db.session.commit()
    assert make_user().id > old_id
    assert_refused(profile(site_client, f"Bearer {token}"))


@pytest.mark.parametrize("path", ["/api/auth/profile", "/api/chatbot/sessions"])
def test_a_token_that_is_older_than_the_account_is_refused(site_client, site_user, forge, path):
    """Tables made before ids were never used again may still give a deleted user's id."""
    created = int(as_utc(site_user.created_at).timestamp())
    for age, taken in ((0, True), (1, True), (2, False), (3600, False)):
        bearer = {"Authorization": f"Bearer {forge(iat=created - age)}"}
        response = site_client.get(path, headers=bearer)
        assert response.status_code == (200 if taken else 401), age


def test_a_user_is_known_in_the_second_of_registration(site_client):
    person = {"email": "new@example.com", "password": "long enough", "name": "New"}
    assert site_client.post("/api/auth/register", json=person).status_code == 201
    del person["name"]
    token = site_client.post("/api/auth/login", json=person).json["access_token"]
    assert profile(site_client, f"Bearer {token}").status_code == 200


def test_an_access_token_does_not_refresh(site_client, site_user):
    bearer = {"Authorization": f"Bearer {tokens.issue_access_token(site_user)}"}
    assert_refused(site_client.post("/api/auth/refresh", headers=bearer))


#: Of the claims above, one of each kind: there are many endpoints.
SOME_BAD_CLAIMS = [
    {"exp": 1}, {"exp": ...}, {"nbf": 4_000_000_000}, {"type": "other"}, {"jti": ...},
    {"sub": None}, {"sub": ["1"]}, {"sub": {"id": 1}}, {"sub": 1}, {"sub": "999999"},
    {"sub": "1\x00"}, {"key": "x" * 32}, {"algorithm": "HS512"},
]  # fmt: skip


def test_every_endpoint_that_needs_a_log_in_refuses_every_bad_token(site_client, forge):
    body = forge().split(".")[1]
    head = jwt.utils.base64url_encode(b'{"alg":"none","typ":"JWT"}').decode()
    credentials = [
        None, "Bearer", "Bearer x", f"Bearer {head}.{body}.",
        *(f"Bearer {forge(**claims)}" for claims in SOME_BAD_CLAIMS),
    ]  # fmt: skip
    asked = 0
    for path, methods in site_client.get("/api/openapi.json").json["paths"].items():
        for method, operation in methods.items():
            if method == "parameters" or not operation.get("security"):
                continue
            address = re.sub(r"{\w+}", "1", path)
            for credential in credentials:
                sent = {} if credential is None else {"Authorization": credential}
                answer = site_client.open(address, method=method.upper(), headers=sent)
                assert answer.status_code == 401, (method, path, credential)
                assert_refused(answer)
                asked += 1
    assert asked > 400


def test_logging_out_ends_both_tokens_everywhere(site_client, site_user):
    access, refresh = tokens.issue_access_token(site_user), tokens.issue_refresh_token(site_user)
    bearer = {"Authorization": f"Bearer {access}"}
    assert site_client.get("/api/chatbot/sessions", headers=bearer).status_code == 200
    answer = site_client.post("/api/auth/logout", headers=bearer, json={"refresh_token": refresh})
    assert answer.status_code == 200
    for path in ("/api/chatbot/sessions", "/api/auth/profile", "/api/rentals"):
        assert_refused(site_client.get(path, headers=bearer))
    bearer = {"Authorization": f"Bearer {refresh}"}
    assert_refused(site_client.post("/api/auth/refresh", headers=bearer))


def test_strangers_learn_nothing_from_validation(site_client):
    assert_refused(site_client.post("/api/survey", json={"experience_level": "wrong"}))
    assert_refused(site_client.post("/api/survey", data="not json"))
