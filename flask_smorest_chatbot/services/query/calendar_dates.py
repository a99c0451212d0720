"""Dates said by their number: "12-19 December", "12/19", "2026-12-12", "the 14th"."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from .calendar_words import MONTHS, any_of, number_of
from .days import Days, ImpossibleDateError, next_date, next_day_of_month, week_of, weekend
from .points import Point, Reader, day_point, half_open, year_of

_D = r"(?<![\w/.$€£-])(?:the |el |le |den |il |l')?(?P<d>0?[1-9]|[12]\d|3[01])"
_D2 = r"(?:the |el |le |den |il |l')?(?P<d2>0?[1-9]|[12]\d|3[01])"
ORDINAL = r"(?:st|nd|rd|th|er|\.|º|ª)?(?!\d|\w)"
MONTH = rf"(?P<m>{any_of(MONTHS)})\b\.?"
YEAR = r"(?:,? (?:de |of )?(?P<y>20\d\d)(?![\d-]))?"
_TO = r"\s?(?P<to>-|to|until|till|til|thru|through|and|&|bis(?: zum)?|al|a|au|y|et|und)\s?"
_OF = r"\s?(?:of |de |in )?\s?"
#: Between the first and the last of "5, 6 and 7 December".
_MORE_DAYS = r"(?:(?:, ?\d{1,2}(?:st|nd|rd|th|\.)?(?=,| and| &| und| y| et)){1,5},?)?"
_DAYS_THEN_MONTH = re.compile(
    rf"(?P<between>\b(?:between|entre"
    rf"|zwischen) )?{_D}{ORDINAL}{_MORE_DAYS}{_TO}{_D2}{ORDINAL}{_OF}{MONTH}{YEAR}"
)
_MONTH_THEN_DAYS = re.compile(
    rf"(?P<between>\bbetween )?\b{MONTH} (?:the )?(?P<d>\d{{1,2}}){ORDINAL}{_MORE_DAYS}{_TO}"
    rf"{_D2}{ORDINAL}"
    rf"(?!\s?(?:of )?(?:{any_of(MONTHS)})\b){YEAR}"
)
_WEEK_OF = re.compile(
    rf"\b(?P<stretch>week|weekend|woche|wochenende|semana|fin de semana|semaine|week-end|settimana"
    rf"|fine settimana) (?:of|around|du|del|vom|um den"
    rf"|(?<=the week )from) (?:the )?(?:(?P<d>\d{{1,2}}){ORDINAL} ?(?:of |de )?{MONTH}"
    rf"|{MONTH.replace('<m>', '<m2>')} (?P<d2>\d{{1,2}}){ORDINAL}){YEAR}"
)
#: "10-Dec", but not what joins two dates: "Dec 10-Dec 20".
_DAY_MONTH = re.compile(
    rf"{_D}{ORDINAL}(?:\s|-(?!(?:{any_of(MONTHS)})\.? \d))?(?:of |de )?{MONTH}{YEAR}"
)
_MONTH_DAY = re.compile(rf"\b{MONTH}(?: |-)?(?:the )?(?P<d>0?[1-9]|[12]\d|3[01]){ORDINAL}{YEAR}")
_IMPOSSIBLE = re.compile(
    rf"(?<![\w/.$€£-])(?:3[2-9]|[4-9]\d)(?:st|nd|rd|th)?(?: of)? (?:{any_of(MONTHS)})\b"
    rf"|\b(?:{any_of(MONTHS)}) (?:3[2-9]|[4-9]\d)(?:st|nd|rd|th)?(?![\d/])\b"
)
_ISO = re.compile(r"(?<![\w-])(?P<y>\d{4})([-/.])(?P<mn>\d{1,2})\2(?P<d>\d{1,2})(?![\w-]\d|\d)")
_SIZE = (
    r"(?![\s-]?(?:sizes?|sized|scale|time|violins?|violas?|cellos?|celli|guitars?|bass|inch|in\b"
    r"|\"|hours?|h\b|full|model|jack|plug|stereo|drum|star))"
)
_NUMERIC = re.compile(
    r"(?:(?<![\w/.$€£-])|(?<=/\d-)|(?<=/\d\d-)|(?<=/\d{4}-)"
    r"|(?<=\.-))(?P<a>\d{1,2})(?:/(?P<b>\d{1,2})(?:/(?P<y>\d{4}|\d\d))?"
    r"|-(?P<b3>\d{1,2})-(?P<y3>\d{4})"
    r"|\.(?P<b2>\d{1,2})\.(?P<y2>\d{4}|\d\d(?!\d))?)(?![\w/]|\.\d)" + _SIZE
)
#: A date that shows how the message writes others: 20/12/2026.
_DAY_FIRST = re.compile(r"(?<![\w/])(?:1[3-9]|2\d|3[01])/(?:0?[1-9]|1[0-2])(?:/20\d\d)?(?![\w/])")
_FRACTIONS = frozenset(
    "1/2 1/3 2/3 1/4 3/4 4/4 1/8 3/8 5/8 6/8 7/8 2/2 2/4 5/4 9/8 12/8 1/16 24/7 10/10 9/10".split()
)
_DATE_BEFORE = re.compile(
    r"(?:\b(?:on|from|until|till|til|by|starting|start|between|due|since|to|through|thru|am|vom|bis|el|del|le"
    r"|du)|-) ?$"
)
_THE_DAYS = re.compile(
    r"(?<![\w/.-])(?:(?P<between>between )?(?:the )(?P<d>\d{1,2})(?:st|nd|rd|th)?"
    r"|(?P<d3>\d{1,2})(?:st|nd|rd|th))"
    + _TO
    + r"(?:the (?P<d2>\d{1,2})(?:st|nd|rd|th)?|(?P<d4>\d{1,2})(?:st|nd|rd|th))(?![\w/])"
)
#: Before "the 1st and the 2nd", these show them to be items.
_COMPARES = re.compile(r"\b(?:difference|differ|compar\w+|choose|decide|both|how much|price)\b")
_UNTIL_DAY = re.compile(
    r"(?P<on>\b(?:hasta el|bis zum|jusqu'au|al|au) )(?P<d>\d{1,2})\.?"
    r"(?![\w/:]|[.,]\d| ?(?:%|[$\u20ac\u00a3]|euros?|dolar))"
)
_THE_DAY = re.compile(
    r"(?<![\w/.$-])(?:(?P<on>(?:on|until|till|til|from|by|before|starting|through|thru|to|due|be"
    r"|make it|-) (?:on )?(?:about )?)(?:the )?|the )"
    r"(?P<d>\d{1,2})(?P<ord>st|nd|rd|th)(?! (?:grade|grader|fret|string|birthday|century|position"
    r"|street|avenue|st\b|one|option|choice|item|place|floor|time|generation|gen\b|year"
    r"|anniversary))(?![\w-])"
)


def _days_of_month(match: re.Match[str], today: date) -> Point:
    month, year = number_of(MONTHS, match["m"]), year_of(match)
    first, last = int(match["d"]), int(match["d2"])
    # "12 and 13 December" are two days; in "between 12 and 14" the last is that of the return.
    inclusive = match["to"] in ("and", "&", "und", "y", "et") and not match["between"]
    next_date(first, month, year, today), next_date(last, month, year, today)

    def resolve(base: date) -> Days:
        end = next_date(last, month, year, base)
        start = next_date(first, month, end.year, date(end.year, 1, 1))
        if end < start:
            raise ImpossibleDateError(
                f"{match[0].strip()}: ends before it starts, so no dates were taken."
            )
        return half_open(start, end, inclusive)

    return Point(
        span=match.span(),
        resolve=resolve,
        is_range=True,
        has_year=year is not None,
        names_days=True,
    )


def _one_day(match: re.Match[str], today: date) -> Point | None:
    month, day, year = number_of(MONTHS, match["m"]), int(match["d"]), year_of(match)
    next_date(day, month, year, today)
    return day_point(match, lambda base: next_date(day, month, year, base), year)


def _week_of_day(match: re.Match[str], today: date) -> Point | None:
    month, day = number_of(MONTHS, match["m"] or match["m2"]), int(match["d"] or match["d2"])
    year = year_of(match)
    next_date(day, month, year, today)

    def resolve(base: date) -> Days:
        found = next_date(day, month, year, base)
        is_weekend = "end" in match["stretch"] or match["stretch"].startswith("fin")
        return weekend(found) if is_weekend else week_of(found)

    return Point(span=match.span(), resolve=resolve, is_range=True, has_year=year is not None)


def _impossible(match: re.Match[str], today: date) -> Point | None:
    raise ImpossibleDateError(f"{match[0].capitalize()} is no date.")


def _iso(match: re.Match[str], today: date) -> Point | None:
    day, month, year = int(match["d"]), int(match["mn"]), int(match["y"])
    found = next_date(day, month, year, today)
    return day_point(match, lambda base: found, year)


def _numeric(match: re.Match[str], today: date) -> Point | None:
    """Read 12/19 as in the US unless the first number can only be a day; 12.1. is day first."""
    first, second = int(match["a"]), int(match["b"] or match["b2"] or match["b3"])
    said = match["y"] or match["y2"] or match["y3"]
    year = None if said is None else int(said) + (2000 if len(said) == 2 else 0)
    before = match.string[max(0, match.start() - 10) : match.start()]
    after = match.string[match.end() : match.end() + 6]
    is_said_as_date = _DATE_BEFORE.search(before) or re.match(r"\s?(?:-|to |until )\s?\d", after)
    if year is None and match[0] in _FRACTIONS and not is_said_as_date:
        return None
    is_day_first = match["b2"] or first > 12 or _DAY_FIRST.search(match.string)
    day, month = (first, second) if is_day_first and second < 13 else (second, first)
    if month > 12 and match["b2"]:
        return None
    if year is None and (month > 12 or not 0 < day < 32 or not month):
        return None
    next_date(day, month, year, today)
    return day_point(match, lambda base: next_date(day, month, year, base), year)


def _the_days(match: re.Match[str], today: date) -> Point | None:
    first, last = int(match["d"] or match["d3"]), int(match["d2"] or match["d4"])
    inclusive = match["to"] in ("and", "&") and not match["between"]
    if not (0 < first < 32 and 0 < last < 32) or _COMPARES.search(match.string[: match.start()]):
        return None

    def resolve(base: date) -> Days:
        start = next_day_of_month(first, base)
        return half_open(start, next_day_of_month(last, start), inclusive)

    return Point(span=match.span(), resolve=resolve, is_range=True, names_days=True)


def _the_day(match: re.Match[str], today: date) -> Point | None:
    day = int(match["d"])
    if not 0 < day < 32:
        return None
    if not match["on"] and day <= 10:  # "the 2nd" is rather one of several items
        return None
    point = day_point(match, lambda base: next_day_of_month(day, base), None)
    return replace(point, span=(match.end("on"), match.end())) if match["on"] else point


#: In order: what is longer comes before what is a part of it.
BY_NUMBER: tuple[tuple[re.Pattern[str], Reader], ...] = (
    (_ISO, _iso),
    (_DAYS_THEN_MONTH, _days_of_month),
    (_MONTH_THEN_DAYS, _days_of_month),
    (_WEEK_OF, _week_of_day),
    (_DAY_MONTH, _one_day),
    (_MONTH_DAY, _one_day),
    (_IMPOSSIBLE, _impossible),
    (_NUMERIC, _numeric),
    (_THE_DAYS, _the_days),
    (_THE_DAY, _the_day),
    (_UNTIL_DAY, _the_day),
)
