"""One measured figure."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """What was measured.

    :param what: the name of the figure
    :param values: one per run, in ``unit``
    :param limit: what it should stay under, in ``unit``; None for a figure to compare with
    """

    what: str
    values: Sequence[float]
    unit: str
    limit: float | None = None

    @property
    def median(self) -> float:
        """The middle of all runs."""
        return statistics.median(self.values)

    def as_row(self) -> tuple[str, str, str, str]:
        """Return name, median, limit and number of runs as texts."""
        limit = "" if self.limit is None else f"{self.limit:g} {self.unit}"
        return self.what, f"{self.median:.1f} {self.unit}", limit, str(len(self.values))

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {
            "what": self.what,
            "median": self.median,
            "unit": self.unit,
            "limit": self.limit,
            "values": list(self.values),
        }
