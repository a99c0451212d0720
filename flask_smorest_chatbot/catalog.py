"""The plain values in which the plugin and the host's catalogue talk to each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

from .profile import UserProfile

#: Days that a price unit stands for, where prices of several units are compared.
DAYS_OF_UNIT: Mapping[str, int] = {"day": 1, "week": 7, "month": 30}

Outcome = Literal["found", "not_carried", "all_out", "over_budget"]


@dataclass(frozen=True, order=True)
class Period:
    """Whole days, half-open: from the morning of ``start`` to the morning of ``end``.

    :param start: first day
    :param end: day of return, on which somebody else's period may start
    :raises ValueError: unless ``end`` is after ``start``
    """

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError("a period ends after it starts")

    @classmethod
    def from_start(cls, start: date, days: int = 1) -> Period:
        """Return the period of so many days."""
        return cls(start, start + timedelta(days=days))

    @property
    def days(self) -> int:
        """How many days it has; these are paid for."""
        return (self.end - self.start).days

    def overlaps(self, other: Period) -> bool:
        """Tell whether the two share a day. One may end on the day on which the other starts."""
        return self.start < other.end and other.start < self.end

    def as_json(self) -> dict[str, Any]:
        """Return ``{"from": "2026-12-12", "to": "2026-12-19", "days": 7}``."""
        return {"from": self.start.isoformat(), "to": self.end.isoformat(), "days": self.days}


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What the user wants to pay.

    :param most: at most so much per ``unit``; None for no limit
    :param least: at least so much per ``unit``
    :param unit: ``"day"``, ``"week"``, ``"month"`` or ``"total"`` (for the whole period)
    :param currency: ISO 4217 code
    """

    most: Decimal | None = None
    least: Decimal | None = None
    unit: str = "day"
    currency: str = "USD"

    def most_per_day(self, days: int | None = None) -> Decimal | None:
        """Return the limit per day, not rounded.

        :param days: length of the period; without it, a total must pay for one day at least
        """
        return None if self.most is None else self.most / self._days(days)

    def least_per_day(self, days: int | None = None) -> Decimal | None:
        """Return the lower bound per day, not rounded."""
        return None if self.least is None else self.least / self._days(days)

    def _days(self, days: int | None) -> int:
        return (days or 1) if self.unit == "total" else DAYS_OF_UNIT[self.unit]

    def as_json(self) -> dict[str, Any]:
        """Return ``{"most": "20", "least": null, "unit": "day", "currency": "USD"}``."""
        return {
            "most": None if self.most is None else str(self.most),
            "least": None if self.least is None else str(self.least),
            "unit": self.unit,
            "currency": self.currency,
        }


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """The words of a catalogue, by which the plugin understands what a user asks for.

    :param categories: the host's categories, each with further names that users have for it
        (``{"Guitar": ["acoustic guitar", "axe"]}``); plurals need not be listed
    :param brands: makers, as the catalogue spells them
    :param places: where items are, as the catalogue spells them
    :param levels: the host's experience levels, each with further names
    :param genres: for example kinds of music
    :param other_kinds: things that users ask for and the catalogue does not carry, so that an
        honest "we do not carry it" can be told from a word that names nothing
    """

    categories: Mapping[str, Sequence[str]] = field(default_factory=dict)
    brands: Sequence[str] = ()
    places: Sequence[str] = ()
    levels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    genres: Sequence[str] = ()
    other_kinds: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class CatalogQuery:
    """What the plugin asks of the host's catalogue for one turn.

    Everything but ``text``, ``profile``, ``user_id``, ``limit`` and ``today`` is what the plugin
    understood of the conversation; empty or None means that the user did not say it.

    :param text: the user's message as sent
    :param words: words of it that may name something, lower-case, in order; those that were
        understood as something else (dates, money, places) are left out
    :param wanted: the kind of thing asked for, in the user's words, if the message names one
    :param categories: the vocabulary's categories asked for; any of them will do
    :param excluded_categories: categories that the user does not want
    :param brands: the vocabulary's brands asked for; any of them will do
    :param excluded_brands: brands that the user does not want
    :param excluded_words: models and other names that the user does not want, lower-case
    :param budget: what the user wants to pay; it replaces the profile's
    :param any_price: whether the user said that the price does not matter, whatever the profile
        says
    :param period: when the user needs the item
    :param place: where, in the vocabulary's words
    :param level: the vocabulary's level
    :param genres: the vocabulary's genres
    :param item_ids: if given, the user speaks of these very items: return them, with fresh facts
        and available or not, whatever the rest of the query says
    :param excluded_ids: items that the user does not want to see again
    :param set_aside: what kind of thing was asked for before, if this message, such as "thanks",
        asks for none; the loader is asked for it again, and a message that goes on ("something
        cheaper") takes it up
    :param assumptions: sentences on what was assumed, as the user did not say it
    :param profile: the user's profile
    :param user_id: the user's primary key, so that a host can leave out the user's own items
    :param limit: most items the plugin will use; return the best first
    :param today: the date in the configured time zone
    """

    text: str
    words: Sequence[str] = ()
    wanted: str | None = None
    categories: Sequence[str] = ()
    excluded_categories: Sequence[str] = ()
    brands: Sequence[str] = ()
    excluded_brands: Sequence[str] = ()
    excluded_words: Sequence[str] = ()
    budget: Budget | None = None
    any_price: bool = False
    period: Period | None = None
    place: str | None = None
    level: str | None = None
    genres: Sequence[str] = ()
    item_ids: Sequence[int | str] = ()
    excluded_ids: Sequence[int | str] = ()
    set_aside: Mapping[str, Any] = field(default_factory=dict)
    assumptions: Sequence[str] = ()
    profile: UserProfile = field(default_factory=UserProfile)
    user_id: Any = None
    limit: int = 8
    today: date = field(default_factory=date.today)

    @property
    def days(self) -> int | None:
        """Length of the period asked for; None when the user named no dates."""
        return self.period.days if self.period else None

    @property
    def wanted_period(self) -> Period:
        """The period asked for, or today alone."""
        return self.period or Period.from_start(self.today)

    @property
    def most_per_day(self) -> Decimal | None:
        """Most that a day may cost: as the user said, or else as the profile says."""
        if self.budget is not None:
            return self.budget.most_per_day(self.days)
        return None if self.any_price else self.profile.budget_max

    @property
    def least_per_day(self) -> Decimal | None:
        """Least that a day should cost, as the user said."""
        return self.budget.least_per_day(self.days) if self.budget else None

    def as_json(self) -> dict[str, Any]:
        """Return what was understood, for the client: only what was said or assumed."""
        values: dict[str, Any] = {
            "wanted": self.wanted,
            "categories": list(self.categories),
            "excluded_categories": list(self.excluded_categories),
            "brands": list(self.brands),
            "excluded_brands": list(self.excluded_brands),
            "excluded_words": list(self.excluded_words),
            "budget": self.budget and self.budget.as_json(),
            "any_price": self.any_price,
            "period": self.period and self.period.as_json(),
            "place": self.place,
            "level": self.level,
            "genres": list(self.genres),
            "item_ids": list(self.item_ids),
            "excluded_ids": list(self.excluded_ids),
            "set_aside": dict(self.set_aside),
            "assumptions": list(self.assumptions),
        }
        return {name: value for name, value in values.items() if value}


@dataclass(frozen=True, kw_only=True)
class CatalogItem:
    """One item of the host's catalogue, as of now.

    :param id: the host's own key; what a recommendation refers to
    :param name: as the host's pages show it
    :param price: amount per ``price_unit``; kept exact, never computed by the model
    :param currency: ISO 4217 code
    :param price_unit: what the price is for: ``"day"``, ``"week"``, ``"month"`` or another word
    :param total: price of the query's period, if the host's prices are not simply per day; without
        it the plugin multiplies
    :param url: page of the item, absolute or rooted; it may carry the query's dates
    :param description: one line for the model
    :param category: kind of the item, in the vocabulary's words
    :param brand: its maker
    :param condition: for example ``"good"``
    :param location: where it is
    :param image_url: a picture of it
    :param is_available: whether it can be had for the query's period (today, if it has none)
    :param free_from: first day on which it can be had: the start of the free time around the
        period or, if it is not available then, of the next
    :param free_until: day by which it must be back; None for no limit
    :param levels: experience levels that it suits; empty when that does not matter
    :param details: further facts, shown to the model and copied into the recommendation; JSON
        values
    """

    id: int | str
    name: str
    price: Decimal | int | float | str | None = None
    currency: str = "USD"
    price_unit: str = "day"
    total: Decimal | None = None
    url: str | None = None
    description: str = ""
    category: str | None = None
    brand: str | None = None
    condition: str | None = None
    location: str | None = None
    image_url: str | None = None
    is_available: bool = True
    free_from: date | None = None
    free_until: date | None = None
    levels: Sequence[str] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def amount(self) -> Decimal | None:
        """The price as an exact decimal."""
        return None if self.price is None else Decimal(str(self.price))

    @property
    def amount_per_day(self) -> Decimal | None:
        """The price of a day, not rounded; None without a price or for an unknown unit."""
        days = DAYS_OF_UNIT.get(self.price_unit)
        return None if self.amount is None or days is None else self.amount / days

    def total_for(self, period: Period | None) -> Decimal | None:
        """Return the price of a period: the host's own total, or price times units begun."""
        days = DAYS_OF_UNIT.get(self.price_unit)
        if period is None or self.amount is None:
            return None
        if self.total is not None:
            return self.total
        return None if days is None else self.amount * -(-period.days // days)


@dataclass(frozen=True, kw_only=True)
class CatalogResult:
    """What a host's own search found.

    A catalogue loader may return one of these, or simply a list of all its items, which the plugin
    then searches by itself.

    :param items: best first; none that is over budget or not available, unless the query names
        them by ``item_ids``
    :param outcome: ``"found"``, or why there is nothing: ``"not_carried"`` (no such thing in the
        catalogue at all), ``"all_out"`` (all of them are taken in that period), ``"over_budget"``
    :param nearest: for ``"over_budget"`` the items closest to the budget, for ``"all_out"`` those
        that come back first (their ``free_from`` says when); they are told, never recommended
    """

    items: Sequence[CatalogItem] = ()
    outcome: Outcome = "found"
    nearest: Sequence[CatalogItem] = ()


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Something the host knows that answers the user, such as when a rental is due back.

    :param text: one sentence for the user; the model is told it, the client shown it as it is
    :param url: page on which the user can see or do more
    """

    text: str
    url: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return ``text`` and ``url``."""
        return {"text": self.text, "url": self.url}


#: What a catalogue loader may return: all items, or what the host's own search found.
Offered = Sequence[CatalogItem] | CatalogResult
