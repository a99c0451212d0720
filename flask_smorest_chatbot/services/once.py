"""Values that are made when first asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

_Value = TypeVar("_Value")


def once(make: Callable[[], _Value]) -> Callable[[], _Value]:
    """Return a function that makes a value at its first call, whichever thread's, and keeps it.

    What ``make`` raises is raised, and the next call tries again.
    """
    lock = threading.Lock()
    made: list[_Value] = []

    def get() -> _Value:
        if not made:
            with lock:
                if not made:
                    made.append(make())
        return made[0]

    return get
