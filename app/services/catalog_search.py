"""What is searched in the catalogue, and what is found. Plain values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from flask_smorest_chatbot import Period

from .search_words import Phrase, Word

#: From this tier on a search is for something definite: instruments of a lower one are no answer.
NAMED = 3

_ANY_PERIOD = Period.from_start(date.min)


@dataclass(frozen=True, kw_only=True)
class Clue:
    """Words that are searched, and what it means when an instrument has them.

    :param phrase: all of these words; not empty
    :param without: none of these words
    :param tier: how much it then is what was asked for; a higher tier comes first
    :param tier_in_name: the tier if its name has them
    :param score: counts up within a tier
    :param suits: whether it then suits the user's level, which decides between equal scores
    """

    phrase: Phrase
    without: Word = ()
    tier: int = 0
    tier_in_name: int | None = None
    score: int = 1
    suits: bool = False


@dataclass(frozen=True, kw_only=True)
class Search:
    """What is searched.

    :param clues: if there are none, every instrument is as good as another
    :param lowest_tier: instruments below are not found
    :param categories: exact but for case, as are the other three
    :param period: must be free
    :param most: US$ a day, inclusive, as is ``least``
    :param is_beyond: what is dearer than ``most`` instead, or cheaper than ``least``
    :param place: "Austin, TX" or "Austin"; listings there are preferred
    :param place_first: prefer them to others that have more of the words
    :param user_id: whose own listings are left out
    :param excluded_ids: listings to leave out
    :param excluded_instruments: instruments to leave out
    :param limit: at most so many
    :param today: rentals that end by then are of no interest any more
    """

    period: Period
    clues: Sequence[Clue] = ()
    lowest_tier: int = 0
    categories: Sequence[str] = ()
    excluded_categories: Sequence[str] = ()
    brands: Sequence[str] = ()
    excluded_brands: Sequence[str] = ()
    most: Decimal | None = None
    least: Decimal | None = None
    is_beyond: bool = False
    place: str | None = None
    place_first: bool = False
    user_id: int | None = None
    excluded_ids: Sequence[int] = ()
    excluded_instruments: Sequence[int] = ()
    limit: int = 8
    today: date = date.min

    @property
    def names_nothing(self) -> bool:
        """Whether any instrument will do."""
        return not (self.clues or self.categories or self.brands)

    @property
    def is_bounded(self) -> bool:
        """Whether the price matters."""
        return self.most is not None or self.least is not None

    def without_exclusions(self) -> Search:
        """Return the search for what the user does not want, too."""
        return replace(
            self,
            excluded_categories=(),
            excluded_brands=(),
            excluded_ids=(),
            excluded_instruments=(),
        )

    def shape(self) -> Search:
        """Return what of this search decides the text of its query: which values are given.

        A query is laid out once for each shape. That takes longer than the database takes.
        """
        town, region = self.town_and_region
        return replace(
            self,
            period=_ANY_PERIOD,
            clues=_any(self.clues, _ANY_CLUE),
            lowest_tier=min(self.lowest_tier, 1),
            categories=_any(self.categories, ""),
            excluded_categories=_any(self.excluded_categories, ""),
            brands=_any(self.brands, ""),
            excluded_brands=_any(self.excluded_brands, ""),
            most=None if self.most is None else Decimal(0),
            least=None if self.least is None else Decimal(0),
            place=(town and "town") + (region and ", st"),
            user_id=None if self.user_id is None else 0,
            excluded_ids=_any(self.excluded_ids, 0),
            excluded_instruments=_any(self.excluded_instruments, 0),
            limit=0,
            today=date.min,
        )

    def values(self) -> dict[str, Any]:
        """Return the values of a query's parameters."""
        town, region = self.town_and_region
        return {
            "start": self.period.start,
            "end": self.period.end,
            "days": self.period.days,
            "lowest_tier": self.lowest_tier,
            "categories": _folded(self.categories),
            "excluded_categories": _folded(self.excluded_categories),
            "brands": _folded(self.brands),
            "excluded_brands": _folded(self.excluded_brands),
            "most": self.most,
            "least": self.least,
            "town": town,
            "town_and_region": f"{town}, {region}",
            "user_id": self.user_id,
            "excluded_ids": list(self.excluded_ids),
            "excluded_instruments": list(self.excluded_instruments),
            "limit": self.limit,
            "today": self.today,
        }

    @property
    def town_and_region(self) -> tuple[str, str]:
        """The place's town and state in lower case; no state unless it has two letters."""
        town, _, region = (" ".join(part.split()) for part in (self.place or "").partition(","))
        return town.lower(), region.lower() if re.fullmatch("[A-Za-z]{2}", region) else ""


@dataclass(frozen=True, kw_only=True)
class ListingHit:
    """A listing that was found. ``daily_rate`` is in US$.

    :param is_available: whether its owner rents it out at all
    :param taken: when it is rented, as ``2026-12-12/2026-12-19``, joined by commas
    :param tier: of the clues that its instrument meets
    :param is_here: whether it is at the place of the search
    """

    listing_id: int
    instrument_id: int
    name: str
    category: str
    brand: str
    model: str
    description: str
    condition: str
    daily_rate: Decimal
    location: str
    is_available: bool
    owner_id: int
    owner_is_active: bool
    taken: str | None = None
    tier: int = 0
    is_here: bool = False

    @property
    def taken_periods(self) -> list[Period]:
        """When it is rented."""
        spans = (span.split("/") for span in (self.taken or "").split(",") if span)
        return [Period(*map(date.fromisoformat, span)) for span in spans]


@dataclass(frozen=True)
class Stock:
    """What there is of what was searched, whether free or not.

    :param is_carried: anything at all
    :param is_left: anything that the user has not excluded
    :param is_in_budget: anything of that which owners rent out and which is in the budget
    :param is_cut: whether a search may have looked at only some of its instruments
    """

    is_carried: bool
    is_left: bool
    is_in_budget: bool
    is_cut: bool


_ANY_CLUE = Clue(phrase=())


def _any(values: Sequence[Any], stand_in: Any) -> tuple[Any, ...]:
    return (stand_in,) if values else ()


def _folded(values: Sequence[str]) -> list[str]:
    return [value.lower() for value in values]
