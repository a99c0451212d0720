"""Labelled cases of other sites' catalogues, each set in a folder with its own vocabulary."""

from __future__ import annotations

from pathlib import Path

import pytest

from flask_smorest_chatbot.services.evaluation import evaluate

SETS = sorted(path.parent for path in (Path(__file__).parents[1] / "data").glob("*/answers.jsonl"))


@pytest.mark.parametrize("folder", SETS, ids=[folder.name for folder in SETS])
def test_set_is_read_as_well_as_before(folder: Path) -> None:
    scores = {name: kinds["all"] for name, kinds in evaluate(folder).items()}
    assert min(score.cases for score in scores.values()) >= 200
    for score in scores.values():
        assert score.precision >= 0.99, score.failed
        assert score.recall >= 0.99, score.failed
        assert score.grounding == 1, score.failed
