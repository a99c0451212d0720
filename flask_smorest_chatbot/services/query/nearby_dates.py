"""Dates said from today or by a name: "next weekend", "Friday", "in December"."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

from .calendar_dates import MONTH, YEAR
from .calendar_words import DOUBTFUL, MONTHS, WEEKDAYS, any_of, number_of
from .days import Days, ImpossibleDateError, month_days, week_of, weekend
from .holiday_names import HOLIDAY, holiday_days
from .points import Point, Reader, day_point, library_date, year_of

_WHICH = (
    r"(?P<which>this|next|coming|this coming|the following|following|diese[nrs]?|nachste[nrs]?"
    r"|kommende[nrs]?|proximo|proxima|este|esta|ce|cette|prossim[oa]|quest[oa])"
)
_WEEKDAY = re.compile(
    rf"(?P<later>(?<!for )\b(?:a|one) week from )?(?:\b{_WHICH} )?"
    rf"(?<!\w)(?P<w>{any_of(WEEKDAYS)})\b\.?(?P<after> (?:proximo|que viene|prochain|prossim[oa]))?"
    r"(?P<over> after next\b)?"
)
_WEEKDAY_BEFORE = re.compile(
    r"(?:\b(?:on|from|until|till|til|by|to|through|thru|starting|and|before|every|am|el|le|da"
    r"|di)|-|,"
    r"|^) ?(?:the )?$"
)
_WEEKDAY_AFTER = re.compile(r"\s?(?:-|to\b|until\b|through\b|thru\b|till\b|$|\?)")
#: Behind "mon": "mon budget est de 25 euros", not "Mon 25 Nov" or "Mon to Wed".
_MY_IN_FRENCH = re.compile(
    r" (?!(?:to|until|till|through|thru|and|or|the|next|this|morning|afternoon|evening|night|at"
    r"|for)\b)[a-z]{3,}(?! ?\d)"
)
_WEEKEND = re.compile(
    rf"\b(?:{_WHICH} )?(?:weekend|wochenende|fin de semana|week-end|fine settimana)\b"
    r"(?P<after> after next)?(?P<next> prochain| proximo| que viene| prossimo)?(?! warrior"
    r"| gigs?\b| (?:before|after)\b)"
)
#: Behind "the week after next": "next" belongs to a word of its own.
_NOT_OF_NEXT = rf"(?! (?:{any_of(WEEKDAYS)}|week|weekend|month|year)\b)"
_WEEK = re.compile(
    rf"\b{_WHICH} (?:whole |entire |full )?(?:week|woche|semana|semaine|settimana)\b"
    r"|\b(?:la )?(?P<coming>semana que viene|semana proxima|semaine prochaine"
    rf"|settimana prossima)\b|\bweek (?P<later>after next)\b{_NOT_OF_NEXT}"
)
_MONTH_AHEAD = re.compile(
    rf"\b{_WHICH} (?:whole |entire |full )?(?:month|monat|mes|mois|mese)\b"
    rf"|\b(?:el |il )?(?P<coming>mes que viene|mes proximo|mois prochain|mese prossimo)\b"
    rf"|\bmonth (?P<later>after next)\b{_NOT_OF_NEXT}"
)
#: Other languages' words for the middle and the end of a month; all others are its beginning.
_PARTS_ABROAD = {
    "mitte": "mid", "a mediados de": "mid", "mi": "mid", "meta": "mid",
    "ende": "end", "a finales de": "end", "a fines de": "end", "fin": "end", "fine": "end",
}  # fmt: skip
_PART = re.compile(
    rf"\b(?P<part>(?:the )?(?:first|last) (?:two|three|2|3) weeks (?:of|in)|(?:the )?(?:1st"
    rf"|first|2nd|second|3rd|third|4th|fourth|last) (?:week"
    rf"|weekend) (?:of|in)|(?:a |one |any |the )?weekend (?:of|in)|(?:the )?(?:1st|first|2nd"
    rf"|second|last|latter) half of|(?:the )?(?:beginning|start"
    rf"|middle|end) of|early|mid|late|anfang|a (?:principios|inicios) de|debut|inizio"
    rf"|{'|'.join(_PARTS_ABROAD)})"
    rf"[ -](?:the |de |di )?(?:{MONTH}{YEAR}|(?P<this>this month|month)|(?P<next>next month))"
)
_YEAR_END = re.compile(
    r"\b(?:(?:the )?end of (?:the|this) year|year'?s end|jahresende|ende des jahres|final de ano"
    r"|fin de (?:l')?annee|fine (?:dell')?anno)\b"
)
_WHOLE_MONTH = re.compile(
    rf"(?:\b(?P<in>in|for|during|throughout|all of|whole of|next|this|until|till|from|to|through"
    rf"|by|im|en|of|about|since) (?:all of "
    rf"|the month of )?)?\b{MONTH}(?: (?:of )?(?P<y>20\d\d))?(?!\w)"
)
_RELATIVE = re.compile(
    r"\b(?P<r>(?:the )?day after tomorrow|tomorrow|today|tonight"
    r"|pasado manana|(?<!la )manana|hoy"
    r"|dopodomani|domani|oggi|apres-demain|demain|aujourd'hui|ubermorgen"
    r"|(?<!guten )(?<!gute )morgen|heute)\b"
    r"(?P<two> and (?:the )?(?:day after|next day)(?! tomorrow))?"
    r"|\b(?P<now>(?<=from )now|(?<=starting )now|(?<=between )now|now(?= (?:until|till|to"
    r"|through)\b)|right away|straight away|immediately|asap"
    r"|ab sofort)\b"
)
_AHEAD = re.compile(
    r"\b(?P<in>in|dans|en) (?P<n>a|an|one|two|three|un|une|una|zwei|drei|deux|trois|dos|tres"
    r"|eine[rm]?|a couple of|a few|\d{1,3}) "
    r"(?P<unit>days?|weeks?|months?|tage?n?|wochen?|monate?n?|dias?|semanas?|mes(?:es)?|jours?"
    r"|semaines?|mois)(?: from now| time| later)?\b(?! (?:or|and) )"
    r"|\b(?P<n2>a|one|two|three|\d{1,3}) (?P<unit2>days?|weeks?|months?) from (?P<from>now|today"
    r"|tomorrow)\b(?! on(?:wards?)?\b)"
)


def _weekday(match: re.Match[str], today: date) -> Point | None:
    text, name = match.string, match["w"]
    before = text[max(0, match.start() - 12) : match.start()]
    if name == "mon" and _MY_IN_FRENCH.match(text, match.end()):
        return None
    is_sure = match["which"] or match["after"] or _WEEKDAY_BEFORE.search(before)
    if name in DOUBTFUL and not (is_sure or _WEEKDAY_AFTER.match(text, match.end())):
        return None
    # "Open on Sundays", "every Sunday" are habits.
    if name.endswith("days") or before.endswith("every "):
        return None
    number, which = number_of(WEEKDAYS, name), (match["which"] or "")

    def resolve(base: date) -> Days:
        if match["over"]:
            start = week_of(today + timedelta(days=14))[0] + timedelta(days=number)
        elif which.startswith(("next", "nach", "the following", "following")) and base == today:
            start = week_of(today + timedelta(days=7))[0] + timedelta(days=number)
        else:
            ahead = (number - base.weekday()) % 7
            is_today = which in ("this", "diesen", "este", "ce")
            start = base + timedelta(days=ahead or (0 if is_today else 7))
        if match["later"]:  # "a week from Monday", but not "for a week from Monday"
            start += timedelta(days=7)
        return start, start + timedelta(days=1)

    return Point(span=match.span(), resolve=resolve, is_weekday=True)


def _weekend(match: re.Match[str], today: date) -> Point | None:
    which = match["which"] or ""
    is_next = which.startswith(("next", "nach", "the following", "following", "proxim", "prossim"))

    def resolve(base: date) -> Days:
        weeks = 2 if match["after"] else int(is_next or bool(match["next"]))
        return weekend(base + timedelta(weeks=weeks))

    return Point(span=match.span(), resolve=resolve, is_range=True)


def _ahead_by(match: re.Match[str]) -> int:
    """Return how many weeks or months ahead: "this", "next", "after next"."""
    is_this = (match["which"] or "next").startswith(("this", "diese", "est", "ce"))
    if is_this and "coming" not in match[0]:
        return 0
    return 2 if match["later"] else 1


def _week(match: re.Match[str], today: date) -> Point | None:
    weeks = _ahead_by(match)

    def resolve(base: date) -> Days:
        return week_of(base + timedelta(weeks=weeks))

    return Point(span=match.span(), resolve=resolve, is_range=True, is_wide=True)


def _month_ahead(match: re.Match[str], today: date) -> Point | None:
    months = _ahead_by(match)

    def resolve(base: date) -> Days:
        return month_days(base.year, base.month + months)

    return Point(span=match.span(), resolve=resolve, is_range=True, is_wide=True)


def _part_of_month(match: re.Match[str], today: date) -> Point | None:
    part = match["part"].removeprefix("the ")
    part = _PARTS_ABROAD.get(part, part)
    month = number_of(MONTHS, match["m"]) if match["m"] else None

    def resolve(base: date) -> Days:
        if month:
            first, end = _next_month_named(month, year_of(match), base)
        else:
            first, end = month_days(base.year, base.month + bool(match["next"]))
        return _part(part, first, end)

    return Point(
        span=match.span(),
        resolve=resolve,
        is_range=True,
        is_wide="weekend" not in part,
        closes=part.startswith("end"),
    )


def _part(part: str, first: date, end: date) -> Days:
    """Return a week or a third of a month."""
    part = re.sub(r"^(?:a|one|any) ", "", part)
    nth = (
        0
        if part.startswith("weekend")
        else {"1": 0, "f": 0, "2": 1, "s": 1, "3": 2, "t": 2, "4": 3}.get(part[0], 0)
    )
    nth = 3 if part.startswith("fourth") else nth
    if weeks := re.match(r"(first|last) (two|three|2|3) weeks", part):
        length = timedelta(weeks=2 if weeks[2] in ("two", "2") else 3)
        return (end - length, end) if weeks[1] == "last" else (first, first + length)
    if "half" in part:
        middle = first + timedelta(days=15)
        return (first, middle) if part.startswith(("first", "1st")) else (middle, end)
    if "weekend" in part:
        saturday = first + timedelta(days=(5 - first.weekday()) % 7 + 7 * nth)
        if part.startswith("last"):
            saturday = end - timedelta(days=(end.weekday() - 5) % 7 or 7)
        return saturday, saturday + timedelta(days=2)
    if part.startswith("last"):
        return end - timedelta(days=7), end
    if "week" in part:
        return first + timedelta(days=7 * nth), first + timedelta(days=7 * nth + 7)
    if part.startswith("mid"):
        return first + timedelta(days=10), first + timedelta(days=20)
    if part.startswith(("end", "late")):
        return first + timedelta(days=20), end
    return first, first + timedelta(days=10)


def _year_end(match: re.Match[str], today: date) -> Point:
    """Return the last week of the year; until then is to its last day."""
    return Point(
        span=match.span(),
        resolve=lambda base: (max(base, date(base.year, 12, 25)), date(base.year + 1, 1, 1)),
        is_range=True,
        is_wide=True,
        closes=True,
    )


_BEFORE_VERBS = ("this", "next", "for", "about", "of", None, "to", "from", "by")


def _whole_month(match: re.Match[str], today: date) -> Point | None:
    said, name = match["in"], match["m"]
    if not (said or match["y"]) and (name in DOUBTFUL or len(name) < 4):
        return None
    is_verb = name in ("may", "mar", "mars") and said in _BEFORE_VERBS
    if not match["y"] and (is_verb or (name == "march" and said in ("to", None))):
        return None
    month = number_of(MONTHS, name)
    return Point(
        span=match.span("m")
        if said in ("from", "to", "until", "till", "through", "by")
        else match.span(),
        resolve=lambda base: _next_month_named(month, year_of(match), base),
        is_range=True,
        is_wide=True,
        has_year=bool(match["y"]),
    )


def _next_month_named(month: int, year: int | None, base: date) -> Days:
    return month_days(year or base.year + (month < base.month), month)


def _relative(match: re.Match[str], today: date) -> Point | None:
    found = (
        today
        if match["now"] or match["r"] in ("today", "tonight")
        else library_date(match["r"], today)
    )
    if found is None:
        return None
    point = day_point(match, lambda base: found, today.year)
    if not match["two"]:
        return point
    days = found, found + timedelta(days=2)
    return replace(point, resolve=lambda base: days, is_range=True)


def _ahead(match: re.Match[str], today: date) -> Point | None:
    words = f"in {match['n2']} {match['unit2']}" if match["n2"] else match[0]
    words = re.sub(r"\ba (?:couple of|few)\b", lambda few: "2" if "c" in few[0] else "3", words)
    base = today + timedelta(days=1) if match["from"] == "tomorrow" else today
    found = library_date(re.sub(r" (?:from now|time|later)$", "", words), base)
    return None if found is None else day_point(match, lambda _: found, found.year)


def _holiday(match: re.Match[str], today: date) -> Point | None:
    if holiday_days(match, today) is None:
        return None

    def resolve(base: date) -> Days:
        days = holiday_days(match, base)
        if days is None:
            raise ImpossibleDateError(f"When {match[0]} is, is not known.")
        return days

    days = resolve(today)
    return Point(span=match.span(), resolve=resolve, is_range=(days[1] - days[0]).days > 1)


#: In order: what is longer comes before what is a part of it.
BY_NAME: tuple[tuple[re.Pattern[str], Reader], ...] = (
    (_PART, _part_of_month),
    (_YEAR_END, _year_end),
    (HOLIDAY, _holiday),
    (_WEEKEND, _weekend),
    (_WEEK, _week),
    (_MONTH_AHEAD, _month_ahead),
    (_AHEAD, _ahead),
    (_RELATIVE, _relative),
    (_WEEKDAY, _weekday),
    (_WHOLE_MONTH, _whole_month),
)
