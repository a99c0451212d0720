"""The events of an answer that is being written elsewhere, or has been: read from the database."""

from __future__ import annotations

import logging
import time
from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..errors import (
    DatabaseAwayError,
    LoaderError,
    ModelError,
    ModelTimeoutError,
    ModelUnavailableError,
    PromptTooLongError,
    ServerStoppingError,
    SessionClearedError,
    TurnError,
)
from ..models import utc_now
from .events import Delta, Done, Event, Failed, Recommended, Started, Waiting, chat_response
from .host import TurnServices
from .storage.lost_turns import CLAIM_LENGTH, UNSETTLED
from .storage.tables import DATABASE_AWAY, aware
from .storage.turn_records import STOPPING

log = logging.getLogger(__name__)


_KINDS: dict[str, type[TurnError]] = {
    "model_unreachable": ModelUnavailableError,
    "model_missing": ModelUnavailableError,
    "model_busy": ModelUnavailableError,
    "model_misconfigured": ModelUnavailableError,
    "queue_full": ModelUnavailableError,
    "queue_timeout": ModelTimeoutError,
    "first_token_timeout": ModelTimeoutError,
    "token_timeout": ModelTimeoutError,
    "turn_timeout": ModelTimeoutError,
    "silence": ModelTimeoutError,
    "internal_error": TurnError,
    "model_error": ModelError,
}
_WITHOUT_DETAILS = {
    "session_cleared": SessionClearedError,
    "prompt_too_long": PromptTooLongError,
    "database_unavailable": DatabaseAwayError,
    "server_stopping": ServerStoppingError,
}


@dataclass(eq=False)
class Following:
    """Follows one answer of a user. Iterate :meth:`events` once, or call :meth:`abandon`.

    :param services: of the app
    :param answer_id: the assistant's message
    :param created_at: of it: SQLite gives the number of one that was cleared to the next
    :param seen: characters of it that the client has already
    :param knows_recommendations: whether it has got so far already
    """

    services: TurnServices
    user_id: Any
    answer_id: int
    created_at: datetime
    seen: int = 0
    knows_recommendations: bool = False

    def line_up(self) -> None:
        """Take a place among those that the user may follow at once, before a stream begins.

        :raises RateLimitedError: when there is none
        """
        # Nobody writes at it for longer, nor holds it for written at.
        ends = aware(self.created_at) + CLAIM_LENGTH
        left = (ends - utc_now()).total_seconds() + self.services.config.turn_timeout
        self.services.followers.enter(self.user_id, self, left)

    def events(self) -> Generator[Event, None, None]:
        """Yield what the client has not seen, then what comes, as the turn itself would."""
        try:
            yield from self._events()
        except DATABASE_AWAY as error:
            log.error("answer %s is not followed: %s", self.answer_id, type(error).__name__)
            yield Failed(DatabaseAwayError())
        finally:
            self.abandon()

    def _events(self) -> Generator[Event, None, None]:
        answer = yield from self._read()
        if answer is not None and not self.seen and not self.knows_recommendations:
            model = answer.model or self.services.chat_model.name
            yield Started(answer.session_id, answer.id, model)
        while answer is not None and (answer.status in UNSETTLED or answer.reason == STOPPING):
            yield from self._news(answer)
            yield Waiting()
            if self.services.running.is_over:
                yield Failed(ServerStoppingError())
                return
            time.sleep(self.services.followers.pause(self.user_id))
            answer = yield from self._read()
        if answer is None:
            yield Failed(SessionClearedError())
            return
        yield from self._news(answer)
        yield from self._end(answer)

    def abandon(self) -> None:
        """Give the place back; the turn is another's, and goes on."""
        self.services.followers.leave(self.user_id, self)

    def nudge(self) -> None:
        """Nothing: it looks anew several times a second."""

    def _read(self) -> Generator[Event, None, Any]:
        read = self.services.conversations.read_answer
        answer = yield from self.services.patiently(lambda: read(self.user_id, self.answer_id))
        return answer if answer is not None and answer.created_at == self.created_at else None

    def _news(self, answer: Any) -> Generator[Event, None, None]:
        if len(answer.content) > self.seen:
            yield Delta(answer.content[self.seen :])
            self.seen = len(answer.content)

    def _end(self, answer: Any) -> Generator[Event, None, None]:
        if answer.status not in ("complete", "stopped"):
            yield Failed(_error_of(answer.reason))
            return
        stored = answer.context_data or {}
        recommendations = stored.get("recommendations") or []
        asked = self.services.conversations.question_of
        question = yield from self.services.patiently(lambda: asked(answer))
        if not self.knows_recommendations:
            yield Recommended(recommendations)
        yield Done(
            chat_response(
                session_id=answer.session_id,
                message_id=answer.id,
                question=question,
                text=answer.content,
                recommendations=recommendations,
                context=stored.get("context") or {},
                created_at=answer.created_at,
                status=answer.status,
            )
        )


def _error_of(reason: str | None) -> TurnError:
    """Return what ended a stored turn, with the status that it had then."""
    reason = reason or "model_error"
    if known := _WITHOUT_DETAILS.get(reason):
        return known()
    kind = _KINDS.get(reason, LoaderError if reason.endswith("_error") else ModelError)
    return kind("The answer broke off: retry it.", reason)
