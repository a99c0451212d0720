"""The catalogue as the chat searches it: a few listings that can be had, best first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal, or_, select
from sqlalchemy.sql.selectable import Subquery

from ..extensions import db
from ..models import Instrument, Listing, User
from .availability import is_free
from .instruments import SEARCHED
from .text_search import any_contains, contains

MAX_WORDS = 12  # each word is a term of the query


@dataclass(frozen=True, kw_only=True)
class ListingHit:
    """A listing that was found. ``daily_rate`` is in US$.

    :param matched_words: how many of the words asked for occur in it
    """

    listing_id: int
    name: str
    category: str
    brand: str
    model: str
    description: str
    condition: str
    daily_rate: Decimal
    location: str
    owner_id: int
    owner_name: str
    matched_words: int


def search_listings(
    words: Sequence[str] = (),
    *,
    categories: Sequence[str] = (),
    min_daily_rate: Decimal | None = None,
    max_daily_rate: Decimal | None = None,
    location: str | None = None,
    available_from: date | None = None,
    available_to: date | None = None,
    exclude_owner_id: int | None = None,
    require_match: bool = True,
    limit: int = 8,
) -> list[ListingHit]:
    """Return the best listings that can be had, by one query.

    Best means: most words matched, then the same place, then the lowest rate.

    :param words: content words; each matches as part of name, brand, model, category or
        description, in whatever case and with or without a plural "s"
    :param categories: only these, exact but for case
    :param min_daily_rate: US$, inclusive; so is ``max_daily_rate``
    :param location: preferred, not required; "Austin" and "Austin, TX" are the same place
    :param available_from: first day; today if None
    :param available_to: day of return; the day after ``available_from`` if None
    :param exclude_owner_id: leave out this user's own listings
    :param require_match: leave out listings that match none of ``words``, if there are any
    :param limit: at most so many
    """
    matches = _instrument_matches(words, categories, require_match)
    query: Select[Any] = (
        select(*_columns(), User.name, matches.c.matched)
        .join(Instrument, Instrument.id == Listing.instrument_id)
        .join(matches, matches.c.id == Instrument.id)
        .join(User, User.id == Listing.owner_id)
        .where(is_free(available_from, available_to), User.is_active.is_(True))
        .order_by(*_best_first(matches, location))
        .limit(limit)
    )
    if min_daily_rate is not None:
        query = query.where(Listing.daily_rate >= min_daily_rate)
    if max_daily_rate is not None:
        query = query.where(Listing.daily_rate <= max_daily_rate)
    if exclude_owner_id is not None:
        query = query.where(Listing.owner_id != exclude_owner_id)
    return [_hit(row) for row in db.session.execute(query)]


def _columns() -> tuple[Any, ...]:
    """Return the columns in the order in which :func:`_hit` reads them."""
    return (
        Listing.id,
        Instrument.name,
        Instrument.category,
        Instrument.brand,
        Instrument.model,
        Instrument.description,
        Listing.condition,
        Listing.daily_rate,
        Listing.location,
        Listing.owner_id,
    )


def _hit(row: Any) -> ListingHit:
    names = ListingHit.__dataclass_fields__
    return ListingHit(**dict(zip(names, row, strict=True)))


def _instrument_matches(
    words: Sequence[str], categories: Sequence[str], require_match: bool
) -> Subquery:
    """Count the matched words per instrument: far fewer rows than there are listings."""
    terms = list(dict.fromkeys(_singular(word.lower()) for word in words if word))[:MAX_WORDS]
    found = [case((any_contains(SEARCHED, term), 1), else_=0) for term in terms]
    matched = sum(found[1:], start=found[0]) if found else literal(0)
    query = select(Instrument.id, matched.label("matched"))
    if categories:
        wanted = [category.lower() for category in categories]
        query = query.where(func.lower(Instrument.category).in_(wanted))
    if terms and require_match:
        query = query.where(or_(*(any_contains(SEARCHED, term) for term in terms)))
    return query.subquery("matches")


def _best_first(matches: Subquery, location: str | None) -> list[ColumnElement[Any]]:
    town = (location or "").split(",")[0].strip()
    here = [case((contains(Listing.location, town), 0), else_=1)] if town else []
    return [matches.c.matched.desc(), *here, Listing.daily_rate.asc(), Listing.id.asc()]


def _singular(word: str) -> str:
    """Drop a plural "s", so that "violins" finds a violin; not that of "bass" or "brass"."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
