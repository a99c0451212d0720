"""The words by which the chat understands what a user asks of the catalogue."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, exists, func, select

from flask_smorest_chatbot import Vocabulary

from ..extensions import db
from ..models import EXPERIENCE_LEVELS, Instrument, Listing, User
from .kinds import GENRES, KINDS, OTHER_NAMES, UNCOMMON

MAX_NAMES = 500  # of categories, of brands and of places: the most frequent ones

_LEVELS = {
    "beginner": ["novice", "newbie", "starter"],
    "intermediate": ["hobbyist"],
    "advanced": ["expert", "professional", "pro"],
}


def vocabulary() -> Vocabulary:
    """Return the catalogue's categories, brands and places, and what people call them.

    By three queries; the chat keeps the result for a minute.
    """
    categories = _names(Instrument.category, _listed())
    brands = _names(Instrument.brand, _listed())
    places = _names(Listing.location, select(Listing.location).where(*_is_live()))
    known = {name.lower() for name in (*categories, *brands)}
    return Vocabulary(
        categories={name: names_of(name) for name in categories},
        brands=brands,
        places=places,
        levels={level: _LEVELS.get(level, []) for level in EXPERIENCE_LEVELS},
        genres=GENRES,
        other_kinds=[kind for kind in UNCOMMON if kind not in known],
    )


def names_of(category: str) -> list[str]:
    """Return what people call a category of the site's, or things in it."""
    known = {name.lower(): name for name in KINDS}
    name = known.get(category.lower(), "")
    return [*KINDS.get(name, ()), *OTHER_NAMES.get(name, ())]


def _names(column: Any, source: Select[Any]) -> list[str]:
    query = source.with_only_columns(column).group_by(column)
    query = query.order_by(func.count().desc(), column).limit(MAX_NAMES)
    return [name for name in db.session.scalars(query) if name.strip()]


def _listed() -> Select[Any]:
    """Select the instruments that somebody rents out."""
    live = exists().where(Listing.instrument_id == Instrument.id, *_is_live())
    return select(Instrument).where(live)


def _is_live() -> list[Any]:
    owner = select(User.id).where(User.id == Listing.owner_id, User.is_active.is_(True))
    return [Listing.is_available.is_(True), exists(owner.correlate(Listing))]
