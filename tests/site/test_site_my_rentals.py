"""What the chat is told of the user's own rentals."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from site_helpers import day, make_instrument, make_listing, make_rental, make_user
from sqlalchemy import event

from app.extensions import db
from app.models import Listing, Rental, User
from app.services.my_rentals import MAX_TOLD, rental_facts
from app.services.phrases import day_text
from flask_smorest_chatbot import CatalogQuery, Fact


def listing_of(name: str, category: str = "Acoustic guitars", **values: Any) -> Listing:
    instrument = make_instrument(name=name, category=category)
    return make_listing(instrument=instrument, **values)


def asked(user: User, text: str, today: int = 0) -> list[Fact]:
    return rental_facts(CatalogQuery(text=text, user_id=user.id, today=day(today)))


def texts(facts: list[Fact]) -> str:
    return "\n".join(fact.text for fact in facts)


@pytest.fixture
def renter(site_any_db) -> User:
    return make_user()


def test_a_current_rental_says_when_it_is_due(renter):
    rental = make_rental(listing_of("Yamaha FG800"), renter, start=-4, end=3, status="active")
    first, how = asked(renter, "When is my guitar due back?")
    assert first.url == f"/rentals/{rental.id}"
    for told in ("Yamaha FG800", day_text(day(-4)), day_text(day(3)), "in 3 days", "$87.50"):
        assert told in first.text
    assert how.url == "/rentals"
    assert "cannot change rentals" in how.text


@pytest.mark.parametrize(
    ("end", "told"), [(0, "today"), (1, "in 1 day."), (-1, "1 day late"), (-2, "2 days late")]
)
def test_how_late_it_is_depends_on_the_day(renter, end, told):
    make_rental(listing_of("Yamaha FG800"), renter, start=-9, end=end, status="active")
    assert told in asked(renter, "am I late?")[0].text


def test_nothing_late_is_said_so(renter):
    make_rental(listing_of("Yamaha FG800"), renter, start=-9, end=0, status="active")
    assert "Nothing that you have is late." in texts(asked(renter, "am I late?"))


def test_the_day_is_that_of_the_query(renter):
    """The chat's "today" is the site's, not the database server's."""
    make_rental(listing_of("Yamaha FG800"), renter, start=-9, end=0, status="active")
    assert "2 days late" in asked(renter, "am I late?", today=2)[0].text
    assert "in 2 days" in asked(renter, "am I late?", today=-2)[0].text


def test_rentals_to_come_are_told_with_their_state(renter):
    make_rental(listing_of("Yamaha FG800"), renter, start=2, end=5)
    make_rental(listing_of("Fender CD-60S"), renter, start=4, end=6, status="active")
    first, second, _ = asked(renter, "my bookings")
    assert "has not confirmed it" in first.text
    assert "confirmed for you" in second.text


def test_ended_rentals_are_told_only_when_the_past_is_asked_for(renter):
    make_rental(listing_of("Yamaha FG800"), renter, start=-20, end=-10, status="completed")
    make_rental(listing_of("Yamaha C40"), renter, start=-9, end=-5, status="cancelled")
    make_rental(listing_of("Never confirmed"), renter, start=-9, end=-5)
    (none,) = asked(renter, "When is my rental due?")
    assert "no current or upcoming rentals" in none.text
    past = texts(asked(renter, "what did I rent last time?"))
    assert "Yamaha FG800" in past
    assert "it is returned" in past
    assert "is cancelled" in past


def test_who_never_rented_is_told_so(renter):
    (fact,) = asked(renter, "what did I rent?")
    assert fact.text == "You have rented nothing so far."


def test_the_instrument_that_is_named_is_told_alone(renter):
    make_rental(listing_of("Yamaha FG800"), renter, start=-2, end=5, status="active")
    make_rental(listing_of("Pearl Export", "Drums"), renter, start=-2, end=6, status="active")
    told = asked(renter, "When are my drums due back?")
    assert "Pearl Export" in told[0].text
    assert "Yamaha" not in told[0].text
    assert "1 more rental;" in told[1].text


def test_an_item_that_the_user_does_not_have_is_not_theirs(renter):
    question = "When is the FG800 due back?"
    assert asked(renter, question) == []
    make_rental(listing_of("Pearl Export", "Drums"), renter, start=-2, end=6, status="active")
    assert asked(renter, question) == []
    make_rental(listing_of("Yamaha FG800"), renter, start=-2, end=6, status="active")
    assert "FG800" in asked(renter, question)[0].text


def test_totals_are_added_exactly(renter):
    for rate in ("0.10", "0.20", "3.33"):
        listing = listing_of(f"Rate {rate}", daily_rate=Decimal(rate))
        make_rental(listing, renter, start=1, end=4)
    told = texts(asked(renter, "How much do I owe?"))
    assert "These 3 rentals come to $10.89 together." in told
    assert "no record of payments" in told


def test_many_rentals_are_counted_not_listed(renter):
    for start in range(8):
        make_rental(listing_of(f"Guitar {start}"), renter, start=start, end=start + 1)
    told = asked(renter, "my rentals")
    assert [fact.url for fact in told].count("/rentals") == 2
    assert len(told) == MAX_TOLD + 2
    assert "3 more rentals" in told[MAX_TOLD].text


def extension(user: User) -> Fact:
    return asked(user, "How do I extend my rental?")[-1]


def test_extending_is_renting_again_from_the_day_of_return(renter):
    listing = listing_of("Yamaha FG800")
    make_rental(listing, renter, start=-4, end=3, status="active")
    fact = extension(renter)
    parts = urlsplit(fact.url)
    assert parts.path == f"/listings/{listing.id}"
    assert parse_qs(parts.query) == {"start": [str(day(3))], "end": [str(day(10))]}
    assert "cannot change rentals" in fact.text


def test_extending_ends_where_the_next_rental_starts(renter):
    listing = listing_of("Yamaha FG800")
    make_rental(listing, renter, start=-4, end=3, status="active")
    make_rental(listing, start=5, end=9)
    fact = extension(renter)
    assert f"free from then until {day_text(day(5))}" in fact.text
    assert parse_qs(urlsplit(fact.url).query)["end"] == [str(day(5))]


def test_extending_into_somebody_elses_rental_is_refused(renter):
    listing = listing_of("Yamaha FG800")
    own = make_rental(listing, renter, start=-4, end=3, status="active")
    make_rental(listing, start=3, end=9)
    fact = extension(renter)
    assert "cannot be extended" in fact.text
    assert fact.url == f"/rentals/{own.id}"


def test_extending_what_is_not_rented_out_any_more_is_refused(renter):
    listing = listing_of("Yamaha FG800", is_available=False)
    make_rental(listing, renter, start=-4, end=3, status="active")
    assert "cannot be extended" in extension(renter).text


def test_a_late_rental_is_extended_from_today_on(renter):
    make_rental(listing_of("Yamaha FG800"), renter, start=-9, end=-2, status="active")
    assert parse_qs(urlsplit(extension(renter).url).query)["start"] == [str(day(0))]


def test_cancelling_is_told_and_not_done(renter):
    held = make_rental(listing_of("Yamaha FG800"), renter, start=-4, end=3, status="active")
    (fact,) = asked(renter, "Can you cancel my rental?")[1:]
    assert "can no longer be cancelled" in fact.text
    coming = make_rental(listing_of("Yamaha C40"), renter, start=5, end=6)
    fact = asked(renter, "Can you cancel my rental?")[-1]
    assert fact.url == f"/rentals/{coming.id}"
    assert {held.status, coming.status} == {"active", "pending"}


def test_how_to_return_names_the_place(renter):
    listing = listing_of("Yamaha FG800", location="Reno, NV")
    make_rental(listing, renter, start=-4, end=3, status="active")
    assert "its owner in Reno, NV" in asked(renter, "where do I return my guitar?")[-1].text


def test_nobody_sees_anothers_rentals(renter):
    owner = make_user("owner")
    listing = make_listing(owner, instrument=make_instrument(name="Secret Strat"))
    make_rental(listing, start=-2, end=5, status="active")
    for user in (renter, owner):
        assert "Secret" not in texts(asked(user, "what have I rented, my rentals"))
    assert rental_facts(CatalogQuery(text="my rentals")) == []


def test_other_messages_cost_no_query_and_rentals_two_at_most(renter):
    for start in range(4):
        make_rental(listing_of(f"Guitar {start}"), renter, start=start, end=start + 1)
    user_id, seen = renter.id, []
    listen = ("before_cursor_execute", lambda *args: seen.append(args[2]))
    event.listen(db.engine, *listen)
    try:
        rental_facts(CatalogQuery(text="I want to rent a guitar", user_id=user_id, today=day(0)))
        assert seen == []
        rental_facts(CatalogQuery(text="extend my rental", user_id=user_id, today=day(0)))
        assert len(seen) <= 2
    finally:
        event.remove(db.engine, *listen)


def test_names_are_told_as_they_are(renter):
    make_rental(listing_of("<b>Strat</b> {x} %s"), renter, start=-1, end=1, status="active")
    assert "<b>Strat</b> {x} %s" in asked(renter, "my rentals")[0].text


def test_facts_agree_with_the_row_on_every_day(renter):
    """Whatever the dates, what is said of due and late days is what the rows say."""
    listing = listing_of("Yamaha FG800")
    rental = make_rental(listing, renter, start=-30, end=30, status="active")
    for offset in range(-29, 60):
        first = asked(renter, "am I late?", today=offset)[0].text
        left = (db.session.get(Rental, rental.id).end_date - day(offset)).days
        expected = {True: f"{-left} day", False: "today" if left == 0 else f"in {left} day"}
        assert expected[left < 0] in first
        assert ("late" in first) == (left < 0)
        assert day_text(day(offset) + timedelta(left)) in first


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("I want to cancel the Vox AC30", "You can cancel the rental of the Vox AC30"),
        ("how much is my Vox?", "$50"),
        ("can I keep the AC30 until January?", "rent it again"),
        ("has the owner confirmed?", "has not confirmed it yet"),
        ("I want to extend", "rent it again"),
        ("I need to cancel", "You can cancel"),
    ],
)
def test_what_the_user_has_rented_is_told_of(renter, text, told):
    make_rental(listing_of("Vox AC30", "Amplifiers and effects"), renter, start=2, end=6)
    assert told in texts(asked(renter, text))


def test_bringing_something_back_early_is_told_of(renter):
    rental = make_rental(listing_of("Yamaha FG800"), renter, start=-4, end=3, status="active")
    facts = asked(renter, "I need to return my guitar early")
    assert facts[0].url == f"/rentals/{rental.id}"
    assert "Bring the Yamaha FG800 back to its owner" in facts[-1].text


@pytest.mark.parametrize(
    "text",
    [
        "I want to cancel the Vox AC30",
        "how much is my Vox and the rest?",
        "how much is my Vox?",
        "I need to return the Vox early",
        "I want to cancel the noise and the hum",
    ],
)
def test_what_the_user_has_not_rented_is_not_told_of(renter, text):
    make_rental(listing_of("Roland FP-10", "Pianos and keyboards"), renter, start=2, end=6)
    assert "Roland" not in texts(asked(renter, text))


def test_a_time_that_is_past_tells_only_of_rentals_in_it(renter):
    today = day(0)
    days_of_year = today.timetuple().tm_yday
    make_rental(listing_of("Yamaha FG800"), renter, start=2, end=6)
    start, end = -days_of_year - 20, -days_of_year - 10
    make_rental(listing_of("Yamaha C40"), renter, start=start, end=end, status="completed")
    told = texts(asked(renter, "what did I rent last year?"))
    assert "Yamaha C40" in told
    assert "FG800" not in told
    assert "FG800" in texts(asked(renter, "what did I rent?"))
    later = texts(asked(renter, "what did I rent last year?", today=2 * 366))
    assert "You have rented nothing from" in later
