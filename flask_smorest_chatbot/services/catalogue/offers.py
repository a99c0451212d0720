"""A recommendation as clients get it: every fact the catalogue's, every reason true. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from ...catalog import CatalogItem, CatalogQuery, Period
from ...values import price_as_json
from .ranking import fit, is_at, is_within_budget

#: Conditions that speak for an item.
_GOOD_CONDITIONS = ("new", "like new", "excellent")


def offer(item: CatalogItem, query: CatalogQuery) -> dict[str, Any]:
    """Return a recommendation as JSON values but for decimals.

    What the model said of the item stays in its prose: ``reason`` is put together from facts.
    """
    reasons = [{"fact": fact, "field": field} for field, fact in _facts(item, query)]
    told = {
        "category": item.category,
        "brand": item.brand,
        "condition": item.condition,
        "location": item.location,
        "image_url": item.image_url,
    }
    return {
        "condition": None,
        "location": None,
        **item.details,
        **{name: value for name, value in told.items() if value is not None},
        "id": item.id,
        "name": item.name,
        "reason": "; ".join(reason["fact"] for reason in reasons[:3]) + ".",
        "reasons": reasons,
        "price": price_as_json(item),
        "total": total(item, query.period),
        "available": available(item, query),
        "url": item.url,
        "fit": fit(item, query),
    }


def total(item: CatalogItem, period: Period | None) -> dict[str, Any] | None:
    """Return ``{"amount": "126.00", "currency": "USD", "days": 7}``; None without dates."""
    amount = item.total_for(period)
    if amount is None or period is None:
        return None
    return {"amount": str(amount), "currency": item.currency, "days": period.days}


def available(item: CatalogItem, query: CatalogQuery) -> dict[str, str | None]:
    """Return ``{"from": "2026-12-12", "to": "2026-12-19"}``: the period asked for, or else the free
    time from today on, ``to`` being None when nothing ends it."""
    if query.period:
        return {"from": _iso(query.period.start), "to": _iso(query.period.end)}
    return {
        "from": _iso(max(item.free_from or query.today, query.today)),
        "to": _iso(item.free_until),
    }


def money(amount: Decimal, currency: str) -> str:
    """Return an amount as people write it."""
    return f"${amount:.2f}" if currency == "USD" else f"{amount:.2f} {currency}"


def in_words(period: Period) -> str:
    """Return a period as people say it: ``12 December to 19 December 2026``."""
    start = f"{period.start.day} {period.start:%B}"
    if period.start.year != period.end.year:
        start += f" {period.start.year}"
    return f"{start} to {day_in_words(period.end)}"


def day_in_words(day: date) -> str:
    """Return ``19 December 2026``."""
    return f"{day.day} {day:%B} {day.year}"


def _facts(item: CatalogItem, query: CatalogQuery) -> Iterator[tuple[str, str]]:
    """Yield field and fact, what was asked for first; there is always one."""
    yield from _kind_facts(item, query)
    yield from _price_facts(item, query)
    if query.period:
        yield "available", f"Free from {in_words(query.period)}"
    yield from _place_facts(item, query)
    if (level := query.level or query.profile.experience_level) and level in item.levels:
        yield "levels", f"For {level} level"
    if (item.condition or "").lower() in _GOOD_CONDITIONS:
        yield "condition", f"In {item.condition} condition"
    if not query.period:
        yield (
            "available",
            f"Available from {'today' if _is_free_today(item, query) else item.free_from}",
        )


def _is_free_today(item: CatalogItem, query: CatalogQuery) -> bool:
    return item.free_from is None or item.free_from <= query.today


def _kind_facts(item: CatalogItem, query: CatalogQuery) -> Iterator[tuple[str, str]]:
    preferred = [name.casefold() for name in query.profile.preferred_instruments]
    if item.category and item.category in query.categories:
        yield "category", f"{item.category}, as you asked"
    elif item.category and item.category.casefold() in preferred:
        yield "category", f"{item.category}, one of your favourites"
    if item.brand and item.brand in query.brands:
        yield "brand", f"Made by {item.brand}, as you asked"


def _price_facts(item: CatalogItem, query: CatalogQuery) -> Iterator[tuple[str, str]]:
    if item.amount is None:
        return
    cost = f"{money(item.amount, item.currency)} a {item.price_unit}"
    if _has_limit(query, item) and is_within_budget(item, query):
        cost += ", within your budget"
    yield "price", cost
    if query.period and (amount := item.total_for(query.period)) is not None:
        yield "total", f"{money(amount, item.currency)} for {days_in_words(query.period.days)}"


def _has_limit(query: CatalogQuery, item: CatalogItem) -> bool:
    if query.budget is not None:
        return query.budget.most is not None and query.budget.currency == item.currency
    return query.profile.budget_max is not None and not query.any_price


def _place_facts(item: CatalogItem, query: CatalogQuery) -> Iterator[tuple[str, str]]:
    place = query.place or query.profile.location
    if item.location and place and is_at(item, place):
        yield "location", f"In {item.location}, " + ("as you asked" if query.place else "near you")


def days_in_words(count: int) -> str:
    """Return ``1 day`` or ``7 days``."""
    return "1 day" if count == 1 else f"{count} days"


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
