"""The catalogue as the chat searches it: a few listings, best first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    Integer,
    Select,
    Subquery,
    bindparam,
    exists,
    false,
    func,
    or_,
    select,
    true,
)

from ..extensions import db
from ..models import MAX_ROW_ID, Instrument, Listing, Rental, User
from . import catalog_sql as sql
from .availability import comes_free, taken_from
from .catalog_conditions import is_in_budget, is_offered
from .catalog_search import ListingHit, Search, Stock
from .search_words import has_name, parts_of_name
from .text_search import FULL_TEXT, clue_values

_NEAREST = 3
_SOON = 10 * _NEAREST  # listings, as some may be of the same instrument
_MOST_LOOKED_UP = 300  # instruments; with more, going through the cheapest listings is faster
_MOST_EXCLUDED = 16  # words
_MOST_EXCLUDED_INSTRUMENTS = 500  # each is a parameter
_MAX_SHAPES = 500  # of searches, for which queries are kept

# What lays out a query for a shape of search and a database.
Layout = Callable[[Search, str], Select[Any]]


def best_listings(search: Search) -> list[ListingHit]:
    """Return the best listings that can be had, by one query.

    At most one per instrument, unless only one instrument will do. By another query if only some of
    the instruments that it looked at have one, and on PostgreSQL for the listings of the only one:
    there it would take longer to lay out a query for all.

    :return: nothing only means that those rated best have none, see :func:`all_best_listings`
    """
    rows = _rows(
        _cheapest if search.names_nothing else _best, search, most_looked_up=_MOST_LOOKED_UP
    )
    instruments = {row.instrument_id for row in rows}
    if rows and len(instruments) < search.limit and rows[0].is_partial:
        return all_best_listings(search)
    if len(rows) == 1 and _dialect() == "postgresql":
        return _further_listings(_hit(rows[0]), search) or [_hit(rows[0])]
    return _hits(rows, search)


def all_best_listings(search: Search) -> list[ListingHit]:
    """Do the same by looking up every instrument."""
    return _hits(_rows(_best, search, most_looked_up=MAX_ROW_ID), search)


def _further_listings(hit: ListingHit, search: Search) -> list[ListingHit]:
    """Return the best listings of a hit's instrument, itself among them, by one query."""
    rows = _rows(_further, replace(search, clues=()), instrument_id=hit.instrument_id)
    return [replace(_hit(row), tier=hit.tier) for row in rows]


def listings_by_id(listing_ids: Sequence[int], today: date) -> list[ListingHit]:
    """Return listings, whether they can be had or not, in this order; unknown ones are left out."""
    query = _with_columns(select().select_from(Listing)).where(Listing.id.in_(listing_ids))
    rows = db.session.execute(query, {"today": today})
    known = {row.listing_id: _hit(row) for row in rows}
    return [known[number] for number in dict.fromkeys(listing_ids) if number in known]


def why_nothing(search: Search) -> tuple[Stock, list[ListingHit]]:
    """Say what there is, free or not, and what comes nearest to the search, by one query.

    :return: the nearest can be had at the prices closest to the budget, the closest first; where
        the price does not matter, they are those that come free first
    """
    layout, limit = (_why_at_no_price, _NEAREST) if search.is_bounded else (_why_not_free, _SOON)
    rows = _rows(layout, replace(search, limit=limit), most_looked_up=_MOST_LOOKED_UP)
    stock = Stock(*(getattr(rows[0], field.name) for field in fields(Stock)))
    return stock, _of_different([row for row in rows if row.listing_id is not None])


def next_free(search: Search) -> list[ListingHit]:
    """Return those within the budget that come free first, of different instruments."""
    return _of_different(_rows(_next_free, replace(search, limit=_SOON)))


def _of_different(rows: Sequence[Any]) -> list[ListingHit]:
    """Return the first few of different instruments."""
    first = {row.instrument_id: _hit(row) for row in reversed(rows)}
    return list(reversed(first.values()))[:_NEAREST]


def dearest_listings(search: Search) -> list[ListingHit]:
    """Return the dearest listings that can be had, at most one per instrument, by one query."""
    return [_hit(row) for row in _rows(_dearest_first, search)]


def instruments_called(words: Sequence[str]) -> list[int]:
    """Return the instruments whose names have one of some words, by one query if there are any.

    "fg800", "fg-800" and "FG 800" are one, and so is the beginning of a long word; "c4" is no C40.
    """
    names = [name for name in map(parts_of_name, words[:_MOST_EXCLUDED]) if name]
    if not names:
        return []
    likely = or_(*(Instrument.name.icontains(name[0], autoescape=True) for name in names))
    rows = db.session.execute(select(Instrument.id, Instrument.name).where(likely)).all()
    return [row.id for row in rows if any(has_name(row.name, name) for name in names)][
        :_MOST_EXCLUDED_INSTRUMENTS
    ]


def cheapest_of_all(search: Search) -> list[ListingHit]:
    """Return the cheapest listing, even if it cannot be had."""
    return [_hit(row) for row in _rows(_cheapest_of_all, search)]


def _dialect() -> str:
    return db.session.get_bind().dialect.name


def _rows(layout: Layout, search: Search, **values: Any) -> Sequence[Any]:
    dialect = _dialect()
    shape = search.shape()
    if search.clues and dialect in FULL_TEXT:
        values |= clue_values(search.clues, dialect)
    else:
        shape = replace(shape, clues=tuple(search.clues))
    query = _laid_out(layout, shape, dialect)
    return db.session.execute(query, {**search.values(), **values}).all()


@lru_cache(_MAX_SHAPES)
def _laid_out(layout: Layout, shape: Search, dialect: str) -> Select[Any]:
    return layout(shape, dialect)


def _best(search: Search, dialect: str) -> Select[Any]:
    return _with_choice(sql.best_of_each(search, dialect), search, dialect)


def _dearest_first(search: Search, dialect: str) -> Select[Any]:
    wanted = sql.wanted_instruments(search, dialect)
    return _listed(sql.nearest_of_each(wanted, search, dialect, dearest=True))


def _cheapest(search: Search, dialect: str) -> Select[Any]:
    return _with_choice(sql.cheapest(search), search, dialect)


def _with_choice(best: Subquery, search: Search, dialect: str) -> Select[Any]:
    if dialect != "postgresql":
        best = sql.with_choice(best, search)
    return _listed(best).add_columns(best.c.is_partial)


def _further(search: Search, _dialect: str) -> Select[Any]:
    return _listed(sql.listings_of_one(search))


def _why_at_no_price(search: Search, dialect: str) -> Select[Any]:
    wanted = sql.wanted_instruments(search, dialect)
    beyond, dearest = replace(search, is_beyond=True), search.most is None
    best = sql.nearest_of_each(wanted, beyond, dialect, dearest=dearest)
    return _beside_stock(_listed(best).add_columns(best.c.position), wanted, search, dialect)


def _why_not_free(search: Search, dialect: str) -> Select[Any]:
    wanted = sql.wanted_instruments(search, dialect)
    return _beside_stock(_soon_free(wanted, search), wanted, search, dialect)


def _beside_stock(nearest: Select[Any], wanted: CTE, search: Search, dialect: str) -> Select[Any]:
    """Select the few that come nearest, or one row without any, each beside the stock."""
    stock, hits = _stock(wanted, search, dialect).subquery("stock"), nearest.subquery("nearest")
    query: Any = select(stock, hits).select_from(stock).outerjoin(hits, true())
    ordered: Select[Any] = query.order_by(hits.c.position)
    return ordered


def _stock(wanted: CTE, search: Search, dialect: str) -> Select[Any]:
    everything = search.without_exclusions()
    left = carried = _any_listing(wanted, search)
    if everything != search:
        all_wanted = sql.wanted_instruments(everything, dialect, "carried")
        carried = _any_listing(all_wanted, everything)
    in_budget = (Listing.is_available.is_(True), *is_in_budget(search))
    is_cut: ColumnElement[bool] = false()
    if dialect == "postgresql" and not search.names_nothing:
        is_cut = sql.count_of(wanted) > bindparam("most_looked_up", type_=Integer)
    columns = (carried, left, _any_listing(wanted, search, *in_budget), is_cut)
    names = [field.name for field in fields(Stock)]
    labelled = [column.label(name) for column, name in zip(columns, names, strict=True)]
    query: Any = select(*labelled)
    return query


def _any_listing(
    wanted: CTE, search: Search, *conditions: ColumnElement[bool]
) -> ColumnElement[bool]:
    of_wanted = select(Listing.id).join(wanted, wanted.c.id == Listing.instrument_id)
    return exists(of_wanted.where(*is_offered(search), *conditions))


def _next_free(search: Search, dialect: str) -> Select[Any]:
    return _soon_free(sql.wanted_instruments(search, dialect), search)


def _soon_free(wanted: CTE, search: Search) -> Select[Any]:
    """Select those in the budget that come free first, numbered by ``position``."""
    query = _of_wanted(wanted, search).join(Rental, Rental.listing_id == Listing.id)
    soon = comes_free(bindparam("start", type_=Date), bindparam("days", type_=Integer))
    query = query.where(Listing.is_available.is_(True), soon, *is_in_budget(search))
    order = (Rental.end_date, Listing.daily_rate, Listing.id)
    query = query.add_columns(func.row_number().over(order_by=order).label("position"))
    return query.order_by(*order).limit(bindparam("limit", type_=Integer))


def _cheapest_of_all(search: Search, dialect: str) -> Select[Any]:
    order = (Listing.is_available.desc(), Listing.daily_rate, Listing.id)
    wanted = sql.wanted_instruments(search, dialect)
    return _of_wanted(wanted, search).order_by(*order).limit(1)


def _of_wanted(wanted: CTE, search: Search) -> Select[Any]:
    """Select the listings of the wanted instruments, whether they can be had or not."""
    query = _with_columns(select(wanted.c.tier).select_from(Listing))
    query = query.join(wanted, wanted.c.id == Listing.instrument_id)
    return query.where(*is_offered(search))


def _listed(best: Subquery) -> Select[Any]:
    """Select the columns of hits for the few listings of ``best``, in its order."""
    query = select(best.c.tier, best.c.here.label("is_here"))
    query = query.join(Listing, Listing.id == best.c.listing_id)
    return _with_columns(query).order_by(best.c.position)


def _with_columns(query: Select[Any]) -> Select[Any]:
    """Add what a hit says of a listing; ``query`` selects from the listings."""
    return (
        query.add_columns(
            Listing.id.label("listing_id"),
            Listing.instrument_id,
            Listing.condition.label("condition"),
            Listing.daily_rate,
            Listing.location,
            Listing.is_available,
            Listing.owner_id,
            User.is_active.label("owner_is_active"),
            taken_from(bindparam("today", type_=Date)).label("taken"),
            *(getattr(Instrument, name) for name in ("name", "category", "brand", "model")),
            Instrument.description,
        )
        .join(Instrument, Instrument.id == Listing.instrument_id)
        .join(User, User.id == Listing.owner_id)
    )


def _hits(rows: Sequence[Any], search: Search) -> list[ListingHit]:
    return [_hit(row) for row in rows[: search.limit]]


def _hit(row: Any) -> ListingHit:
    names = {field.name for field in fields(ListingHit)}
    return ListingHit(**{name: value for name, value in row._mapping.items() if name in names})
