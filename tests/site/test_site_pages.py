"""Pages for people."""

from __future__ import annotations

from site_helpers import make_instrument, make_listing


def test_the_start_page_offers_the_demo_log_in_in_development_only(site_app, site_client):
    assert "demo@example.com" in site_client.get("/").text
    site_app.config["APP_ENV"] = "production"
    page = site_client.get("/")
    assert page.status_code == 200
    assert "demo@example.com" not in page.text
    assert "demo-password" not in page.text


def test_a_listing_has_a_page(site_client):
    listing = make_listing(instrument=make_instrument(name="<b>Flute</b>"), location="Reno, NV")
    page = site_client.get(f"/listings/{listing.id}")
    assert page.status_code == 200
    for shown in ("&lt;b&gt;Flute&lt;/b&gt;", "12.50", "Reno, NV", "Some One"):
        assert shown in page.text


def test_an_unknown_listing_has_none(site_client):
    browser = {"Accept": "text/html"}
    for listing_id in ("99999", "9" * 30):
        page = site_client.get(f"/listings/{listing_id}", headers=browser)
        assert page.status_code == 404
        assert page.mimetype == "text/html"
