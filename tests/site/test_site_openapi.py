"""The published description of the API."""

from __future__ import annotations

import re

import pytest

SITE_TAGS = {"Accounts", "Survey", "Instruments", "Listings", "Rentals", "Health"}


@pytest.fixture
def spec(site_client):
    return site_client.get("/api/openapi.json").json


def operations(spec):
    """Yield path, method and operation of the site's own endpoints."""
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            if method != "parameters" and SITE_TAGS & set(operation["tags"]):
                yield path, method, operation


def test_it_names_the_api(spec):
    assert spec["info"]["title"] == "Instrument rental API"
    assert spec["info"]["version"] == "v1"
    assert spec["openapi"] == "3.0.3"
    assert spec["components"]["securitySchemes"]["bearerAuth"]["scheme"] == "bearer"


def test_every_operation_has_a_summary_and_a_status(spec):
    seen = list(operations(spec))
    assert len(seen) >= 25
    for path, method, operation in seen:
        assert operation.get("summary"), (path, method)
        assert any(status.startswith("2") for status in operation["responses"]), (path, method)


def test_every_operation_with_a_body_documents_what_a_bad_one_gets(spec):
    for path, method, operation in operations(spec):
        if "requestBody" in operation:
            assert {"400", "413", "422"} <= set(operation["responses"]), (path, method)


def test_what_needs_a_log_in_says_so_and_answers_so(site_client, spec):
    for path, method, operation in operations(spec):
        concrete = re.sub(r"\{[^}]*\}", "1", path)
        response = getattr(site_client, method)(concrete)
        if operation.get("security"):
            assert operation["security"] == [{"bearerAuth": []}]
            assert "401" in operation["responses"]
            assert response.status_code == 401, (path, method)
        else:
            assert response.status_code != 401, (path, method)


def test_errors_are_described(spec):
    error = spec["components"]["schemas"]["Error"]
    assert set(error["required"]) == {"code", "status", "message", "errors", "request_id"}


def test_swagger_ui_and_all_its_files_come_from_the_site(site_client):
    page = site_client.get("/api/docs")
    assert page.status_code == 200
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(links) >= 3
    for link in links:
        assert link.startswith("/static/"), link
        with site_client.get(link) as asset:  # closes the file
            assert asset.status_code == 200, link
    assert "http://" not in page.text
    assert "https://" not in page.text


@pytest.mark.parametrize("name", ["../__init__.py", "%2e%2e/__init__.py", "none.js", ""])
def test_only_swagger_uis_own_files_are_served(site_client, name):
    assert site_client.get(f"/static/swagger-ui/{name}").status_code == 404
