"""How many answers one user may follow at once, and how often they all look at the database."""

from __future__ import annotations

import math
import threading
import time
from typing import Any

from ..errors import RateLimitedError
from ..metrics import RATE_LIMITED

#: Seconds between two looks at an answer that is being written.
POLL = 0.25
#: So many followers of one user look as often; more of them share what these may ask.
AT_FULL_PACE = 10


class Followers:
    """Who follows an answer in this process.

    :param most: of one user
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._of_users: dict[Any, dict[object, float]] = {}

    def enter(self, user_id: Any, follower: object, seconds: float) -> None:
        """Take one more in.

        :param follower: what tells it from others
        :param seconds: after which it will have ended at the latest
        :raises RateLimitedError: when the user has as many as may be
        """
        with self._lock:
            own = self._of_users.setdefault(user_id, {})
            if len(own) < self._most:
                own[follower] = time.monotonic() + seconds
                return
            wait = max(1, math.ceil(min(own.values()) - time.monotonic()))
        RATE_LIMITED.labels("followers").inc()
        message = "You follow as many answers as you may at once: end one, or wait until one ends."
        raise RateLimitedError(message, "too_many_streams", wait, self._most)

    def pause(self, user_id: Any) -> float:
        """Return the seconds until a follower looks again: all of a user ask a bounded number of
        times a second."""
        return POLL * max(1.0, len(self._of_users.get(user_id, ())) / AT_FULL_PACE)

    def leave(self, user_id: Any, follower: object) -> None:
        """Give its place back; it may have done so before."""
        with self._lock:
            own = self._of_users.get(user_id, {})
            own.pop(follower, None)
            if not own:
                self._of_users.pop(user_id, None)
