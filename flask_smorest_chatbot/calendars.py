"""When a thing is free between the periods in which it is taken. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from .catalog import Period


@dataclass(frozen=True)
class FreeTime:
    """What a calendar says of a wished period.

    :param is_free: whether the whole period is free
    :param free_from: start of the free time around it or, if it is not free, of the next one with
        room for as many days; None when nothing bounds it
    :param free_until: end of that free time, day of return; None when nothing bounds it
    """

    is_free: bool
    free_from: date | None
    free_until: date | None


def free_time(wanted: Period, taken: Iterable[Period]) -> FreeTime:
    """Say whether a period is free, and since when and until when.

    Periods are half-open, so one may start on the day on which another ends.

    :param taken: in any order; they may overlap
    """
    calendar = sorted(taken)
    if any(wanted.overlaps(period) for period in calendar):
        start = _next_start(wanted, calendar)
        return FreeTime(False, start, _next_taken(calendar, start))
    before = max((period.end for period in calendar if period.end <= wanted.start), default=None)
    return FreeTime(True, before, _next_taken(calendar, wanted.start))


def _next_start(wanted: Period, calendar: list[Period]) -> date:
    """Return the first day, from the wished one on, with room for as many days."""
    found = wanted
    for period in calendar:
        if found.overlaps(period):
            found = Period.from_start(period.end, wanted.days)
    return found.start


def _next_taken(calendar: list[Period], start: date) -> date | None:
    return min((period.start for period in calendar if period.start >= start), default=None)
