"""Days told by other days: "the Friday before Christmas", "not this weekend but the next"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from .corrections import CORRECTS
from .days import Days, after, following, weekend
from .period_words import END, UNTIL
from .points import Point

_BESIDE = re.compile(
    r"(?:\b(?:(?:the|a|one) )?(?P<unit>day|week|weekend|month) | ?\b)"
    r"(?P<side>before|(?<!not )after) (?:the )?$"
)
_REFUSED = re.compile(
    r"(?:\b(?:(?<!why )not|except|(?:any|every) (?:day|week|weekend|month|time) but|instead of"
    r"|rather than|other than|neither)|(?<!is)(?<!are)n't|\bcannot)"
    r"(?: (?:need|want|have|make|do|come|be|it|them|there|for|on|in|at|from|during|the)){0,4} $"
)
_STARTS = re.compile(r"\b(?:from|between|starting)(?: on)?(?: the)? $")
_AND_THAT = re.compile(r"^,? ?(?:or|nor|and) (?:on )?(?:the )?$")
_CORRECTED = re.compile(rf",? ?(?:{CORRECTS.pattern})")
_NEXT = re.compile(
    r"^,? ?(?:(?:but|rather|instead|i mean|please|make it)[, ]){0,2}(?:(?:on|for|in) )?"
    r"(?:the )?"
    r"(?:(?:next|following)(?: (?:one|1|(?P<unit>day|week|weekend|month)))?"
    r"|(?:one|1|(?P<unit2>day|week|weekend|month)) after(?:wards)?(?: (?:that|it|this|next))?)"
    r"(?=\s?(?:$|[?!.,;\x00]|please\b|instead\b|then\b|in\b|for\b|near\b|under\b))"
)


def beside_others(points: Sequence[Point], text: str) -> list[Point]:
    """Return the points with "the week before", "the Friday after" or "after" read as part of them.

    :param text: the message in which they were found
    """
    told: list[Point] = []
    for point in points:
        head = told[-1].span[1] if told else 0
        found = _BESIDE.search(text[max(head, point.span[0] - 24) : point.span[0]])
        if found is None:
            told.append(point)
        elif found["unit"]:
            span = point.span[0] - len(found[0]), point.span[1]
            told.append(replace(_unit_beside(point, found), span=span))
        elif told and told[-1].is_weekday and found.start() == 0:
            told.append(_weekday_beside(told.pop(), point, found["side"] == "after"))
        else:
            told.append(_after(point) if found["side"] == "after" else point)
    return told


def _unit_beside(point: Point, found: re.Match[str]) -> Point:
    unit, is_after = found["unit"], found["side"] == "after"

    def resolve(base: date) -> Days:
        first, end = point.resolve(base)
        if unit == "weekend":
            return _weekend_beside(end - timedelta(days=1) if is_after else first, is_after)
        return (end, after(end, 1, unit)) if is_after else (after(first, -1, unit), first)

    return replace(point, resolve=resolve, is_range=unit != "day", is_wide=False, closes=False)


def _weekend_beside(day: date, is_after: bool) -> Days:
    if is_after and day.weekday() < 5:
        return weekend(day)
    return weekend(day + timedelta(days=7 if is_after else -7))


def _weekday_beside(weekday: Point, point: Point, is_after: bool) -> Point:
    def resolve(base: date) -> Days:
        first, end = point.resolve(base)
        return weekday.resolve(end - timedelta(days=1) if is_after else first - timedelta(days=8))

    return replace(weekday, span=(weekday.span[0], point.span[1]), resolve=resolve)


def _after(point: Point) -> Point:
    """Return the day after the point's days; after a week or month, the one that follows."""

    def resolve(base: date) -> Days:
        first, end = point.resolve(base)
        unit = "day" if not point.is_wide else "month" if (end - first).days > 27 else "week"
        return end, after(end, 1, unit)

    return replace(point, resolve=resolve, is_range=point.is_wide, closes=False, names_days=False)


def wanted_days(points: Sequence[Point], text: str, today: date) -> list[Point]:
    """Return the points but for those that the message turns down or corrects."""
    kept: list[Point] = []
    refused: list[Point] = []
    for point in points:
        previous = max((other.span[1] for other in (*kept, *refused)), default=0)
        gap = text[previous : point.span[0]]
        goes_on = bool(refused) and refused[-1].span[1] == previous
        tail = text[point.span[1] :]
        if corrected := _CORRECTED.match(tail):
            tail = tail[corrected.end() :]
        if _REFUSED.search(gap) or (goes_on and (END.search(gap) or _AND_THAT.match(gap))):
            refused.append(point)
        found = _NEXT.match(tail)
        if found and (point in refused or (corrected and "the " in found[0])):
            return [_next(point, found, today)]
        if point in refused:
            continue
        if kept and CORRECTS.search(gap) and not UNTIL.search(gap):
            point, kept = _corrected(kept, point, gap)
        kept.append(point)
    return [_another(point, refused, today) for point in kept]


def _corrected(kept: list[Point], point: Point, gap: str) -> tuple[Point, list[Point]]:
    """Put a point in the place of the last one, or of all if it says where the days start."""
    if _STARTS.search(gap):
        return point, []
    return replace(point, span=(kept[-1].span[0], point.span[1])), kept[:-1]


def _next(point: Point, found: re.Match[str], today: date) -> Point:
    """Return what "but the next" after a day that is turned down means."""
    days = point.resolve(today)
    unit = found["unit"] or found["unit2"] or _unit_of(days, point.is_wide)
    days = following(days, unit)
    return replace(point, resolve=lambda base: days, is_range=True)


def _unit_of(days: Days, is_wide: bool) -> str:
    length = (days[1] - days[0]).days
    if is_wide and length > 27:
        return "month"
    return "weekend" if days == weekend(days[0]) else "week"


def _another(point: Point, refused: Sequence[Point], today: date) -> Point:
    """Take "not this Friday but next Friday" for the Friday after it."""
    days = point.resolve(today)
    if days not in [other.resolve(today) for other in refused]:
        return point
    return replace(point, resolve=lambda base: point.resolve(max(base, days[1])))
