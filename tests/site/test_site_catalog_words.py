"""The words of a search, and the words that the chat knows of the catalogue."""

from __future__ import annotations

import pytest
from catalog_helpers import ask, counted_queries, make_catalogue, models
from hypothesis import given
from hypothesis import strategies as st
from site_helpers import make_instrument, make_listing, make_user
from test_site_migrations import flask, tables

from app.demo.instruments import INSTRUMENTS
from app.extensions import db
from app.models import EXPERIENCE_LEVELS
from app.services.kinds import KINDS, OTHER_NAMES, UNCOMMON, known_kind
from app.services.levels import levels_of
from app.services.search_words import alternatives, is_model, phrase, with_joined, word_forms
from app.services.vocabulary import vocabulary


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("guitars", {"guitars", "guitar"}),
        ("bass", {"bass", "basses"}),
        ("brasses", {"brasses", "brass"}),
        ("accessories", {"accessories", "accessory"}),
        ("beginner's", {"beginner", "beginners"}),
        ("FG-800", {"fg800*", "fg 800"}),
        ("hi-hats", {"hihats", "hi hats", "hihat", "hi hat"}),
        ("sax", {"sax", "saxes", "saxophone"}),
        ("12", {"12"}),
        ("!?", set()),
    ],
)
def test_forms_of_words(word, forms):
    assert set(word_forms(word)) == forms


def test_words_that_look_like_models():
    assert all(map(is_model, ["fg800", "P-125", "sm7b", "2i2", "d-28", "SL-1200MK7"]))
    assert not any(map(is_model, ["60s", "2nd", "100", "guitar", "4x", ""]))
    assert with_joined(["fg", "800", "a", "guitar"]) == ["fg", "800", "guitar", "fg800"]


def test_things_named_side_by_side():
    assert alternatives("a violin or a cello, harp & Banjo") == [
        "a violin",
        "a cello",
        "harp",
        "banjo",
    ]
    assert alternatives("Oregon trail") == ["oregon trail"]
    assert list(known_kind(["black", "grand", "pianos"])) == ["grand", "pianos"]
    assert not known_kind(["axe"])


@given(st.text(max_size=60))
def test_any_text_has_words_without_marks(text):
    for word in phrase(text):
        assert word
        for form in word:
            assert form.rstrip("*").replace(" ", "").isalnum(), form


def test_levels_of_descriptions():
    assert levels_of("Complete beginner's violin outfit.") == ["beginner"]
    assert levels_of("Oboe for advancing students.") == ["intermediate"]
    assert levels_of("Thick rock tone.") == []
    assert levels_of("Professional maple kit.") == ["advanced"]


def test_the_vocabulary_is_that_of_live_listings(site_any_db):
    make_catalogue()
    make_instrument(brand="Nobody", category="Unlisted")
    make_listing(is_available=False, location="Nowhere")
    closed = make_user("owner")
    make_listing(closed, location="Elsewhere", instrument=make_instrument(brand="Gone"))
    closed.is_active = False
    db.session.commit()
    make_listing(location="Reno, NV", instrument=make_instrument(brand="B", category="Sitar"))
    with counted_queries() as statements:
        words = vocabulary()
    assert len(statements) == 1
    assert set(words.places) == {"Austin, TX", "Reno, NV"}
    assert words.places[0] == "Austin, TX"  # the most frequent
    assert set(words.brands) == {
        "Yamaha",
        "Martin",
        "Fender",
        "Stentor",
        "Eastman",
        "Cremona",
        "Fox",
        "B",
    }
    assert "fiddle" in words.categories["Orchestral strings"]
    assert words.categories["Sitar"] == []
    assert "sitar" not in words.other_kinds
    assert "theremin" in words.other_kinds
    assert list(words.levels) == list(EXPERIENCE_LEVELS)
    assert "jazz" in words.genres


def test_an_empty_catalogue_has_no_words(site_app):
    words = vocabulary()
    assert (words.categories, words.brands, words.places) == ({}, [], [])


def test_the_demos_categories_have_names():
    assert set(KINDS) == set(OTHER_NAMES) == set(INSTRUMENTS)
    names = {name for names in (*KINDS.values(), *OTHER_NAMES.values()) for name in names}
    assert not names.intersection(UNCOMMON)


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_rows_from_before_the_search_are_found_after_the_upgrade(request, database):
    from site_helpers import new_site

    url = request.getfixturevalue(f"site_{database}_url")
    flask(url, "db", "upgrade", "0002")
    flask(url, "seed-demo")
    flask(url, "db", "upgrade")
    assert found_in(new_site(url)) == ["P-45"]
    flask(url, "db", "downgrade", "0002")
    assert not any(name.startswith("instruments_search") for name in tables(url))
    flask(url, "db", "upgrade")
    assert found_in(new_site(url)) == ["P-45"]


def found_in(app) -> list[str]:
    with app.app_context():
        found = list(dict.fromkeys(models(ask(words=["p45"]))))
        assert ask("theremin").outcome == "not_carried"
        assert ask("bassoon").outcome == "found"
        db.session.remove()
        db.engine.dispose()
    return found


def test_on_mariadb_words_are_found_as_parts(site_mariadb_url):
    """There is no full-text search there, but the same questions have answers."""
    from site_helpers import new_site

    app = new_site(site_mariadb_url)
    with app.app_context():
        db.create_all()
        make_catalogue()
        assert models(ask(words=["p125"])) == ["P-125"]
        assert sorted(models(ask("violins"))) == ["Student II", "VL305", "YEV-104"]
        assert ask("theremin").outcome == "not_carried"
        assert models(ask("guitar", level="beginner", place="austin"))[0] == "FG800"
        assert ask("violin", brands=["Fox"]).outcome == "not_carried"
        assert len(ask().items) == 8
        db.session.remove()
        db.engine.dispose()
