"""What can go wrong, in the plugin's own words. Only ``routes`` turns these into HTTP statuses."""

from __future__ import annotations

import traceback


class ChatbotError(Exception):
    """Root of all errors that this plugin raises.

    ``str(error)`` is one sentence that says what the reader can do. It never carries what a
    user wrote, nor a secret.
    """


class ConfigError(ChatbotError):
    """The host's configuration or code is wrong; raised at start, and names the remedy."""


class AuthenticationError(ChatbotError):
    """The request carries no valid access token of a known user."""


class ForbiddenError(ChatbotError):
    """The API key may not do this; a log-in of its user may.

    :param reason: stable, machine-readable word for clients
    """

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class RateLimitedError(ChatbotError):
    """The user, or the address, asked more often or used more than it may.

    :param reason: stable, machine-readable word for clients
    :param retry_after: seconds until it may ask again
    :param limit: what there was of what is used up now, if it is none of :class:`.RequestLimits`
    """

    def __init__(
        self, message: str, reason: str, retry_after: int, limit: int | None = None
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.retry_after = retry_after
        self.limit = limit


class InputError(ChatbotError):
    """What the user sent cannot be answered."""


class BlankMessageError(InputError):
    """The message holds no visible character."""


class ReusedKeyError(InputError):
    """An Idempotency-Key came again with another request."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key came with another request: use a new one.")


class NotFoundError(ChatbotError):
    """The caller has no such session or message (another user's counts as none)."""


class ConflictError(ChatbotError):
    """The session is already being answered, or the message cannot be retried."""


class TurnError(ChatbotError):
    """A turn could not be completed; what was said so far is stored.

    :param message: one sentence for the client
    :param reason: stable, machine-readable word for clients, logs and the database
    """

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class LoaderError(TurnError):
    """A loader of the host (profile or catalogue) raised."""


class SessionClearedError(TurnError):
    """The session was cleared, or the user deleted, while the answer was being written."""

    def __init__(self) -> None:
        super().__init__("This session was cleared in the meantime.", "session_cleared")


class PromptTooLongError(TurnError):
    """The message leaves no room in the model's window for anything else."""

    def __init__(self) -> None:
        super().__init__("The message is too long for the model: shorten it.", "prompt_too_long")


class ServerStoppingError(TurnError):
    """The process that was writing the answer ends; another one can go on."""

    def __init__(self) -> None:
        super().__init__("The server is being restarted: retry the answer.", "server_stopping")


class DatabaseAwayError(TurnError):
    """The host's database did not come back in time for the turn to go on."""

    def __init__(self) -> None:
        super().__init__("The site's database is not available: try again.", "database_unavailable")


class ModelError(TurnError):
    """The model answered with something that is not an answer, or broke off.

    :param is_away: nobody could be connected to, or hung up before saying anything
    :param may_pass: asking the same server again in a moment may help
    :param retry_after: seconds until it is worth asking again; None when that is not known
    """

    def __init__(
        self,
        message: str,
        reason: str,
        *,
        is_away: bool = False,
        may_pass: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, reason)
        self.is_away = is_away
        self.may_pass = may_pass
        self.retry_after = retry_after


class ModelUnavailableError(ModelError):
    """The model server cannot be reached, is busy, or does not have the model."""


class QueueFullError(ModelUnavailableError):
    """So many turns wait for the model already that another one cannot be promised an answer.

    :param retry_after: seconds until those before it will have been let in
    """

    def __init__(self, retry_after: float) -> None:
        super().__init__(
            "Too many people are asking at this moment: try again in a while.",
            "queue_full",
            retry_after=retry_after,
        )


class ModelTimeoutError(ModelError):
    """The model server took longer than the configured time limits."""


def without_text(error: BaseException) -> str:
    """Return an error's class and where it was raised, for a log.

    Its own text is left out: it may quote what a user said, or the values of a statement.
    """
    return f"{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}"
