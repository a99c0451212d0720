"""The makes and models that can be listed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from ..extensions import db
from ..models import Instrument
from .paging import Page, fetch_page, get_or_404
from .text_search import any_contains
from .transaction import transaction

SAME_MODEL = "There is already an instrument of this brand and model."
SEARCHED = (
    Instrument.name,
    Instrument.brand,
    Instrument.model,
    Instrument.category,
    Instrument.description,
)


def find_instruments(
    *,
    page: int,
    page_size: int,
    q: str | None = None,
    category: str | None = None,
    brand: str | None = None,
) -> Page[Instrument]:
    """Return instruments by name.

    :param q: words, all of which must occur in name, brand, model, category or description
    :param category: exact, in whatever case; so is ``brand``
    :raises NotFoundError: when there is no such page
    """
    query = select(Instrument).order_by(Instrument.name, Instrument.id)
    for word in (q or "").split():
        query = query.where(any_contains(SEARCHED, word))
    if category:
        query = query.where(func.lower(Instrument.category) == category.lower())
    if brand:
        query = query.where(func.lower(Instrument.brand) == brand.lower())
    return fetch_page(query, page=page, page_size=page_size)


def get_instrument(instrument_id: int) -> Instrument:
    """Return one instrument.

    :raises NotFoundError: when there is none
    """
    return get_or_404(Instrument, instrument_id, "instrument")


def create_instrument(values: Mapping[str, Any]) -> Instrument:
    """Store an instrument. Commits.

    :raises ConflictError: when its brand and model are there already
    """
    instrument = Instrument(**values)
    with transaction(conflict=SAME_MODEL):
        db.session.add(instrument)
    return instrument


def update_instrument(instrument_id: int, values: Mapping[str, Any]) -> Instrument:
    """Change the given values of an instrument. Commits.

    :raises NotFoundError: when there is none
    :raises ConflictError: when another one has this brand and model
    """
    instrument = get_instrument(instrument_id)
    with transaction(conflict=SAME_MODEL):
        for name, value in values.items():
            setattr(instrument, name, value)
    return instrument


def delete_instrument(instrument_id: int) -> None:
    """Delete an instrument that nobody lists. Commits.

    :raises NotFoundError: when there is none
    :raises ConflictError: when it is listed
    """
    instrument = get_instrument(instrument_id)
    with transaction(conflict="Owners list this instrument; delete their listings first."):
        db.session.delete(instrument)
