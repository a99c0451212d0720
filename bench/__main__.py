"""``python -m bench``: measure, print a table, write ``bench/results/latest.json`` and pictures.

``--quick`` goes through all parts with next to no load, to see that they work.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from . import (
    catalog,
    concurrency,
    extraction,
    first_token,
    pages,
    prompt_cache,
    refusal,
    startup,
    statements,
    thousand,
)
from .figures import COLUMNS, Figure

RESULTS = Path(__file__).parent / "results"
PARTS: dict[str, Callable[[bool], list[Figure]]] = {
    "thousand": thousand.measure,
    "concurrency": concurrency.measure,
    "refusal": refusal.measure,
    "first_token": first_token.measure,
    "startup": startup.measure,
    "extraction": extraction.measure,
    "catalog": catalog.measure,
    "prompt_cache": prompt_cache.measure,
    "statements": statements.measure,
    "pages": pages.measure,
}


def main() -> None:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("parts", nargs="*", help=f"some of {', '.join(PARTS)}; all by default")
    given = parser.parse_args()
    figures: list[Figure] = []
    for name in given.parts or PARTS:
        began = time.monotonic()
        figures += PARTS[name](given.quick)
        sys.stderr.write(f"{name}: {time.monotonic() - began:.0f} s\n")
    print_table(figures)
    store(figures)


def store(figures: Sequence[Figure]) -> None:
    """Write the figures, and what machine they are of, and the pictures."""
    from .plots import draw

    RESULTS.mkdir(exist_ok=True)
    report = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": psutil.cpu_count(),
        "figures": [figure.as_json() for figure in figures],
    }
    (RESULTS / "latest.json").write_text(json.dumps(report, indent=2) + "\n")
    draw(figures, RESULTS)


def print_table(figures: Sequence[Figure]) -> None:
    """Print the figures in columns."""
    rows = [COLUMNS, *(figure.as_row() for figure in figures if figure.is_row)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(line.rstrip() + "\n")


if __name__ == "__main__":
    main()
