"""Request ids, log lines and metrics."""

from __future__ import annotations

import json
import logging
import re

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from site_helpers import auth, make_user, new_site

from app.config import ConfigError
from app.observability import logs, per_request
from app.observability.logs import JsonFormatter, hashed_user


def scrape(client, **options) -> dict[tuple[str, frozenset], float]:
    """Return the samples of /metrics by name and labels."""
    text = client.get("/metrics", **options).get_data(as_text=True)
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(samples, name, **labels) -> float:
    return samples.get((name, frozenset(labels.items())), 0.0)


@pytest.fixture
def log_lines(monkeypatch):
    """The lines that the site's loggers write while a test runs, parsed."""
    lines: list[dict] = []

    class Keep(logging.Handler):
        def emit(self, record):
            lines.append(json.loads(JsonFormatter().format(record)))

    handler = Keep()
    site_log = logging.getLogger("site")
    monkeypatch.setattr(site_log, "level", logging.INFO)
    logging.getLogger("site.request").manager._clear_cache()
    site_log.addHandler(handler)
    yield lines
    site_log.removeHandler(handler)
    logging.getLogger("site.request").manager._clear_cache()


# -- request ids -------------------------------------------------------------------------------


def test_a_request_id_is_taken_and_echoed(site_client):
    answer = site_client.get("/health", headers={"X-Request-ID": "abc-1.2_3"})
    assert answer.headers["X-Request-ID"] == "abc-1.2_3"


@pytest.mark.parametrize("bad", ["", "a b", "x" * 65, 'a"b', "ä"])
def test_another_one_is_made_if_it_is_not_valid(site_client, bad):
    answer = site_client.get("/health", headers={"X-Request-ID": bad})
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-ID"])


def test_errors_have_one_too(site_client):
    assert site_client.get("/api/none").headers["X-Request-ID"]


# -- log lines ---------------------------------------------------------------------------------


def test_a_request_is_one_line_without_user_or_path(site_app, site_client, log_lines):
    user = make_user()
    site_client.get("/api/survey/77", headers={**auth(user), "X-Request-ID": "r1"}).close()
    (line,) = log_lines
    assert line.pop("time")
    assert line.pop("duration_ms") > 0
    assert line == {
        "level": "info",
        "logger": "site.request",
        "event": "request",
        "request_id": "r1",
        "user": hashed_user(user.id, site_app.config["SECRET_KEY"]),
        "method": "GET",
        "route": "/api/survey/<row_id:survey_id>",
        "status": 404,
    }


def test_without_a_user_the_line_says_so(site_client, log_lines):
    site_client.get("/health").close()
    assert log_lines[0]["user"] is None


def test_exceptions_are_part_of_the_line():
    try:
        raise ValueError("told")
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "it %s", ("failed",), None)
        record.exc_info = (type(error), error, error.__traceback__)
    line = json.loads(JsonFormatter().format(record))
    assert line["event"] == "it failed"
    assert "ValueError: told" in line["exception"]


def test_json_logging_is_set_up_once_and_by_level(monkeypatch):
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", logging.NOTSET)
    for _ in range(2):
        logs.configure("json", "warning")
    assert len(root.handlers) == 1
    assert root.level == logging.WARNING


def test_lines_go_to_a_file_that_is_rotated(monkeypatch, tmp_path):
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", logging.NOTSET)
    file = tmp_path / "site.log"
    for _ in range(2):
        logs.configure("json", "info", str(file))
    (handler,) = root.handlers
    root.info("first")
    file.rename(tmp_path / "site.log.1")  # as logrotate does
    root.info("second")
    handler.close()
    told = [json.loads(it.read_text())["event"] for it in (tmp_path / "site.log.1", file)]
    assert told == ["first", "second"]


def test_a_file_that_cannot_be_written_stops_the_start(monkeypatch, tmp_path):
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    with pytest.raises(ConfigError, match="Set LOG_FILE to a file"):
        logs.configure("json", "info", str(tmp_path / "none" / "site.log"))


def test_slow_statements_are_logged_without_their_values(site_sqlite_url, log_lines):
    client = new_site(site_sqlite_url, SLOW_QUERY_MS=1).test_client()
    client.application.config["TESTING"] = True
    from sqlalchemy import text

    from app.extensions import db

    with client.application.app_context():
        slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)"
        db.session.execute(text(f"{slow} SELECT count(*) FROM n WHERE i > :secret"), {"secret": 7})
    (line,) = (line for line in log_lines if line["event"] == "slow query")
    assert line["duration_ms"] >= 1
    assert "count(*)" in line["statement"]
    assert "7" not in line["statement"]


# -- metrics -----------------------------------------------------------------------------------


def test_requests_are_counted_by_route_and_class_of_status(site_client):
    labels = {"method": "GET", "route": "/api/instruments", "status": "2xx"}
    before = value(scrape(site_client), "site_http_requests_total", **labels)
    site_client.get("/api/instruments?page=1")
    after = scrape(site_client)
    assert value(after, "site_http_requests_total", **labels) == before + 1
    timed = value(after, "site_http_request_seconds_count", method="GET", route="/api/instruments")
    assert timed >= 1


def test_neither_paths_nor_strange_methods_become_labels(site_client):
    site_client.get("/no/such/path-7")
    site_client.open("/health", method="BREW")
    text = site_client.get("/metrics").get_data(as_text=True)
    assert "path-7" not in text
    assert "BREW" not in text
    assert 'method="OTHER"' in text


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (None, "missing"),
        ("Bearer nonsense", "malformed"),
        ("Basic abc", "malformed"),
        ("Bearer a, b", "malformed"),
    ],
)
@pytest.mark.parametrize("path", ["/api/auth/profile", "/api/chatbot/sessions"])
def test_refused_tokens_are_counted_by_reason(site_client, path, header, reason):
    before = value(scrape(site_client), "site_jwt_failures_total", reason=reason)
    site_client.get(path, headers={"Authorization": header} if header else {})
    assert value(scrape(site_client), "site_jwt_failures_total", reason=reason) == before + 1


def test_expired_refresh_foreign_and_revoked_tokens_are_told_apart(site_app):
    from datetime import timedelta

    from flask_jwt_extended import create_access_token, create_refresh_token

    user = make_user()
    key = site_app.config["JWT_SECRET_KEY"]
    expired = create_access_token(str(user.id), expires_delta=timedelta(seconds=-5))
    site_app.config["JWT_SECRET_KEY"] = "another-secret-of-at-least-32-bytes-1"
    foreign = create_access_token(str(user.id))
    site_app.config["JWT_SECRET_KEY"] = key
    tokens = {
        "expired": expired,
        "signature": foreign,
        "wrong_type": create_refresh_token(str(user.id)),
        "revoked": create_access_token("999"),
    }
    for reason, token in tokens.items():
        with site_app.test_request_context(headers={"Authorization": f"Bearer {token}"}):
            assert per_request._token_fault() == reason


def test_a_wrong_password_is_no_refused_token(site_client):
    before = {key: it for key, it in scrape(site_client).items() if "jwt" in key[0]}
    site_client.post("/api/auth/login", json={"email": "a@example.com", "password": "wrong-one"})
    after = {key: it for key, it in scrape(site_client).items() if "jwt" in key[0]}
    assert after == before


def test_parts_release_and_sessions_are_told(site_client):
    samples = scrape(site_client)
    assert value(samples, "site_part_up", part="database") == 1
    assert value(samples, "site_info", release="development") == 1
    assert ("site_active_sessions", frozenset()) in samples


def test_a_database_that_is_away_is_told_too():
    client = new_site("postgresql://nobody@127.0.0.1:1/none", TESTING=False).test_client()
    samples = scrape(client)
    assert samples["site_part_up", frozenset({("part", "database")})] == 0
    assert ("site_active_sessions", frozenset()) not in samples


def _asked(app: Flask, peer: str, **headers: str) -> int:
    return (
        app.test_client()
        .get("/metrics", environ_base={"REMOTE_ADDR": peer}, headers=headers)
        .status_code
    )


def test_metrics_are_for_who_asks_directly_from_a_known_network(site_app):
    assert _asked(site_app, "127.0.0.1") == 200
    assert _asked(site_app, "::1") == 200
    assert _asked(site_app, "") == 200  # a unix socket
    assert _asked(site_app, "203.0.113.9") == 404
    assert _asked(site_app, "127.0.0.1", **{"X-Forwarded-For": "127.0.0.1"}) == 404


def test_a_proxys_word_does_not_open_the_metrics(site_sqlite_url):
    app = new_site(site_sqlite_url, TRUSTED_PROXIES=1)
    assert _asked(app, "203.0.113.9", **{"X-Forwarded-For": "127.0.0.1"}) == 404
    assert _asked(app, "127.0.0.1") == 200


def test_networks_can_be_set(site_sqlite_url):
    app = new_site(site_sqlite_url, METRICS_NETWORKS="10.0.0.0/8")
    assert _asked(app, "10.1.2.3") == 200
    assert _asked(app, "127.0.0.1") == 404
