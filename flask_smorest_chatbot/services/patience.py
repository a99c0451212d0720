"""Wait for a database that is away: it may only be restarted."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import TypeVar

from .events import TICK, Event, Waiting
from .running import RunningTurns
from .storage.tables import DATABASE_AWAY

#: Longest wait in seconds. Less than a claim lasts, so that nobody else settles the turn meanwhile.
PATIENCE = 10.0

_Result = TypeVar("_Result")


def patiently(
    running: RunningTurns, action: Callable[[], _Result]
) -> Generator[Event, None, _Result]:
    """Do what needs the database, again and again while that is away.

    :param running: says when the process ends, for which nothing waits
    :raises sqlalchemy.exc.SQLAlchemyError: of :data:`.DATABASE_AWAY`, when it stays away
    """
    give_up = time.monotonic() + PATIENCE
    while True:
        try:
            return action()
        except DATABASE_AWAY:
            if time.monotonic() > give_up or running.is_over:
                raise
        yield Waiting()
        time.sleep(TICK)
