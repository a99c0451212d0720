"""Whatever is wrong with a token, the answer is 401 in the API's shape."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from flask import Flask
from site_helpers import assert_error, make_user

from app.extensions import db
from app.models import User
from app.services import tokens

Forge = Callable[..., str]


@pytest.fixture
def site_user(site_app: Flask) -> User:
    return make_user()


@pytest.fixture
def forge(site_app: Flask, site_user: User) -> Forge:
    """Return a function that signs any claims as the site would."""

    def sign(key: str | None = None, algorithm: str = "HS256", **claims: Any) -> str:
        now = datetime.now(UTC)
        usual = {"sub": str(site_user.id), "jti": "j", "type": "access", "iat": now, "fresh": False}
        usual["exp"] = now + timedelta(minutes=5)
        payload = {name: value for name, value in {**usual, **claims}.items() if value is not ...}
        # PyJWT refuses to sign some of what it must refuse to read.
        token = jwt.api_jws.encode(
            json.dumps(payload, default=lambda moment: int(moment.timestamp())).encode(),
            site_app.config["JWT_SECRET_KEY"] if key is None else key,
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


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 1},
        {"exp": ...},
        {"exp": "soon"},
        {"nbf": 4_000_000_000},
        {"iat": "then"},
        {"type": "refresh"},
        {"type": "other"},
        {"type": ["access"]},
        {"jti": ...},
        {"jti": 5},
        {"jti": ["a"]},
        {"sub": ...},
        {"sub": None},
        {"sub": 1},
        {"sub": 1.5},
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
        {"sub": "999999"},
        {"sub": str(2**31)},
        {"sub": "9" * 5000},
        {"key": "x" * 32},
        {"key": "", "algorithm": "none"},
        {"algorithm": "HS512"},
    ],
    ids=str,
)
def test_a_token_with_a_bad_claim_is_refused(site_client, forge, claims):
    if claims.get("algorithm") == "none":
        head, body, _ = forge().split(".")
        head = jwt.utils.base64url_encode(b'{"alg":"none","typ":"JWT"}').decode()
        assert_refused(profile(site_client, f"Bearer {head}.{body}."))
        return
    assert_refused(profile(site_client, f"Bearer {forge(**claims)}"))


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


def test_a_token_that_is_not_an_object_is_refused(site_app, site_client):
    for payload in (b"[]", b"1", b'"x"', b"null", b"{", b"\xff"):
        token = jwt.api_jws.encode(payload, site_app.config["JWT_SECRET_KEY"], algorithm="HS256")
        assert_refused(profile(site_client, f"Bearer {token}"))


def test_a_token_of_a_deleted_user_is_refused(site_client, site_user):
    token = tokens.issue_access_token(site_user)
    db.session.delete(site_user)
    db.session.commit()
    assert_refused(profile(site_client, f"Bearer {token}"))


def test_an_access_token_does_not_refresh(site_client, site_user):
    bearer = {"Authorization": f"Bearer {tokens.issue_access_token(site_user)}"}
    assert_refused(site_client.post("/api/auth/refresh", headers=bearer))


def test_strangers_learn_nothing_from_validation(site_client):
    assert_refused(site_client.post("/api/survey", json={"experience_level": "wrong"}))
    assert_refused(site_client.post("/api/survey", data="not json"))
