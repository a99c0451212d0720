"""Days of the calendar: the next of a kind. Pure."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

#: First day and the day after the last.
Days = tuple[date, date]


class ImpossibleDateError(ValueError):
    """A day that does not exist or is past; the message is a sentence for the user."""


def next_date(day: int, month: int, year: int | None, base: date) -> date:
    """Return the first such day on or after ``base``, or that of the year said.

    :raises ImpossibleDateError: when the month never has that day, or not in that year
    """
    years = [year] if year else range(base.year, base.year + 9)
    for candidate in years:
        if 1 <= month <= 12 and 1 <= day <= calendar.monthrange(candidate, month)[1]:
            found = date(candidate, month, day)
            if year or found >= base:
                return found
    name = calendar.month_name[month] if 1 <= month <= 12 else f"of month {month}"
    raise ImpossibleDateError(f"{day} {name}{f' {year}' if year else ''} is no date.")


def next_day_of_month(day: int, base: date) -> date:
    """Return the first day with that number on or after ``base``."""
    for months in range(13):
        first = base.replace(day=1) + relativedelta(months=months)
        if day <= calendar.monthrange(first.year, first.month)[1]:
            found = first.replace(day=day)
            if found >= base:
                return found
    raise ImpossibleDateError(f"No month has a day {day}.")


def month_days(year: int, month: int) -> Days:
    """Return a calendar month; month 13 is the next January."""
    first = date(year, 1, 1) + relativedelta(months=month - 1)
    return first, first + relativedelta(months=1)


def week_of(day: date) -> Days:
    """Return the week that a day is in, Monday to Monday."""
    monday = day - timedelta(days=day.weekday())
    return monday, monday + timedelta(days=7)


def weekend(day: date) -> Days:
    """Return the weekend of a day's week: Saturday, until Monday morning."""
    monday = week_of(day)[1]
    return monday - timedelta(days=2), monday


def following(days: Days, unit: str) -> Days:
    """Return the same days a week, month or day later, or the weekend that comes next."""
    if unit == "weekend":
        start, end = weekend(days[1])
        return (start, end) if start >= days[1] else weekend(end)
    start, end = (after(day, 1, unit) for day in days)
    return (days[1], end) if start < days[1] else (start, end)  # if longer than the unit


def after(start: date, count: int, unit: str) -> date:
    """Return the day so many days, weeks, months or years after another."""
    match unit:
        case "day" | "night":
            return start + timedelta(days=count)
        case "week":
            return start + timedelta(weeks=count)
        case "fortnight":
            return start + timedelta(weeks=2 * count)
        case "month":
            return start + relativedelta(months=count)
    return start + relativedelta(years=count)
