"""Health and readiness."""

from __future__ import annotations

import pytest

from app.services.readiness import ReadinessCheck, add_readiness_check


@pytest.mark.parametrize("path", ["/health", "/api/health"])
def test_health_asks_nobody(site_client, path):
    assert site_client.get(path).json == {"status": "ok"}


def test_ready_names_database_and_model(site_app, site_client):
    add_readiness_check(site_app, ReadinessCheck("model", lambda: {"name": "m", "present": False}))
    response = site_client.get("/ready")
    assert response.status_code == 200
    assert response.json == {
        "status": "ok",
        "database": "ok",
        "model": {"name": "m", "present": False},
    }


def test_a_needed_part_that_fails_makes_it_503(site_app, site_client):
    add_readiness_check(site_app, ReadinessCheck("disk", lambda: "full", needed=True))
    response = site_client.get("/ready")
    assert response.status_code == 503
    assert response.json["status"] == "unavailable"
    assert response.json["disk"] == "full"
