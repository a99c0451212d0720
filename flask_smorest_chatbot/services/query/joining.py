"""A message joined to what was said before it: what is not said anew still holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any, Literal, TypeVar

from ...catalog import Budget, CatalogItem, Period
from .days import after, following
from .earlier import Earlier
from .periods import from_duration
from .reading import Reading

_T = TypeVar("_T")
_CENT = Decimal("0.01")
_SYMBOLS = {"USD": "US$", "EUR": "€", "GBP": "£"}

#: How a message hangs together with the turn before: it goes on with the same request, asks for
#: another kind of thing, or asks for nothing.
Tie = Literal["same", "new_kind", "none"]


def joined(reading: Reading, earlier: Earlier | None, today: date) -> dict[str, Any]:
    """Return the slots of a query: what the message says, and what still holds."""
    before = earlier or Earlier()
    notes = [*reading.when.notices, *reading.references.notices, *reading.notices]
    tie = _tie(reading, before)
    period = _period(reading, before, today, notes)
    budget = _budget(reading, before, period, notes)
    return {
        **_kind(reading, before, tie),
        "budget": budget,
        "any_price": budget is None and _is_any_price(reading, before),
        "period": period,
        "place": _place(reading, before, notes),
        "level": _level(reading, before),
        "genres": _genres(reading, before, tie),
        "item_ids": _item_ids(reading, before),
        "excluded_ids": _excluded_ids(reading, before),
        "set_aside": {} if tie != "none" or "everything" in reading.drops else before.kind,
        "assumptions": tuple(dict.fromkeys(notes)),
    }


def _tie(reading: Reading, before: Earlier) -> Tie:
    if "everything" in reading.drops or not before.query:
        return "none"
    categories, known = reading.values("category"), before.names("categories")
    if categories and reading.references.ids:
        return "same"
    if categories:
        is_same = not (known or before.name("wanted")) or set(categories) & set(known)
        return "same" if is_same else "new_kind"
    if reading.wanted:
        was = before.name("wanted")
        return "same" if was and was.casefold() == reading.wanted.casefold() else "new_kind"
    return "same" if reading.says_something or reading.goes_on else "none"


def _kind(reading: Reading, before: Earlier, tie: Tie) -> dict[str, Any]:
    """Return the slots that say what kind of thing is asked for."""
    categories, brands = reading.values("category"), reading.values("brand")
    out_categories = reading.values("category", unwanted=True)
    out_brands = reading.values("brand", unwanted=True)
    out_words = tuple(reading.refused)
    wanted = reading.wanted
    if tie == "same":
        if not categories and "kind" not in reading.drops:
            categories = without(before.names("categories"), out_categories)
            wanted = wanted or (before.name("wanted") if categories or not out_categories else None)
        if not brands and "brands" not in reading.drops:
            brands = without(before.names("brands"), out_brands)
        out_categories = _united(before.names("excluded_categories"), out_categories)
        out_brands = _united(before.names("excluded_brands"), out_brands)
        out_words = _united(before.names("excluded_words"), out_words)
    return {
        "categories": categories,
        "brands": brands,
        "wanted": wanted,
        "excluded_categories": without(out_categories, categories),
        "excluded_brands": without(out_brands, brands),
        "excluded_words": without(out_words, reading.words),
    }


def _period(reading: Reading, before: Earlier, today: date, notes: list[str]) -> Period | None:
    when = reading.when
    known = None if {"everything", "period"} & reading.drops else before.period
    if known is not None:
        known = _from_today(known, today)
    if when.period:
        if when.starts_only and known:
            return Period.from_start(when.period.start, known.days)
        return when.period
    if when.count:
        if known is None:
            notes.append("No first day was given: it was taken to start today.")
        return from_duration(known.start if known else today, when.count)
    if when.until:
        return _until(when.until, known, today)
    if when.following and known:
        return _following(known, when.following) or known
    if when.shift and known:
        return _shifted(known, when.shift, today) or known
    return known


def _until(return_day: Callable[[date], date], known: Period | None, today: date) -> Period | None:
    """Return the period that ends on a day: it starts as known, or else today."""
    for start in (known.start, today) if known else (today,):
        try:
            return Period(start, return_day(start + timedelta(days=1)))
        except (ValueError, OverflowError):
            continue
    return known


def _from_today(period: Period, today: date) -> Period | None:
    """Return what is left of a period; None if it is past."""
    if period.end <= today:
        return None
    return Period(max(period.start, today), period.end)


def _following(period: Period, unit: str) -> Period | None:
    try:
        return Period(*following((period.start, period.end), unit))
    except (ValueError, OverflowError):
        return None


def _shifted(period: Period, shift: tuple[int, str, bool], today: date) -> Period | None:
    count, unit, only_end = shift
    try:
        start = period.start if only_end else after(period.start, count, unit)
        return _from_today(Period(start, after(period.end, count, unit)), today)
    except (ValueError, OverflowError):
        return None


def _is_any_price(reading: Reading, before: Earlier) -> bool:
    if "budget" in reading.drops:
        return True
    return before.is_any_price and "everything" not in reading.drops


def _budget(
    reading: Reading, before: Earlier, period: Period | None, notes: list[str]
) -> Budget | None:
    money = reading.money
    known = None if {"everything", "budget"} & reading.drops else before.budget
    if money is not None:
        if money.for_unit:
            return replace(money.budget, unit="total") if period else money.budget
        if not money.is_unit_said:
            if known and known.unit != "day" and known.currency == money.budget.currency:
                return replace(money.budget, unit=known.unit)
            symbol = _SYMBOLS.get(money.budget.currency, money.budget.currency)
            notes.append(f"The amount was taken as {symbol} a day.")
        return money.budget
    if reading.references.wish in ("cheaper", "dearer"):
        return _beyond(reading, before, known)
    return None if known and _is_given_up(known, reading, before) else known


def _is_given_up(known: Budget, reading: Reading, before: Earlier) -> bool:
    """Tell whether the user, after "something cheaper", goes back to what costs more."""
    if known.unit != "day" or known.most is None:
        return False
    chosen = [item for item in before.items if item.id in reading.references.ids]
    return any((item.amount_per_day or 0) > known.most for item in chosen)


def _beyond(reading: Reading, before: Earlier, known: Budget | None) -> Budget | None:
    """Return the budget that leaves out all that was shown: a cent a day below or above it."""
    prices = [price for item in _meant(reading, before) if (price := item.amount_per_day)]
    if not prices:
        return known
    currency = before.items[0].currency
    if reading.references.wish == "cheaper":
        low = min(prices)
        most = low.quantize(_CENT, ROUND_DOWN)
        most -= _CENT if most == low else 0
        return Budget(most=most, currency=currency) if most > 0 else known
    least = max(prices).quantize(_CENT, ROUND_DOWN) + _CENT
    if known and known.unit == "day" and known.most and known.most >= least:
        return Budget(most=known.most, least=least, currency=currency)
    return Budget(least=least, currency=currency)


def _meant(reading: Reading, before: Earlier) -> Sequence[CatalogItem]:
    spoken_of = [item for item in before.items if item.id in reading.references.ids]
    return spoken_of or before.items


def _place(reading: Reading, before: Earlier, notes: list[str]) -> str | None:
    if places := reading.values("place"):
        if len(places) > 1:  # one of them alone would hide what the others have
            notes.append(f"{' and '.join(places)} were named: all places were searched.")
        return places[0] if len(places) == 1 else None
    gone = {"everything", "place"} & reading.drops
    known = None if gone else before.name("place")
    return None if known in reading.values("place", unwanted=True) else known


def _level(reading: Reading, before: Earlier) -> str | None:
    if reading.level:
        return reading.level
    known = None if {"everything", "level"} & reading.drops else before.name("level")
    return None if known == reading.denied_level else known


def _genres(reading: Reading, before: Earlier, tie: Tie) -> tuple[str, ...]:
    if genres := reading.values("genre"):
        return genres
    if tie != "same" or "genres" in reading.drops:
        return ()
    return without(before.names("genres"), reading.values("genre", unwanted=True))


def _item_ids(reading: Reading, before: Earlier) -> tuple[int | str, ...]:
    if reading.references.wish:
        return ()  # "something cheaper than the second one" does not ask for the second one
    if reading.when.following and not (reading.references.ids or reading.terms or reading.wanted):
        return before.ids("item_ids")
    return reading.references.ids


def _excluded_ids(reading: Reading, before: Earlier) -> tuple[int | str, ...]:
    references = reading.references
    turned_down = references.excluded_ids
    if references.wish is None:
        held = () if _asks_anew(reading) else before.ids("excluded_ids")
        return without(dict.fromkeys((*held, *turned_down)), references.ids)
    shown = [item.id for item in before.items]
    if references.wish == "other":  # what was too dear may be what "something better" asks for
        shown += before.named
    return tuple(dict.fromkeys((*before.ids("excluded_ids"), *shown, *turned_down)))


def _asks_anew(reading: Reading) -> bool:
    """Tell whether a message asks for what may be met by something that was turned down before."""
    when = reading.when
    has_dates = when.period or when.count or when.until or when.shift or when.following
    return bool(has_dates or reading.money or reading.terms or reading.wanted or reading.drops)


def without(names: Iterable[_T], others: Sequence[_T]) -> tuple[_T, ...]:
    """Return the names, or ids, that are not among the others."""
    return tuple(name for name in names if name not in others)


def _united(*lists: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for names in lists for name in names))
