"""What it costs to read an answer, and how much of it is found, beside the original's way.

The original took whatever stood between the first and the last bracket, parsed it as JSON, and
believed it.
"""

from __future__ import annotations

import json
import re
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from flask_smorest_chatbot.catalog import CatalogItem
from flask_smorest_chatbot.services.evaluation import item_of
from flask_smorest_chatbot.services.reading.prose import ProseFilter
from flask_smorest_chatbot.services.reading.recommendations import ground, offers

from .figures import Figure

CASES = Path(__file__).parent.parent / "tests" / "data" / "answers.jsonl"
ROUNDS = 5
#: About a token: how the answer comes in pieces.
PIECE = 4

Reader = Callable[[str, Sequence[CatalogItem]], list[str]]


def measure(_quick: bool = False) -> list[Figure]:
    """Return milliseconds per answer and the share of recommendations found, both ways."""
    cases = [json.loads(line) for line in CASES.read_text("utf-8").splitlines()]
    original_ms = statistics.median(_milliseconds(_original, cases))
    return [
        Figure("reading an answer", _milliseconds(_ours, cases), "ms", 2, original_ms),
        Figure(
            "recommendations found", [_found(_ours, cases)], "%", original=_found(_original, cases)
        ),
        Figure(
            "invented recommendations",
            [_invented(_ours, cases)],
            "items",
            0,
            _invented(_original, cases),
        ),
    ]


def _ours(written: str, candidates: Sequence[CatalogItem]) -> list[str]:
    prose = ProseFilter(offers(candidates))
    pieces = (written[at : at + PIECE] for at in range(0, len(written), PIECE))
    text = "".join(map(prose.feed, pieces)) + prose.finish()
    found = ground(text, prose.blocks, candidates, len(candidates)).items
    return [str(item.id) for item in found]


def _original(written: str, _candidates: Sequence[CatalogItem]) -> list[str]:
    block = re.search(r"\[.*\]", written, re.DOTALL)
    try:
        items = json.loads(block[0]) if block else []
    except ValueError:
        return []
    return [str(item.get("id", item.get("name"))) for item in items if isinstance(item, dict)]


def _read(reader: Reader, case: dict[str, Any]) -> list[str]:
    return reader(case["written"], [item_of(given) for given in case["candidates"]])


def _milliseconds(reader: Reader, cases: Sequence[dict[str, Any]]) -> list[float]:
    """Return the mean per answer of each round; the first, which imports, is left out."""
    prepared = [(case["written"], [item_of(item) for item in case["candidates"]]) for case in cases]
    took = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        for written, candidates in prepared:
            reader(written, candidates)
        took.append((time.perf_counter() - began) * 1000 / len(prepared))
    return took[1:]


def _found(reader: Reader, cases: Sequence[dict[str, Any]]) -> float:
    expected = sum(len(case["expected_ids"]) for case in cases)
    found = sum(
        len(set(_read(reader, case)) & set(map(str, case["expected_ids"]))) for case in cases
    )
    return 100 * found / expected


def _invented(reader: Reader, cases: Sequence[dict[str, Any]]) -> float:
    """Count recommendations of what was not offered."""
    return sum(
        len(set(_read(reader, case)) - {str(item["id"]) for item in case["candidates"]})
        for case in cases
    )
