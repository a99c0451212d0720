"""Makes and models."""

from __future__ import annotations

import json

import pytest
from site_helpers import assert_error, auth, make_instrument, make_listing, make_user

NEW = {
    "name": "Yamaha FG800",
    "category": "Acoustic guitars",
    "brand": "Yamaha",
    "model": "FG800",
    "description": "Solid-top dreadnought.",
}


@pytest.fixture
def admin(site_app):
    return auth(make_user("admin"))


def test_an_administrator_adds_changes_and_deletes(site_client, admin):
    created = site_client.post("/api/instruments", json=NEW, headers=admin)
    assert created.status_code == 201
    path = f"/api/instruments/{created.json['id']}"
    assert site_client.get(path).json == created.json == {"id": created.json["id"], **NEW}
    changed = site_client.put(path, json={"description": "Better."}, headers=admin)
    assert changed.json == {**created.json, "description": "Better."}
    assert site_client.delete(path, headers=admin).status_code == 204
    assert_error(site_client.get(path), 404)


@pytest.mark.parametrize("role", ["renter", "owner"])
def test_others_may_only_look(site_client, role):
    headers = auth(make_user(role))
    path = f"/api/instruments/{make_instrument().id}"
    assert_error(site_client.post("/api/instruments", json=NEW, headers=headers), 403)
    assert_error(site_client.put(path, json=NEW, headers=headers), 403)
    assert_error(site_client.delete(path, headers=headers), 403)
    assert_error(site_client.delete(path), 401)
    assert site_client.get(path, headers=headers).status_code == 200


def test_brand_and_model_are_unique_together(site_client, admin):
    make_instrument(brand="Yamaha", model="FG800")
    assert_error(site_client.post("/api/instruments", json=NEW, headers=admin), 409)
    other = make_instrument(brand="Yamaha", model="C40")
    path = f"/api/instruments/{other.id}"
    assert_error(site_client.put(path, json={"model": "FG800"}, headers=admin), 409)


def test_what_is_listed_cannot_be_deleted(site_client, admin):
    listing = make_listing()
    path = f"/api/instruments/{listing.instrument_id}"
    assert_error(site_client.delete(path, headers=admin), 409)


def names(response):
    return [instrument["name"] for instrument in response.json]


def test_searching(site_client):
    make_instrument(brand="Yamaha", model="YFL-222", category="Woodwinds", description="A flute.")
    make_instrument(brand="Yamaha", model="C40", category="Guitars", description="100% nylon_ish")
    make_instrument(brand="Fox", model="Renard", category="Woodwinds", description="Oboe!")
    get = site_client.get
    assert names(get("/api/instruments")) == ["Fox Renard", "Yamaha C40", "Yamaha YFL-222"]
    assert names(get("/api/instruments?q=FLUTE+yamaha")) == ["Yamaha YFL-222"]
    assert names(get("/api/instruments?category=woodwinds&brand=fox")) == ["Fox Renard"]
    for mark, found in {"%": 1, "_": 1, "!": 1, "\\": 0, "'": 0}.items():
        assert len(get("/api/instruments", query_string={"q": mark}).json) == found, mark


def test_pages(site_client):
    for _ in range(5):
        make_instrument()
    first = site_client.get("/api/instruments?page_size=2")
    last = site_client.get("/api/instruments?page_size=2&page=3")
    assert (len(first.json), len(last.json)) == (2, 1)
    assert json.loads(first.headers["X-Pagination"])["total"] == 5
    for page in (4, 10**6, 2**63, 10**40):
        assert_error(site_client.get(f"/api/instruments?page_size=2&page={page}"), 404)


@pytest.mark.parametrize(
    "query", ["page=0", "page=x", "page_size=101", "page=" + "9" * 5000, "q=%00x"]
)
def test_a_bad_query_is_422(site_client, query):
    assert "query" in assert_error(site_client.get(f"/api/instruments?{query}"), 422)["errors"]


@pytest.mark.parametrize("row_id", ["0", "2147483648", "9" * 20, "9" * 5000, "-1", "x", "%C2%B2"])
def test_an_impossible_id_is_404(site_client, row_id):
    assert_error(site_client.get(f"/api/instruments/{row_id}"), 404)
