"""The labelled answers in tests/data/answers.jsonl: right items, clean prose, told untruths.

A line has ``id``, ``kind``, ``candidates`` (as :class:`.CatalogItem` takes them), ``written`` (what
the model wrote), ``expected_ids`` in order and, where it matters, ``expected_prose`` and
``ungrounded`` (whether the answer names, prices or links something that is not on offer).
"""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

import pytest
from pieces import letters, single_letters

from flask_smorest_chatbot.services.reading.prose import ProseFilter
from flask_smorest_chatbot.services.reading.recommendations import Grounded, ground, offers
from flask_smorest_chatbot.values import CatalogItem

ANSWERS = Path(__file__).parents[1] / "data" / "answers.jsonl"
CASES: list[dict[str, Any]] = [json.loads(line) for line in ANSWERS.read_text("utf-8").splitlines()]
LIMIT = 5


def read(case: dict[str, Any], pieces: list[str]) -> tuple[str, Grounded]:
    candidates = [CatalogItem(**facts) for facts in case["candidates"]]
    prose = ProseFilter(offers(candidates))
    text = "".join([*map(prose.feed, pieces), prose.finish()])
    return text, ground(text, prose.blocks, candidates, LIMIT)


def ids(grounded: Grounded) -> list[int | str]:
    return [item.id for item in grounded.items]


def random_pieces(text: str, seed: str) -> list[str]:
    chance = random.Random(seed)
    rest, pieces = letters(text), []
    while rest:
        length = chance.choice([1, 2, 3, 5, 8, 40])
        pieces.append("".join(rest[:length]))
        rest = rest[length:]
    return pieces


def test_set_is_large_and_its_ids_are_unique() -> None:
    assert len(CASES) >= 150
    assert len({case["id"] for case in CASES}) == len(CASES)


def test_items_are_found_precisely() -> None:
    found = [
        (set(ids(read(case, [case["written"]])[1])), set(case["expected_ids"])) for case in CASES
    ]
    right = sum(len(got & expected) for got, expected in found)
    assert right / sum(len(got) for got, _ in found) >= 0.99
    assert right / sum(len(expected) for _, expected in found) >= 0.97


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_answer_is_read_the_same_in_any_pieces(case: dict[str, Any]) -> None:
    written = case["written"]
    text, grounded = read(case, [written])
    for pieces in (single_letters(written), random_pieces(written, case["id"])):
        assert read(case, pieces) == (text, grounded)
    assert text == case.get("expected_prose", text)
    assert bool(grounded.ungrounded) == case.get("ungrounded", bool(grounded.ungrounded))
    offered = {facts["id"] for facts in case["candidates"]}
    assert set(ids(grounded)) <= offered
    assert len(ids(grounded)) == len(set(ids(grounded))) == grounded.results.get("accepted", 0)


def test_reading_an_answer_costs_little() -> None:
    candidates = [
        CatalogItem(**facts) for facts in CASES[0]["candidates"] + CASES[-1]["candidates"]
    ]
    written = [case["written"] for case in CASES if case["kind"] in ("chatty", "bullets", "names")]
    words = " ".join(written).split(" ")
    answers = [" ".join(words[at : at + 300]) for at in range(0, len(words) - 300, 50)]
    ground(answers[0], [], candidates, LIMIT)
    began = time.process_time()
    for answer in answers:
        prose = ProseFilter(offers(candidates))
        ground(prose.feed(answer) + prose.finish(), prose.blocks, candidates, LIMIT)
    assert (time.process_time() - began) / len(answers) < 0.01  # measured: under 2 ms
