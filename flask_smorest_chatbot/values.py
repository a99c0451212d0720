"""The plain values that pass between the host and the plugin, beside the catalogue's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from .catalog import CatalogItem, CatalogQuery
from .profile import UserProfile

__all__ = ["CatalogItem", "CatalogQuery", "TurnPlan", "UserProfile"]


def price_as_json(item: CatalogItem) -> dict[str, str] | None:
    """Return ``{"amount": "18.00", "currency": "USD", "unit": "day"}``, or None without a price."""
    if item.amount is None:
        return None
    return {"amount": str(item.amount), "currency": item.currency, "unit": item.price_unit}


@dataclass(frozen=True, kw_only=True)
class TurnPlan:
    """What a host's own chat endpoint asks of a turn.

    :param message: the question to answer and store
    :param instructions: the host's words to the model for this turn; never the user's
    :param must_recommend: ask the model to choose from the candidates even if its prose names none
    :param search: what to ask of the catalogue, if that is not ``message``; "" for whatever fits
        the profile
    """

    message: str
    instructions: str = ""
    must_recommend: bool = False
    search: str | None = None


@dataclass(frozen=True)
class Finding:
    """The outcome of one check.

    :param name: what was checked
    :param detail: what was found, without secrets
    :param remedy: what to do about it; empty when all is well
    :param applies: False for what cannot be checked here; then ``detail`` says why
    """

    name: str
    detail: str
    remedy: str = ""
    applies: bool = True

    @property
    def ok(self) -> bool:
        """Whether the check passed."""
        return not self.remedy


#: A check of the host's own, registered with :meth:`.Chatbot.doctor_check`.
HostCheck = Callable[[], Iterable[Finding]]


def as_plain_json(value: Any) -> Any:
    """Return a value as plain JSON types; decimals and dates of the host become strings."""
    return json.loads(json.dumps(value, default=str))
