"""The days that a message names, one by one; :mod:`.periods` puts them together."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from .calendar_words import DOUBTFUL, MONTHS, WEEKDAYS, any_of, number_of
from .days import Days, Impossible, month_days, next_date, next_day_of_month, week_of, weekend
from .holiday_names import HOLIDAY, holiday_days
from .text import Scan

#: Most named days of a message that are looked at.
_MOST_POINTS = 12

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
    """

    span: tuple[int, int]
    resolve: Resolve
    is_range: bool = False
    has_year: bool = False
    is_wide: bool = False


_D = r"(?<![\w/.$€£-])(?:the |el |le |den )?(?P<d>0?[1-9]|[12]\d|3[01])"
_D2 = r"(?:the |el |le |den )?(?P<d2>0?[1-9]|[12]\d|3[01])"
_ORD = r"(?:st|nd|rd|th|er|\.|º|ª)?(?!\d|\w)"
_MONTH = rf"(?P<m>{any_of(MONTHS)})\b\.?"
_YEAR = r"(?:,? (?:de |of )?(?P<y>20\d\d)(?![\d-]))?"
_TO = r"\s?(?P<to>-|to|until|till|til|thru|through|and|&|bis(?: zum)?|al|a|au|y|et|und)\s?"
_OF = r"\s?(?:of |de |in )?\s?"
_DAYS_THEN_MONTH = re.compile(rf"(?P<between>\b(?:between|entre|zwischen) )?{_D}{_ORD}{_TO}{_D2}{_ORD}{_OF}{_MONTH}{_YEAR}")
_MONTH_THEN_DAYS = re.compile(
    rf"(?P<between>\bbetween )?\b{_MONTH} (?:the )?(?P<d>\d{{1,2}}){_ORD}{_TO}{_D2}{_ORD}"
    rf"(?!\s?(?:of )?(?:{any_of(MONTHS)})\b){_YEAR}"
)
_WEEK_OF = re.compile(rf"\b(?P<stretch>week|weekend) (?:of|around|from) (?:the )?(?:(?P<d>\d{{1,2}}){_ORD} ?(?:of )?{_MONTH}|{_MONTH.replace('<m>', '<m2>')} (?P<d2>\d{{1,2}}){_ORD}){_YEAR}")
_DAY_MONTH = re.compile(rf"{_D}{_ORD}(?:\s|-)?(?:of |de )?{_MONTH}{_YEAR}")
_MONTH_DAY = re.compile(rf"\b{_MONTH}(?: |-)?(?:the )?(?P<d>0?[1-9]|[12]\d|3[01]){_ORD}{_YEAR}")
_IMPOSSIBLE = re.compile(
    rf"(?<![\w/.$€£-])(?:3[2-9]|[4-9]\d)(?:st|nd|rd|th)?(?: of)? (?:{any_of(MONTHS)})\b"
    rf"|\b(?:{any_of(MONTHS)}) (?:3[2-9]|[4-9]\d)(?:st|nd|rd|th)?(?![\d/])\b"
)
_ISO = re.compile(r"(?<![\w-])(?P<y>\d{4})([-/.])(?P<mn>\d{1,2})\2(?P<d>\d{1,2})(?![\w-]\d|\d)")
_SIZE = r"(?![\s-]?(?:sizes?|sized|scale|time|violins?|violas?|cellos?|celli|guitars?|bass|inch|in\b|\"|hours?|h\b|full|model|jack|plug|stereo|drum|star))"
_NUMERIC = re.compile(
    r"(?<![\w/.$€£-])(?P<a>\d{1,2})(?:/(?P<b>\d{1,2})(?:/(?P<y>\d{4}|\d\d))?|-(?P<b3>\d{1,2})-(?P<y3>\d{4})"
    r"|\.(?P<b2>\d{1,2})\.(?P<y2>\d{4}|\d\d(?!\d))?)(?![\w/]|\.\d)" + _SIZE
)
_FRACTIONS = frozenset("1/2 1/3 2/3 1/4 3/4 4/4 1/8 3/8 5/8 6/8 7/8 2/2 2/4 5/4 9/8 12/8 1/16 1/10 24/7 10/10 9/10".split())
_DATE_BEFORE = re.compile(r"(?:\b(?:on|from|until|till|til|by|starting|start|between|due|since|to|am|vom|bis|el|del|le|du)|-) ?$")
_THE_DAYS = re.compile(
    r"(?<![\w/.-])(?:(?P<between>between )?(?:the )(?P<d>\d{1,2})(?:st|nd|rd|th)?|(?P<d3>\d{1,2})(?:st|nd|rd|th))" + _TO
    + r"(?:the (?P<d2>\d{1,2})(?:st|nd|rd|th)?|(?P<d4>\d{1,2})(?:st|nd|rd|th))(?![\w/])"
)
_THE_DAY = re.compile(
    r"(?<![\w/.$-])(?:(?P<on>(?:on|until|till|til|from|by|before|starting|through|thru|to|due|-) (?:on )?(?:about )?)(?:the )?|the )"
    r"(?P<d>\d{1,2})(?P<ord>st|nd|rd|th)(?! (?:grade|grader|fret|string|birthday|century|position|street|avenue|st\b|one|option|choice|item|place|floor|time|generation|gen\b|year|anniversary))(?![\w-])"
)
_WHICH = r"(?P<which>this|next|coming|this coming|the following|following|diese[nrs]?|nachste[nrs]?|kommende[nrs]?|proximo|proxima|este|esta|ce|cette)"
_WEEKDAY = re.compile(rf"(?:\b{_WHICH} )?(?<!\w)(?P<w>{any_of(WEEKDAYS)})\b\.?(?P<after> (?:proximo|que viene|prochain))?")
_WEEKDAY_BEFORE = re.compile(r"(?:\b(?:on|from|until|till|til|by|to|through|thru|starting|and|before|every|am|el|le)|-|,|^) ?(?:the )?$")
_WEEKDAY_AFTER = re.compile(r"\s?(?:-|to\b|until\b|through\b|thru\b|till\b|$|\?)")
_WEEKEND = re.compile(
    rf"\b(?:{_WHICH} )?(?:weekend|wochenende|fin de semana|week-end)\b(?! warrior| gigs?\b)"
)
_WEEK = re.compile(
    rf"\b{_WHICH} (?:whole |entire |full )?(?:week|woche|semana|semaine)\b|\b(?:la )?(?P<coming>semana que viene|semana proxima|semaine prochaine)\b"
)
_MONTH_AHEAD = re.compile(
    rf"\b{_WHICH} (?:whole |entire |full )?(?:month|monat|mes|mois)\b|\b(?:el )?(?P<coming>mes que viene|mes proximo|mois prochain)\b"
)
_PART = re.compile(
    rf"\b(?P<part>(?:the )?(?:1st|first|2nd|second|3rd|third|4th|fourth|last) (?:week|weekend) (?:of|in)|(?:the )?(?:beginning|start|middle|end) of|early|mid|late)"
    rf"[ -](?:the )?(?:{_MONTH}{_YEAR}|(?P<this>this month|month)|(?P<next>next month))"
)
_WHOLE_MONTH = re.compile(
    rf"(?:\b(?P<in>in|for|during|throughout|all of|whole of|next|this|until|till|from|to|through|by|im|en|of|about|since) (?:all of |the month of )?)?\b{_MONTH}(?: (?:of )?(?P<y>20\d\d))?(?!\w)"
)
_RELATIVE = re.compile(
    r"\b(?P<r>(?:the )?day after tomorrow|tomorrow|today|tonight|pasado manana|(?<!la )manana|hoy"
    r"|apres-demain|demain|aujourd'hui|ubermorgen|(?<!guten )(?<!gute )morgen|heute)\b"
    r"|\b(?P<now>(?<=from )now|(?<=starting )now|right away|straight away|immediately|asap|ab sofort)\b"
)
_AHEAD = re.compile(
    r"\b(?P<in>in|dans|en) (?P<n>a|an|one|two|three|un|une|una|zwei|drei|deux|trois|dos|tres|eine[rm]?|a couple of|a few|\d{1,3}) "
    r"(?P<unit>days?|weeks?|months?|tage?n?|wochen?|monate?n?|dias?|semanas?|mes(?:es)?|jours?|semaines?|mois)(?: from now| time| later)?\b(?! (?:or|and) )"
    r"|\b(?P<n2>a|one|two|three|\d{1,3}) (?P<unit2>days?|weeks?|months?) from (?P<from>now|today|tomorrow)\b"
)


def take_points(scan: Scan, today: date, refused: list[str]) -> list[Point]:
    """Return the days that a message names, in its order, and take them.

    :param refused: gets a sentence for each day that does not exist
    """
    points: list[Point] = []
    for pattern, read in _READERS:
        for match in pattern.finditer(scan.left):
            if len(points) >= _MOST_POINTS:
                return sorted(points, key=lambda point: point.span)
            if scan.left[match.start() : match.end()] != match[0]:
                continue
            try:
                point = read(match, today)
            except Impossible as error:
                refused.append(str(error))
                scan.blank([match.span()])
                continue
            if point is not None:
                points.append(point)
                scan.blank([match.span()])
    return sorted(points, key=lambda point: point.span)


def _days_of_month(match: re.Match[str], today: date) -> Point:
    month, year = number_of(MONTHS, match["m"]), _year(match)
    first, last = int(match["d"]), int(match["d2"])
    # "12 and 13 December" are two days; in "between 12 and 14" the last is that of the return.
    inclusive = match["to"] in ("and", "&", "und", "y", "et") and not match["between"]
    next_date(first, month, year, today), next_date(last, month, year, today)

    def resolve(base: date) -> Days:
        end = next_date(last, month, year, base)
        start = next_date(first, month, end.year, date(end.year, 1, 1))
        if end < start:
            raise Impossible(f"{match[0].strip()}: ends before it starts, so no dates were taken.")
        return _half_open(start, end, inclusive)

    return Point(span=match.span(), resolve=resolve, is_range=True, has_year=year is not None)


def _one_day(match: re.Match[str], today: date) -> Point | None:
    month, day, year = number_of(MONTHS, match["m"]), int(match["d"]), _year(match)
    next_date(day, month, year, today)
    return _day_point(match, lambda base: next_date(day, month, year, base), year)


def _week_of_day(match: re.Match[str], today: date) -> Point | None:
    month, day = number_of(MONTHS, match["m"] or match["m2"]), int(match["d"] or match["d2"])
    year = _year(match)
    next_date(day, month, year, today)

    def resolve(base: date) -> Days:
        found = next_date(day, month, year, base)
        return week_of(found) if match["stretch"] == "week" else weekend(found)

    return Point(span=match.span(), resolve=resolve, is_range=True, has_year=year is not None)


def _impossible(match: re.Match[str], today: date) -> Point | None:
    raise Impossible(f"{match[0].capitalize()} is no date.")


def _iso(match: re.Match[str], today: date) -> Point | None:
    day, month, year = int(match["d"]), int(match["mn"]), int(match["y"])
    found = next_date(day, month, year, today)
    return _day_point(match, lambda base: found, year)


def _numeric(match: re.Match[str], today: date) -> Point | None:
    """Read 12/19 as in the US unless the first number can only be a day; 12.1. is day first."""
    first, second = int(match["a"]), int(match["b"] or match["b2"] or match["b3"])
    said = match["y"] or match["y2"] or match["y3"]
    year = None if said is None else int(said) + (2000 if len(said) == 2 else 0)
    before = match.string[max(0, match.start() - 10) : match.start()]
    after = match.string[match.end() : match.end() + 6]
    if match["b"] and year is None and match[0] in _FRACTIONS:
        if not (_DATE_BEFORE.search(before) or re.match(r"\s?(?:-|to |until )\s?\d", after)):
            return None
    day, month = (first, second) if match["b2"] or first > 12 else (second, first)
    if month > 12 and match["b2"]:
        return None
    if year is None and (month > 12 or not 0 < day < 32 or not month):
        return None
    next_date(day, month, year, today)
    return _day_point(match, lambda base: next_date(day, month, year, base), year)


def _the_days(match: re.Match[str], today: date) -> Point | None:
    first, last = int(match["d"] or match["d3"]), int(match["d2"] or match["d4"])
    inclusive = match["to"] in ("and", "&") and not match["between"]
    if not (0 < first < 32 and 0 < last < 32):
        return None

    def resolve(base: date) -> Days:
        start = next_day_of_month(first, base)
        return _half_open(start, next_day_of_month(last, start), inclusive)

    return Point(span=match.span(), resolve=resolve, is_range=True)


def _the_day(match: re.Match[str], today: date) -> Point | None:
    day = int(match["d"])
    if not 0 < day < 32:
        return None
    if not match["on"] and day <= 10:  # "the 2nd" is rather one of several items
        return None
    point = _day_point(match, lambda base: next_day_of_month(day, base), None)
    return replace(point, span=(match.end("on"), match.end())) if match["on"] else point


def _weekday(match: re.Match[str], today: date) -> Point | None:
    text, name = match.string, match["w"]
    before = text[max(0, match.start() - 12) : match.start()]
    is_sure = match["which"] or match["after"] or _WEEKDAY_BEFORE.search(before)
    if name in DOUBTFUL and not (is_sure or _WEEKDAY_AFTER.match(text, match.end())):
        return None
    number, which = number_of(WEEKDAYS, name), (match["which"] or "")

    def resolve(base: date) -> Days:
        if which.startswith(("next", "nach", "the following", "following")) and base == today:
            start = week_of(today + timedelta(days=7))[0] + timedelta(days=number)
        else:
            ahead = (number - base.weekday()) % 7
            is_today = which in ("this", "diesen", "este", "ce")
            start = base + timedelta(days=ahead or (0 if is_today else 7))
        return start, start + timedelta(days=1)

    return Point(span=match.span(), resolve=resolve)


def _weekend(match: re.Match[str], today: date) -> Point | None:
    which = match["which"] or ""
    is_next = which.startswith(("next", "nach", "the following", "following", "proxim"))

    def resolve(base: date) -> Days:
        return weekend(week_of(base + timedelta(days=7))[0] if is_next else base)

    return Point(span=match.span(), resolve=resolve, is_range=True)


def _week(match: re.Match[str], today: date) -> Point | None:
    is_this = (match["which"] or "next").startswith(("this", "diese", "est", "ce")) and "coming" not in match[0]

    def resolve(base: date) -> Days:
        return week_of(base) if is_this else week_of(base + timedelta(days=7))

    return Point(span=match.span(), resolve=resolve, is_range=True, is_wide=True)


def _month_ahead(match: re.Match[str], today: date) -> Point | None:
    is_this = (match["which"] or "next").startswith(("this", "diese", "est", "ce")) and "coming" not in match[0]

    def resolve(base: date) -> Days:
        return month_days(base.year, base.month + (not is_this))

    return Point(span=match.span(), resolve=resolve, is_range=True, is_wide=True)


def _part_of_month(match: re.Match[str], today: date) -> Point | None:
    part = match["part"].removeprefix("the ")
    month = number_of(MONTHS, match["m"]) if match["m"] else None

    def resolve(base: date) -> Days:
        if month:
            first, end = _next_month_named(month, _year(match), base)
        else:
            first, end = month_days(base.year, base.month + bool(match["next"]))
        return _part(part, first, end)

    return Point(span=match.span(), resolve=resolve, is_range=True, is_wide="weekend" not in part)


def _part(part: str, first: date, end: date) -> Days:
    """Return a week or a third of a month."""
    nth = {"1": 0, "f": 0, "2": 1, "s": 1, "3": 2, "t": 2, "4": 3}.get(part[0], 0)
    nth = 3 if part.startswith("fourth") else nth
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


def _whole_month(match: re.Match[str], today: date) -> Point | None:
    said, name = match["in"], match["m"]
    if not (said or match["y"]) and (name in DOUBTFUL or len(name) < 4):
        return None
    if name in ("may", "march", "mars", "mar") and said in ("this", "next", "for", "about", "of", None, "to", "from", "by") and not match["y"]:
        if name in ("may", "mar", "mars") or said in ("to", None):
            return None
    month = number_of(MONTHS, name)
    return Point(
        span=match.span("m") if said in ("from", "to", "until", "till", "through", "by") else match.span(),
        resolve=lambda base: _next_month_named(month, _year(match), base),
        is_range=True,
        is_wide=True,
        has_year=bool(match["y"]),
    )


def _relative(match: re.Match[str], today: date) -> Point | None:
    found = today if match["now"] or match["r"] in ("today", "tonight") else library_date(match["r"], today)
    if found is None:
        return None
    return _day_point(match, lambda base: found, today.year)


def _ahead(match: re.Match[str], today: date) -> Point | None:
    words = f"in {match['n2']} {match['unit2']}" if match["n2"] else match[0]
    words = re.sub(r"\ba (?:couple of|few)\b", lambda few: "2" if "c" in few[0] else "3", words)
    base = today + timedelta(days=1) if match["from"] == "tomorrow" else today
    found = library_date(re.sub(r" (?:from now|time|later)$", "", words), base)
    return None if found is None else _day_point(match, lambda _: found, found.year)


def _holiday(match: re.Match[str], today: date) -> Point | None:
    if holiday_days(match, today) is None:
        return None

    def resolve(base: date) -> Days:
        days = holiday_days(match, base)
        if days is None:
            raise Impossible(f"When {match[0]} is, is not known.")
        return days

    days = resolve(today)
    return Point(span=match.span(), resolve=resolve, is_range=(days[1] - days[0]).days > 1)


def library_date(words: str, today: date) -> date | None:
    """Return the day that a phrase counted from today names, in any of the four languages."""
    from datetime import datetime

    import dateparser  # heavy imports wait for the first message that needs them

    base = datetime(today.year, today.month, today.day)
    try:
        found = dateparser.parse(
            words, languages=["en", "de", "es", "fr"], settings={"RELATIVE_BASE": base}
        )
    except Exception:  # a library's fault with somebody's words must not cost the turn
        return None
    return found.date() if found else None


def _day_point(match: re.Match[str], find: Callable[[date], date], year: int | None) -> Point:
    def resolve(base: date) -> Days:
        start = find(base)
        return start, start + timedelta(days=1)

    return Point(span=match.span(), resolve=resolve, has_year=year is not None)


def _half_open(start: date, end: date, inclusive: bool) -> Days:
    return start, end + timedelta(days=1) if inclusive or end == start else end


def _next_month_named(month: int, year: int | None, base: date) -> Days:
    return month_days(year or base.year + (month < base.month), month)


def _year(match: re.Match[str]) -> int | None:
    return int(match["y"]) if match["y"] else None


# In order: what is longer comes before what is a part of it.
_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date], Point | None]], ...] = (
    (_ISO, _iso),
    (_DAYS_THEN_MONTH, _days_of_month),
    (_MONTH_THEN_DAYS, _days_of_month),
    (_PART, _part_of_month),
    (_WEEK_OF, _week_of_day),
    (_DAY_MONTH, _one_day),
    (_MONTH_DAY, _one_day),
    (_IMPOSSIBLE, _impossible),
    (HOLIDAY, _holiday),
    (_NUMERIC, _numeric),
    (_THE_DAYS, _the_days),
    (_THE_DAY, _the_day),
    (_WEEKEND, _weekend),
    (_WEEK, _week),
    (_MONTH_AHEAD, _month_ahead),
    (_AHEAD, _ahead),
    (_RELATIVE, _relative),
    (_WEEKDAY, _weekday),
    (_WHOLE_MONTH, _whole_month),
)
