"""The days that a message names, one by one; :mod:`.periods` puts them together."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from .calendar_dates import BY_NUMBER
from .days import ImpossibleDateError
from .named_days import beside_others
from .nearby_dates import BY_NAME
from .points import Point
from .text import Scan

#: Most named days of a message that are looked at.
_MOST_POINTS = 12


def take_points(scan: Scan, today: date, refused: list[str]) -> list[Point]:
    """Return the days that a message names, in its order, and take them.

    :param refused: gets a sentence for each day that does not exist
    """
    points: list[Point] = []
    text = scan.left
    for pattern, read in (*BY_NUMBER, *BY_NAME):
        for match in pattern.finditer(scan.left):
            if len(points) >= _MOST_POINTS:
                break
            if scan.left[match.start() : match.end()] != match[0]:
                continue
            try:
                point = read(match, today)
            except ImpossibleDateError as error:
                refused.append(str(error))
                scan.blank([match.span()])
                continue
            if point is not None:
                points.append(point)
                scan.blank([match.span()])
    return beside_others(_without_adornment(points, text), text)


def _without_adornment(points: list[Point], text: str) -> list[Point]:
    """Return the points in order, with the weekday of "Friday, 4 December" as a part of the day."""
    kept: list[Point] = []
    for point in sorted(points, key=lambda point: point.span):
        previous = kept[-1] if kept else None
        if previous and _is_adorned(previous, point, text):
            day = point if previous.is_weekday else previous
            kept[-1] = replace(day, span=(previous.span[0], point.span[1]))
        else:
            kept.append(point)
    return kept


def _is_adorned(first: Point, second: Point, text: str) -> bool:
    """Tell whether one of two neighbours is the weekday of the other."""
    if first.is_weekday == second.is_weekday or first.is_range or second.is_range:
        return False
    gap = text[first.span[1] : second.span[0]]
    return re.fullmatch(r"[,(]? ?(?:on |the |den |le |el )?", gap) is not None
