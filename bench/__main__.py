"""``python -m bench``: measure, print a table, write ``bench/results/latest.json``."""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path

from . import catalog, extraction, first_token, startup
from .figures import Figure

RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Measure, print and store."""
    figures = [
        *startup.measure(),
        *first_token.measure(),
        *extraction.measure(),
        *catalog.measure(),
    ]
    print_table(figures)
    RESULTS.mkdir(exist_ok=True)
    report = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "figures": [figure.as_json() for figure in figures],
    }
    (RESULTS / "latest.json").write_text(json.dumps(report, indent=2) + "\n")


def print_table(figures: list[Figure]) -> None:
    """Print the figures in columns."""
    rows = [("what", "median", "limit", "runs"), *(figure.as_row() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(line.rstrip() + "\n")


if __name__ == "__main__":
    main()
