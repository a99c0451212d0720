"""Find what an answer prices or links although the catalogue did not offer it so. Pure.

Told by form alone, so "your $20 budget" is no price of a thing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from ...catalog import DAYS_OF_UNIT, CatalogItem, Period
from .mentions import Mention
from .money import Money, money_in
from .names import Names

_LINK = re.compile(
    r"\]\(\s{0,3}<?([^\s)>]{1,500})|(?<!\]\()((?:https?://|www\.)[^\s)>\]\"'*]{1,500})"
)
#: Amounts that are no price of a thing.
_NO_PRICE_BEFORE = re.compile(
    r"(?:budget|under|below|over|above|up to|less than|more than|beyond|past|exceed\w*|within"
    r"|max\w*|limit|instead of"
    r"|than|save|fits?|deposit|insurance|delivery|shipping|fee|plus|presupuesto|menos de"
    r"|hasta|por debajo de|unter|bis zu|weniger als|moins de|jusqu'\u00e0|meno di|fino a)"
    r"\W+(?:\w+\W+){0,2}$",
    re.IGNORECASE,
)
_NO_PRICE_AFTER = re.compile(
    r"\W{0,2}(?:\w+\W+){0,2}?(?:budget|cheaper|less|more|deposit|off)\b", re.IGNORECASE
)
_COUNTS = "one two three four five six seven eight nine ten".split()
_NUMBERS = {"a": 1, "the": 1} | {word: count for count, word in enumerate(_COUNTS, start=1)}
_FOR_DAYS = re.compile(rf"\b(\d{{1,3}}|{'|'.join(_NUMBERS)})[ -](day|week|month)", re.IGNORECASE)
_MOST = 10
#: Characters before a name within which the days are told that a price is for.
_DAYS_WITHIN = 30


def ungrounded_claims(
    text: str,
    names: Names,
    mentions: Sequence[Mention],
    unoffered: Sequence[tuple[int, int]],
    period: Period | None = None,
) -> list[str]:
    """Return what is not offered, or not so, of all that an answer names, prices and links.

    :param names: of the items on offer
    :param mentions: of these in the text
    :param unoffered: from :func:`.unoffered_products`, without those that the text denies
    :param period: whose totals are told as well
    """
    items = [item for product in names.products for item in product.items]
    products = (text[start:end].rstrip(".'\u2019-") for start, end in unoffered)
    return [*products, *_prices(text, mentions, period), *_links(text, items)][:_MOST]


def ungrounded_price(
    item: CatalogItem, money: Money, about: str = "", period: Period | None = None
) -> bool:
    """Tell whether an amount is not what an item costs, be it for a day, several or a period."""
    if item.amount is None:
        return False
    days = {DAYS_OF_UNIT.get(money.unit or item.price_unit, 1)}
    days |= {_days(found) for found in _FOR_DAYS.finditer(about)}
    unit = DAYS_OF_UNIT.get(item.price_unit, 1)
    true = [item.amount * count / unit for count in days]
    # "$73.50 a day" is no total.
    total = item.total_for(period) if money.unit is None else None
    if total is not None:
        true.append(total)
    return all(abs(amount - money.amount) >= Decimal("0.5") for amount in true)


def _prices(text: str, mentions: Sequence[Mention], period: Period | None) -> Iterator[str]:
    for mention in mentions:
        for money in money_in(mention.about):
            before, after = mention.about[: money.start], mention.about[money.end :]
            if _NO_PRICE_BEFORE.search(before[-60:]) or _NO_PRICE_AFTER.match(after):
                continue
            line = text[max(0, mention.start - _DAYS_WITHIN) : mention.start] + mention.about
            if ungrounded_price(mention.item, money, line, period):
                amount = mention.about[money.start : money.end].strip()
                yield f"{mention.item.name} at {amount}"


def _days(found: re.Match[str]) -> int:
    count = _NUMBERS.get(found[1].lower()) or int(found[1])
    return count * DAYS_OF_UNIT[found[2].lower()]


def _links(text: str, items: Sequence[CatalogItem]) -> Iterator[str]:
    offered = {_page(item.url) for item in items if item.url}
    for found in _LINK.finditer(text):
        link = (found[1] or found[2]).rstrip(".,;:!?")
        if _page(link) not in offered:
            yield link


def _page(url: str) -> str:
    """Return a link without query and fragment."""
    return re.split(r"[?#]", url, maxsplit=1)[0].rstrip("/")
