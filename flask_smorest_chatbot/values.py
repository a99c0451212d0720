"""The plain values that pass between the host and the plugin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, kw_only=True)
class UserProfile:
    """What the host knows of a user and lets the model know.

    Leave out what the host does not know: nothing is assumed in its place.

    :param name: how to address the user
    :param experience_level: for example ``"beginner"``
    :param preferred_instruments: kinds of items the user likes, in the host's own words
    :param location: where the user is, in the host's own words
    :param budget_min: least price wanted, in the catalogue's currency and unit
    :param budget_max: most the user wants to pay, in the catalogue's currency and unit
    :param details: anything else worth telling the model; JSON values under readable names
    """

    name: str | None = None
    experience_level: str | None = None
    preferred_instruments: Sequence[str] = ()
    location: str | None = None
    budget_min: Decimal | None = None
    budget_max: Decimal | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the profile as JSON values; decimals become strings."""
        values = asdict(self)
        values["preferred_instruments"] = list(self.preferred_instruments)
        values["details"] = dict(self.details)
        for bound in ("budget_min", "budget_max"):
            values[bound] = None if values[bound] is None else str(values[bound])
        return values


@dataclass(frozen=True, kw_only=True)
class CatalogQuery:
    """What the plugin asks of the host's catalogue for one turn.

    :param text: the user's message as sent
    :param words: its content words, lower-case, in order
    :param profile: the user's profile
    :param user_id: the user's primary key, so that a host can leave out the user's own items
    :param limit: most items the plugin will use; return the best first
    """

    text: str
    words: Sequence[str] = ()
    profile: UserProfile = field(default_factory=UserProfile)
    user_id: Any = None
    limit: int = 8


@dataclass(frozen=True, kw_only=True)
class CatalogItem:
    """One item of the host's catalogue that can be had right now.

    :param id: the host's own key; what a recommendation refers to
    :param name: as the host's pages show it
    :param price: amount per ``price_unit``; kept exact, never computed by the model
    :param currency: ISO 4217 code
    :param price_unit: what the price is for, for example ``"day"``
    :param url: page of the item, absolute or rooted
    :param description: one line for the model
    :param details: further facts, shown to the model and copied into the recommendation
        (``condition``, ``location``, ``image_url``, ...); JSON values
    """

    id: int | str
    name: str
    price: Decimal | int | float | str | None = None
    currency: str = "USD"
    price_unit: str = "day"
    url: str | None = None
    description: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def amount(self) -> Decimal | None:
        """The price as an exact decimal."""
        return None if self.price is None else Decimal(str(self.price))


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """A catalogue item that an answer recommends, with the reason. Every fact is the host's."""

    item: CatalogItem
    reason: str

    def as_json(self) -> dict[str, Any]:
        """Return ``id``, ``name``, ``reason``, ``price``, ``url`` and the item's details."""
        return {
            **self.item.details,
            "id": self.item.id,
            "name": self.item.name,
            "reason": self.reason,
            "price": price_as_json(self.item),
            "url": self.item.url,
        }


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
    """

    message: str
    instructions: str = ""
    must_recommend: bool = False
