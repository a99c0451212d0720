"""One turn's place: in the line, or at the model."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from ...errors import ModelTimeoutError, QueueFullError
from ..events import Event, Queued, Waiting
from .line import State

#: Seconds between two events that tell a turn's position.
TELL_INTERVAL = 1.5


@dataclass(eq=False)
class Place:
    """A turn that wants to ask the model, or is doing so.

    :param number: what its process calls it
    :param user: whose turn it is
    :param until: ``time.monotonic()`` after which nobody can be holding it
    :param position: in the line; the next one's is 1
    """

    number: int
    user: str
    until: float = math.inf
    position: int = 0
    state: State = State.NEW
    refused_for: int | None = None  # seconds, when there is no room
    _entered: float = field(default_factory=time.monotonic)
    _admitted: float | None = None
    _news: threading.Event = field(default_factory=threading.Event)

    def admit(self) -> None:
        """Let the turn run."""
        self.state, self.position, self._admitted = State.RUNNING, 0, time.monotonic()
        self._news.set()

    def refuse(self, retry_after: int) -> None:
        """Tell the turn that there is no room (any more)."""
        self.refused_for = retry_after
        self._news.set()

    @property
    def is_admitted(self) -> bool:
        """Whether the turn may ask the model."""
        return self.state is State.RUNNING

    @property
    def waited(self) -> float:
        """Seconds until the turn was admitted, or so far."""
        return (self._admitted or time.monotonic()) - self._entered

    @property
    def ran(self) -> float | None:
        """Seconds since the turn was admitted; None if it was not."""
        return None if self._admitted is None else time.monotonic() - self._admitted

    def wait(self, seconds: float) -> bool:
        """Wait until the turn is admitted; tell whether it is.

        :raises QueueFullError: when it had to give way
        """
        self._news.wait(seconds)
        if self.refused_for is not None:
            raise QueueFullError(self.refused_for)
        return self.is_admitted


def wait_in_line(place: Place, deadline: float, tick: float) -> Iterator[Event]:
    """Yield where the turn stands until it is admitted.

    :param deadline: ``time.monotonic()`` at which nobody waits any longer
    :param tick: longest time between two events, in seconds
    :raises ModelTimeoutError: at the deadline
    :raises QueueFullError: when the turn has to give way to another user's first
    """
    told = -math.inf
    while not place.wait(tick if told > 0 else 0):
        now = time.monotonic()
        if now >= deadline:
            raise ModelTimeoutError(
                "Too many people were asking before you: try again in a while.", "queue_timeout"
            )
        if now - told >= TELL_INTERVAL:
            told = now
            yield Queued(place.position)
        else:
            yield Waiting()
