"""Search a host's plain list of items, and say how well an item fits a query. Pure.

A host with a search of its own answers with a :class:`.CatalogResult`; what it found is only
checked and scored here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from ...catalog import CatalogItem, CatalogQuery, CatalogResult, Outcome
from ..plurals import singular

#: How many of the nearest items are told when nothing fits.
_NEAREST = 2
#: Weights of what may be asked for; what was not asked for does not count.
_WORDS, _CATEGORY, _BRAND, _PRICE, _PLACE, _LEVEL, _PREFERRED = 3.0, 3.0, 2.0, 1.0, 1.0, 1.0, 1.0


def search(items: Sequence[CatalogItem], query: CatalogQuery) -> CatalogResult:
    """Return the items that fit a query, the best first, or why there are none.

    :param items: the whole catalogue, or whatever the host's loader listed
    """
    if query.item_ids:
        return CatalogResult(items=_by_ids(items, query.item_ids))
    carried = [
        item for item in items if _is_asked_for(item, query) and not _is_excluded(item, query)
    ]
    in_budget = [item for item in carried if is_within_budget(item, query)]
    free = [item for item in in_budget if is_free(item, query)]
    if free or not carried:
        best = sorted(free, key=lambda item: (-fit(item, query), item.amount_per_day or 0))
        return CatalogResult(items=best, outcome="found" if free else _nothing(items, query))
    if in_budget:
        by_date = sorted(in_budget, key=lambda item: item.free_from or date.max)
        return CatalogResult(outcome="all_out", nearest=by_date[:_NEAREST])
    by_price = sorted(
        carried, key=lambda item: (not is_free(item, query), item.amount_per_day or 0)
    )
    return CatalogResult(outcome="over_budget", nearest=by_price[:_NEAREST])


def _by_ids(items: Sequence[CatalogItem], ids: Sequence[int | str]) -> list[CatalogItem]:
    known = {str(item.id): item for item in items}
    return [known[key] for key in map(str, ids) if key in known]


def _nothing(items: Sequence[CatalogItem], query: CatalogQuery) -> Outcome:
    """Tell an empty catalogue, and one whose items the user has excluded, from a missing kind."""
    asked = query.categories or query.brands or query.wanted
    carried = any(_is_asked_for(item, query) for item in items)
    return "not_carried" if asked and not carried else "found"


def _is_asked_for(item: CatalogItem, query: CatalogQuery) -> bool:
    if query.categories and not any(_has(item, name) for name in query.categories):
        return False
    if query.brands and not any(_has(item, name) for name in query.brands):
        return False
    if query.wanted and not query.categories and not query.brands:
        return any(_has(item, word) for word in query.wanted.split())
    return True


def _is_excluded(item: CatalogItem, query: CatalogQuery) -> bool:
    if any(_has(item, word) for word in query.excluded_words):
        return True
    unwanted = (*query.excluded_categories, *query.excluded_brands)
    return any(_is_kind(item, name) for name in unwanted) or str(item.id) in map(
        str, query.excluded_ids
    )


def is_free(item: CatalogItem, query: CatalogQuery) -> bool:
    """Tell whether an item can be had for the query's period, or today if it has none."""
    period = query.wanted_period
    starts = item.free_from is None or item.free_from <= period.start
    ends = item.free_until is None or period.end <= item.free_until
    return item.is_available and starts and ends


def is_within_budget(item: CatalogItem, query: CatalogQuery) -> bool:
    """Tell whether an item costs what the user wants to pay, or what the profile says if they
    did not. An item without a price, or with one that cannot be compared, counts as within."""
    budget = query.budget if _is_comparable(query, item) else None
    if budget is None:
        most = None if query.any_price else query.profile.budget_max
        return most is None or item.amount is None or item.amount <= most
    if budget.unit == "total" and (total := item.total_for(query.period)) is not None:
        return (budget.most is None or total <= budget.most) and (
            budget.least is None or total >= budget.least
        )
    daily, most, least = item.amount_per_day, query.most_per_day, query.least_per_day
    if daily is None:
        return True
    return (most is None or daily <= most) and (least is None or daily >= least)


def _is_comparable(query: CatalogQuery, item: CatalogItem) -> bool:
    return query.budget is not None and query.budget.currency == item.currency


def fit(item: CatalogItem, query: CatalogQuery) -> float:
    """Return how well an item fits what was asked and what is known of the user, 0 to 1.

    The share of the criteria that it meets, by weight; 0.5 when there are none.
    """
    criteria = list(_criteria(item, query))
    weight = sum(weight for weight, _ in criteria)
    return round(sum(weight * met for weight, met in criteria) / weight, 2) if weight else 0.5


def _criteria(item: CatalogItem, query: CatalogQuery) -> Iterator[tuple[float, float]]:
    """Yield each criterion's weight and how far the item meets it."""
    if query.words:
        yield _WORDS, sum(_has(item, word) for word in query.words) / len(query.words)
    if query.categories:
        yield _CATEGORY, any(_has(item, name) for name in query.categories)
    elif preferred := query.profile.preferred_instruments:
        yield _PREFERRED, any(_has(item, name) for name in preferred)
    if query.brands:
        yield _BRAND, any(_has(item, name) for name in query.brands)
    if item.amount is not None and (query.most_per_day or query.least_per_day):
        yield _PRICE, is_within_budget(item, query)
    if place := query.place or query.profile.location:
        yield _PLACE, is_at(item, place)
    if item.levels and (level := query.level or query.profile.experience_level):
        yield _LEVEL, level in item.levels


def is_at(item: CatalogItem, place: str) -> bool:
    """Tell whether an item is in a place; "Austin" and "Austin, TX" are the same, but not
    "Austin, TX" and "Austin, MN"."""
    asked, there = (
        [_words(part) for part in (name or "").split(",")] for name in (place, item.location)
    )
    return bool(asked[0].strip()) and all(a == b for a, b in zip(asked, there, strict=False))


def _is_kind(item: CatalogItem, name: str) -> bool:
    """Tell whether an item is of a category or brand, by its fields or else by its name."""
    fields = (item.category, item.brand) if item.category or item.brand else (item.name,)
    return any(_contains(text or "", name) for text in fields)


def _has(item: CatalogItem, name: str) -> bool:
    """Tell whether a name, in singular or plural, occurs in what is known of an item."""
    known = (item.name, item.category, item.brand, item.description, *item.details.values())
    return any(_contains(str(text), name) for text in known if text)


def _contains(text: str, name: str) -> bool:
    wanted = _words(name)
    return bool(wanted.strip()) and wanted in _words(text)


def _words(text: str) -> str:
    """Return a text's words, case-folded and in singular, between single spaces."""
    words = re.findall(r"\w+", text.casefold())
    return " " + " ".join(singular(word) for word in words) + " "
