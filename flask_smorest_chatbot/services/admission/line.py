"""What every kind of line does: the workers of a site share one, in Redis or in a file.

The order is round robin between users. Each user has a place among the users and, behind it, a
line of own turns; whoever gets a slot, or has just given one back, goes to the end of the users. So
turns are served first come, first served, and one user's many delay another's by one at most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

#: Seconds after which a process that has not been heard of is taken for dead.
LEASE = 4.0
#: Seconds for which nobody is let in after a process has joined that has turns already: it comes
#: from a line that was lost, and so do others, which may hold all the slots.
HOLD = 1.5
#: Weight of the newest turn in the average of how long turns take.
WEIGHT = 0.2


@dataclass(frozen=True)
class Limits:
    """How many may do what at once, over all processes that share a line.

    :param slots: generations
    :param waiting: turns that wait
    :param per_user: generations of one user
    """

    slots: int
    waiting: int
    per_user: int


class State(IntEnum):
    """How far a turn has come."""

    NEW = 0
    WAITING = 1
    RUNNING = 2


@dataclass(frozen=True)
class Entry:
    """A turn of one process.

    :param number: what the process calls it
    :param user: whose it is
    :param state: not ``NEW`` when the line has lost what it knew of the process; then it is let in
        whatever the limits say
    """

    number: int
    user: str
    state: State = State.NEW


@dataclass(frozen=True)
class Answer:
    """What a process learns of its turns.

    :param admitted: those that may run from now on
    :param refused: those for which there is no room
    :param positions: of those that wait, the next one's being 1
    :param waiting: how many wait, of all processes
    :param mean: how long turns have run of late, in seconds; None when none has ended yet
    """

    admitted: Sequence[int] = ()
    refused: Sequence[int] = ()
    positions: Mapping[int, int] = field(default_factory=dict)
    waiting: int = 0
    mean: float | None = None


class Line(Protocol):
    """A line that several processes share."""

    def exchange(
        self,
        owner: str,
        entering: Sequence[Entry] = (),
        leaving: Mapping[int, float | None] | None = None,
        *,
        joining: bool = False,
        looking: bool = True,
    ) -> Answer:
        """Take turns in and out, let in whose turn it is, and renew the process's lease.

        :param owner: name of the process
        :param leaving: turns that end, with the seconds that they ran; None for one that did not
        :param joining: the process is new, or says anew what it has
        :param looking: whether to tell positions, which takes longer the more turns wait
        :raises UnknownOwnerError: when the process is not known and is not joining
        :raises LineError: when the line cannot be reached
        """

    def is_reachable(self) -> bool:
        """Tell whether the line can be used now."""

    def withdraw(self, owner: str) -> None:
        """Forget a process and its turns.

        :raises LineError: when the line cannot be reached
        """

    def close(self) -> None:
        """Give back what the line holds open in this process."""


class LineError(Exception):
    """The line cannot be reached or read."""


class UnknownOwnerError(Exception):
    """The line does not know the process (any more)."""
