"""The turns that this process is answering, stored together about once a second.

One turn's loop does it for all of them: so a thousand streams make one transaction a second, not a
thousand, and a turn whose client reads slowly is kept alive by the others.
"""

from __future__ import annotations

import contextlib
import logging
import math
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from .storage.lost_turns import UNSETTLED
from .storage.open_turn import OpenTurn
from .storage.turn_records import TurnRecords

log = logging.getLogger(__name__)

#: Seconds between two stores: no more text than that is lost.
SAVE_INTERVAL = 0.65
#: Seconds between two looks, by one short query of a process, for turns that were ended elsewhere.
#: Half of the above: one look between two stores.
LOOK_INTERVAL = 0.33


@dataclass
class RunningTurn:
    """A turn being answered here.

    :param text: the answer so far
    :param status: of its message in the database when last seen; None when it is gone
    """

    opened: OpenTurn
    text: str = ""
    status: str | None = "pending"

    @property
    def is_ours(self) -> bool:
        """Whether nobody has stopped, settled or cleared it."""
        return self.status in UNSETTLED


class RunningTurns:
    """All turns of one app in this process.

    :param conversations: where they are stored
    """

    def __init__(self, conversations: TurnRecords) -> None:
        self._conversations = conversations
        self._turns: dict[int, RunningTurn] = {}
        self._stored: dict[int, int] = {}  # length of the text that is stored
        self._lock = threading.Lock()
        self._save_due = self._look_due = 0.0
        self._ends = math.inf

    def drain(self, seconds: float) -> None:
        """Let the turns go on for so many seconds at most: the process is about to end."""
        self._ends = min(self._ends, time.monotonic() + seconds)

    @property
    def is_over(self) -> bool:
        """Whether the process ends so soon that no turn can go on."""
        return time.monotonic() >= self._ends

    @contextlib.contextmanager
    def track(self, turn: RunningTurn) -> Iterator[None]:
        """Keep a turn stored and claimed while the block runs."""
        key = turn.opened.answer_id
        if not self._turns:  # a short turn alone is stored once, at its end
            self._save_due = self._look_due = time.monotonic() + SAVE_INTERVAL
        if (gone := self._turns.get(key)) is not None:
            gone.status = None  # it was deleted, and SQLite has given its number again
            self._stored.pop(key, None)
        self._turns[key] = turn
        try:
            yield
        finally:
            if self._turns.get(key) is turn:
                del self._turns[key]
                self._stored.pop(key, None)

    def beat(self) -> None:
        """Store all turns if it is time; to be called by every turn, several times a second."""
        if time.monotonic() < self._look_due or not self._lock.acquire(blocking=False):
            return
        try:
            if time.monotonic() >= self._save_due or self._is_one_gone():
                self._save_due = time.monotonic() + SAVE_INTERVAL
                self._save()
        except SQLAlchemyError as error:  # it may pass before the answers are whole
            log.warning("running turns were not saved: %s", type(error).__name__)
        finally:
            self._look_due = time.monotonic() + LOOK_INTERVAL
            self._lock.release()

    def hurry(self) -> None:
        """Let the next beat find out at once what became of the turns: one was just stopped."""
        self._save_due = self._look_due = 0.0

    def _is_one_gone(self) -> bool:
        """Tell whether another process has stopped, settled or cleared one of the turns."""
        ours = [key for key, turn in dict(self._turns).items() if turn.is_ours]
        return not self._conversations.claimed_here().issuperset(ours)

    def _save(self) -> None:
        turns = dict(self._turns)
        texts = {key: turn.text for key, turn in turns.items()}
        changed = {key: text for key, text in texts.items() if len(text) > self._stored.get(key, 0)}
        opened = [turn.opened for turn in turns.values()]
        found = self._conversations.save_progress(opened, changed)
        for key, turn in turns.items():
            if self._turns.get(key) is not turn:
                continue
            turn.status = found.get(key)
            if key in changed:
                self._stored[key] = len(changed[key])
