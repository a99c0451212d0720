"""How often one user, or one address, may ask."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import sqlalchemy as sa
from client import SSE
from flask_limiter import Limiter
from host import Host, make_host
from ollama import ResponseError
from prometheus_client import REGISTRY
from servers import free_port, redis
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_smorest_chatbot import RateLimitedError, RequestLimits
from flask_smorest_chatbot.services.turn import Turn
from flask_smorest_chatbot.values import TurnPlan

SESSIONS, CHAT = "/api/chatbot/sessions", "/api/chatbot/chat"
HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """SQLite only: nothing here depends on the database but the count of tokens."""
    return f"sqlite:///{tmp_path}/host.db"


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    with redis(tmp_path, free_port()) as url:
        yield url


def read(host: Host, user: Any, **headers: str) -> Any:
    sent = {**(host.headers(user) if user else {}), **headers}
    return host.app.test_client().get(SESSIONS, headers=sent)


def chat(host: Host, user: Any, **headers: str) -> Any:
    sent = host.headers(user, **headers)
    return host.app.test_client().post(CHAT, json={"message": "Hi"}, headers=sent)


def statuses(host: Host, user: Any, number: int) -> list[int]:
    return [read(host, user).status_code for _ in range(number)]


def refused(limit: str) -> float:
    labels = {"limit": limit}
    return REGISTRY.get_sample_value("chatbot_rate_limited_total", labels) or 0.0


def degraded() -> float | None:
    return REGISTRY.get_sample_value("chatbot_limits_degraded")


def standing(response: Any) -> tuple[int, ...]:
    return tuple(int(response.headers[name]) for name in HEADERS)


# -- by the user ---------------------------------------------------------------------------------


def test_turns_and_other_requests_are_counted_apart(build_host: Callable[..., Host]) -> None:
    host = build_host(CHATBOT_MAX_TURNS_PER_MINUTE=2, CHATBOT_MAX_READS_PER_MINUTE=3)
    user, before = host.add_user(), refused("turns")
    assert [chat(host, user).status_code for _ in range(3)] == [200, 200, 429]
    assert statuses(host, user, 4) == [200, 200, 200, 429]
    assert statuses(host, host.add_user(), 1) == [200]
    assert refused("turns") == before + 1


def test_a_refusal_has_the_shape_of_errors_and_says_when_to_come_again(
    build_host: Callable[..., Host],
) -> None:
    host = build_host(CHATBOT_MAX_TURNS_PER_MINUTE=1)
    user = host.add_user()
    chat(host, user)
    answer = chat(host, user, Accept=SSE)
    assert answer.status_code == answer.json["code"] == 429
    assert answer.json["errors"] == {"reason": "rate_limited"}
    assert 1 <= int(answer.headers["Retry-After"]) <= 61
    assert standing(answer) == (1, 0, int(answer.headers["Retry-After"]))
    assert len(host.chat_model.prompts) == 1


def test_of_several_limits_the_longest_wait_is_told(build_host: Callable[..., Host]) -> None:
    host = build_host(CHATBOT_MAX_TURNS_PER_MINUTE=1, CHATBOT_MAX_TURNS_PER_HOUR=1)
    user = host.add_user()
    chat(host, user)
    assert int(chat(host, user).headers["Retry-After"]) > 3000


@pytest.mark.parametrize("kept_in", ["process", "redis"])
def test_retry_after_is_true(request: pytest.FixtureRequest, tmp_path: Path, kept_in: str) -> None:
    """The window is two seconds here, as no test should wait for a minute."""
    host = make_host(f"sqlite:///{tmp_path}/h.db")
    url = request.getfixturevalue("redis_url") if kept_in == "redis" else ""
    limits = RequestLimits({"some": ["2 per 2 seconds"]}, url, "test")

    def is_allowed() -> int:
        """Return 0, or after how many seconds to come again."""
        with host.app.test_request_context("/openapi.json"):
            try:
                limits.check("some", "user:1")
            except RateLimitedError as error:
                return error.retry_after
        return 0

    assert [is_allowed(), is_allowed()] == [0, 0]
    wait = is_allowed()
    assert 1 <= wait <= 3
    time.sleep(wait)
    assert is_allowed() == 0


def test_another_key_or_token_is_no_way_around(build_host: Callable[..., Host]) -> None:
    host = build_host(CHATBOT_MAX_READS_PER_MINUTE=4)
    user = host.add_user()
    client, headers = host.app.test_client(), host.headers(user)
    body = {"name": "k", "scopes": ["history"]}
    made = [client.post("/api/chatbot/api-keys", json=body, headers=headers) for _ in range(2)]
    answers = [
        client.get(SESSIONS, headers={"X-API-Key": key.json["key"]}).status_code for key in made * 2
    ]
    assert answers == [200, 200, 429, 429]
    assert read(host, user).status_code == 429


def test_limits_can_be_switched_off(build_host: Callable[..., Host]) -> None:
    host = build_host(
        CHATBOT_MAX_TURNS_PER_MINUTE=0, CHATBOT_MAX_TURNS_PER_HOUR=0, CHATBOT_MAX_READS_PER_MINUTE=0
    )
    answer = chat(host, host.add_user())
    assert answer.status_code == 200
    # What is not limited by user is not counted by address either.
    assert "RateLimit-Limit" not in read(host, host.add_user()).headers


# -- by the address ------------------------------------------------------------------------------


def test_who_cannot_be_identified_is_counted_by_address(build_host: Callable[..., Host]) -> None:
    host = build_host(CHATBOT_MAX_REFUSED_PER_MINUTE=3)
    user = host.add_user()
    wrong = ["", "Bearer x.y.z", "Bearer fsc_x", "Bearer other"]
    answers = [read(host, None, Authorization=text).status_code for text in wrong]
    assert answers == [401, 401, 401, 429]
    assert read(host, user).status_code == 200, "whom we know is not counted by address"


@pytest.mark.parametrize("proxies", [0, 1, 2])
def test_a_forged_address_is_no_way_around(build_host: Callable[..., Host], proxies: int) -> None:
    host = build_host(CHATBOT_MAX_REFUSED_PER_MINUTE=3)
    if proxies:
        host.app.wsgi_app = ProxyFix(host.app.wsgi_app, x_for=proxies)

    def ask(forged: str, client: str = "198.51.100.7") -> int:
        # Each proxy adds whom it was asked by; the first of ours adds the client.
        added = [client, *["10.0.0.1"] * (proxies - 1)][:proxies]
        sent = {"X-Forwarded-For": ", ".join([forged, *added])}
        return read(host, None, **sent).status_code

    assert [ask(f"203.0.113.{n}") for n in range(4)] == [401, 401, 401, 429]
    if proxies:
        assert ask("203.0.113.9", client="198.51.100.8") == 401, "another client is not held back"


def test_addresses_of_one_ipv6_network_count_together(build_host: Callable[..., Host]) -> None:
    host = build_host(CHATBOT_MAX_REFUSED_PER_MINUTE=2)
    client = host.app.test_client()

    def ask(address: str) -> int:
        return client.get(SESSIONS, environ_overrides={"REMOTE_ADDR": address}).status_code

    assert [ask(f"2001:db8:1:2::{n}") for n in range(3)] == [401, 401, 429]
    assert ask("2001:db8:1:3::1") == 401
    mapped = [f"::ffff:203.0.113.{n}" for n in (1, 1, 1, 2)]
    assert [ask(address) for address in mapped] == [401, 401, 429, 401]


def test_a_port_makes_no_other_address(build_host: Callable[..., Host]) -> None:
    host = build_host(CHATBOT_MAX_REFUSED_PER_MINUTE=2)
    client = host.app.test_client()

    def ask(address: str) -> int:
        return client.get(SESSIONS, environ_overrides={"REMOTE_ADDR": address}).status_code

    assert [ask(f"203.0.113.1:{port}") for port in (1, 22, 333)] == [401, 401, 429]
    assert [ask(f"[2001:db8::1]:{port}") for port in (1, 22, 333)] == [401, 401, 429]
    assert [ask(f"junk{n}") for n in range(3)] == [401, 401, 429]


# -- tokens --------------------------------------------------------------------------------------


def use(host: Host, user: Any, tokens: int, days_ago: int = 0) -> None:
    services = host.app.extensions["chatbot"].turn_services
    with host.app.app_context():
        services.usage.charge(user, services.today - timedelta(days=days_ago), tokens, 0)


def test_tokens_are_used_up_for_today(build_host: Callable[..., Host]) -> None:
    host = build_host(CHATBOT_MAX_TOKENS_PER_DAY=1000, CHATBOT_TIMEZONE="America/New_York")
    user = host.add_user()
    use(host, user, 5000, days_ago=1)
    use(host, user, 999)
    assert chat(host, user).status_code == 200  # takes the rest, and more
    answer = chat(host, user)
    assert answer.status_code == 429
    assert answer.json["errors"] == {"reason": "token_budget"}
    now = datetime.now(ZoneInfo("America/New_York"))
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    left = midnight.timestamp() - now.timestamp()
    assert abs(int(answer.headers["Retry-After"]) - left) <= 2
    assert standing(answer)[:2] == (1000, 0)
    assert read(host, user).status_code == 200
    assert chat(host, host.add_user()).status_code == 200


def test_a_request_that_broke_is_not_tried_again_without_tokens(
    build_host: Callable[..., Host],
) -> None:
    host = build_host(CHATBOT_MAX_TOKENS_PER_DAY=1000)
    user = host.add_user()
    host.chat_model.scripts.append(["Half", httpx.ReadError("reset")])
    once = {"Idempotency-Key": "k"}
    assert chat(host, user, **once).status_code == 502
    use(host, user, 1000)
    assert chat(host, user, **once).status_code == 429
    assert len(host.chat_model.prompts) == 1


def test_answers_that_break_off_are_charged_by_what_was_said(
    build_host: Callable[..., Host],
) -> None:
    host = build_host(CHATBOT_MAX_TOKENS_PER_DAY=1)
    user = host.add_user()
    host.chat_model.scripts = [["Once upon ", RuntimeError("gone")]]
    assert chat(host, user).status_code == 502
    with host.app.app_context():
        usage = host.db.session.scalars(sa.select(host.chatbot.ChatUsage)).one()
        assert usage.input_tokens > 10
        assert usage.output_tokens >= 3
    assert chat(host, user).status_code == 429


def used(host: Host) -> tuple[int, int]:
    """Return the tokens that all have used, input and output."""
    with host.app.app_context():
        rows = host.db.session.scalars(sa.select(host.chatbot.ChatUsage)).all()
        return sum(row.input_tokens for row in rows), sum(row.output_tokens for row in rows)


def test_a_turn_that_times_out_before_its_first_token_is_charged(
    build_host: Callable[..., Host],
) -> None:
    host = build_host(CHATBOT_FIRST_TOKEN_TIMEOUT=0.3)
    host.chat_model.scripts.append([5.0, "Too late."])
    assert chat(host, host.add_user()).status_code == 504
    sent, said = used(host)
    assert sent > 10
    assert said == 0


def test_who_hangs_up_before_the_first_token_is_charged(build_host: Callable[..., Host]) -> None:
    host = build_host()
    user = host.add_user()
    host.chat_model.scripts.append([5.0, "Too late."])
    with host.app.app_context():
        services = host.app.extensions["chatbot"].turn_services
        opened = services.conversations.open_turn(user, "s", "Hi")
        events = Turn(services, TurnPlan(message="Hi"), opened).events()
        while not host.chat_model.prompts:
            next(events)
        events.close()
    assert used(host)[0] > 10


@pytest.mark.parametrize(
    "fault", [ConnectionError("refused"), ResponseError("busy", 503), ResponseError("bad", 400)]
)
def test_a_model_that_is_away_or_refuses_costs_nothing(
    build_host: Callable[..., Host], fault: Exception
) -> None:
    host = build_host(CHATBOT_MODEL_RETRIES=0)
    host.chat_model.scripts.append([fault])
    assert chat(host, host.add_user()).status_code in (502, 503)
    assert used(host) == (0, 0)


def test_a_turn_whose_end_cannot_be_stored_is_charged(
    build_host: Callable[..., Host], monkeypatch: pytest.MonkeyPatch
) -> None:
    host = build_host()
    conversations = host.app.extensions["chatbot"].turn_services.conversations
    host.chat_model.scripts = [["Once upon ", RuntimeError("gone")]]

    def locked(*_args: Any) -> bool:
        raise sa.exc.OperationalError("UPDATE", {}, OSError("locked"))

    monkeypatch.setattr(conversations, "settle", locked)
    assert chat(host, host.add_user()).status_code == 502
    assert used(host)[0] > 10


# -- headers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/chat", {"message": "Hi"}, 200),
        ("POST", "/chat", {"message": " "}, 400),
        ("POST", "/chat", {"message": 1}, 422),
        ("POST", "/chat", {"message": "x" * 3_000_000}, 413),
        ("POST", "/messages/99/retry", None, 404),
        ("GET", "/history/none", None, 404),
        ("GET", "/sessions", None, 200),
        ("DELETE", "/clear-session/none", None, 200),
        ("DELETE", "/api-keys/99", None, 404),
    ],
)
def test_every_answer_says_how_the_limits_stand(
    build_host: Callable[..., Host], method: str, path: str, body: Any, status: int
) -> None:
    host = build_host()
    user = host.add_user()
    for accept in ("application/json", SSE):
        sent = host.headers(user, Accept=accept)
        answer = host.app.test_client().open(
            f"/api/chatbot{path}", method=method, json=body, headers=sent
        )
        assert answer.status_code == status
        limit, remaining, reset = standing(answer)
        assert 0 <= remaining < limit
        assert 1 <= reset <= 3601
        if status == 200 and "chat" in path and accept == SSE:
            assert answer.mimetype == SSE


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("GET", "/chat", 405), ("PATCH", "/sessions", 405)],
)
def test_what_is_no_endpoint_is_limited_too(
    build_host: Callable[..., Host], method: str, path: str, status: int
) -> None:
    host = build_host(CHATBOT_MAX_REFUSED_PER_MINUTE=2)
    client, headers = host.app.test_client(), host.headers(host.add_user())
    answers = [client.open(f"/api/chatbot{path}", method=method, headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [status, status, 429]
    for answer in answers:
        assert set(answer.json) == {"code", "status", "message", "errors", "request_id"}
        assert standing(answer)[0] == 2
    assert ("Allow" in answers[0].headers) == (status == 405)
    elsewhere = client.get("/nothing")
    assert "RateLimit-Limit" not in elsewhere.headers, "the host's own address"


def test_who_is_refused_before_being_known_is_counted(build_host: Callable[..., Host]) -> None:
    host = build_host(CHATBOT_MAX_REFUSED_PER_MINUTE=2)
    client, user = host.app.test_client(), host.add_user()
    body = {"message": "x" * 3_000_000}
    answers = [client.post(CHAT, json=body, headers=host.headers(user)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [413, 413, 429]
    assert answers[2].json["errors"] == {"reason": "rate_limited"}
    assert answers[2].headers["Cache-Control"] == "no-store"
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 61


def test_what_browsers_ask_beforehand_is_never_refused(build_host: Callable[..., Host]) -> None:
    host = build_host(CHATBOT_MAX_REFUSED_PER_MINUTE=1, CHATBOT_MAX_READS_PER_MINUTE=1)
    answers = [host.app.test_client().options(CHAT) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert [standing(answer)[1] for answer in answers] == [0, 0, 0]
    assert read(host, host.add_user()).status_code == 200


# -- beside a host's own limits ------------------------------------------------------------------


def test_a_host_may_have_limits_of_its_own(tmp_path: Path) -> None:
    host = make_host(
        f"sqlite:///{tmp_path}/h.db",
        RATELIMIT_DEFAULT="5 per minute",
        RATELIMIT_APPLICATION="7 per minute",
        RATELIMIT_STORAGE_URI="memory://",
        RATELIMIT_HEADERS_ENABLED=True,
        RATELIMIT_META="1 per hour",
    )
    with host.app.app_context():
        host.db.create_all()
    Limiter(lambda: "everybody", app=host.app)
    host.app.add_url_rule("/own", "own", lambda: "ours")
    user, client = host.add_user(), host.app.test_client()
    answers = [client.get("/own") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert "X-RateLimit-Limit" in answers[0].headers
    assert "RateLimit-Limit" not in answers[0].headers
    answer = read(host, user)
    # The host's limits are for the chat, too, which tells of it in its own way.
    assert (answer.status_code, answer.json["code"]) == (429, 429)


# -- Redis ---------------------------------------------------------------------------------------


def test_workers_count_together_in_redis(tmp_path: Path, redis_url: str) -> None:
    settings = {"CHATBOT_MAX_READS_PER_MINUTE": 4, "CHATBOT_REDIS_URL": redis_url}
    workers = [make_host(f"sqlite:///{tmp_path}/h.db", **settings) for _ in range(2)]
    with workers[0].app.app_context():
        workers[0].db.create_all()
    user = workers[0].add_user()
    found = [read(workers[n % 2], user).status_code for n in range(6)]
    assert found == [200] * 4 + [429] * 2


def test_redis_may_go_and_come_back(build_host: Callable[..., Host], tmp_path: Path) -> None:
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    host = build_host(CHATBOT_REDIS_URL=url, CHATBOT_MAX_READS_PER_MINUTE=30)
    user = host.add_user()
    assert chat(host, user).status_code == 200, "down at start"
    assert degraded() == 1
    for _ in range(2):
        with redis(tmp_path, port):
            _wait_until(lambda: read(host, user).status_code == 200 and degraded() == 0)
            assert chat(host, user).status_code == 200
        answers = [chat(host, user), read(host, user)]  # killed a moment ago
        assert [answer.status_code for answer in answers] == [200, 200]
        assert degraded() == 1
        assert all(name in answers[0].headers for name in HEADERS)
    # In this process the limits hold as well.
    assert 429 in statuses(host, user, 31)


def test_a_redis_that_does_not_answer_costs_a_moment(build_host: Callable[..., Host]) -> None:
    with socket.socket() as black_hole:
        black_hole.bind(("127.0.0.1", 0))
        black_hole.listen(128)
        port = black_hole.getsockname()[1]
        host = build_host(CHATBOT_REDIS_URL=f"redis://:a-password@127.0.0.1:{port}/0")
        user = host.add_user()
        began = time.monotonic()
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda _: read(host, user).status_code, range(8)))
        assert found == [200] * 8
        assert time.monotonic() - began < 8, "each would be held up for longer otherwise"
        assert degraded() == 1


def test_the_log_warns_and_tells_neither_passwords_nor_users(
    build_host: Callable[..., Host], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    url = f"redis://:canary-password@127.0.0.1:{free_port()}/0"
    host = build_host(CHATBOT_REDIS_URL=url, CHATBOT_MAX_READS_PER_MINUTE=1)
    assert statuses(host, host.add_user(), 2) == [200, 429]
    warnings = [record for record in caplog.records if record.levelname == "WARNING"]
    assert any("falling back to in-memory" in record.getMessage() for record in warnings)
    assert "canary" not in caplog.text
    assert "user:" not in caplog.text


def _wait_until(is_so: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.2)
