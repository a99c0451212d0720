"""The conditions of the catalogue's queries.

They are laid out for the shape of a search; what is searched are their parameters.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Date, bindparam, exists, false, func, select

from ..models import Listing, User
from ..models.search import TownOf
from .availability import is_free
from .catalog_search import Search

Condition = ColumnElement[bool]


def is_one_of(column: ColumnElement[str], search: Search, kind: str) -> list[Condition]:
    """Return the conditions of ``kind`` and of ``excluded_<kind>``."""
    conditions: list[Condition] = []
    if getattr(search, kind):
        conditions.append(column.in_(_values(kind)))
    if getattr(search, f"excluded_{kind}"):
        conditions.append(column.not_in(_values(f"excluded_{kind}")))
    return conditions


def _values(name: str) -> Any:
    return bindparam(name, expanding=True)


def is_here(place: str | None) -> Condition:
    """Return the condition that a listing is at a place.

    :param place: of a shape: with a state, those of a town of this name elsewhere are not here
    """
    if not place:
        return false()
    town: Any = bindparam("town")
    here = TownOf(Listing.location) == town
    if "," not in place:
        return here
    return here & func.lower(Listing.location).in_([town, bindparam("town_and_region")])


def is_to_be_had(search: Search) -> list[Condition]:
    """Return the conditions that the user can rent a listing, in the budget."""
    free = is_free(bindparam("start", type_=Date), bindparam("end", type_=Date))
    return [free, *is_in_budget(search), *is_offered(search)]


def is_offered(search: Search) -> list[Condition]:
    """Return the conditions that a listing is offered to the user, free or not, at any price."""
    owner = select(User.id).where(User.id == Listing.owner_id, User.is_active.is_(True))
    conditions: list[Condition] = [exists(owner.correlate(Listing))]
    if search.user_id is not None:
        conditions.append(Listing.owner_id != bindparam("user_id"))
    if search.excluded_ids:
        conditions.append(Listing.id.not_in(_values("excluded_ids")))
    if search.excluded_instruments:
        conditions.append(Listing.instrument_id.not_in(_values("excluded_instruments")))
    return conditions


def is_in_budget(search: Search) -> list[Condition]:
    """Return the conditions on a listing's price."""
    if search.is_beyond:
        if search.most is not None:
            return [Listing.daily_rate > bindparam("most")]
        return [Listing.daily_rate < bindparam("least")]
    most = [] if search.most is None else [Listing.daily_rate <= bindparam("most")]
    return most if search.least is None else [*most, Listing.daily_rate >= bindparam("least")]
