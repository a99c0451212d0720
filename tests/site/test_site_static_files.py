"""Static files and their versions."""

from __future__ import annotations

import re


def test_addresses_of_static_files_carry_a_version_of_their_content(site_client):
    page = site_client.get("/").get_data(as_text=True)
    links = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert links
    for link in links:
        assert re.search(r"\?v=[0-9a-f]{12}$", link), link
        with site_client.get(link) as answer:
            assert answer.status_code == 200


def test_the_version_changes_with_the_file(site_app, tmp_path):
    site_app.static_folder = str(tmp_path)
    (tmp_path / "a.css").write_text("a {}")
    with site_app.test_request_context():
        before = site_app.url_for("static", filename="a.css")
        (tmp_path / "a.css").write_text("a { color: red }")
        assert site_app.url_for("static", filename="a.css") != before


def test_a_file_that_is_missing_has_none(site_app):
    with site_app.test_request_context():
        assert site_app.url_for("static", filename="none.css") == "/static/none.css"
