"""What happens in a turn, one event after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..errors import TurnError

#: Seconds between two looks at the database, or at the line for the model, of who waits for it.
TICK = 0.15


@dataclass(frozen=True)
class Started:
    """The question is stored; the model is being asked."""

    session_id: str
    message_id: int
    model: str


@dataclass(frozen=True)
class Delta:
    """The next piece of clean prose."""

    content: str


@dataclass(frozen=True)
class Waiting:
    """Nothing new; a moment to look after the client's connection."""


@dataclass(frozen=True)
class Queued:
    """Others are before this turn.

    :param position: in the line; the next one's is 1
    """

    position: int


@dataclass(frozen=True)
class Recommended:
    """What the answer recommends."""

    recommendations: list[dict[str, Any]]


@dataclass(frozen=True)
class Done:
    """The whole answer, stored."""

    response: dict[str, Any]


@dataclass(frozen=True)
class Failed:
    """The turn broke; what was said so far is stored."""

    error: TurnError


Event = Started | Queued | Delta | Waiting | Recommended | Done | Failed


def chat_response(
    *,
    session_id: str,
    message_id: int,
    question: str,
    text: str,
    recommendations: Sequence[Mapping[str, Any]],
    context: Mapping[str, Any],
    created_at: datetime,
    status: str,
) -> dict[str, Any]:
    """Return the whole answer, as the contract has it."""
    return {
        "session_id": session_id,
        "message_id": message_id,
        "user_message": question,
        "assistant_response": text,
        "recommendations": recommendations,
        "context": context,
        "created_at": created_at,
        "status": status,
    }
