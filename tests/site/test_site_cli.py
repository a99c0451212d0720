"""Commands."""

from __future__ import annotations

import pytest
from site_helpers import PASSWORD, day, make_user
from sqlalchemy import func, select

from app.demo.instruments import INSTRUMENTS
from app.extensions import db
from app.models import Instrument, Listing, Rental, Survey, User
from app.services import accounts
from app.services.availability import is_free


@pytest.fixture
def run(site_app):
    runner = site_app.test_cli_runner()
    return lambda *args, **kwargs: runner.invoke(args=args, **kwargs)


def count(model, *conditions):
    return db.session.scalar(select(func.count()).select_from(model).where(*conditions))


def test_the_demo_data_is_plausible(run):
    result = run("seed-demo")
    assert result.exit_code == 0, result.output
    assert "listings: 150 added" in result.output
    assert count(Listing) == 150
    assert count(Instrument) == sum(map(len, INSTRUMENTS.values())) >= 60
    assert db.session.scalar(select(func.count(Instrument.category.distinct()))) >= 8
    assert db.session.scalar(select(func.count(Listing.location.distinct()))) >= 6
    assert db.session.scalar(select(func.count(Listing.owner_id.distinct()))) == 6
    assert db.session.scalar(select(func.count(Survey.user_id.distinct()))) >= 6
    assert count(User, User.role == "admin") == 0
    for low, high in ((0, 25), (25, 50), (50, 100), (100, 1000)):
        assert count(Listing, Listing.daily_rate.between(low, high), is_free()) >= 2


def test_demo_rentals_are_past_present_and_future(run):
    run("seed-demo")
    assert count(Rental, Rental.status == "completed", Rental.end_date <= day(0)) >= 6
    now = (Rental.start_date <= day(0), Rental.end_date > day(0))
    assert count(Rental, Rental.status == "active", *now) >= 6
    assert count(Rental, Rental.status == "pending", Rental.start_date > day(0)) >= 6


def test_the_demo_user_can_log_in_and_has_a_survey(run):
    run("seed-demo")
    user = accounts.log_in("demo@example.com", "demo-password")
    assert (user.role, user.name) == ("renter", "Demo Renter")
    assert count(Survey, Survey.user_id == user.id) == 1
    assert accounts.log_in("owner@example.com", "demo-password").role == "owner"


def test_a_second_run_adds_and_changes_nothing(run):
    run("seed-demo")
    kept = accounts.find_by_email("demo@example.com")
    kept.name = "Renamed"
    db.session.commit()
    again = run("seed-demo")
    assert {line.split(": ")[1] for line in again.output.splitlines()} == {"0 added"}
    assert accounts.find_by_email("demo@example.com").name == "Renamed"


def test_the_seed_is_fixed(run):
    def listed():
        rows = db.session.execute(select(Listing.daily_rate, Listing.location).order_by(Listing.id))
        return list(rows)

    run("seed-demo")
    first = listed()
    db.session.remove()
    db.drop_all()
    db.create_all()
    run("seed-demo")
    assert listed() == first


def test_production_gets_no_demo_users_by_accident(site_app, run):
    site_app.config["APP_ENV"] = "production"
    result = run("seed-demo")
    assert result.exit_code == 1
    assert count(User) == 0
    assert run("seed-demo", "--yes-really").exit_code == 0


def admin_command(run, *options, **kwargs):
    return run("create-admin-user", "--email", "Boss@example.com", *options, **kwargs)


def test_an_administrator_is_created_and_then_updated(run):
    result = admin_command(run, "--password", PASSWORD)
    assert "Created administrator boss@example.com" in result.output
    result = admin_command(run, "--password", "another password")
    assert "Updated administrator" in result.output
    assert accounts.log_in("boss@example.com", "another password").role == "admin"


def test_an_existing_user_is_promoted(run):
    user_id = make_user(email="boss@example.com").id
    admin_command(run, "--password", PASSWORD)
    db.session.expire_all()
    assert db.session.get(User, user_id).role == "admin"


def test_the_password_may_come_from_the_environment_or_a_prompt(run):
    assert admin_command(run, env={"ADMIN_PASSWORD": PASSWORD}).exit_code == 0
    assert admin_command(run, input=f"{PASSWORD}\n{PASSWORD}\n").exit_code == 0
    assert admin_command(run, input="one\nother\n").exit_code != 0


def test_bad_values_are_explained(run):
    result = admin_command(run, "--password", "short")
    assert result.exit_code == 1
    assert "password: Length must be between 8 and 128." in result.output
    assert run("create-admin-user", "--email", "x", "--password", PASSWORD).exit_code == 1
