"""Who may use the endpoints."""

from __future__ import annotations

import datetime
import json
import math
import time
from typing import Any

import jwt
import pytest
from flask_jwt_extended import create_access_token, create_refresh_token
from host import Host, make_host

ENDPOINTS = [
    ("POST", "/api/chatbot/chat"),
    ("POST", "/api/chatbot/recommend"),
    ("POST", "/api/chatbot/messages/1/retry"),
    ("POST", "/api/chatbot/messages/1/stop"),
    ("GET", "/api/chatbot/messages/1/stream"),
    ("GET", "/api/chatbot/history/a"),
    ("GET", "/api/chatbot/export"),
    ("DELETE", "/api/chatbot/account-data"),
    ("GET", "/api/chatbot/sessions"),
    ("DELETE", "/api/chatbot/clear-session/a"),
    ("GET", "/api/chatbot/api-keys"),
    ("POST", "/api/chatbot/api-keys"),
    ("DELETE", "/api/chatbot/api-keys/1"),
    ("GET", "/api/chatbot/admin/usage"),
]


def token(host: Host, user: Any, kind: str) -> str:
    with host.app.app_context():
        past = datetime.timedelta(seconds=-10)
        valid = create_access_token(identity=str(user))
        claims = jwt.decode(valid, options={"verify_signature": False})
        return {
            "missing": lambda: "",
            "not bearer": lambda: f"Basic {valid}",
            "malformed": lambda: "Bearer not.a.token",
            "expired": lambda: "Bearer " + create_access_token(str(user), expires_delta=past),
            "refresh": lambda: "Bearer " + create_refresh_token(str(user)),
            "wrong key": lambda: "Bearer " + jwt.encode(claims, "x" * 32),
            "unsigned": lambda: "Bearer " + jwt.encode(claims, None, algorithm="none"),
            "unknown user": lambda: "Bearer " + create_access_token("4711"),
            "odd subject": lambda: "Bearer " + create_access_token("1 or 1"),
            "no end": lambda: "Bearer " + without_end(host, claims),
            "huge subject": lambda: "Bearer " + create_access_token(str(2**70)),
        }[kind]()


def without_end(host: Host, claims: dict[str, Any]) -> str:
    kept = {name: value for name, value in claims.items() if name != "exp"}
    return jwt.encode(kept, host.app.config["JWT_SECRET_KEY"])


KINDS = [
    "missing", "not bearer", "malformed", "expired", "refresh", "wrong key", "unsigned",
    "unknown user", "odd subject", "huge subject", "no end",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_only_a_valid_access_token_opens(host: Host, user: Any, kind: str) -> None:
    sent = token(host, user, kind)
    for method, path in ENDPOINTS:
        response = host.app.test_client().open(
            path, method=method, json={"message": "Hi"}, headers={"Authorization": sent}
        )
        assert (response.status_code, response.json["code"]) == (401, 401), (method, path)
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert response.json["message"]
    assert host.chat_model.prompts == []


SUBJECTS: list[Any] = [
    ..., None, 1, -1, 10**30, 1.5, math.nan, math.inf, True, ["1"], {"id": 1}, "", "0", "-1", "1.0",
    " 1", "1_0", "\u0661", "admin", "1\x00", "1\ud800", "999999", "9" * 5000,
]  # fmt: skip
BAD_CLAIMS: list[dict[str, Any]] = [
    *({"sub": subject} for subject in SUBJECTS),
    {"exp": 1},
    {"exp": "soon"},
    {"exp": [1]},
    {"exp": math.inf},
    {"nbf": 4_000_000_000},
    {"nbf": "later"},
    {"iat": "then"},
    {"iat": [1]},
    {"type": "refresh"},
    {"type": ["access"]},
    {"algorithm": "HS512"},
    {"algorithm": "HS384"},
    {"key": "x" * 32},
]


def forged(host: Host, user: Any, claims: dict[str, Any]) -> str:
    """Sign any claims as the host would; PyJWT refuses to sign some that it must refuse to read."""
    key, algorithm = claims.pop("key", None), claims.pop("algorithm", "HS256")
    now = int(time.time())
    usual = {"sub": str(user), "jti": "j", "type": "access", "fresh": False, "iat": now, "nbf": now,
             "exp": now + 300}  # fmt: skip
    told = {name: value for name, value in {**usual, **claims}.items() if value is not ...}
    secret = key or host.app.config["JWT_SECRET_KEY"]
    return jwt.api_jws.encode(json.dumps(told).encode(), secret, algorithm=algorithm)


def test_a_forged_token_with_usual_claims_would_be_taken(host: Host, user: Any) -> None:
    bearer = {"Authorization": f"Bearer {forged(host, user, {})}"}
    assert host.app.test_client().get("/api/chatbot/sessions", headers=bearer).status_code == 200


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_a_token_with_a_bad_claim_is_refused(host: Host, user: Any) -> None:
    for claims in BAD_CLAIMS:
        sent = {"Authorization": f"Bearer {forged(host, user, dict(claims))}"}
        for method, path in [("GET", "/api/chatbot/sessions"), ("POST", "/api/chatbot/chat")]:
            answer = host.app.test_client().open(path, method=method, headers=sent)
            assert answer.status_code == 401, claims
            assert answer.json["code"] == 401
            assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_of_a_deleted_user_is_refused(host: Host, user: Any) -> None:
    headers = host.headers(user)
    with host.app.app_context():
        host.db.session.delete(host.db.session.get(host.user_model, user))
        host.db.session.commit()
    answer = host.app.test_client().get("/api/chatbot/sessions", headers=headers)
    assert answer.status_code == 401


def test_a_token_that_the_host_has_revoked_is_refused(host: Host, user: Any) -> None:
    manager, revoked = host.app.extensions["flask-jwt-extended"], set[str]()
    manager.token_in_blocklist_loader(lambda _header, claims: claims["jti"] in revoked)
    headers, client = host.headers(user), host.app.test_client()
    assert client.get("/api/chatbot/sessions", headers=headers).status_code == 200
    token = headers["Authorization"].removeprefix("Bearer ")
    revoked.add(jwt.decode(token, options={"verify_signature": False})["jti"])
    answer = client.get("/api/chatbot/sessions", headers=headers)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_no_endpoint_is_forgotten_above(host: Host) -> None:
    rules = [rule for rule in host.app.url_map.iter_rules() if "chatbot" in str(rule)]
    verbs = [verb for rule in rules for verb in rule.methods - {"HEAD", "OPTIONS"}]
    assert len(verbs) == len(ENDPOINTS)


@pytest.mark.parametrize("key", ["uuid", "string"])
def test_users_may_have_keys_of_any_type(database_url: str, key: str) -> None:
    host = make_host(database_url, key=key)
    with host.app.app_context():
        host.db.create_all()
    user = host.add_user()
    client, headers = host.app.test_client(), host.headers(user)
    assert client.post("/api/chatbot/chat", json={"message": "Hi"}, headers=headers).json
    sessions = client.get("/api/chatbot/sessions", headers=headers).json["sessions"]
    history = client.get(f"/api/chatbot/history/{sessions[0]['session_id']}", headers=headers).json
    assert history[0]["user_id"] == str(user)
    with host.app.app_context():
        host.db.engine.dispose()


def test_deleting_a_user_deletes_the_chats(host: Host, user: Any) -> None:
    client = host.app.test_client()
    client.post("/api/chatbot/chat", json={"message": "Hi"}, headers=host.headers(user))
    with host.app.app_context():
        host.db.session.delete(host.db.session.get(host.user_model, user))
        host.db.session.commit()
        assert host.db.session.query(host.chatbot.ChatMessage).count() == 0
        assert host.db.session.query(host.chatbot.ChatSession).count() == 0


@pytest.mark.parametrize(
    ("kind", "loader"),
    [
        ("missing", "unauthorized_loader"),
        ("expired", "expired_token_loader"),
        ("malformed", "invalid_token_loader"),
        ("refresh", "invalid_token_loader"),
        ("wrong key", "invalid_token_loader"),
    ],
)
def test_loaders_of_the_host_win(host: Host, user: Any, kind: str, loader: str) -> None:
    sent = token(host, user, kind)
    manager = host.app.extensions["flask-jwt-extended"]
    getattr(manager, loader)(lambda *_details: ("the host says no", 418))
    for method, path in ENDPOINTS:
        response = host.app.test_client().open(
            path, method=method, json={"message": "Hi"}, headers={"Authorization": sent}
        )
        assert (response.status_code, response.text) == (418, "the host says no")


def test_host_may_issue_tokens_that_live_for_ever(build_host: Any) -> None:
    host = build_host(JWT_ACCESS_TOKEN_EXPIRES=False)
    user = host.add_user()
    response = host.app.test_client().get("/api/chatbot/sessions", headers=host.headers(user))
    assert response.status_code == 200
