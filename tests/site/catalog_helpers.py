"""A small catalogue to search, and short ways to do so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from site_helpers import day, make_instrument, make_listing
from sqlalchemy import event

from app.extensions import db
from app.models import Instrument
from app.services.candidates import find
from app.services.clock import today
from flask_smorest_chatbot import Budget, CatalogQuery, CatalogResult, Period

# Brand, model, category, description.
MODELS = (
    ("Yamaha", "FG800", "Acoustic guitars", "Solid top dreadnought, an easy first guitar."),
    ("Martin", "D-28", "Acoustic guitars", "Rosewood dreadnought, the bluegrass standard."),
    ("Fender", "Player Stratocaster", "Electric guitars", "From blues to pop and rock."),
    ("Yamaha", "P-125", "Pianos and keyboards", "Portable 88-key digital piano."),
    ("Stentor", "Student II", "Orchestral strings", "Complete violin outfit for beginners."),
    ("Eastman", "VL305", "Orchestral strings", "Hand-carved violin for advancing students."),
    ("Yamaha", "YEV-104", "Orchestral strings", "Electric violin, silent at home."),
    ("Cremona", "SC-175", "Orchestral strings", "Beginner's cello with bow and bag."),
    ("Fox", "Renard 222", "Woodwinds", "Bassoon for college players."),
)


def make_catalogue(**rates: str) -> dict[str, int]:
    """List each model once in Austin; return the listings' ids by model.

    :param rates: US$ a day of models whose name is one word; ``10`` is what others cost
    """
    ids = {}
    for brand, model, category, description in MODELS:
        made = make_instrument(brand=brand, model=model, category=category, description=description)
        rate = rates.get(model.replace("-", "").replace(" ", ""), "10")
        ids[model] = make_listing(instrument=made, daily_rate=Decimal(rate)).id
    return ids


def instrument(model: str) -> Instrument:
    """Return the instrument of a model."""
    return db.session.query(Instrument).filter_by(model=model).one()


def ask(wanted: str | None = None, **values: Any) -> CatalogResult:
    """Search as the chat does; words are those of what is wanted unless given."""
    values.setdefault("words", wanted.lower().split() if wanted else ())
    values.setdefault("text", "")
    return find(CatalogQuery(wanted=wanted, today=today(), **values))


def models(result: CatalogResult) -> list[str]:
    """Return the models that were found, in order."""
    return [item.name.partition(" ")[2] for item in result.items]


def nearest(result: CatalogResult) -> list[str]:
    """Return the models that are nearest, in order."""
    return [item.name.partition(" ")[2] for item in result.nearest]


def at_most(amount: int | str, unit: str = "day") -> Budget:
    """Return a budget."""
    return Budget(most=Decimal(amount), unit=unit)


def days(start: int, end: int) -> Period:
    """Return a period, in days from today."""
    return Period(day(start), day(end))


@contextmanager
def counted_queries() -> Iterator[list[str]]:
    """Collect the statements that are sent to the database."""
    statements: list[str] = []

    def count(*details: Any) -> None:
        statements.append(details[2])

    event.listen(db.engine, "before_cursor_execute", count)
    yield statements
    event.remove(db.engine, "before_cursor_execute", count)
