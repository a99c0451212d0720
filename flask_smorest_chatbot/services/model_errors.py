"""What a failing model client raises, in the plugin's own words."""

from __future__ import annotations

from ..config import ChatbotConfig
from ..errors import ChatbotError, ModelError, ModelTimeoutError, ModelUnavailableError


def translate(error: BaseException, config: ChatbotConfig) -> ChatbotError:
    """Return the plugin's error for what a LangChain model raised.

    The original's text stays out of it: it may quote the prompt, an address or a key.
    """
    import httpx
    import ollama

    if isinstance(error, ChatbotError):
        return error
    if isinstance(error, ollama.ResponseError):
        return _ollama_error(error.status_code, config)
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError | ConnectionError):
        return _unreachable(error)
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return ModelTimeoutError("The model took too long to answer: try again.", "silence")
    if isinstance(error, httpx.TransportError):
        return ModelError("The model broke off in mid-answer: try again.", "broken_connection")
    return ModelError("The model failed to answer: try again.", "model_error")


def _unreachable(error: BaseException) -> ChatbotError:
    if isinstance(error, ConnectionResetError | BrokenPipeError | ConnectionAbortedError):
        return ModelError("The model broke off in mid-answer: try again.", "broken_connection")
    return ModelUnavailableError(
        "The model server cannot be reached: try again later.", "model_unreachable"
    )


def _ollama_error(status: int, config: ChatbotConfig) -> ChatbotError:
    if status == 404:
        return ModelUnavailableError(
            f"The model {config.ollama_name} is not on the model server: its operator can pull it.",
            "model_missing",
        )
    if status == 503:
        return ModelUnavailableError(
            "The model server is busy: try again in a moment.", "model_busy"
        )
    return ModelError("The model server reported an error: try again.", "model_error")
