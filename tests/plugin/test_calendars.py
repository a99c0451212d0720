"""Free time between bookings, beside brute force day by day."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from flask_smorest_chatbot import Period, free_time

START = date(2026, 2, 1)  # month ends and the day on which clocks change are within reach
_days = st.integers(0, 60).map(lambda days: START + timedelta(days=days))
_periods = st.builds(Period.from_start, _days, st.integers(1, 12))


def days_of(period: Period) -> set[date]:
    return {period.start + timedelta(days=number) for number in range(period.days)}


@settings(max_examples=1000)
@given(_periods, st.lists(_periods, max_size=8))
def test_free_time_agrees_with_counting_days(wanted: Period, taken: list[Period]) -> None:
    busy = set().union(*map(days_of, taken))
    found = free_time(wanted, taken)
    assert found.is_free == (not days_of(wanted) & busy)
    start = wanted.start
    while days_of(Period.from_start(start, wanted.days)) & busy:
        start += timedelta(days=1)
    if not found.is_free:
        assert found.free_from == start
    end = start + timedelta(days=wanted.days)
    while found.free_until and end < found.free_until:
        assert end not in busy
        end += timedelta(days=1)
    assert found.free_until == (end if busy and max(busy) >= start else None)
    if found.is_free and found.free_from:
        between = Period(found.free_from, wanted.end)
        assert not days_of(between) & busy
        assert found.free_from - timedelta(days=1) in busy


def test_one_may_start_on_the_day_on_which_another_ends() -> None:
    taken = [
        Period(date(2026, 12, 1), date(2026, 12, 12)),
        Period(date(2026, 12, 19), date(2027, 1, 3)),
    ]
    between = free_time(Period(date(2026, 12, 12), date(2026, 12, 19)), taken)
    assert (between.is_free, between.free_from, between.free_until) == (
        True, date(2026, 12, 12), date(2026, 12, 19)
    )  # fmt: skip
    longer = free_time(Period(date(2026, 12, 12), date(2026, 12, 20)), taken)
    assert (longer.is_free, longer.free_from, longer.free_until) == (False, date(2027, 1, 3), None)
