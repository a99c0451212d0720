"""Read the amounts of money in a model's prose. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

_NUMBER = r"\d{1,6}(?:[.,]\d{3})*(?:[.,]\d{1,2})?(?!\d)"
_SIGN = r"(?:US|CA|AU)?[$\u20ac\u00a3]"
_WORD = r"(?:dollars?|bucks|usd|eur|euros?|gbp|pounds?|d[o\u00f3]lares|dollari)\b"
_MONEY = re.compile(
    rf"{_SIGN}\s?(?P<a>{_NUMBER})|(?<![\w.,])(?P<b>{_NUMBER})\s?(?:{_SIGN}|{_WORD})", re.IGNORECASE
)
_UNITS = {
    "day": r"day|daily|d\u00eda|dia|jour|tag|giorno",
    "week": r"week|weekly|semana|semaine|woche|settimana",
    "month": r"month|monthly|mes|m\u00eas|mois|monat|mese",
}
_UNIT = re.compile(
    r"\s{0,2}(?:/|a|an|per|each|every|al|por|par|pro|am|im|die|der|la|le|il|alla|a la"
    r"|by the)?\s{0,2}"
    r"(?:" + "|".join(f"(?P<{unit}>{words})" for unit, words in _UNITS.items()) + r")\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Money:
    """An amount in a text.

    :param unit: ``day``, ``week`` or ``month`` if the text says what it is for
    """

    amount: Decimal
    unit: str | None
    start: int
    end: int


def money_in(text: str) -> Iterator[Money]:
    """Yield the amounts of money in a text, in order."""
    for found in _MONEY.finditer(text):
        unit = _UNIT.match(text, found.end())
        yield Money(
            _decimal(found["a"] or found["b"]), unit and unit.lastgroup, found.start(), found.end()
        )


def amounts_in(text: str) -> list[Decimal]:
    """Return the plain amounts of money in a text."""
    return [money.amount for money in money_in(text)]


def _decimal(number: str) -> Decimal:
    """Read 1,234.50 and 1.234,50 alike: a last part of one or two digits is the fraction."""
    whole, fraction = re.fullmatch(r"(.*?)(?:[.,](\d{1,2}))?", number).groups()  # type: ignore[union-attr]
    return Decimal(re.sub(r"\D", "", whole) + "." + (fraction or "0"))
