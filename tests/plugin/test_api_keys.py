"""Keys of programs: made and revoked by their user, good for what they name and nothing else."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from host import Host

from flask_smorest_chatbot.models import utc_now

KEYS = "/api/chatbot/api-keys"
#: What each scope opens.
OPENED = {
    "chat": [("POST", "/chat", 200), ("POST", "/messages/1/stop", 404)],
    "history": [("GET", "/sessions", 200), ("DELETE", "/clear-session/none", 200)],
    "admin": [("GET", "/admin/usage", 200)],
}


@pytest.fixture
def admin(host: Host, user: Any) -> Any:
    """The user, with the host's admin role."""
    host.admins.add(user)
    return user


def make_key(host: Host, user: Any, *scopes: str, **more: Any) -> dict[str, Any]:
    body = {"name": "nightly", "scopes": list(scopes), **more}
    answer = host.app.test_client().post(KEYS, json=body, headers=host.headers(user))
    assert answer.status_code == 201, answer.text
    return answer.json


def call(host: Host, key: str, method: str, path: str) -> Any:
    return host.app.test_client().open(
        f"/api/chatbot{path}", method=method, json={"message": "Hi"}, headers={"X-API-Key": key}
    )


def listed(host: Host, user: Any) -> list[dict[str, Any]]:
    return host.app.test_client().get(KEYS, headers=host.headers(user)).json["api_keys"]


def change(host: Host, **values: Any) -> None:
    """Change all stored keys, as time would."""
    with host.app.app_context():
        host.db.session.execute(sa.update(host.chatbot.ChatApiKey).values(**values))
        host.db.session.commit()


def test_a_key_opens_what_its_scopes_name_and_nothing_else(host: Host, admin: Any) -> None:
    for scope in OPENED:
        key = make_key(host, admin, scope)["key"]
        for other, calls in OPENED.items():
            for method, path, status in calls:
                answer = call(host, key, method, path)
                if scope == other:
                    assert answer.status_code == status, (scope, path)
                else:
                    assert answer.status_code == 403, (scope, path)
                    assert answer.json["code"] == 403
                    assert answer.json["errors"]["reason"] == "missing_scope"
                    assert other in answer.json["message"]


def test_a_key_may_come_as_a_bearer_token(host: Host, user: Any) -> None:
    key = make_key(host, user, "history")["key"]
    client = host.app.test_client()
    for scheme in ("Bearer", "bearer"):
        sent = {"Authorization": f"{scheme} {key}"}
        assert client.get("/api/chatbot/sessions", headers=sent).status_code == 200
    both = {**host.headers(user), "X-API-Key": key}
    assert client.get("/api/chatbot/sessions", headers=both).status_code == 401


def test_a_key_makes_lists_and_revokes_no_keys(host: Host, user: Any) -> None:
    made = make_key(host, user, "chat", "history", "admin")
    for method, path in (("GET", ""), ("POST", ""), ("DELETE", f"/{made['id']}")):
        answer = call(host, made["key"], method, f"/api-keys{path}")
        assert answer.status_code == 403, method
        assert answer.json["errors"]["reason"] == "log_in_required"
    assert len(listed(host, user)) == 1


def test_a_key_is_shown_once_and_stored_as_a_digest(host: Host, user: Any) -> None:
    made = make_key(host, user, "chat", "history")
    (found,) = listed(host, user)
    assert found == {name: value for name, value in made.items() if name != "key"}
    assert made["scopes"] == ["chat", "history"]
    with host.app.app_context():
        row = host.db.session.execute(sa.select(host.chatbot.ChatApiKey.__table__)).one()
    assert row.digest == hashlib.sha256(made["key"].encode()).hexdigest()
    secret = made["key"].rpartition("_")[2]
    assert len(secret) == 64
    assert secret not in str(row)


def test_only_the_very_key_is_taken(host: Host, user: Any) -> None:
    key = make_key(host, user, "history")["key"]
    other = make_key(host, user, "history")["key"]
    wrong = [
        "", "fsc_", key[:-1], key + "0", key[:-1] + ("1" if key[-1] == "0" else "0"), key.upper(),
        key[:16] + other[16:], f"fsc_{'0' * 12}_{'0' * 64}", f" {key} x", key.replace("_", "-"),
        "fsc_" + "\u0661" * 12 + key[16:],
    ]  # fmt: skip
    for text in wrong:
        for headers in ({"X-API-Key": text}, {"Authorization": f"Bearer fsc_{text}"}):
            encoded = {name: value.encode().decode("latin-1") for name, value in headers.items()}
            answer = host.app.test_client().get("/api/chatbot/sessions", headers=encoded)
            assert answer.status_code == 401, text
            assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert call(host, key, "GET", "/sessions").status_code == 200


@pytest.mark.parametrize("end", ["revoked", "expired", "user deleted", "user refused by the host"])
def test_a_key_ends(host: Host, user: Any, end: str) -> None:
    made = make_key(host, user, "history", expires_in_days=1)
    assert call(host, made["key"], "GET", "/sessions").status_code == 200
    if end == "revoked":
        path, headers = f"{KEYS}/{made['id']}", host.headers(user)
        answers = [host.app.test_client().delete(path, headers=headers) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [204, 204]
        assert listed(host, user)[0]["revoked_at"]
    elif end == "expired":
        change(host, expires_at=utc_now() - timedelta(seconds=1))
    elif end == "user deleted":
        with host.app.app_context():
            host.db.session.delete(host.db.session.get(host.user_model, user))
            host.db.session.commit()
            assert host.db.session.query(host.chatbot.ChatApiKey).count() == 0
    else:
        host.refused.add(user)
    assert call(host, made["key"], "GET", "/sessions").status_code == 401


def test_the_last_use_is_noted_once_a_minute(host: Host, user: Any) -> None:
    key = make_key(host, user, "history")["key"]
    assert listed(host, user)[0]["last_used_at"] is None

    def used() -> str:
        assert call(host, key, "GET", "/sessions").status_code == 200
        return str(listed(host, user)[0]["last_used_at"])

    first = used()
    assert used() == first
    change(host, last_used_at=utc_now() - timedelta(seconds=61))
    assert used() > first


def test_a_key_of_another_user_is_none(host: Host, user: Any) -> None:
    made = make_key(host, user, "history")
    other = host.headers(host.add_user())
    client = host.app.test_client()
    assert client.get(KEYS, headers=other).json == {"api_keys": []}
    assert client.delete(f"{KEYS}/{made['id']}", headers=other).status_code == 404
    assert client.delete(f"{KEYS}/{2**63}", headers=other).status_code == 404
    assert call(host, made["key"], "GET", "/sessions").status_code == 200


def test_a_key_opens_nothing_of_another_user(host: Host, user: Any) -> None:
    body = {"message": "Hi", "session_id": "mine"}
    client, headers = host.app.test_client(), host.headers(user)
    answer = client.post("/api/chatbot/chat", json=body, headers=headers).json["message_id"]
    key = make_key(host, host.add_user(), "chat", "history", "admin")["key"]
    paths = [
        ("GET", "/history/{}", "mine", "none"),
        ("POST", "/messages/{}/stop", answer, 99),
        ("POST", "/messages/{}/retry", answer, 99),
        ("GET", "/messages/{}/stream", answer, 99),
    ]
    for method, path, theirs, never in paths:
        answers = [call(host, key, method, path.format(name)) for name in (theirs, never)]
        assert [answer.status_code for answer in answers] == [404, 404], path
        bodies = [{**answer.json, "request_id": ""} for answer in answers]
        assert bodies[0] == bodies[1]
    assert call(host, key, "DELETE", "/clear-session/mine").json["deleted_count"] == 0


def test_a_user_has_so_many_keys_and_no_more(build_host: Callable[..., Host]) -> None:
    host = build_host(CHATBOT_MAX_API_KEYS=3)
    user = host.add_user()
    ids = [make_key(host, user, "chat")["id"] for _ in range(3)]
    client, headers = host.app.test_client(), host.headers(user)
    body = {"name": "one more", "scopes": ["chat"]}
    assert client.post(KEYS, json=body, headers=headers).status_code == 409
    client.delete(f"{KEYS}/{ids[1]}", headers=headers)
    make_key(host, user, "chat")
    assert len(listed(host, user)) == 3
    assert ids[1] not in [key["id"] for key in listed(host, user)]
    assert client.post(KEYS, json=body, headers=headers).status_code == 409


def test_keys_asked_for_at_once_do_not_pass_the_bound(build_host: Callable[..., Host]) -> None:
    host = build_host(CHATBOT_MAX_API_KEYS=3)
    headers = host.headers(host.add_user())

    def ask(_number: int) -> int:
        body = {"name": "many", "scopes": ["chat"]}
        return host.app.test_client().post(KEYS, json=body, headers=headers).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(12)))
    assert set(answers) <= {201, 409, 503}  # SQLite may be locked
    assert answers.count(201) <= 3


# -- requests that come twice --------------------------------------------------------------------


def make_once(host: Host, user: Any, request: str | None = "k1", **more: Any) -> Any:
    body = {"name": "nightly", "scopes": ["chat", "history"], "expires_in_days": 30, **more}
    headers = host.headers(user, **({"Idempotency-Key": request} if request else {}))
    return host.app.test_client().post(KEYS, json=body, headers=headers)


def test_a_request_that_comes_twice_makes_one_key_and_shows_it_once(host: Host, user: Any) -> None:
    first, again = make_once(host, user), make_once(host, user, scopes=["history", "chat"])
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == {**first.json, "key": None}
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert call(host, first.json["key"], "GET", "/sessions").status_code == 200
    assert len(listed(host, user)) == 1
    host.app.test_client().delete(f"{KEYS}/{first.json['id']}", headers=host.headers(user))
    assert make_once(host, user).json["revoked_at"], "it makes none in place of a revoked one"


@pytest.mark.parametrize(
    "other", [{"name": "other"}, {"scopes": ["chat"]}, {"expires_in_days": 31},
              {"expires_in_days": None}]
)  # fmt: skip
def test_another_request_by_the_same_name_is_refused(host: Host, user: Any, other: Any) -> None:
    make_once(host, user)
    refused = make_once(host, user, **other)
    assert refused.status_code == 422
    assert "Idempotency-Key" in refused.json["message"]
    assert len(listed(host, user)) == 1


def test_names_of_requests_are_ones_own_and_have_a_form(host: Host, user: Any) -> None:
    for who, request in ((user, "k1"), (host.add_user(), "k1"), (user, "K1"), (user, None)):
        made = make_once(host, who, request)
        assert (made.status_code, bool(made.json["key"])) == (201, True)
    assert len({key["prefix"] for key in listed(host, user)}) == 3
    assert make_once(host, user, "a b").status_code == 422


def test_many_requests_at_once_by_one_name_make_one_key(host: Host, user: Any) -> None:
    everyone = threading.Barrier(10)

    def ask(_number: int) -> Any:
        everyone.wait()
        return make_once(host, user)

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(ask, range(10)))
    made = [answer for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} <= {201, 503}  # SQLite may be locked
    assert sum(answer.json["key"] is not None for answer in made) == 1
    assert len({answer.json["id"] for answer in made}) == 1
    assert len(listed(host, user)) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "", "scopes": ["chat"]},
        {"name": "\u200b\u200b", "scopes": ["chat"]},
        {"name": "a\x00", "scopes": ["chat"]},
        {"name": "a\ud800", "scopes": ["chat"]},
        {"name": "a" * 101, "scopes": ["chat"]},
        {"name": 1, "scopes": ["chat"]},
        {"name": "a", "scopes": []},
        {"name": "a", "scopes": ["root"]},
        {"name": "a", "scopes": ["chat", "chat"]},
        {"name": "a", "scopes": "chat"},
        {"name": "a", "scopes": [["chat"]]},
        {"name": "a", "scopes": ["chat"], "expires_in_days": 0},
        {"name": "a", "scopes": ["chat"], "expires_in_days": True},
        {"name": "a", "scopes": ["chat"], "expires_in_days": "1"},
        {"name": "a", "scopes": ["chat"], "expires_in_days": 10**30},
        {"name": "a", "scopes": ["chat"], "user_id": 1},
        [],
    ],
)
def test_a_key_that_cannot_be_is_refused(host: Host, user: Any, body: Any) -> None:
    answer = host.app.test_client().post(KEYS, json=body, headers=host.headers(user))
    assert answer.status_code == 422, answer.text
    assert listed(host, user) == []


# -- administrators ------------------------------------------------------------------------------


def test_usage_is_for_administrators(host: Host, admin: Any) -> None:
    client, other = host.app.test_client(), host.add_user()
    for user in (admin, other, other):
        client.post("/api/chatbot/chat", json={"message": "Hi"}, headers=host.headers(user))
    assert client.get("/api/chatbot/admin/usage").status_code == 401
    (day,) = client.get("/api/chatbot/admin/usage", headers=host.headers(admin)).json["days"]
    assert (day["users"], day["turns"]) == (2, 3)
    assert day["output_tokens"] > 0


def test_to_others_there_is_no_usage(host: Host, user: Any) -> None:
    """Not even to a key with the scope: roles are asked for anew with each request."""
    client = host.app.test_client()
    keys = [make_key(host, user, scope)["key"] for scope in ("admin", "chat")]
    sent = [host.headers(user), *({"X-API-Key": key} for key in keys)]
    for headers in sent:
        answer = client.get("/api/chatbot/admin/usage", headers=headers)
        assert answer.status_code == 404
        assert "usage" not in answer.text


@pytest.mark.parametrize("days", ["0", "367", "-1", "x", "1e1", "9" * 40])
def test_usage_of_impossible_days_is_refused(host: Host, admin: Any, days: str) -> None:
    path, headers = f"/api/chatbot/admin/usage?days={days}", host.headers(admin)
    assert host.app.test_client().get(path, headers=headers).status_code == 422


# -- what was used -------------------------------------------------------------------------------


def used_by(host: Host, user: Any) -> tuple[int, int, int]:
    usage = host.chatbot.ChatUsage
    with host.app.app_context():
        row = host.db.session.scalar(sa.select(usage).where(usage.user_id == user))
        return (row.turns, row.input_tokens, row.output_tokens) if row else (0, 0, 0)


def test_clearing_a_session_gives_no_tokens_back(host: Host, user: Any) -> None:
    client, headers = host.app.test_client(), host.headers(user)
    answer = client.post("/api/chatbot/chat", json={"message": "Hi"}, headers=headers).json
    before = used_by(host, user)
    assert before[0] == 1
    client.delete(f"/api/chatbot/clear-session/{answer['session_id']}", headers=headers)
    assert used_by(host, user) == before


def test_turns_at_once_are_all_counted(host: Host, user: Any) -> None:
    records = host.app.extensions["chatbot"].turn_services.usage
    today = utc_now().date()

    def charge(_number: int) -> None:
        with host.app.app_context():
            records.charge(user, today, 10, 1)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(charge, range(40)))
    assert used_by(host, user) == (40, 400, 40)


def test_nothing_is_counted_for_a_user_who_is_gone(host: Host) -> None:
    with host.app.app_context():
        host.app.extensions["chatbot"].turn_services.usage.charge(4711, utc_now().date(), 1, 1)
    assert used_by(host, 4711) == (0, 0, 0)
