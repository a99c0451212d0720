"""Health and readiness."""

from __future__ import annotations

import pytest
from faulty_server import FaultyServer
from servers import free_port
from sqlalchemy import text

from app.extensions import db
from app.services import readiness
from app.services.chatbot_service import model_state
from app.services.readiness import ReadinessCheck, add_readiness_check
from flask_smorest_chatbot import ChatbotConfig


@pytest.fixture
def ready_client(site_app, site_client, monkeypatch):
    """A client of a site whose database is at the newest migration, and whose model is there."""
    monkeypatch.setattr(readiness, "CACHE_S", 0)
    _, (head,) = readiness._revisions(str(_migrations(site_app)))
    _set_revision(head)
    add_readiness_check(site_app, ReadinessCheck("model", lambda: "ok"))
    return site_client


def _migrations(app):
    from pathlib import Path

    return Path(app.root_path).parent / "migrations"


def _set_revision(revision):
    db.session.execute(text("CREATE TABLE IF NOT EXISTS alembic_version (version_num TEXT)"))
    db.session.execute(text("DELETE FROM alembic_version"))
    db.session.execute(text("INSERT INTO alembic_version VALUES (:it)"), {"it": revision})
    db.session.commit()


@pytest.mark.parametrize("path", ["/health", "/api/health"])
def test_health_asks_nobody(site_client, path):
    assert site_client.get(path).json == {"status": "ok"}


def test_ready_names_its_parts_and_the_release(ready_client):
    response = ready_client.get("/ready")
    assert response.status_code == 200
    assert response.json == {
        "status": "ok",
        "release": "development",
        "degraded": [],
        "database": "ok",
        "migrations": "ok",
        "model": "ok",
    }


def test_without_a_model_it_is_ready_and_names_what_is_degraded(site_app, ready_client):
    add_readiness_check(site_app, ReadinessCheck("model", lambda: "unreachable"))
    response = ready_client.get("/ready")
    assert response.status_code == 200
    assert response.json["degraded"] == ["model"]


def test_a_needed_part_that_fails_makes_it_503(site_app, ready_client):
    add_readiness_check(site_app, ReadinessCheck("disk", lambda: "full", needed=True))
    response = ready_client.get("/ready")
    assert response.status_code == 503
    assert response.json["status"] == "unavailable"
    assert response.json["disk"] == "full"


@pytest.mark.parametrize(
    ("revision", "state", "status"),
    [
        ("0001", "behind", 503),
        ("of_a_newer_release", "ok", 200),  # as after a rollback: migrations only add
    ],
)
def test_migrations_must_be_at_head_or_beyond(ready_client, revision, state, status):
    known, _ = readiness._revisions(str(_migrations(ready_client.application)))
    _set_revision(next((name for name in known if name.startswith(revision)), revision))
    response = ready_client.get("/ready")
    assert (response.status_code, response.json["migrations"]) == (status, state)


def test_a_database_that_was_never_migrated_is_not_ready(site_app, site_client):
    response = site_client.get("/ready")
    assert (response.status_code, response.json["migrations"]) == (503, "missing")


def test_ready_asks_its_parts_at_most_once_a_second(site_app, site_client):
    asked = []
    add_readiness_check(site_app, ReadinessCheck("part", lambda: asked.append(1) or "ok"))
    for _ in range(5):
        site_client.get("/ready")
    assert len(asked) == 1


def test_the_model_is_told_server_by_server_where_they_differ():
    server = FaultyServer([])
    here, away = server.url, f"http://127.0.0.1:{free_port()}"
    other = here.replace("127.0.0.1", "localhost")
    states = [
        model_state(ChatbotConfig(model="m", ollama_url=addresses))
        for addresses in (f"{here},{other}", f"{here},{away}", f"{away},{away}/b")
    ]
    server.close()
    assert states == ["ok", {here: "ok", away: "unreachable"}, "unreachable"]
