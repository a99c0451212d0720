"""A line in Redis: for the processes of all hosts. Each exchange is one script, which is atomic."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from .line import HOLD, LEASE, WEIGHT, Answer, Entry, Limits, LineError, UnknownOwnerError

#: Seconds for a connection, and for an answer. Who takes longer counts as away.
_CONNECT_TIMEOUT, _ANSWER_TIMEOUT = 0.5, 1.0


class RedisLine:
    """A line in Redis.

    :param url: of the Redis server
    :param name: of the line among others on that server
    :param limits: of this process; it lets in nobody beyond them
    :param lease: seconds until a silent process counts as dead
    :param hold: seconds for which nobody is let in after a process came from a lost line
    """

    def __init__(
        self, url: str, name: str, limits: Limits, lease: float = LEASE, hold: float = HOLD
    ) -> None:
        # Late: an app that serves without Redis has no use for it, and may not have it.
        from importlib.resources import files

        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        self._limits, self._lease, self._hold = limits, lease, hold
        self._client = Redis.from_url(
            url,
            socket_connect_timeout=_CONNECT_TIMEOUT,
            socket_timeout=_ANSWER_TIMEOUT,
            retry=Retry(NoBackoff(), 0),  # what failed may have been done nevertheless
        )
        # The braces keep all keys on one node of a cluster.
        self._prefix = f"chatbot:{{{name}}}:"
        script = files(__package__).joinpath("line.lua").read_text(encoding="utf-8")
        self._script = self._client.register_script(script)

    def exchange(
        self,
        owner: str,
        entering: Sequence[Entry] = (),
        leaving: Mapping[int, float | None] | None = None,
        *,
        joining: bool = False,
        looking: bool = True,
    ) -> Answer:
        """See :class:`.Line`."""
        answer = self._ask(
            owner=owner,
            joining=joining,
            looking=looking,
            entering=[
                {"number": entry.number, "user": entry.user, "state": int(entry.state)}
                for entry in entering
            ],
            leaving=[
                {"number": number, "seconds": seconds}
                for number, seconds in (leaving or {}).items()
            ],
        )
        if answer.get("unknown"):
            raise UnknownOwnerError(owner)
        told = list(answer["news"])  # Lua's empty list is {} in JSON
        news = dict(zip(told[::2], told[1::2], strict=True))
        return Answer(
            admitted=[int(number) for number, what in news.items() if what == "admitted"],
            refused=[int(number) for number, what in news.items() if what == "refused"],
            positions=dict(answer["positions"]),
            waiting=answer["waiting"],
            mean=answer["mean"],
        )

    def withdraw(self, owner: str) -> None:
        """See :class:`.Line`."""
        self._ask(owner=owner, withdrawing=True)

    def is_reachable(self) -> bool:
        """See :class:`.Line`."""
        from redis.exceptions import RedisError

        try:
            return bool(self._client.ping())
        except (RedisError, OSError):
            return False

    def close(self) -> None:
        """See :class:`.Line`."""
        self._client.close()

    def _ask(self, **request: Any) -> dict[str, Any]:
        from redis.exceptions import RedisError

        told = {
            **request,
            "slots": self._limits.slots,
            "waiting": self._limits.waiting,
            "per_user": self._limits.per_user,
            "lease": round(self._lease * 1000),
            "hold": round(self._hold * 1000),
            "weight": WEIGHT,
        }
        try:
            answer = self._script(keys=[self._prefix], args=[json.dumps(told)])
        except (RedisError, OSError) as error:
            raise LineError(type(error).__name__) from error
        decoded: dict[str, Any] = json.loads(answer)
        return decoded
