"""Bookings: who may have a listing, when, and what becomes of it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import or_, select, update

from ..errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from ..extensions import db
from ..models import Listing, Rental, User
from .availability import overlaps
from .clock import today
from .listings import lock_listing
from .paging import Page, fetch_page
from .phrases import money_text
from .transaction import transaction

MAX_DAYS = 365
MAX_DAYS_AHEAD = 730
TAKEN = "This listing is taken on some of these days; choose others."

# Who may move a rental from one status to which others.
MOVES: dict[str, dict[str, set[str]]] = {
    "renter": {"pending": {"cancelled"}, "active": {"cancelled"}},
    "owner": {"pending": {"active", "cancelled"}, "active": {"completed"}},
}


def find_rentals(
    user: User,
    *,
    page: int,
    page_size: int,
    side: str,
    status: str | None = None,
    listing_id: int | None = None,
) -> Page[Rental]:
    """Return the user's rentals, latest start first.

    :param side: ``renter`` for what they rent, ``owner`` for what others rent from them
    :raises NotFoundError: when there is no such page
    """
    query = select(Rental).join(Rental.listing)
    mine = Rental.renter_id if side == "renter" else Listing.owner_id
    query = query.where(mine == user.id)
    if status:
        query = query.where(Rental.status == status)
    if listing_id is not None:
        query = query.where(Rental.listing_id == listing_id)
    query = query.order_by(Rental.start_date.desc(), Rental.id.desc())
    return fetch_page(query, page=page, page_size=page_size)


def get_rental(user: User, rental_id: int) -> Rental:
    """Return a rental that the user is a party to; an administrator sees all.

    :raises NotFoundError: when there is none
    """
    query = select(Rental).join(Rental.listing).where(Rental.id == rental_id)
    if user.role != "admin":
        query = query.where(or_(Rental.renter_id == user.id, Listing.owner_id == user.id))
    rental = db.session.scalar(query)
    if rental is None:
        raise NotFoundError("You have no such rental.")
    return rental


def book(
    renter: User,
    *,
    listing_id: int,
    start_date: date,
    end_date: date,
    expected_total: Decimal | None = None,
) -> Rental:
    """Book a listing from ``start_date`` until ``end_date``, the day of return. Commits.

    Of several bookings at once for the same days exactly one succeeds.

    :param expected_total: what the renter was told it costs, US$; None to agree to any price
    :raises InvalidInputError: when the dates make no sense
    :raises NotFoundError: when there is no such listing
    :raises ConflictError: when it cannot be had on these days, is the renter's own, or costs
        something else by now
    """
    _check_dates(start_date, end_date)
    with transaction():
        lock_listing(listing_id)
        listing = _bookable_listing(renter, listing_id)
        _check_free(listing_id, start_date, end_date)
        total = total_of(listing, start_date, end_date)
        _check_price(total, expected_total)
        rental = Rental(
            listing=listing,
            renter=renter,
            start_date=start_date,
            end_date=end_date,
            daily_rate=listing.daily_rate,
            total=total,
        )
        db.session.add(rental)
    return rental


def change_status(user: User, rental_id: int, status: str) -> Rental:
    """Move a rental on: its renter cancels; the owner accepts, declines or completes. Commits.

    :param status: the new one of ``models.RENTAL_STATUSES``
    :raises NotFoundError: when the user is no party to it
    :raises ForbiddenError: when only the other party may do this
    :raises ConflictError: when nobody may, in the rental's present status
    """
    rental = get_rental(user, rental_id)
    before = rental.status
    _check_move(user, rental, status)
    with transaction():
        # The condition on the old status makes the second of two changes at once fail.
        moved: Any = db.session.execute(
            update(Rental)
            .where(Rental.id == rental_id, Rental.status == before)
            .values(status=status)
            .execution_options(synchronize_session=False)
        )
        if moved.rowcount != 1:
            raise ConflictError("The rental's status has just changed; look at it again.")
    db.session.refresh(rental)
    return rental


def date_problem(start: date, end: date) -> tuple[str, str] | None:
    """Return why nobody can rent anything from ``start`` until ``end``, the day of return.

    :return: ``"start"`` or ``"end"``, and a sentence for people; None when the dates make sense
    """
    now = today()
    if start < now:
        return "start", "The first day is past: choose today or a later day."
    if end <= start:
        return "end", "The day of return comes after the first day."
    if (end - start).days > MAX_DAYS:
        return "end", f"Rent for {MAX_DAYS} days at most."
    if end > now + timedelta(days=MAX_DAYS_AHEAD):
        return "end", f"Book {MAX_DAYS_AHEAD} days ahead at most."
    return None


def total_of(listing: Listing, start: date, end: date) -> Decimal:
    """Return what it costs, in US$, to have a listing from ``start`` until ``end``."""
    return listing.daily_rate * (end - start).days


def _check_dates(start: date, end: date) -> None:
    if problem := date_problem(start, end):
        field, message = problem
        raise InvalidInputError.in_field(f"{field}_date", message)


def _check_price(total: Decimal, expected: Decimal | None) -> None:
    """Nobody pays a price that they have not seen."""
    if expected is None or expected == total:
        return
    message = f"The price has changed to {money_text(total)} in all; rent it again if you agree."
    errors = {"json": {"expected_total": [message]}, "total": float(total)}
    raise ConflictError(message, errors)


def _bookable_listing(renter: User, listing_id: int) -> Listing:
    """Return the listing as it is now that it is locked."""
    query = select(Listing).where(Listing.id == listing_id).with_for_update(of=Listing)
    listing = db.session.scalar(query.execution_options(populate_existing=True))
    if listing is None:
        raise NotFoundError("There is no such listing.")
    if listing.owner_id == renter.id:
        raise ConflictError("This is your own listing; you need not rent it.")
    if not listing.is_available:
        raise ConflictError("The owner does not rent this listing out at the moment.")
    return listing


def _check_free(listing_id: int, start: date, end: date) -> None:
    """Look for another rental in the way.

    A locking read: under MariaDB's repeatable read a plain one would not see what was committed
    since this transaction's first query.
    """
    query = select(Rental.id).where(Rental.listing_id == listing_id, overlaps(start, end))
    if db.session.scalar(query.limit(1).with_for_update()) is not None:
        raise ConflictError(TAKEN)


def _check_move(user: User, rental: Rental, status: str) -> None:
    sides = _sides(user, rental)
    if any(status in MOVES[side].get(rental.status, set()) for side in sides):
        if sides == {"renter"} and rental.status == "active" and rental.start_date <= today():
            raise ConflictError("The rental has begun; ask the owner to complete it on return.")
        return
    if any(status in moves.get(rental.status, set()) for moves in MOVES.values()):
        raise ForbiddenError(f"Only the rental's other party can make it {status}.")
    raise ConflictError(f"A {rental.status} rental cannot become {status}.")


def _sides(user: User, rental: Rental) -> set[str]:
    sides = {"renter"} if rental.renter_id == user.id else set()
    if rental.listing.owner_id == user.id or user.role == "admin":
        sides.add("owner")
    return sides
