"""A turn that is open, and where its messages are added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...errors import ConflictError


@dataclass(frozen=True, kw_only=True)
class OpenTurn:
    """A turn whose user's message is stored and whose answer is still to come.

    :param session_key: primary key of the session's row
    :param session_id: the client's name of the session
    :param question_id: the user's message
    :param answer_id: the assistant's message, pending
    :param question: what the user said
    :param endpoint: which chat endpoint was asked, so that a retry can ask the same
    :param created_at: when the answer was begun
    :param claim: tells its claim on the session from all others
    """

    user_id: Any
    session_key: int
    session_id: str
    question_id: int
    answer_id: int
    question: str
    endpoint: str
    created_at: datetime
    claim: str


class RepeatedRequestError(ConflictError):
    """The same request has opened a turn already, perhaps this very moment."""

    def __init__(self) -> None:
        super().__init__("This request is being answered already: send it again.")


class SessionBusyError(ConflictError):
    """Another answer has the session, or had it a moment ago.

    :param lost: key of that message if nobody writes at it any more
    """

    def __init__(self, lost: int | None) -> None:
        super().__init__("This session is being answered: wait for it, or start a new one.")
        self.lost = lost


@dataclass(frozen=True)
class InSession:
    """Where messages are added.

    :param key: of the session's row
    :param name: the client's of it
    """

    user_id: Any
    key: int
    name: str

    def row(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Return the columns of a message with those that say where it is added."""
        owner = {"user_id": self.user_id, "session_id": self.name, "chat_session_id": self.key}
        return {**message, **owner}

    def claiming_row(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Return the same of the one answer that is being written."""
        return {**self.row(answer), "claimed_session_id": self.key}

    def turn(
        self, question_id: int, question: str, answer_id: int, answer: dict[str, Any]
    ) -> OpenTurn:
        """Return the turn that an answer's row is of.

        :param answer: its columns
        """
        return OpenTurn(
            user_id=self.user_id,
            session_key=self.key,
            session_id=self.name,
            question_id=question_id,
            answer_id=answer_id,
            question=question,
            endpoint=answer["context_data"]["endpoint"],
            created_at=answer["created_at"],
            claim=answer["claimed_by"],
        )
