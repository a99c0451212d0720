"""The parts of the catalogue's queries.

They are laid out for the shape of a search; what is searched are their parameters.

Instruments are rated first, as there are far fewer of them than of listings; then the best listing
of each is looked up in an index. That costs the same with ten listings of each and with thousands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    Integer,
    Select,
    Subquery,
    bindparam,
    case,
    exists,
    false,
    func,
    literal,
    select,
    true,
    union_all,
)

from ..models import CONDITIONS, Instrument, Listing, User
from ..models.search import TownOf
from .availability import is_free
from .catalog_search import NAMED, Search
from .text_search import found_by

#: How many of the cheapest listings are looked through for different instruments.
WINDOW = 200

Condition = ColumnElement[bool]


def wanted_instruments(search: Search, dialect: str, name: str = "wanted") -> CTE:
    """Select the instruments that are searched: ``id``, ``tier``, ``score`` and ``suits``.

    :param name: of the common table expression
    """
    rated = _rated(search, dialect, name).cte(f"{name}_rated")
    listed = exists().where(Listing.instrument_id == rated.c.id)
    named = select(rated.c.tier).where(rated.c.tier >= NAMED, listed)
    highest = named.order_by(rated.c.tier.desc()).limit(1).scalar_subquery()
    is_high = rated.c.tier >= func.coalesce(highest, bindparam("lowest_tier", type_=Integer))
    brand = _is_one_of(func.lower(rated.c.brand), search, "brands")
    wanted = select(rated.c.id, rated.c.tier, rated.c.score, rated.c.suits)
    return wanted.where(is_high, *brand).cte(name)


def _rated(search: Search, dialect: str, name: str) -> Select[Any]:
    """Rate the instruments of the categories. Brands come later: a search for a cello of a maker
    of violins finds nothing, and not violins, if the others' cellos show what a cello is."""
    category = _is_one_of(func.lower(Instrument.category), search, "categories")
    if not search.clues:
        return select(Instrument.id, Instrument.brand, *_unrated()).where(*category)
    found = found_by(search.clues, dialect).cte(f"{name}_found")
    # Or PostgreSQL would take the words of all the categories' instruments apart.
    found = found.prefix_with("MATERIALIZED", dialect="postgresql")
    tier, score, suits = (
        func.coalesce(value, 0)
        for value in (func.max(found.c.tier), func.sum(found.c.score), func.max(found.c.suits))
    )
    numbers = [tier.label("tier"), score.label("score"), suits.label("suits")]
    query: Any = select(Instrument.id, Instrument.brand, *numbers)
    query = query.join(found, found.c.id == Instrument.id, isouter=search.lowest_tier == 0)
    return query.where(*category).group_by(Instrument.id, Instrument.brand)


def _is_one_of(column: ColumnElement[str], search: Search, kind: str) -> list[Condition]:
    """Return the conditions of ``kind`` and of ``excluded_<kind>``."""
    conditions: list[Condition] = []
    if getattr(search, kind):
        conditions.append(column.in_(_values(kind)))
    if getattr(search, f"excluded_{kind}"):
        conditions.append(column.not_in(_values(f"excluded_{kind}")))
    return conditions


def _values(name: str) -> Any:
    return bindparam(name, expanding=True)


def best_of_each(
    search: Search, dialect: str, *, by_price: bool = False, dearest: bool = False
) -> Subquery:
    """Select the best free listing of each instrument, and of these the best.

    :param by_price: the price decides before everything else
    :param dearest: the dearest are the best
    """
    wanted = wanted_instruments(search, dialect)
    places = [] if by_price or not search.place else [is_here(search.place)]
    picks = [_pick(wanted, search, place, dearest) for place in [*places, true()]]
    pick = _picked_laterally if dialect == "postgresql" else _picked
    picked = pick(wanted, search, picks)
    return _first_of(picked, search, [_by_rate(picked.c, dearest)] if by_price else [])


def _first_of(found: Subquery, search: Search, order: Sequence[Any] = ()) -> Subquery:
    """Select the first few, and number them by ``position``."""
    position = func.row_number().over(order_by=[*order, *_best_first(found.c, search)])
    numbered = select(found, position.label("position")).subquery("numbered")
    query = select(numbered).order_by(numbered.c.position).limit(bindparam("limit", type_=Integer))
    return query.subquery("best")


def _pick(wanted: CTE, search: Search, place: Condition, dearest: bool) -> Select[Any]:
    """Select an instrument's best listing at a place."""
    rate = Listing.daily_rate.desc() if dearest else Listing.daily_rate
    order = (rate, Listing.id.desc() if dearest else Listing.id)
    query = select(Listing.id.label("listing_id"), *_sorted_by(search))
    query = query.where(Listing.instrument_id == wanted.c.id, place, *is_to_be_had(search))
    return query.order_by(*order).limit(1).correlate(wanted)


def _sorted_by(search: Search) -> list[Any]:
    return [
        Listing.daily_rate,
        Listing.condition.label("condition"),
        _flag(is_here(search.place)).label("here"),
    ]


def _picked_laterally(wanted: CTE, _search: Search, picks: Sequence[Select[Any]]) -> Subquery:
    pick = (
        union_all(*picks).limit(1).lateral("pick") if len(picks) > 1 else picks[0].lateral("pick")
    )
    return select(wanted, pick).join_from(wanted, pick, true()).subquery("picked")


def _picked(wanted: CTE, search: Search, picks: Sequence[Select[Any]]) -> Subquery:
    """Do the same where a join cannot be lateral."""
    ids = [pick.with_only_columns(Listing.id).scalar_subquery() for pick in picks]
    chosen = func.coalesce(*ids) if len(ids) > 1 else ids[0]
    of_each = select(wanted, chosen.label("listing_id")).subquery("of_each")
    query = select(of_each, *_sorted_by(search))
    return query.join(Listing, Listing.id == of_each.c.listing_id).subquery("picked")


def cheapest(search: Search) -> Subquery:
    """Select the cheapest free listings, at most one per instrument, without rating instruments.

    ``seen`` is how many listings were looked through; there may be more if it is ``WINDOW``.
    """
    places = [is_here(search.place), true()] if search.place else [true()]
    windows = [_window(search, place).subquery() for place in places]
    passes = [select(window, literal(place).label("place")) for place, window in enumerate(windows)]
    looked = union_all(*passes).subquery("looked")
    everywhere = func.sum(_flag(looked.c.place == len(places) - 1)).over()
    rank = func.row_number().over(
        partition_by=looked.c.instrument_id,
        order_by=(looked.c.here.desc(), looked.c.daily_rate, looked.c.listing_id),
    )
    ranked = select(looked, everywhere.label("seen"), rank.label("rank")).subquery("ranked")
    return _first_of(select(ranked).where(ranked.c.rank == 1).subquery("firsts"), search)


def _window(search: Search, place: Condition) -> Select[Any]:
    wanted = _is_one_of(func.lower(Instrument.category), search, "categories")
    wanted += _is_one_of(func.lower(Instrument.brand), search, "brands")
    query = select(
        Listing.id.label("listing_id"),
        Listing.instrument_id,
        *_sorted_by(search),
        *_unrated(),
    ).where(place, *is_to_be_had(search))
    if wanted:
        query = query.join(Instrument, Instrument.id == Listing.instrument_id).where(*wanted)
    return query.order_by(Listing.daily_rate, Listing.id).limit(WINDOW)


def listings_of_one(search: Search) -> Subquery:
    """Select the best free listings of the instrument ``instrument_id``, a parameter."""
    query = select(Listing.id.label("listing_id"), *_sorted_by(search), *_unrated())
    query = query.where(Listing.instrument_id == bindparam("instrument_id"), *is_to_be_had(search))
    return _first_of(query.subquery("of_one"), search)


def _unrated() -> list[Any]:
    return [literal(0).label(name) for name in ("tier", "score", "suits")]


def _best_first(columns: Any, search: Search) -> list[Any]:
    """Order by what was asked, place and price; the newer of two equals comes first."""
    condition = case({name: rank for rank, name in enumerate(CONDITIONS)}, value=columns.condition)
    fit = [columns.score.desc(), columns.suits.desc()]
    here = [columns.here.desc()]
    preferred = [*here, *fit] if search.place_first else [*fit, *here]
    last = [_by_rate(columns), condition, columns.listing_id.desc()]
    return [columns.tier.desc(), *preferred, *last]


def _by_rate(columns: Any, dearest: bool = False) -> Any:
    return columns.daily_rate.desc() if dearest else columns.daily_rate


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
    return conditions


def is_in_budget(search: Search) -> list[Condition]:
    """Return the conditions on a listing's price."""
    most = [] if search.most is None else [Listing.daily_rate <= bindparam("most")]
    return most if search.least is None else [*most, Listing.daily_rate >= bindparam("least")]


def _flag(condition: Condition) -> ColumnElement[int]:
    return case((condition, 1), else_=0)
