"""The OpenAPI document says how the site answers. ``make fuzz`` tries more requests."""

from __future__ import annotations

import pytest
from fuzzing import fuzz


@pytest.mark.slow
def test_site_answers_as_its_document_says() -> None:
    fuzzed = fuzz(examples=100, seed=1)
    print(f"{fuzzed.cases} requests checked")
    assert fuzzed.is_clean, fuzzed.output
    assert fuzzed.cases >= 5000
