"""Get one answer of a model: from the first of its servers that gives one.

Until the first text has come nobody has seen anything, so a server that fails may be asked again,
or another one: twice in all. After that an answer breaks off, and its user may retry the turn.
"""

from __future__ import annotations

import random
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from ...config import ChatbotConfig
from ...errors import ModelError, ModelTimeoutError
from ...metrics import MODEL_RETRIES
from ..events import TICK
from ..prompts import PromptMessage
from .attempt import Attempt, Usage
from .model_errors import unreachable
from .repetition import WINDOW, goes_round
from .servers import ModelServer

#: Longest wait before the first retry, in seconds; doubled for the second.
_BACKOFF = 0.5
#: How often a request is made again at most, be it to the same server or to another one.
MOST_RETRIES = 2


@dataclass
class Generation:
    """One answer in the making.

    :param servers: where to ask, in this order
    :param prompt: from :func:`.prompts.prompt`
    :param config: time limits and retries
    :param options: further arguments of the model's ``stream``, for example ``format``
    :param request_id: what the servers are told that this is for; "" for nothing
    :param retries: how often the request may still be made again
    """

    servers: Sequence[ModelServer]
    prompt: Sequence[PromptMessage]
    config: ChatbotConfig
    options: Mapping[str, Any] = field(default_factory=dict)
    request_id: str = ""
    retries: int = MOST_RETRIES
    usage: Usage = field(default_factory=Usage)
    #: Whether a server has begun to work, as far as is known: not if it was away or refused.
    was_at_work: bool = field(default=False, init=False)
    _end: str = field(default="", init=False)  # of the text so far
    _attempt: Attempt | None = field(default=None, init=False)

    def nudge(self) -> None:
        """Let :meth:`pieces` yield at once; from any thread."""
        if self._attempt is not None:
            self._attempt.nudge()

    def pieces(self, deadline: float) -> Generator[str | None, None, None]:
        """Yield text as it comes; None at least every :data:`.SILENCE` seconds without any.

        :param deadline: ``time.monotonic()`` at which the turn must end
        :raises ModelError: in one of its kinds, when the model fails
        """
        first_by = time.monotonic() + self.config.first_token_timeout
        rounds = self._rounds()
        for retry in range(rounds):
            try:
                yield from self._ask_servers(first_by, deadline)
                return
            except ModelError as error:
                wait = _wait_before(retry, error)
                too_late = time.monotonic() + wait >= min(first_by, deadline)
                is_last = retry + 1 == rounds or not self.retries
                if is_last or too_late or self._end or not error.may_pass:
                    raise
                self._count_retry(error)
            yield from _pause(wait)

    def _rounds(self) -> int:
        """Return how often to ask all servers: once if they ask again themselves, as OpenAI's
        client does."""
        by_itself = any(hasattr(server.chat_model, "max_retries") for server in self.servers)
        return 1 if by_itself else 1 + self.config.model_retries

    def _count_retry(self, failed: ModelError) -> None:
        self.retries -= 1
        MODEL_RETRIES.labels(failed.reason).inc()

    def _ask_servers(self, first_by: float, deadline: float) -> Iterator[str | None]:
        """Ask one server after the other, until one answers or there were too many retries.

        :raises ModelError: that of the last one
        """
        failed: ModelError | None = None
        waits: list[float] = []
        for server in self.servers:
            if failed is not None and not self.retries:
                break
            if wait := server.breaker.admit(self):
                waits.append(wait)
                continue
            if failed is not None:
                self._count_retry(failed)
            try:
                yield from self._ask(server, first_by, deadline)
                return
            except ModelError as error:
                if self._end or not (error.may_pass or error.is_away):
                    raise
                failed = error
        raise failed or unreachable(retry_after=min(waits))

    def _ask(
        self, server: ModelServer, first_by: float, deadline: float
    ) -> Generator[str | None, None, None]:
        attempt = Attempt(
            server.chat_model, self.prompt, self.config, self.options, self.usage, self.request_id
        )
        self._attempt, is_away = attempt, False
        worked_before, self.was_at_work = self.was_at_work, True
        try:
            with closing(attempt.pieces(first_by, deadline)) as pieces:
                for piece in pieces:
                    if piece and not self._end:
                        server.breaker.succeed()
                    yield piece
                    self._check_repetition(piece)
        except ModelError as error:
            is_away = error.is_away
            # Of those that failed before a first token, only who took too long has worked.
            self.was_at_work = worked_before or isinstance(error, ModelTimeoutError)
            raise
        finally:
            if attempt.is_answered:
                server.breaker.succeed()
            server.breaker.leave(self, failed=is_away)

    def _check_repetition(self, piece: str | None) -> None:
        if piece:
            self._end = (self._end + piece)[-WINDOW:]
            if goes_round(self._end):
                raise ModelError("The model only repeated itself: try again.", "repetition")


def _wait_before(retry: int, error: ModelError) -> float:
    """Return the seconds to wait: other turns that failed at the same time wait differently."""
    longest = _BACKOFF * 2**retry
    backoff = random.uniform(longest / 2, longest)  # noqa: S311  no secret  # nosec B311
    return backoff + (error.retry_after or 0.0)


def _pause(seconds: float) -> Iterator[None]:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, TICK))
        yield None
