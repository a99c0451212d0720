"""What a failing model client raises, in the plugin's own words."""

from __future__ import annotations

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

from ...config import ChatbotConfig
from ...errors import ChatbotError, ModelError, ModelTimeoutError, ModelUnavailableError

#: Longest wait that a model server may ask for, in seconds.
_LONGEST_WAIT = 3600.0


def translate(
    error: BaseException, config: ChatbotConfig, *, is_answered: bool = False, retry_after: str = ""
) -> ChatbotError:
    """Return the plugin's error for what a LangChain model raised.

    The original's text stays out of it: it may quote the prompt, an address or a key.

    :param is_answered: whether the server had answered anything before
    :param retry_after: what its header of that name said
    """
    for cause in _with_causes(error):
        if isinstance(cause, ChatbotError):
            return cause
        if isinstance(status := getattr(cause, "status_code", None), int) and status >= 300:
            return _status_error(status, config, seconds_of(retry_after))
        if (known := _connection_error(cause, is_answered)) is not None:
            return known
    return ModelError("The model failed to answer: try again.", "model_error")


def seconds_of(retry_after: str) -> float | None:
    """Return the seconds that a ``Retry-After`` header means, None if it means nothing."""
    try:
        if retry_after.isdecimal():
            seconds = float(retry_after)
        else:
            seconds = parsedate_to_datetime(retry_after).timestamp() - time.time()
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), _LONGEST_WAIT)


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and what caused it: providers' clients wrap what httpx raised."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__


def _connection_error(error: BaseException, is_answered: bool) -> ChatbotError | None:
    import httpx

    if isinstance(error, httpx.ConnectTimeout):
        # Asking again would wait as long again.
        return unreachable(is_away=True)
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return ModelTimeoutError("The model took too long to answer: try again.", "silence")
    hung_up = isinstance(error, ConnectionResetError | BrokenPipeError | ConnectionAbortedError)
    if not hung_up and isinstance(error, httpx.ConnectError | ConnectionError):
        return unreachable(is_away=True, may_pass=True)
    if hung_up or isinstance(error, httpx.TransportError):
        return ModelError(
            "The model broke off in mid-answer: try again.",
            "broken_connection",
            is_away=not is_answered,
            may_pass=not is_answered,
        )
    return None


def unreachable(**facts: Any) -> ModelUnavailableError:
    """Return the error of a server that nobody can connect to.

    :param facts: what :class:`.ModelError` takes beside message and reason
    """
    return ModelUnavailableError(
        "The model server cannot be reached: try again later.", "model_unreachable", **facts
    )


def _status_error(status: int, config: ChatbotConfig, retry_after: float | None) -> ChatbotError:
    if status == 404:
        return ModelUnavailableError(
            f"The model {config.ollama_name} is not on the model server: its operator can pull it.",
            "model_missing",
        )
    if status in (429, 503):
        return ModelUnavailableError(
            "The model server is busy: try again in a moment.",
            "model_busy",
            may_pass=status == 503,
            retry_after=retry_after,
        )
    if status < 400:
        return ModelError(
            "The model server's address leads elsewhere: its operator can correct it.", "redirected"
        )
    return ModelError(
        "The model server reported an error: try again.",
        "model_error",
        may_pass=status >= 500,
        retry_after=retry_after,
    )
