"""The places of one process, and the one thread that keeps them.

However many turns wait, one exchange with the line asks for all of them, ten times a second.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import math
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence

from ...errors import QueueFullError
from ...metrics import QUEUE_REFUSED, QUEUE_WAIT_SECONDS, QUEUED, SLOTS_IN_USE
from .fallback import Lines
from .line import LEASE, Answer, Entry, Limits, State, UnknownOwnerError
from .place import Place

log = logging.getLogger(__name__)

#: Seconds between two exchanges while turns of this process wait, and while they only run.
POLL, BEAT = 0.1, LEASE / 4
#: Seconds between two looks at the positions of the turns that wait.
_LOOK_INTERVAL = 0.5
#: Seconds without a turn after which the thread ends.
_LINGER = 5.0
_LONGEST_RETRY_AFTER = 3600


class Admission:
    """Lets turns ask the model, as many at once as there are slots, and in a fair order.

    :param limits: of all processes together
    :param lines: returns the lines to keep to, the best first; called once in each process
    :param longest_turn: seconds after which a place is taken back whatever its turn says
    :param retry_after: seconds to tell the refused while nobody knows how long turns take
    """

    def __init__(
        self,
        limits: Limits,
        lines: Callable[[], Lines],
        longest_turn: float,
        retry_after: int,
    ) -> None:
        self._limits = limits
        self._make_lines = lines
        self._longest_turn, self._retry_after = longest_turn, retry_after
        self._begin()

    def _begin(self) -> None:
        """Begin anew, as a process that was just forked must."""
        self._process = os.getpid()
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()  # held for an exchange, a millisecond or so
        self._wake = threading.Event()
        self._lines: Lines | None = None
        self._owner = ""
        self._places: dict[int, Place] = {}
        self._entering: list[Place] = []
        self._leaving: dict[int, float | None] = {}
        self._waiting = 0
        self._next_look = 0.0
        self._beats = False

    def enter(self, user: str) -> Place:
        """Get a place: at the model, or in the line.

        :param user: whose turn it is
        :raises QueueFullError: when the line is full
        """
        if self._process != os.getpid():
            self._begin()
        place = Place(next(self._numbers), user, time.monotonic() + self._longest_turn)
        self._entering.append(place)
        with self._lock:
            if place in self._entering:  # else somebody who had the lock has taken it along
                self._exchange()
            self._keep_beating()
        if place.refused_for is not None:
            raise QueueFullError(place.refused_for)
        return place

    def leave(self, place: Place) -> None:
        """Give a place back; does nothing the second time."""
        with self._lock:
            if self._drop(place):
                self._leaving[place.number] = place.ran
                self._exchange()

    # -- the exchange; with the lock held ------------------------------------------------------

    def _exchange(self) -> None:
        entering, self._entering = self._entering, []
        leaving, self._leaving = self._leaving, {}
        self._places.update((place.number, place) for place in entering)
        self._apply(self._ask(entering, leaving))

    def _ask(self, entering: Sequence[Place], leaving: Mapping[int, float | None]) -> Answer:
        lines = self._lines = self._lines or self._make_lines()
        looking = bool(entering) or time.monotonic() >= self._next_look
        if looking:
            self._next_look = time.monotonic() + _LOOK_INTERVAL
        try:
            if self._owner:
                return lines.exchange(self._owner, _entries(entering), leaving, looking=looking)
        except UnknownOwnerError:  # it was silent for too long, or the line is another one
            pass
        while True:
            self._owner = uuid.uuid4().hex[:16]
            with contextlib.suppress(UnknownOwnerError):  # the line has just failed
                return lines.exchange(self._owner, _entries(self._places.values()), joining=True)

    def _apply(self, answer: Answer) -> None:
        for place in self._known(answer.admitted):
            self._admit(place)
        for place in self._known(answer.positions):
            self._queue(place, answer.positions[place.number])
        for place in self._known(answer.refused):
            self._drop(place)
            place.refuse(self._estimate(answer))
            QUEUE_REFUSED.inc()

    def _known(self, numbers: Iterable[int]) -> list[Place]:
        return [self._places[number] for number in numbers if number in self._places]

    def _estimate(self, answer: Answer) -> int:
        """Return the seconds until all who wait now will have been let in."""
        if answer.mean is None:
            return self._retry_after
        seconds = answer.mean * (answer.waiting + 1) / self._limits.slots
        return min(max(1, math.ceil(seconds)), _LONGEST_RETRY_AFTER)

    # -- places; with the lock held ------------------------------------------------------------

    def _admit(self, place: Place) -> None:
        self._count_waiting(-1 if place.state is State.WAITING else 0)
        place.admit()
        SLOTS_IN_USE.inc()
        QUEUE_WAIT_SECONDS.observe(place.waited)

    def _queue(self, place: Place, position: int) -> None:
        place.position = position
        if place.state is State.NEW:
            place.state = State.WAITING
            self._count_waiting(1)
            self._wake.set()

    def _drop(self, place: Place) -> bool:
        """Forget a place; tell whether it was there."""
        if self._places.pop(place.number, None) is None:
            return False
        if place.is_admitted:
            SLOTS_IN_USE.dec()
        self._count_waiting(-1 if place.state is State.WAITING else 0)
        return True

    def _count_waiting(self, change: int) -> None:
        self._waiting += change
        QUEUED.inc(change)

    # -- the thread ----------------------------------------------------------------------------

    def _keep_beating(self) -> None:
        if not self._beats and self._places:
            self._beats = True
            threading.Thread(target=self._beat, name="chatbot-admission", daemon=True).start()

    def _beat(self) -> None:
        last_turn = time.monotonic()
        while self._places or time.monotonic() - last_turn < _LINGER or not self._rest():
            if self._places:
                last_turn = time.monotonic()
            self._wake.wait(POLL if self._waiting else BEAT)
            self._wake.clear()
            try:
                self._renew()
            except Exception:  # the next beat may do better
                log.exception("the line for the model was not renewed")

    def _renew(self) -> None:
        lines = self._lines
        is_back = lines is not None and lines.is_first_back()
        with self._lock:
            if lines is not None and is_back:
                lines.go_back(self._owner)
            for place in list(self._places.values()):
                if time.monotonic() > place.until and self._drop(place):
                    self._leaving[place.number] = None
            if self._places or self._leaving:
                self._exchange()

    def _rest(self) -> bool:
        """Let go of everything, unless a turn has come meanwhile."""
        with self._lock:
            if self._places:
                return False
            if self._lines is not None:
                self._lines.withdraw(self._owner)
            self._owner = ""
            self._beats = False
            return True


def _entries(places: Iterable[Place]) -> list[Entry]:
    return [Entry(place.number, place.user, place.state) for place in places]
