"""What the previous turn of a session understood and recommended, read back with care."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from ...catalog import DAYS_OF_UNIT, Budget, CatalogItem, Period

#: The slots that say what kind of thing is asked for.
_KIND = (
    "wanted", "categories", "excluded_categories", "brands", "excluded_brands", "excluded_words",
    "genres",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """What the previous turn of a session understood and recommended.

    :param query: :meth:`.CatalogQuery.as_json` of its query
    :param items: what was recommended, in the order shown
    :param named: keys of all items that the answers to this request named, recommended or not
    """

    query: Mapping[str, Any] = field(default_factory=dict)
    items: Sequence[CatalogItem] = ()
    named: Sequence[int | str] = ()

    def names(self, slot: str) -> tuple[str, ...]:
        """Return the texts of a list; what is none is left out."""
        values = self._of_kind(slot)
        values = values if isinstance(values, list | tuple) else ()
        return tuple(value for value in values if isinstance(value, str))

    def ids(self, slot: str) -> tuple[int | str, ...]:
        """Return the keys of a list; what can be none is left out."""
        values = self.query.get(slot)
        values = values if isinstance(values, list | tuple) else ()
        return tuple(value for value in values if isinstance(value, int | str))

    def name(self, slot: str) -> str | None:
        """Return a text, if it is one."""
        value = self._of_kind(slot)
        return value if isinstance(value, str) and value else None

    @property
    def kind(self) -> dict[str, Any]:
        """What kind of thing was asked for, in this turn or in one before it."""
        return {slot: value for slot in _KIND if (value := self._of_kind(slot))}

    @property
    def kind_slots(self) -> dict[str, Any]:
        """What kind of thing was asked for, as slots of a query."""
        lists = {slot: self.names(slot) for slot in _KIND if slot != "wanted"}
        return {"wanted": self.name("wanted"), **lists}

    def _of_kind(self, slot: str) -> Any:
        aside = self.query.get("set_aside")
        return self.query.get(slot) or (aside.get(slot) if isinstance(aside, Mapping) else None)

    @property
    def is_any_price(self) -> bool:
        """Whether the user said that the price does not matter."""
        return self.query.get("any_price") is True

    @property
    def period(self) -> Period | None:
        """The dates asked for."""
        value = self.query.get("period")
        try:
            return Period(*(date.fromisoformat(value[end]) for end in ("from", "to")))  # type: ignore[index]
        except (KeyError, TypeError, ValueError):
            return None

    @property
    def budget(self) -> Budget | None:
        """What the user wanted to pay."""
        value = self.query.get("budget")
        if not isinstance(value, Mapping):
            return None
        most, least = _amount(value.get("most")), _amount(value.get("least"))
        unit, currency = value.get("unit"), value.get("currency")
        if unit not in (*DAYS_OF_UNIT, "total") or (most is None and least is None):
            return None
        return Budget(
            most=most,
            least=least,
            unit=unit,
            currency=currency if isinstance(currency, str) else "USD",
        )


def _amount(value: object) -> Decimal | None:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount > 0 else None
