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
    Integer,
    Select,
    Subquery,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)

from ..models import CONDITIONS, Instrument, Listing
from .catalog_conditions import Condition, is_here, is_one_of, is_to_be_had
from .catalog_search import NAMED, Search
from .text_search import found_by

#: How many of the cheapest listings are looked through for different instruments.
WINDOW = 200


def wanted_instruments(search: Search, dialect: str, name: str = "wanted") -> CTE:
    """Select the instruments that are searched: ``id``, ``tier``, ``score`` and ``suits``.

    :param name: of the common table expression
    """
    rated = _rated(search, dialect, name).cte(f"{name}_rated")
    listed = exists().where(Listing.instrument_id == rated.c.id)
    named = select(rated.c.tier).where(rated.c.tier >= NAMED, listed)
    highest = named.order_by(rated.c.tier.desc()).limit(1).scalar_subquery()
    is_high = rated.c.tier >= func.coalesce(highest, bindparam("lowest_tier", type_=Integer))
    brand = is_one_of(func.lower(rated.c.brand), search, "brands")
    wanted = select(rated.c.id, rated.c.tier, rated.c.score, rated.c.suits)
    return wanted.where(is_high, *brand).cte(name)


def _rated(search: Search, dialect: str, name: str) -> Select[Any]:
    """Rate the instruments of the categories. Brands come later: a search for a cello of a maker
    of violins finds nothing, and not violins, if the others' cellos show what a cello is."""
    category = is_one_of(func.lower(Instrument.category), search, "categories")
    if search.excluded_instruments:  # or the only answer to "no FG800" could be that
        left_out: Any = bindparam("excluded_instruments", expanding=True)
        category.append(Instrument.id.not_in(left_out))
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


def best_of_each(search: Search, dialect: str) -> Subquery:
    """Select the best free listing of each instrument, and of these the best.

    On PostgreSQL at most ``most_looked_up`` instruments, a parameter, are looked up one by one:
    those that are rated best. If more are rated best of all, their cheapest listings are gone
    through instead. ``is_partial`` tells whether there may be more. SQLite looks up all of them
    in the time that PostgreSQL takes to begin.
    """
    wanted = wanted_instruments(search, dialect)
    if dialect != "postgresql":
        each = _looked_up(wanted, search, dialect).subquery()
        return _first_of(select(each, literal(0).label("is_partial")).subquery(), search)
    kept = _best_rated(wanted, search)
    is_many = count_of(kept) > bindparam("most_looked_up", type_=Integer)
    few = select(kept).where(~is_many).cte("few")
    # Not a join, or all listings of these instruments would be sorted by price.
    is_kept = Listing.instrument_id.in_(select(kept.c.id)).is_(True)
    passes = [
        select(window, *_rating(kept)).join_from(window, kept, kept.c.id == window.c.instrument_id)
        for window in _windows(search, is_many, is_kept)
    ]
    looked = union_all(_looked_up(few, search, dialect), *passes).subquery("looked")
    is_cut = or_(count_of(kept) < count_of(wanted), func.sum(looked.c.is_last).over() >= WINDOW)
    return _first_of(_one_of_each(looked, is_cut), search)


def nearest_of_each(
    wanted: CTE, search: Search, dialect: str, *, dearest: bool = False
) -> Subquery:
    """Select the cheapest, or dearest, free listing of each instrument, and of these the same."""
    picked = _looked_up(wanted, search, dialect, dearest).subquery()
    return _first_of(picked, search, [_by_rate(picked.c, dearest)])


def cheapest(search: Search) -> Subquery:
    """Select the cheapest free listings, at most one per instrument, without rating instruments.

    ``is_partial`` tells whether there may be more.
    """
    wanted = is_one_of(func.lower(Instrument.category), search, "categories")
    wanted += is_one_of(func.lower(Instrument.brand), search, "brands")
    windows = _windows(search, *wanted, joined=bool(wanted))
    looked = union_all(*(select(window, *_unrated()) for window in windows)).subquery("looked")
    is_cut = func.sum(looked.c.is_last).over() >= WINDOW
    return _first_of(_one_of_each(looked, is_cut), search)


def _best_rated(wanted: CTE, search: Search) -> CTE:
    """Keep the instruments that are rated best, and as many of the next as may be looked up.

    Of equals all are kept or none. If a place was named, it comes before words.
    """
    rating = [wanted.c.tier.desc()]
    if not search.place_first:
        rating += [wanted.c.score.desc(), wanted.c.suits.desc()]
    so_far = func.count().over(order_by=rating)
    rank = func.rank().over(order_by=rating)
    ranked = select(wanted, so_far.label("so_far"), rank.label("rank")).subquery("ranked")
    is_kept = or_(ranked.c.rank == 1, ranked.c.so_far <= bindparam("most_looked_up"))
    return select(ranked.c.id, *_rating(ranked)).where(is_kept).cte("kept")


def _windows(search: Search, *conditions: Condition, joined: bool = False) -> list[Subquery]:
    """Select the cheapest free listings here, and anywhere; ``is_last`` in what is looked at last.

    :param joined: whether conditions are on the instruments
    """
    places = [is_here(search.place), true()] if search.place else [true()]
    windows = []
    for number, place in enumerate(places, start=1):
        is_last = literal(int(number == len(places))).label("is_last")
        query = select(*_listing_columns(search), is_last)
        if joined:
            query = query.join(Instrument, Instrument.id == Listing.instrument_id)
        query = query.where(place, *conditions, *is_to_be_had(search))
        windows.append(query.order_by(Listing.daily_rate, Listing.id).limit(WINDOW).subquery())
    return windows


def _one_of_each(looked: Subquery, is_cut: Any) -> Subquery:
    """Select the best listing of each instrument."""
    rank = func.row_number().over(
        partition_by=looked.c.instrument_id,
        order_by=(looked.c.here.desc(), looked.c.daily_rate, looked.c.listing_id),
    )
    is_partial = _flag(is_cut).label("is_partial")
    ranked = select(looked, is_partial, rank.label("rank")).subquery()
    return select(ranked).where(ranked.c.rank == 1).subquery()


def _first_of(
    found: Subquery, search: Search, order: Sequence[Any] = (), name: str = "best"
) -> Subquery:
    """Select the first few, and number them by ``position``."""
    position = func.row_number().over(order_by=[*order, *_best_first(found.c, search)])
    numbered = select(found, position.label("position")).subquery(f"{name}_numbered")
    query = select(numbered).order_by(numbered.c.position).limit(bindparam("limit", type_=Integer))
    return query.subquery(name)


def _looked_up(
    wanted: CTE, search: Search, dialect: str, dearest: bool | None = None
) -> Select[Any]:
    """Select each instrument's best listing.

    :param dearest: if not None, only the price counts
    """
    places = [is_here(search.place)] if search.place and dearest is None else []
    picks = [_pick(wanted, search, place, bool(dearest)) for place in [*places, true()]]
    is_last = literal(0).label("is_last")
    if dialect == "postgresql":
        first = union_all(*picks).limit(1) if len(picks) > 1 else picks[0]
        pick = first.lateral("pick")
        return select(pick, is_last, *_rating(wanted)).join_from(wanted, pick, true())
    ids = [pick.with_only_columns(Listing.id).scalar_subquery() for pick in picks]
    chosen = func.coalesce(*ids) if len(ids) > 1 else ids[0]
    of_each = select(wanted, chosen.label("listing_id")).subquery()
    query = select(*_listing_columns(search), is_last, *_rating(of_each))
    return query.join(of_each, of_each.c.listing_id == Listing.id)


def _pick(wanted: CTE, search: Search, place: Condition, dearest: bool) -> Select[Any]:
    """Select an instrument's best listing at a place."""
    rate = Listing.daily_rate.desc() if dearest else Listing.daily_rate
    order = (rate, Listing.id.desc() if dearest else Listing.id)
    query = select(*_listing_columns(search))
    query = query.where(Listing.instrument_id == wanted.c.id, place, *is_to_be_had(search))
    return query.order_by(*order).limit(1).correlate(wanted)


def _listing_columns(search: Search) -> list[Any]:
    return [
        Listing.id.label("listing_id"),
        Listing.instrument_id,
        Listing.daily_rate,
        Listing.condition.label("condition"),
        _flag(is_here(search.place)).label("here"),
    ]


def _rating(instruments: Any) -> list[Any]:
    return [instruments.c.tier, instruments.c.score, instruments.c.suits]


def with_choice(found: Subquery, search: Search) -> Subquery:
    """Select the best listings of the only instrument that will do, so that there is a choice."""
    best = select(found, func.count().over().label("count")).cte("found")
    only = select(best).where(best.c.count == 1).cte("only")
    of_only = (
        select(*_listing_columns(search), *_rating(only), only.c.is_partial)
        .join_from(only, Listing, Listing.instrument_id == only.c.instrument_id)
        .where(*is_to_be_had(search))
    )
    choice = _first_of(of_only.subquery("of_only"), search, name="choice")
    names = ["listing_id", "instrument_id", "tier", "here", "is_partial", "position"]
    return union_all(
        select(*(best.c[name] for name in names)).where(best.c.count > 1),
        select(*(choice.c[name] for name in names)),
    ).subquery("best_or_choice")


def count_of(instruments: CTE) -> Any:
    """Return how many instruments there are, as a subquery."""
    return select(func.count()).select_from(instruments).scalar_subquery()


def listings_of_one(search: Search) -> Subquery:
    """Select the best free listings of the instrument ``instrument_id``, a parameter."""
    query = select(*_listing_columns(search), *_unrated())
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


def _flag(condition: Condition) -> ColumnElement[int]:
    return case((condition, 1), else_=0)
