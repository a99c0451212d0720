"""Tell which items a text prices above what it says the user will pay. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from .mentions import Mention
from .money import money_in

#: Before an amount, these make it what the user will pay; a sentence's end stands between neither.
_LIMIT_BEFORE = re.compile(
    r"\b(?:you(?:r|['\u2019]d|['\u2019]ve)?|a|the|with)\b[^.!?\n]{0,30}?\b(?:budget|limit"
    r"|maximum|ceiling|below"
    r"|under|within|up to|more than|spend)\b\W+(?:(?:of|is|at|your|was|to)\W+){0,2}$",
    re.IGNORECASE,
)
_LIMIT_AFTER = re.compile(
    r"\W{0,3}(?:is|was|as|being) (?:the|your) (?:\w+ )?(?:maximum|limit|budget|ceiling)",
    re.IGNORECASE,
)
_UPPER_END = re.compile(r"\s?(?:-|\u2013|to|and)\s?[$\u20ac\u00a3]?\s?(\d{1,5}(?:\.\d\d)?)")
_BEFORE = 60


def over_limit(text: str, mentions: Sequence[Mention]) -> list[Mention]:
    """Return the mentions whose price a day the text tells, and tells to be too much."""
    limit = _limit_a_day(text)
    if limit is None:
        return []
    return [
        mention
        for mention in mentions
        if mention.item.price_unit == "day"
        and mention.item.amount is not None
        and mention.item.amount > limit
        and any(money.amount == mention.item.amount for money in money_in(mention.about))
    ]


def _limit_a_day(text: str) -> Decimal | None:
    limits = []
    for money in money_in(text):
        before = text[max(0, money.start - _BEFORE) : money.start]
        is_limit = _LIMIT_BEFORE.search(before) or _LIMIT_AFTER.match(text, money.end)
        upper = _UPPER_END.match(text, money.end)
        if is_limit and money.unit in (None, "day"):
            limits.append(max(money.amount, Decimal(upper[1])) if upper else money.amount)
    return max(limits, default=None)
