"""What the user wants to pay."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from ...catalog import Budget
from .corrections import CORRECTS
from .money_words import (
    ABOUT,
    ALONE,
    AMOUNT,
    ASKS_ABOUT,
    AT_LEAST,
    AT_LEAST_AFTER,
    AT_MOST,
    AT_MOST_AFTER,
    BETWEEN,
    CURRENCIES,
    FOR,
    FOR_UNIT,
    NOT,
    PRICE,
    TO_SPEND,
    TOTAL,
    TOTAL_BEFORE,
    UNIT,
    UNIT_BEFORE,
)
from .text import Scan, read

#: From here on "a $2000 guitar" tells its worth, and no price a day.
_DEAR = 300
_OF_WORTH = re.compile(r"\b(?:an?|my|the|your) $")
#: Most amounts of a message that are looked at.
_MOST_AMOUNTS = 40


@dataclass(frozen=True, kw_only=True)
class Money:
    """What a message says of money.

    :param budget: as far as the message says it
    :param is_unit_said: whether the unit was said
    :param for_at: where, after "for", the time begins that the amount pays for
    :param for_unit: "week" if it said "for the week": a total if dates are known
    """

    budget: Budget
    is_unit_said: bool
    for_at: int | None = None
    for_unit: str | None = None


@dataclass(frozen=True, kw_only=True)
class _Bound:
    amounts: tuple[Decimal, ...]
    side: str | None
    currency: str | None
    unit: str | None
    start: int
    end: int
    for_unit: str | None
    for_at: int | None


def asks_price(text: str) -> bool:
    """Tell whether a message asks what something comes to."""
    return PRICE.search(read(text).folded) is not None


def take_money(scan: Scan) -> Money | None:
    """Return what the user wants to pay and take it from the message; None if they do not say."""
    bounds = _uncorrected(list(_bounds(scan)), scan.left)
    least = most = None
    single: dict[str | None, Decimal] = {}  # the most of those that are said to be the most
    for bound in bounds:
        if len(bound.amounts) == 2:
            least, most = least or min(bound.amounts), most or max(bound.amounts)
        elif bound.side == "least":
            least = least or bound.amounts[0]
        elif bound.side == "most":
            single["most"] = max(bound.amounts[0], single.get("most", bound.amounts[0]))
        else:
            single.setdefault(None, bound.amounts[0])
    most = most or single.get("most") or single.get(None)
    if least is None and most is None:
        return None
    if least is not None and most is not None and least > most:
        least = None
    unit = next((bound.unit for bound in bounds if bound.unit), None)
    currency = next((bound.currency for bound in bounds if bound.currency), "USD")
    for_unit = next((bound.for_unit for bound in bounds if bound.for_unit), None)
    return Money(
        budget=Budget(most=most, least=least, unit=unit or for_unit or "day", currency=currency),
        is_unit_said=bool(unit or for_unit),
        for_at=next((bound.for_at for bound in bounds if bound.for_at), None),
        for_unit=None if unit else for_unit,
    )


def _bounds(scan: Scan) -> Iterator[_Bound]:
    text, done = scan.left, 0
    for match in list(AMOUNT.finditer(text))[:_MOST_AMOUNTS]:
        if match.start() < done:
            continue
        second = _second(text, match)
        bound = _bound(text, match, second)
        if bound is None:
            continue
        done = bound.end
        scan.blank([(_comparison_start(text, match.start()), bound.end)])
        if bound.unit not in ("hour", "year") and all(amount > 0 for amount in bound.amounts):
            yield bound


def _uncorrected(bounds: list[_Bound], text: str) -> list[_Bound]:
    """Return the amounts but for those that are put right: "not $30, $20", "$30, no, $20"."""
    kept: list[_Bound] = []
    for bound in bounds:
        if kept and CORRECTS.search(text[kept[-1].end : bound.start]):
            kept.pop()
        if not text[: bound.start].endswith("not "):
            kept.append(bound)
    return kept


def _second(text: str, first: re.Match[str]) -> re.Match[str] | None:
    """Return the upper end of "10-15" or "between 10 and 15"."""
    between = BETWEEN.match(text, first.end())
    if between is None:
        return None
    is_joined = between[0].strip() not in ("and", "or", "y", "et", "und")
    if not is_joined and not re.search(
        r"\b(?:between|entre|zwischen) (?:about )?$", text[: first.start()][-20:]
    ):
        return None
    # The look-behind of an amount would take the dash for a part of a model's number.
    return AMOUNT.match(
        " " * between.end() + text[between.end() : between.end() + 60], between.end()
    )


def _bound(text: str, first: re.Match[str], second: re.Match[str] | None) -> _Bound | None:
    last = second or first
    currency = _currency(first) or (_currency(second) if second else None)
    end, unit, side = _after(text, last.end(), first["plus"] or (second and second["plus"]))
    before = text[max(0, first.start() - 48) : first.start()]
    said = side or _side(before)
    if ASKS_ABOUT.match(text, end):
        return None
    if before.endswith(("-", "minus ")) and not second and not re.search(r"\d ?-$", before):
        return (
            _Bound(
                amounts=(Decimal(0),),
                side=None,
                currency=currency,
                unit=None,
                start=first.start(),
                end=end,
                for_unit=None,
                for_at=None,
            )
            if currency or unit
            else None
        )
    period = FOR_UNIT.match(text, end) if unit is None else None
    if not (currency or unit or (period and _decimal(first) >= 10)):
        if said is None or (said == "about" and not TO_SPEND.match(text, end)):
            return None
        if side is None and not (ALONE.match(text, end) or TO_SPEND.match(text, end)):
            return None
    amounts = tuple(_decimal(match) for match in (first, second) if match)
    if (
        not (unit or period)
        and said in (None, "about")
        and amounts[0] >= _DEAR
        and _OF_WORTH.search(before)
    ):
        return None
    if unit is None and TOTAL_BEFORE.search(before):
        unit = "total"
    if unit is None and (told := UNIT_BEFORE.search(before)):
        unit = {"daily": "day", "weekly": "week", "monthly": "month"}[told["unit"]]
    paid = FOR.match(text, end) if unit is None and period is None else None
    return _Bound(
        amounts=amounts,
        side=said,
        currency=currency,
        unit=unit,
        start=first.start(),
        end=period.end() if period else end,
        for_unit=(period["unit"] or period["same"]) if period else None,
        for_at=paid.end() if paid else None,
    )


def _after(text: str, end: int, plus: str | None) -> tuple[int, str | None, str | None]:
    """Read "a day", "in total", "or less" after an amount, in whatever order."""
    unit, side = None, "least" if plus else None
    for _ in range(3):
        if unit is None and (match := UNIT.match(text, end)):
            unit = {"daily": "day", "weekly": "week", "monthly": "month"}.get(
                str(match.lastgroup), match.lastgroup
            )
        elif unit is None and (match := TOTAL.match(text, end)):
            unit = "total"
        elif side is None and (match := AT_MOST_AFTER.match(text, end)):
            side = "most"
        elif side is None and (match := AT_LEAST_AFTER.match(text, end)):
            side = "least"
        else:
            break
        end = match.end()
    return end, unit, side


def _side(before: str) -> str | None:
    if (match := AT_MOST.search(before)) is not None:
        return "least" if NOT.search(before[: match.start()]) else "most"
    if (match := AT_LEAST.search(before)) is not None:
        return "most" if NOT.search(before[: match.start()]) else "least"
    return "about" if ABOUT.search(before) else None


def _comparison_start(text: str, start: int) -> int:
    """Return where the words before an amount begin that belong to it."""
    before = text[max(0, start - 48) : start]
    for pattern in (AT_MOST, AT_LEAST, ABOUT):
        if match := pattern.search(before):
            return start - len(before) + match.start()
    return start


def _currency(match: re.Match[str]) -> str | None:
    said = (match["before"] or match["after"] or "").strip()
    if not said:
        return None
    return next(code for code, words in CURRENCIES.items() if re.fullmatch(words, said))


def _decimal(match: re.Match[str]) -> Decimal:
    """Return the amount; which of the marks divides thousands is the library's knowledge."""
    from price_parser import Price

    amount = Price.fromstring(match["number"]).amount or Decimal(0)
    return amount * 1000 if match["thousand"] else amount
