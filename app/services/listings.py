"""Owners' listings. Everybody sees them; only the owner, or an administrator, changes them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import func, not_, select, update
from sqlalchemy.orm import contains_eager

from ..errors import ConflictError, InvalidInputError, NotFoundError
from ..extensions import db
from ..models import BLOCKING_STATUSES, Instrument, Listing, Rental, User
from .availability import is_free
from .paging import Page, fetch_page, get_or_404
from .text_search import contains
from .transaction import transaction


def find_listings(
    *,
    page: int,
    page_size: int,
    category: str | None = None,
    brand: str | None = None,
    location: str | None = None,
    max_daily_rate: Decimal | None = None,
    available: bool | None = None,
) -> Page[Listing]:
    """Return listings, cheapest first.

    :param category: exact, in whatever case; so is ``brand``
    :param location: part of the location, in whatever case
    :param max_daily_rate: US$
    :param available: only those that can (or cannot) be had today
    :raises NotFoundError: when there is no such page
    """
    query = select(Listing).join(Listing.instrument).options(contains_eager(Listing.instrument))
    query = query.order_by(Listing.daily_rate, Listing.id)
    if category:
        query = query.where(func.lower(Instrument.category) == category.lower())
    if brand:
        query = query.where(func.lower(Instrument.brand) == brand.lower())
    if location:
        query = query.where(contains(Listing.location, location))
    if max_daily_rate is not None:
        query = query.where(Listing.daily_rate <= max_daily_rate)
    if available is not None:
        query = query.where(is_free() if available else not_(is_free()))
    return fetch_page(query, page=page, page_size=page_size)


def get_listing(listing_id: int) -> Listing:
    """Return one listing.

    :raises NotFoundError: when there is none
    """
    return get_or_404(Listing, listing_id, "listing")


def listing_facts(listing: Listing) -> dict[str, Any]:
    """Return what a page shows of a listing, as plain values.

    ``daily_rate`` is a Decimal, US$ a day; ``is_available`` tells whether it can be had today.
    """
    free_today = db.session.scalar(select(Listing.id).where(Listing.id == listing.id, is_free()))
    return {
        "id": listing.id,
        "instrument_id": listing.instrument_id,
        "name": listing.instrument.name,
        "category": listing.instrument.category,
        "brand": listing.instrument.brand,
        "model": listing.instrument.model,
        "description": listing.instrument.description,
        "condition": listing.condition,
        "daily_rate": listing.daily_rate,
        "location": listing.location,
        "is_available": free_today is not None,
        "owner_id": listing.owner_id,
        "owner_name": listing.owner.name,
    }


def create_listing(owner: User, values: Mapping[str, Any]) -> Listing:
    """Store a listing of ``owner``'s. Commits.

    :raises InvalidInputError: when its instrument does not exist
    """
    _check_instrument(values)
    listing = Listing(owner_id=owner.id, **values)
    with transaction():
        db.session.add(listing)
    return listing


def update_listing(user: User, listing_id: int, values: Mapping[str, Any]) -> Listing:
    """Change the given values of a listing; rentals keep their rate. Commits.

    :raises NotFoundError: when it does not exist, or ``user`` may not change it
    :raises InvalidInputError: when its new instrument does not exist
    """
    listing = _get_changeable(user, listing_id)
    _check_instrument(values)
    with transaction():
        for name, value in values.items():
            setattr(listing, name, value)
    return listing


def delete_listing(user: User, listing_id: int) -> None:
    """Delete a listing and its past rentals. Commits.

    :raises NotFoundError: when it does not exist, or ``user`` may not change it
    :raises ConflictError: while somebody has it or is waiting for it
    """
    listing = _get_changeable(user, listing_id)
    with transaction():
        lock_listing(listing_id)
        open_rentals = select(Rental.id).where(
            Rental.listing_id == listing_id, Rental.status.in_(BLOCKING_STATUSES)
        )
        if db.session.scalar(open_rentals.limit(1)) is not None:
            raise ConflictError("Complete or cancel this listing's open rentals first.")
        db.session.delete(listing)


def lock_listing(listing_id: int) -> None:
    """Make other bookings of this listing wait until this transaction ends.

    An update that changes nothing locks the row on PostgreSQL and MariaDB, and on SQLite, which
    has no ``SELECT ... FOR UPDATE``, it takes the one write lock.
    """
    db.session.execute(
        update(Listing)
        .where(Listing.id == listing_id)
        .values(is_available=Listing.is_available)
        .execution_options(synchronize_session=False)
    )


def _get_changeable(user: User, listing_id: int) -> Listing:
    listing = db.session.get(Listing, listing_id)
    # One answer, whether there is none or it is another's.
    if listing is None or (listing.owner_id != user.id and user.role != "admin"):
        raise NotFoundError("You have no such listing.")
    return listing


def _check_instrument(values: Mapping[str, Any]) -> None:
    wanted = values.get("instrument_id")
    if wanted is not None and db.session.get(Instrument, wanted) is None:
        raise InvalidInputError.in_field("instrument_id", "There is no such instrument.")
