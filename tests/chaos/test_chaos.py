"""Nothing is lost, whatever is killed. ``make chaos`` does the same for longer."""

from __future__ import annotations

import pytest
from chaos_run import Plan, run


@pytest.mark.slow
def test_nothing_is_lost_when_workers_the_database_and_redis_are_killed() -> None:
    report = run(Plan(kills=15, crashes=2, outages=2, seconds=20, users=12))
    assert report.faults == {"kill": 15, "crash": 2, "outage": 2}
    assert sum(asked.answer is not None for asked in report.asked) >= 5, str(report)
    assert report.verdict.is_clean, str(report)
