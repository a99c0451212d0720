"""Reading durations and names as Ollama does, without a server."""

import math

import pytest

from small_ollama.protocol import ApiError, full_name, parse_keep_alive


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        (0, 0),
        ("0", 0),
        (90, 90),
        (1.5, 1.5),
        ("5m", 300),
        ("1h30m", 5400),
        ("1.5s", 1.5),
        ("250ms", 0.25),
        (-1, math.inf),
        ("-5m", math.inf),
        (10**400, math.inf),
        (-(10**400), math.inf),
        ("9999999h", math.inf),
    ],
)
def test_keep_alive_is_read_as_go_reads_durations(value, seconds):
    assert parse_keep_alive(value) == seconds


@pytest.mark.parametrize("value", ["", "-", "90", "-1", "m5", "5 m", "5x", True, [], {}, "1" * 500])
def test_keep_alive_that_is_no_duration_is_refused(value):
    with pytest.raises(ApiError) as refused:
        parse_keep_alive(value)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("llama2", "llama2:latest"),
        ("SmolLM2:135m", "smollm2:135m"),
        ("user/model", "user/model:latest"),
        ("host:5000/user/model", "host:5000/user/model:latest"),
    ],
)
def test_name_without_a_tag_is_the_latest(name, full):
    assert full_name(name) == full
