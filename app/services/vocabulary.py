"""The words by which the chat understands what a user asks of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, exists, func, literal, select, union_all

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

    By one query; the chat keeps the result for a minute.
    """
    live = select(Listing.location).where(*_is_live())
    columns = (
        _most_used("category", Instrument.category, _listed()),
        _most_used("brand", Instrument.brand, _listed()),
        _most_used("place", Listing.location, live),
    )
    rows = db.session.execute(union_all(*columns)).all()
    categories, brands, places = (_names(rows, kind) for kind in ("category", "brand", "place"))
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


def _most_used(kind: str, column: Any, source: Select[Any]) -> Select[Any]:
    """Select the values of a column, and how often each is used: the most frequent ones."""
    uses = func.count().label("uses")
    query = source.with_only_columns(literal(kind).label("kind"), column.label("name"), uses)
    query = query.group_by(column).order_by(uses.desc(), column).limit(MAX_NAMES)
    return select(query.subquery())


def _names(rows: Sequence[Any], kind: str) -> list[str]:
    """Return the names of one kind, those most used first."""
    ours = sorted((-row.uses, row.name) for row in rows if row.kind == kind)
    return [name for _, name in ours if name.strip()]


def _listed() -> Select[Any]:
    """Select the instruments that somebody rents out."""
    live = exists().where(Listing.instrument_id == Instrument.id, *_is_live())
    return select(Instrument).where(live)


def _is_live() -> list[Any]:
    owner = select(User.id).where(User.id == Listing.owner_id, User.is_active.is_(True))
    return [Listing.is_available.is_(True), exists(owner.correlate(Listing))]
