"""Holidays that users know by name; when they are is a library's knowledge."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import lru_cache

from .days import Days, week_of, weekend

_BOXING_DAY = "Boxing Day"  # no holiday of the US, yet known there
# What users write, and the library's name for it.
_NAMES = {
    "christmas eve|xmas eve|heiligabend|nochebuena": "Christmas Eve",
    "christmas(?: day)?|xmas|weihnachten|navidad|noel": "Christmas Day",
    "boxing day": _BOXING_DAY,
    "new year'?s'? eve|nye|silvester|nochevieja": "New Year's Eve",
    "new year(?:'?s'?)?(?: day)?|neujahr": "New Year's Day",
    "thanksgiving(?: day)?": "Thanksgiving Day",
    "halloween": "Halloween",
    "good friday|karfreitag": "Good Friday",
    "easter(?: sunday)?|ostern|pascua|paques": "Easter Sunday",
    "labou?r day": "Labor Day",
    "memorial day": "Memorial Day",
    "independence day": "Independence Day",
    "valentine'?s'?(?: day)?": "Valentine's Day",
    "(?:st\\.?|saint) patrick'?s(?: day)?": "Saint Patrick's Day",
    "mother'?s day": "Mother's Day",
    "father'?s day": "Father's Day",
    "veterans'? day": "Veterans Day",
    "martin luther king(?: jr\\.?)?(?: day)?|mlk day": "Martin Luther King Jr. Day",
    "presidents'? day": "Washington's Birthday",
    "columbus day": "Columbus Day",
    "juneteenth": "Juneteenth National Independence Day",
}
HOLIDAY = re.compile(
    r"(?<!merry )(?<!happy )(?:\b(?P<over>over|during|around|for the"
    r"|through) (?:the )?)?\b(?:"
    + "|".join(f"(?P<h{number}>{words})" for number, words in enumerate(_NAMES))
    + r")\b(?: (?P<stretch>weekend|week|break|holidays?|vacation))?"
    r"(?! (?:songs?|carols?|music|gifts?|presents?|cards?|part(?:y|ies)|concerts?|shows?|markets?"
    r"|trees?|albums?|resolutions?|tunes?)\b)"
)


def holiday_days(match: re.Match[str], base: date) -> Days | None:
    """Return the days meant by a holiday, the first on or after ``base``."""
    group = next(name for name, value in match.groupdict().items() if value and name[1:].isdigit())
    name = list(_NAMES.values())[int(group[1:])]
    for year in (base.year, base.year + 1):
        day = _holidays(year).get(name)
        if day is None:
            continue
        days = _around(
            day, name, match["stretch"] or "", match["over"] in ("over", "during", "around")
        )
        if days[1] > base:
            return days
    return None


def _around(day: date, name: str, stretch: str, over: bool) -> Days:
    """Return the day, its week, its long weekend or the days off around it."""
    if stretch == "week":
        return week_of(day)
    if over or stretch in ("break", "holiday", "holidays", "vacation"):
        if name == "Christmas Day":
            return day - timedelta(days=1), day + timedelta(days=2)
        if name == "New Year's Day":
            return day - timedelta(days=1), day + timedelta(days=1)
        if name == "Easter Sunday":
            return day - timedelta(days=2), day + timedelta(days=2)
        stretch = "weekend"
    if stretch == "weekend":
        start, end = weekend(day if day.weekday() > 1 else day - timedelta(days=7))
        return min(start, day), max(end, day + timedelta(days=1))
    return day, day + timedelta(days=1)


@lru_cache(maxsize=16)
def _holidays(year: int) -> dict[str, date]:
    """Return the holidays of the US in a year, by name."""
    import holidays  # heavy imports wait for the first message that needs them

    try:
        days = holidays.country_holidays("US", years=[year], categories=("public", "unofficial"))
    except Exception:  # without the library's knowledge the name says no date
        return {}
    known = {name: day for day, names in days.items() for name in names.split("; ")}
    return {**known, _BOXING_DAY: date(year, 12, 26)}
