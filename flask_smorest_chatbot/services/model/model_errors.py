"""What a failing model client raises, in the plugin's own words."""

from __future__ import annotations

from collections.abc import Iterator

from ...config import ChatbotConfig
from ...errors import ChatbotError, ModelError, ModelTimeoutError, ModelUnavailableError


def translate(error: BaseException, config: ChatbotConfig) -> ChatbotError:
    """Return the plugin's error for what a LangChain model raised.

    The original's text stays out of it: it may quote the prompt, an address or a key.
    """
    for cause in _with_causes(error):
        if (known := _translate(cause, config)) is not None:
            return known
    return ModelError("The model failed to answer: try again.", "model_error")


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and what caused it: providers' clients wrap what httpx raised."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__


def _translate(error: BaseException, config: ChatbotConfig) -> ChatbotError | None:
    import httpx

    if isinstance(error, ChatbotError):
        return error
    if isinstance(status := getattr(error, "status_code", None), int):
        return _status_error(status, config)
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError | ConnectionError):
        return _unreachable(error)
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return ModelTimeoutError("The model took too long to answer: try again.", "silence")
    if isinstance(error, httpx.TransportError):
        return ModelError("The model broke off in mid-answer: try again.", "broken_connection")
    return None


def _unreachable(error: BaseException) -> ChatbotError:
    if isinstance(error, ConnectionResetError | BrokenPipeError | ConnectionAbortedError):
        return ModelError("The model broke off in mid-answer: try again.", "broken_connection")
    return ModelUnavailableError(
        "The model server cannot be reached: try again later.", "model_unreachable"
    )


def _status_error(status: int, config: ChatbotConfig) -> ChatbotError:
    if status == 404:
        return ModelUnavailableError(
            f"The model {config.ollama_name} is not on the model server: its operator can pull it.",
            "model_missing",
        )
    if status in (429, 503):
        return ModelUnavailableError(
            "The model server is busy: try again in a moment.", "model_busy"
        )
    return ModelError("The model server reported an error: try again.", "model_error")
