"""When the user needs the item: the days that a message names, put together. Half-open."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import pairwise

from ...catalog import Period
from .dates import take_points
from .days import Days, ImpossibleDateError, after
from .lengths import Length, length_of, shift_of, take_lengths
from .named_days import wanted_days
from .period_words import (
    AND,
    BETWEEN,
    END,
    FOLLOWING,
    NOT_BEFORE,
    OTHER_TIME,
    PAST,
    SHIFT,
    THROUGH,
    UNTIL,
)
from .points import Point
from .text import TAKEN, Scan

#: Longer is no rental.
_MOST_DAYS = 3 * 366
#: After a day that is past: "from yesterday to".
_SINCE = re.compile(rf"{TAKEN} ?(?:to|-|bis|a|au) ?$")
_FROM = re.compile(
    r"\b(?:from|start(?:ing|s)?|begin(?:ning|s)?|as of|ab|after)(?: it)?(?: on)?(?: the)? $"
)
_GIST = re.compile(r"(?:,|:| ?\(| ?-)? ?(?:from |of |vom |del |du )?(?:the )?")


@dataclass(frozen=True, kw_only=True)
class When:
    """What a message says of the time.

    :param period: if it can be told from the message
    :param count: length without a start ("for two weeks"): with its unit
    :param until: end without a start
    :param shift: "a week later", "two days longer": signed count, unit and whether only the end
    :param following: "week" if it said "the week after"
    :param notices: sentences on what was assumed or could not be taken
    :param spans: where it says so
    """

    period: Period | None = None
    count: Length | None = None
    until: Callable[[date], date] | None = None
    starts_only: bool = False
    shift: tuple[int, str, bool] | None = None
    following: str | None = None
    notices: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = field(default=())


def take_when(scan: Scan, today: date, *, has_period: bool = False) -> When:
    """Return what a message says of the time and take it from the message.

    :param has_period: whether dates are known, after which "the week after" may be
    """
    notices: list[str] = []
    for match in OTHER_TIME.finditer(scan.left):
        scan.blank([match.span("length") if match["length"] else match.span()])
    past = scan.take(PAST)
    shifts = scan.take(SHIFT)
    following = scan.take(FOLLOWING) if has_period else []
    text = scan.left
    try:
        points = wanted_days(take_points(scan, today, notices), text, today)
        refused = bool(notices)
        durations = take_lengths(scan, notices)
        # Half of "31 April to 3 May" would be a guess.
        known = [] if refused else points
        when = _put_together(text, known, [] if refused else durations, today, notices)
    except ImpossibleDateError as error:
        points, durations, when = [], [], When()
        notices.append(str(error))
    except (ValueError, OverflowError):  # a year that the calendar does not have
        points, durations, when = [], [], When()
    if past and not when.period and not when.count:
        notices.append(f"{past[0]['what'].capitalize()} is past, so no dates were taken from it.")
    spans = [point.span for point in points] + [found.span() for found in durations]
    shift = shift_of(shifts[0]) if shifts else None
    unit = next((match["unit"] or match["unit2"] for match in following), None)
    return replace(when, notices=tuple(notices), spans=tuple(spans), shift=shift, following=unit)


def from_duration(start: date, count: Length) -> Period | None:
    """Return the period of a length; None where the calendar ends."""
    try:
        return _checked((start, after(start, *count)))
    except (ValueError, OverflowError):
        return None


def _put_together(
    text: str, points: list[Point], durations: list[re.Match[str]], today: date, notices: list[str]
) -> When:
    count = length_of(durations, text)
    start, end = _ends(text, _without_gist(text, points))
    if start is None and end is None:
        return When(count=count)
    if start is None:
        assert end is not None
        until = end.return_day(today + timedelta(days=1))
        if count and (period := _checked((_back(until, count), until))) and period.start >= today:
            return When(period=period)
        return When(until=end.return_day if until > today else None)
    first = start.resolve(today)
    if end is None and (also := _day_too(text, points, start, first[1])):
        found = first[0], also[1]
    elif end is not None:
        found = _range(text, start, end, today)
    elif count:
        if start.is_wide:
            notices.append(f"It was taken to start on {_said(max(first[0], today))}.")
        found = max(first[0], today), after(max(first[0], today), *count)
    else:
        found = first
        if not start.has_year and start.is_range and not start.is_wide:
            found = _in_progress(start, found, today)
    return _checked_when(
        found, start, today, notices, starts_only=_starts_only(text, start, end, count)
    )


def _without_gist(text: str, points: list[Point]) -> list[Point]:
    """Return the points without a holiday or weekend whose days follow: "Christmas, Dec 23 to"."""
    if not points or not points[0].is_range or points[0].names_days:
        return points
    for number, (one, two) in enumerate(pairwise(points), 1):
        gap = text[one.span[1] : two.span[0]]
        if _GIST.fullmatch(gap) and not two.is_weekday:
            return points[number:]
        if not AND.match(gap):
            break
    return points


def _ends(text: str, points: list[Point]) -> tuple[Point | None, Point | None]:
    """Return the point that the period starts with and the one that it ends with."""
    start: Point | None = None
    end: Point | None = None
    previous = 0
    for point in points:
        gap = text[max(previous, point.span[0] - 60) : point.span[0]]
        is_end = bool(END.search(gap)) if start else bool(UNTIL.search(gap) or _SINCE.search(gap))
        is_end = is_end and not NOT_BEFORE.search(gap)
        if start and not is_end and AND.match(gap) and BETWEEN.search(text[: start.span[0]][-20:]):
            is_end = True
        if is_end and start and start.is_range and not start.is_wide and not point.is_range:
            is_end = False
        if is_end and end is None:
            end = point
        elif start is None and not is_end:
            start = point
        previous = point.span[1]
    return start, end


def _day_too(text: str, points: list[Point], start: Point, end: date) -> Days | None:
    """Return the days of the second of two in "Saturday and Sunday", "Christmas and New Year"."""
    place = points.index(start) + 1
    if place >= len(points) or start.is_wide != points[place].is_wide:
        return None
    if not AND.match(text[start.span[1] : points[place].span[0]]):
        return None
    days = points[place].resolve(end - timedelta(days=1))
    is_alike = not (start.is_range or points[place].is_range) or start.is_wide
    return days if is_alike or days[0] - end <= timedelta(days=7) else None


def _range(text: str, start: Point, end: Point, today: date) -> Days:
    """Return the days from one point to another; the last named day is the day of return."""
    first = start.resolve(today)[0]
    last = end.resolve(first)
    to = text[start.span[1] : end.span[0]]
    # "from December to February" means all of February, "until February" none of it.
    is_whole = end.closes or (end.is_wide and start.is_wide and THROUGH.search(to))
    final = last[1] if is_whole else last[0]
    if final <= first and not end.has_year and end.is_range:
        final = last[1]
    if end.has_year and not start.has_year and (final - first).days > 366:
        first = start.resolve(date(final.year - 1, final.month, 1))[0]
        if (shorter := start.resolve(date(final.year, 1, 1))[0]) <= final:
            first = shorter
    if not start.has_year and not end.has_year:
        first, final = _in_progress_range(start, end, (first, final), today)
    if not end.has_year and _wraps_far((first, final)):
        final = first - timedelta(days=1)
    if final == first:
        return first, first + timedelta(days=1)
    if final < first:
        raise ImpossibleDateError("The dates end before they start, so none were taken.")
    return first, final


def _in_progress_range(start: Point, end: Point, found: Days, today: date) -> Days:
    """Take "from 19 to 23 November", said on the 21st, for this year's."""
    if (found[0] - today).days < 300:
        return found
    first = start.resolve(date(today.year, 1, 1))[0]
    final = end.resolve(first)[0]
    return (first, final) if first < today < final and (final - first).days < 300 else found


def _wraps_far(days: Days) -> bool:
    """Tell "25 to 20 December", which ends before it starts, from "20 December to 5 January"."""
    first, final = days
    is_wrapped = (final.month, final.day) < (first.month, first.day)
    return is_wrapped and (final - first).days > 300


def _in_progress(point: Point, found: Days, today: date) -> Days:
    if (found[0] - today).days < 300:
        return found
    earlier = point.resolve(date(today.year, 1, 1))
    return earlier if earlier[0] < today < earlier[1] else found


def _checked_when(
    found: Days, start: Point, today: date, notices: list[str], *, starts_only: bool
) -> When:
    first, last = found
    if last <= today:
        notices.append(f"{_said(first)} is past, so no dates were taken from it.")
        return When()
    if first < today:
        if not start.is_wide and (not start.is_range or start.names_days):
            notices.append(f"{_said(first)} is past: it was taken to start today.")
        first = today
    period = _checked((first, last))
    if period is None:
        return When()
    if first.year > today.year and not start.has_year and (first - today).days > 31:
        notices.append(f"The year was taken to be {first.year}.")
    return When(period=period, starts_only=starts_only)


def _checked(days: Days) -> Period | None:
    return Period(*days) if 0 < (days[1] - days[0]).days <= _MOST_DAYS else None


def _starts_only(text: str, start: Point, end: Point | None, count: Length | None) -> bool:
    if end or count or start.is_range:
        return False
    before = text[: start.span[0]][-60:]
    return bool(_FROM.search(before) or NOT_BEFORE.search(before))


def _back(until: date, count: Length) -> date:
    return after(until, -count[0], count[1])


def _said(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
