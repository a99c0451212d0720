"""Money and days as people read them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal


def money_text(amount: Decimal) -> str:
    """Return an amount in US$, such as ``$1,087.50``."""
    return f"${amount:,.2f}"


def day_text(day: date) -> str:
    """Return a day, such as ``19 December 2026``."""
    return f"{day.day} {day:%B %Y}"


def span_text(start: date, end: date) -> str:
    """Return two days, such as ``12 December to 19 December 2026``."""
    same_year = start.year == end.year
    first = f"{start.day} {start:%B}" if same_year else day_text(start)
    return f"{first} to {day_text(end)}"


def days_text(count: int) -> str:
    """Return a number of days, such as ``1 day``."""
    return "1 day" if count == 1 else f"{count} days"
