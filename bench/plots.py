"""The figures that belong to a curve, as pictures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import matplotlib as mpl

from .figures import Figure

mpl.use("Agg")

from matplotlib import pyplot

_LINES = (("ours", "median"), ("the original's design", "original"), ("alone", "alone"))


def draw(figures: Iterable[Figure], folder: Path) -> list[Path]:
    """Draw each curve into a PNG.

    :param folder: exists
    :return: the pictures
    """
    curves: dict[str, list[Figure]] = defaultdict(list)
    for figure in figures:
        if figure.curve is not None:
            curves[figure.curve.name].append(figure)
    return [_draw(name, points, folder) for name, points in curves.items()]


def _draw(name: str, points: list[Figure], folder: Path) -> Path:
    curve = points[0].curve
    assert curve is not None
    picture, axes = pyplot.subplots(figsize=(7, 4.2), layout="constrained")
    for label, attribute in _LINES:
        known = [
            (point.curve.at, getattr(point, attribute))
            for point in points
            if point.curve is not None and getattr(point, attribute) is not None
        ]
        if known:
            axes.plot(*zip(*sorted(known), strict=True), marker="o", label=label)
    axes.set(title=name, xlabel=curve.along, ylabel=points[0].unit)
    if curve.is_logarithmic:
        axes.set(xscale="log", yscale="log")
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    path = folder / f"{name.replace(' ', '_').lower()}.png"
    picture.savefig(path, dpi=120)
    pyplot.close(picture)
    return path
