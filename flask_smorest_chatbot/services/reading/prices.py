"""Find prices that an answer states of offered items, and that are not theirs. Pure.

Told by form alone, so "your $20 budget" is no price of a thing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from ...catalog import DAYS_OF_UNIT, CatalogItem, Period
from .mentions import Mention
from .money import Money, money_in

#: Amounts that are no price of a thing.
_NO_PRICE_BEFORE = re.compile(
    r"(?:budget|under|below|over|above|up to|less than|more than|beyond|past|exceed\w*|within"
    r"|max\w*|limit|instead of|between|from|range|have|spend|spending|got|worth"
    r"|than|saves?|fits?|deposit|insurance|delivery|shipping|fee|plus|together|both|combined"
    r"|altogether|sum|retails?|sells?|presupuesto|menos de"
    r"|hasta|por debajo de|unter|bis zu|weniger als|moins de|jusqu'\u00e0|meno di|fino a)"
    r"\W+(?:\w+\W+){0,2}$|\b(?:with|avec|mit|con|com|met)\W+$",
    re.IGNORECASE,
)
_NO_PRICE_AFTER = re.compile(
    r"\W{0,2}(?:\w+\W+){0,2}?(?:budget|limit|maximum|ceiling|cheaper|dearer|pricier|less|more|extra|deposit|off|saved"
    r"|together|combined|altogether)\b",
    re.IGNORECASE,
)
_COUNTS = "one two three four five six seven eight nine ten".split()
_NUMBERS = {"a": 1, "the": 1, "both": 2} | {
    word: count for count, word in enumerate(_COUNTS, start=1)
}
_FOR_DAYS = re.compile(rf"\b(\d{{1,3}}|{'|'.join(_NUMBERS)})[ -](day|week|month)", re.IGNORECASE)
_IN_TOTAL = re.compile(r"\W{0,2}(?:in (?:total|all)|total|altogether|insgesamt|en total)\b", re.I)
#: Characters before a name within which the days are told that a price is for.
_DAYS_WITHIN = 30
#: Characters on either side of a name within which its price is told.
_TOLD_WITHIN = 160
_LED_WITHIN = 60
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)|\n|\|\s*\n")
#: A sentence or line that so begins goes on about the price of what the one before it named.
_GOES_ON = re.compile(
    r"[\s*_\u2022-]*(?:it|this one|at|only|just|prices?|costs?|rate|daily|rental|for|es|sie|er"
    r"|preis|precio|prix|prezzo|il|elle)\b",
    re.IGNORECASE,
)
_PER = (
    r"(?:\W{0,3}(?:a|per|each|am|pro|por|par)?\W{0,3}(?:day|daily|week|month|tag|d\u00eda|jour)\b)?"
)
_ARTICLE = r"(?:(?:the|an?|our|die|der|das|le|la|el|il)\W+)?"
#: Between an amount and the name that it is the price of, though another stands before it.
_LEADS_ON = re.compile(
    rf"{_PER}\W+(?:for|gets you|buys you|rents you|you get|you can (?:have|get|rent)|there is)"
    rf"\W+{_ARTICLE}",
    re.IGNORECASE,
)
#: The same if none does.
_LEADS = re.compile(rf"{_LEADS_ON.pattern}|{_PER}\W{{1,5}}{_ARTICLE}", re.IGNORECASE)
_NEXT = re.compile(r"[,;.!?]\W*(?:and |but )?(?:at|for)\W*$", re.IGNORECASE)
_FREE = re.compile(
    r"\W{0,4}((?:costs?|kostet|cuesta|costa|co\u00fbte)(?: \w+){0,2}? (?:nothing|nichts|nada|rien)"
    r"|(?:is|comes|rents|ist|es|est)(?: \w+){0,2}?"
    r" (?:free of charge|for free|kostenlos|gratis|gratuite?))\b",
    re.IGNORECASE,
)


def untrue_prices(
    text: str, mentions: Sequence[Mention], period: Period | None = None
) -> Iterator[str]:
    """Yield what is priced wrongly: ``"Yamaha FG800 at $5"``.

    :param mentions: of offered items in the text, in order
    :param period: whose totals are true prices, too
    """
    end = 0
    for at, mention in enumerate(mentions):
        until = mentions[at + 1].start if at + 1 < len(mentions) else len(text)
        said = _said_behind(text, mention, until)
        prices = [(money, said) for money in _stated(said, leads_on=until < len(text))]
        if not prices:
            lead, is_first = _lead(text, end, mention.start)
            prices = [(money, lead) for money in _leading(lead, is_first=is_first)]
        before = text[max(0, mention.start - _DAYS_WITHIN) : mention.start]
        for money, where in prices:
            if ungrounded_price(mention.item, money, before + where, period) or _is_for_longer(
                mention.item, money, before + where, where[money.end :]
            ):
                yield f"{mention.item.name} at {where[money.start : money.end].strip()}"
        if mention.item.amount and (free := _FREE.match(said)):
            yield f"{mention.item.name} {free[1]}"
        end = mention.end


def ungrounded_price(
    item: CatalogItem, money: Money, about: str = "", period: Period | None = None
) -> bool:
    """Tell whether an amount is not what an item costs, be it for a day, several or a period."""
    if item.amount is None:
        return False
    days = {DAYS_OF_UNIT.get(money.unit or item.price_unit, 1)}
    days |= _days_told(about)
    unit = DAYS_OF_UNIT.get(item.price_unit, 1)
    true = [item.amount * count / unit for count in days]
    # "$73.50 a day" is no total.
    total = item.total_for(period) if money.unit is None else None
    if total is not None:
        true.append(total)
    return all(abs(amount - money.amount) >= Decimal("0.5") for amount in true)


def _is_for_longer(item: CatalogItem, money: Money, about: str, after: str) -> bool:
    """Tell "for a week, $15 in total" of what costs that a day."""
    days = _days_told(about)
    unit = DAYS_OF_UNIT.get(item.price_unit, 1)
    if item.amount is None or not days - {unit} or not _IN_TOTAL.match(after):
        return False
    return money.amount == item.amount


def _said_behind(text: str, mention: Mention, until: int) -> str:
    """Return what a text says behind a name, as far as it may be about its price."""
    end = mention.end + len(mention.about)
    while end < min(until, mention.end + _TOLD_WITHIN):
        stop = _SENTENCE_END.match(text, end)
        start = stop.end() if stop else end
        if not _GOES_ON.match(text, start):
            break
        found = _SENTENCE_END.search(text, start + 1, until)
        end = found.start() if found else until
    return text[mention.end : min(end, until)]


def _stated(said: str, *, leads_on: bool) -> Iterator[Money]:
    """Yield the prices in what is said behind a name.

    :param leads_on: whether another name follows, to which the last of them may belong
    """
    for money in money_in(said):
        before, after = said[: money.start], said[money.end :]
        if _NO_PRICE_BEFORE.search(before[-60:]) or _NO_PRICE_AFTER.match(after):
            continue
        is_of_next = _LEADS_ON.fullmatch(after) or (
            _NEXT.search(before) and _LEADS.fullmatch(after)
        )
        if not (leads_on and is_of_next):
            yield money


def _lead(text: str, floor: int, start: int) -> tuple[str, bool]:
    """Return what leads to a name in its sentence, and whether none stands before it there."""
    since = max(floor, start - _LED_WITHIN)
    ends = [found.end() for found in _SENTENCE_END.finditer(text, since, start)]
    return text[ends[-1] if ends else since : start], bool(ends) or since > floor or floor == 0


def _leading(lead: str, *, is_first: bool) -> Iterator[Money]:
    for money in money_in(lead):
        before, after = lead[: money.start], lead[money.end :]
        is_its = _LEADS_ON.fullmatch(after) or (
            (is_first or _NEXT.search(before)) and _LEADS.fullmatch(after)
        )
        if is_its and not _NO_PRICE_BEFORE.search(before):
            yield money


def _days_told(about: str) -> set[int]:
    """Return the lengths in days that a text names: "for 3 days", "a week"."""
    return {
        (_NUMBERS.get(found[1].lower()) or int(found[1])) * DAYS_OF_UNIT[found[2].lower()]
        for found in _FOR_DAYS.finditer(about)
    }
