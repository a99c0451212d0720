"""The kinds of lines, for tests of what all of them must do."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path

from flask_smorest_chatbot.services.admission.line import Limits, Line
from flask_smorest_chatbot.services.admission.redis_line import RedisLine
from flask_smorest_chatbot.services.admission.sqlite_line import SqliteLine

MakeLine = Callable[..., Line]
_numbers = itertools.count()


def sqlite_lines(folder: Path) -> MakeLine:
    """Return a function that opens the same file once more, as another process would."""
    path = str(folder / f"line-{next(_numbers)}.sqlite")

    def make(limits: Limits, lease: float = 60.0, hold: float = 0.0) -> SqliteLine:
        return SqliteLine(path, limits, lease, hold)

    return make


def redis_lines(url: str) -> MakeLine:
    """Return a function that opens the same line in Redis once more."""
    name = f"{time.time_ns()}-{next(_numbers)}"

    def make(limits: Limits, lease: float = 60.0, hold: float = 0.0) -> RedisLine:
        return RedisLine(url, name, limits, lease, hold)

    return make
