"""What a host lets the plugin know of its user."""

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
