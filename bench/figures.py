"""One measured figure, and what it is held against."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

COLUMNS = ("what", "ours", "goal", "the original", "ours / it", "alone", "ours / it", "runs")


@dataclass(frozen=True)
class Curve:
    """Where a figure lies on a curve, which is drawn.

    :param name: the picture's title
    :param along: what the figure is drawn against
    :param at: how much of that
    """

    name: str
    along: str
    at: float
    is_logarithmic: bool = True


@dataclass(frozen=True)
class Figure:
    """What was measured.

    :param what: the name of the figure
    :param values: one per run, in ``unit``
    :param limit: what it should stay under, in ``unit``; None for a figure to compare with
    :param original: the same by the original's design (:mod:`bench.baseline`)
    :param alone: the same without us: by the model server alone, or by bare Flask
    :param is_row: whether it stands in the table, or is only drawn
    """

    what: str
    values: Sequence[float]
    unit: str
    limit: float | None = None
    original: float | None = None
    alone: float | None = None
    curve: Curve | None = None
    is_row: bool = True

    @property
    def median(self) -> float:
        """The middle of all runs."""
        return statistics.median(self.values)

    def as_row(self) -> tuple[str, ...]:
        """Return the figure as a text for each of :data:`COLUMNS`."""
        return (
            self.what,
            f"{number(self.median)} {self.unit}",
            "" if self.limit is None else f"{number(self.limit)} {self.unit}",
            *self._beside(self.original),
            *self._beside(self.alone),
            str(len(self.values)),
        )

    def _beside(self, other: float | None) -> tuple[str, str]:
        if other is None:
            return "", ""
        ratio = f"{self.median / other:.3g}" if other else ""
        return f"{number(other)} {self.unit}", ratio

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {**asdict(self), "values": list(self.values), "median": self.median}


def number(value: float) -> str:
    """Return a number with as many digits as tell something."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.3g}"


def percentile(values: Sequence[float], share: int = 95) -> float:
    """Return a percentile of at least one value."""
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]
