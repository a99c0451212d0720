"""Survey profiles."""

from __future__ import annotations

import pytest
from client import bytes_of
from site_helpers import assert_error, auth, make_user

from app.extensions import db
from app.models import Survey
from app.services import surveys

FULL = {
    "preferred_instruments": ["acoustic guitar", "ukulele"],
    "experience_level": "beginner",
    "favorite_genres": ["folk"],
    "budget_range": "0-25",
    "rental_frequency": "monthly",
    "use_case": "learning at home",
    "location": "Austin, TX",
    "additional_notes": "Small hands.\nNo amplifier, please.",
}
LEAST = {"preferred_instruments": [], "experience_level": "advanced"}


def test_a_survey_comes_back_as_sent(site_client):
    user = make_user()
    created = site_client.post("/api/survey", json=FULL, headers=auth(user))
    assert created.status_code == 201
    assert FULL.items() <= created.json.items()
    assert created.json["user_id"] == user.id
    shown = site_client.get(f"/api/survey/{created.json['id']}", headers=auth(user))
    assert shown.json == created.json


def test_most_of_it_may_be_left_out(site_client):
    created = site_client.post("/api/survey", json=LEAST, headers=auth(make_user()))
    assert created.status_code == 201
    assert created.json["favorite_genres"] == []
    assert created.json["budget_range"] is None


def test_the_list_is_newest_first_and_ones_own(site_client):
    user = make_user()
    site_client.post("/api/survey", json=LEAST, headers=auth(make_user()))
    ids = [
        site_client.post("/api/survey", json=LEAST, headers=auth(user)).json["id"] for _ in range(3)
    ]
    listed = site_client.get("/api/survey", headers=auth(user)).json
    assert [survey["id"] for survey in listed] == ids[::-1]
    db.session.refresh(user)
    latest = user.newest_survey
    assert latest is not None
    assert latest.id == ids[-1]


def test_changing_keeps_what_is_left_out(site_client):
    headers = auth(make_user())
    path = f"/api/survey/{site_client.post('/api/survey', json=FULL, headers=headers).json['id']}"
    changed = site_client.put(path, json={"experience_level": "intermediate"}, headers=headers)
    assert changed.status_code == 200
    assert {**FULL, "experience_level": "intermediate"}.items() <= changed.json.items()
    assert site_client.get(path, headers=headers).json == changed.json


def test_deleting(site_client):
    headers = auth(make_user())
    path = f"/api/survey/{site_client.post('/api/survey', json=FULL, headers=headers).json['id']}"
    assert site_client.delete(path, headers=headers).status_code == 204
    assert_error(site_client.get(path, headers=headers), 404)


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_anothers_survey_looks_like_none(site_client, method):
    mine = site_client.post("/api/survey", json=FULL, headers=auth(make_user())).json["id"]
    stranger = auth(make_user())
    body = {"json": LEAST} if method == "put" else {}
    answers = [
        getattr(site_client, method)(f"/api/survey/{survey_id}", headers=stranger, **body)
        for survey_id in (mine, 2**31 - 1)
    ]
    for answer in answers:
        assert_error(answer, 404)
    assert bytes_of(answers[0]) == bytes_of(answers[1])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("experience_level", "expert"),
        ("experience_level", 1),
        ("experience_level", None),
        ("budget_range", "0-50"),
        ("budget_range", ["0-25"]),
        ("preferred_instruments", "guitar"),
        ("preferred_instruments", [1]),
        ("preferred_instruments", ["x"] * 31),
        ("preferred_instruments", ["x" * 61]),
        ("preferred_instruments", ["nul\x00"]),
        ("favorite_genres", None),
        ("location", "tab\there"),
        ("additional_notes", "bell\x07"),
        ("additional_notes", "x" * 2001),
        ("user_id", 1),
        ("surprise", 1),
    ],
)
def test_a_bad_value_is_422(site_client, field, value):
    response = site_client.post(
        "/api/survey", json={**FULL, field: value}, headers=auth(make_user())
    )
    assert field in assert_error(response, 422)["errors"]["json"]


def test_surveys_go_with_their_user(site_app):
    user = make_user()
    survey_id = surveys.create_survey(user, LEAST).id
    db.session.delete(user)
    db.session.commit()
    assert db.session.get(Survey, survey_id, populate_existing=True) is None
