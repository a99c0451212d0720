"""A day or some days that a message names."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from .days import Days

log = logging.getLogger(__name__)


#: Returns the days meant, given the day from which on they are looked for.
Resolve = Callable[[date], Days]


@dataclass(frozen=True, kw_only=True)
class Point:
    """A day or some days that a message names.

    :param span: where
    :param resolve: finds the days on or after a day
    :param is_range: whether it names its end too ("12-19 December", "next week")
    :param has_year: whether the year was said
    :param is_wide: whether it is a month or a week, within which shorter times are meant
    :param is_weekday: whether it is no more than a weekday, which may only adorn a date
    :param names_days: whether a range names its first and last day by number
    :param closes: whether it is the end of a month or week
    """

    span: tuple[int, int]
    resolve: Resolve
    is_range: bool = False
    has_year: bool = False
    is_wide: bool = False
    names_days: bool = False
    closes: bool = False
    is_weekday: bool = False

    def return_day(self, base: date) -> date:
        """Return the day of return if the point is where the period ends."""
        first, last = self.resolve(base)
        return last if self.closes else first


#: Reads one match, given today.
Reader = Callable[[re.Match[str], date], Point | None]


def day_point(match: re.Match[str], find: Callable[[date], date], year: int | None) -> Point:
    """Return the point of a single day."""

    def resolve(base: date) -> Days:
        start = find(base)
        return start, start + timedelta(days=1)

    return Point(span=match.span(), resolve=resolve, has_year=year is not None)


def half_open(start: date, end: date, inclusive: bool) -> Days:
    """Return the days from one to another, which is the day of return unless it is meant too."""
    return start, end + timedelta(days=1) if inclusive or end == start else end


def year_of(match: re.Match[str]) -> int | None:
    """Return the year that was said."""
    return int(match["y"]) if match["y"] else None


def library_date(words: str, today: date) -> date | None:
    """Return the day that a phrase counted from today names, in any of the five languages."""
    from datetime import datetime

    import dateparser  # heavy imports wait for the first message that needs them

    base = datetime(today.year, today.month, today.day)
    try:
        found = dateparser.parse(
            words, languages=["en", "de", "es", "fr", "it"], settings={"RELATIVE_BASE": base}
        )
    except Exception:  # a library's fault with somebody's words must not cost the turn
        return None
    return found.date() if found else None
