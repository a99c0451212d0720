"""What the log and the metrics tell of a turn: how it ended, what it cost, and no word of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from faulty_server import HELLO, FaultyServer, Then, line, reply
from host import Host, ask
from prometheus_client import REGISTRY

COUNTS = {"prompt_eval_count": 5, "eval_count": 3}
TIMES = {"load_duration": 2_000_000_000, "prompt_eval_duration": 1_500_000, "eval_duration": 7}
TOLD = reply(line("Hello."), line(done=True, done_reason="stop", **COUNTS, **TIMES))


@pytest.fixture
def turns(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Return the fields of the lines about turns."""
    with caplog.at_level(logging.INFO, "flask_smorest_chatbot.services.turn"):
        yield lambda: [it.fields for it in caplog.records if it.getMessage() == "turn"]  # type: ignore[attr-defined]


def seconds_of(phase: str) -> float:
    return REGISTRY.get_sample_value("chatbot_model_seconds_total", {"phase": phase}) or 0.0


def test_a_turn_is_one_line_with_what_it_cost(
    build: Callable[..., Host], serve: Callable[..., FaultyServer], turns: Any
) -> None:
    host = build(serve([TOLD]).url)
    before = {phase: seconds_of(phase) for phase in ("load", "prompt", "output")}
    answer = ask(host, host.add_user()).json
    (told,) = turns()
    assert told.pop("duration_ms") >= told.pop("first_token_ms") > 0
    assert len(told.pop("request_id")) == 32
    assert told.pop("turn") > 0
    assert told == {
        "outcome": "complete",
        "reason": None,
        "input_tokens": 5,
        "output_tokens": 3,
        "load_ms": 2000.0,
        "prompt_ms": 1.5,
        "output_ms": 0.0,
    }
    assert answer["assistant_response"] == "Hello."
    taken = {phase: seconds_of(phase) - seconds for phase, seconds in before.items()}
    assert taken == pytest.approx({"load": 2, "prompt": 0.0015, "output": 7e-9})


def test_one_that_breaks_off_tells_why(
    build: Callable[..., Host], serve: Callable[..., FaultyServer], turns: Any
) -> None:
    host = build(serve([reply(line("Well, ")), Then.HANG_UP]).url)
    ask(host, host.add_user())
    (told,) = turns()
    assert (told["outcome"], told["reason"]) == ("failed", "incomplete")
    assert told["output_tokens"] > 0  # an estimate: the server did not get to say
    assert "prompt_ms" not in told


@pytest.mark.parametrize("strange", [-1, 10**30, None])
def test_times_that_are_none_are_left_out(
    build: Callable[..., Host], serve: Callable[..., FaultyServer], turns: Any, strange: Any
) -> None:
    last = line(done=True, done_reason="stop", **COUNTS, eval_duration=strange)
    host = build(serve([reply(line("Hello."), last)]).url)
    assert ask(host, host.add_user()).status_code == 200
    (told,) = turns()
    assert "output_ms" not in told


@pytest.mark.parametrize("switched_on", [False, True])
def test_what_was_said_is_told_only_on_demand(
    build: Callable[..., Host],
    serve: Callable[..., FaultyServer],
    turns: Any,
    switched_on: bool,
) -> None:
    host = build(serve([HELLO]).url, **({"CHATBOT_LOG_TEXTS": 1} if switched_on else {}))
    ask(host, host.add_user())
    (told,) = turns()
    words = {"question": "Hi", "answer": "Hello."}
    assert {name: told.get(name) for name in words} == (
        words if switched_on else dict.fromkeys(words)
    )
