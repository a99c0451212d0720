"""Find what an answer names, prices or links although the catalogue did not offer it so. Pure.

Told by form alone, so only what plainly looks like a product, a price of it, or a link counts:
"**Beginner level**" and "your $20 budget" do not.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence, Set
from decimal import Decimal

from ...catalog import DAYS_OF_UNIT, CatalogItem, Period
from .mentions import Mention
from .money import Money, money_in
from .names import Names
from .words import Word, words_of

_NAME_WORD = r"[A-Z\u00c0-\u00de][\w'\u2019&-]{1,30}"
#: A model's code, such as "ES-335", "FG830", "P-125" or "9000".
_CODE = (
    r"(?:[A-Z]{1,5}[a-z]{0,2}-?\d{2,5}[A-Za-z]{0,4}|[A-Z]{2,5}(?:-\d|\d[A-Z])[A-Z\d]{0,3}"
    r"|(?!19\d\d|20\d\d)\d{3,4})(?![\w%]|[.,]\d|-[a-z])"
)
#: A made-up or unoffered product by its form: words with capitals, then a code.
_WITH_CODE = re.compile(rf"(?<![\w$#/.-]){_NAME_WORD}(?: {_NAME_WORD}){{0,3}} {_CODE}")
_AFTER_BRAND = re.compile(rf" (?:{_NAME_WORD}|{_CODE})(?: (?:{_NAME_WORD}|{_CODE})){{0,3}}")
#: A name that is emphasised or begins the line of a list, with a price beside it.
_PRICED = re.compile(
    rf"(?:\*\*|^[ \t]{{0,8}}(?:[-*\u2022]|\d{{1,2}}[.)])[ \t]{{1,3}})"
    rf"({_NAME_WORD}(?: {_NAME_WORD}){{1,4}})"
    r"(?:\*\*)?[^\n\w]{0,9}[$\u20ac\u00a3]\d",
    re.MULTILINE,
)
#: Words with capitals that numbers follow, or that follow a maker's name, without naming a thing.
_NO_NAME = frozenset(
    "try our it its this that these those their his her my your both we you if is at no only"
    " over under about price total cost day week month year "
    "january february march april may june july august september october november december "
    "monday tuesday wednesday thursday friday saturday sunday step option level top number item "
    "listing id page chapter opus highway route street room suite model models brand series "
    "company corporation inc dealer the and for with of in by a "
    "warranty best value rental deposit delivery shipping insurance fee rate daily weekly monthly "
    "budget range estimated overall final order special offer average starting".split()
)
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
    :param unoffered: from :func:`unoffered_products`, without those that the text denies
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


def unoffered_products(
    text: str, words: Sequence[Word], names: Names, mentions: Sequence[Mention]
) -> list[tuple[int, int]]:
    """Return where a text names what looks like a product and is not offered.

    :param words: of the text
    :param mentions: of offered items in the text
    """
    taken = [(mention.start, mention.end) for mention in mentions if not mention.by_id]
    found: list[tuple[int, int]] = []
    no_name = _NO_NAME | names.common
    coded, priced = _coded(text, no_name), _priced(text, no_name)
    for start, end in sorted({*coded, *priced, *_branded(text, words, names, no_name)}):
        is_new = not _overlaps(taken, start, end) and not _overlaps(found[-1:], start, end)
        if is_new and not names.has_part(text[start:end]):
            found.append((start, end))
    return found


def _overlaps(places: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    """Tell whether one of some places, in order and apart, has a part of another."""
    at = bisect_left(places, end, key=lambda place: place[0])
    return at > 0 and places[at - 1][1] > start


def _coded(text: str, no_name: Set[str]) -> Iterator[tuple[int, int]]:
    for found in _WITH_CODE.finditer(text):
        words = words_of(found[0])
        while words and words[0].text in no_name:
            words = words[1:]
        named = [word for word in words if word.text.isalpha() and word.text not in no_name]
        # A bare number needs more of a name before it than a code with letters.
        if len(named) > 1 and len(named[0].text) > 1:
            yield found.start() + words[0].start, found.end()


def _priced(text: str, no_name: Set[str]) -> Iterator[tuple[int, int]]:
    for found in _PRICED.finditer(text):
        if not any(word.text in no_name for word in words_of(found[1])):
            yield found.span(1)


def _branded(
    text: str, words: Sequence[Word], names: Names, no_name: Set[str]
) -> Iterator[tuple[int, int]]:
    for word in words:
        if word.text in names.brands and word.is_capital:
            found = _AFTER_BRAND.match(text, word.end)
            if found and words_of(found[0])[0].text not in no_name:
                yield word.start, found.end()


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
