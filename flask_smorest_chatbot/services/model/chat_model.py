"""Build the LangChain chat models from the configuration, at the first turn and not before.

Importing LangChain takes half a second and 30 MB, so nothing here imports it at module level.
"""

from __future__ import annotations

import logging
import re
import threading
from typing import TYPE_CHECKING, Any

from ...config import ChatbotConfig
from ...errors import ModelUnavailableError
from .breaker import Breaker
from .names import is_on_ollama, name_of
from .servers import ModelServer, in_order_for

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

log = logging.getLogger(__name__)

#: Most bytes of a response: Ollama's line for one token takes under 300.
_MOST_BYTES = 1_048_576
_BYTES_PER_TOKEN = 1024


class LazyChatModel:
    """The chat model of one app, on one server or several, built when first asked for.

    :param config: the app's settings
    :param source: a LangChain chat model, a factory that takes the config and returns one, or
        None to build what ``CHATBOT_MODEL`` names
    """

    def __init__(self, config: ChatbotConfig, source: Any = None) -> None:
        self._config = config
        self._source = source
        self._lock = threading.Lock()
        self._servers: list[ModelServer] = []

    @property
    def name(self) -> str:
        """What to call the model in answers and logs, without building it."""
        if self._source is None:
            return self._config.model
        for attribute in ("model", "model_name"):
            if isinstance(name := getattr(self._source, attribute, None), str):
                return name
        return getattr(self._source, "__name__", type(self._source).__name__)

    @property
    def is_configured_ollama(self) -> bool:
        """Whether the configuration names a model of the Ollama server."""
        return self._source is None and is_on_ollama(self._config.model)

    def get(self) -> BaseChatModel:
        """Return the model, that of the first server, building it at the first call.

        :raises ModelUnavailableError: when it cannot be built, for example without the provider's
            package; the log and ``flask chatbot doctor`` say why
        """
        return self.servers()[0].chat_model

    def servers(self, conversation: object = None) -> list[ModelServer]:
        """Return all servers that have the model, in the order in which to ask them.

        :param conversation: key of the session; None for the order of the configuration
        :raises ModelUnavailableError: as :meth:`get`
        """
        with self._lock:
            if not self._servers:
                self._servers = self._build_or_explain()
        if conversation is None:
            return list(self._servers)
        return in_order_for(self._servers, conversation)

    def like(self, config: ChatbotConfig) -> LazyChatModel:
        """Return such a model with other settings, not built yet."""
        return LazyChatModel(config, self._source)

    def _build_or_explain(self) -> list[ModelServer]:
        try:
            return self._build()
        except Exception as error:
            log.error("the chat model %s could not be built: %s", self.name, error)
            raise ModelUnavailableError(
                "The chat model is not set up: its operator can run `flask chatbot doctor`.",
                "model_misconfigured",
            ) from error

    def _build(self) -> list[ModelServer]:
        if self._source is None and ":" in self._config.ollama_name:
            import langchain.chat_models.base  # noqa: F401  a newer one may know more providers
        if self.is_configured_ollama:
            return [
                self._server(name_of(address), ollama_model(self._config, address))
                for address in self._config.ollama_urls
            ]
        model = _provider_model(self._config) if self._source is None else self._given_model()
        return [self._server(self.name, model)]

    def _given_model(self) -> Any:
        from langchain_core.language_models import BaseChatModel

        if isinstance(self._source, BaseChatModel):
            return self._source
        return self._source(self._config)

    def _server(self, name: str, model: BaseChatModel) -> ModelServer:
        config = self._config
        failures, seconds = config.breaker_failures, config.breaker_seconds
        return ModelServer(name, model, Breaker(name, failures, seconds, config.connect_timeout))


def _provider_model(config: ChatbotConfig) -> Any:
    from langchain.chat_models import init_chat_model

    return init_chat_model(
        config.model,
        temperature=config.temperature,
        max_tokens=config.num_predict,
        timeout=config.turn_timeout,
    )


def _keep_alive(setting: str) -> int | str:
    """Return a bare number as one: Ollama takes texts only with a unit, such as ``30m``."""
    return int(setting) if re.fullmatch(r"-?\d+", setting) else setting


def ollama_model(config: ChatbotConfig, address: str) -> BaseChatModel:
    """Return a ``ChatOllama`` whose requests can be aborted from another thread.

    :param address: of its server
    """
    import httpx

    from .abortable_transport import AbortableTransport
    from .chat_ollama import ChatOllama

    silence = max(config.first_token_timeout, config.token_timeout) + 1
    return ChatOllama(
        model=config.ollama_name,
        base_url=address,
        num_ctx=config.num_ctx,
        num_predict=config.num_predict,
        temperature=config.temperature,
        keep_alive=_keep_alive(config.keep_alive),
        client_kwargs={"follow_redirects": False, "trust_env": False},
        sync_client_kwargs={
            "transport": AbortableTransport(_MOST_BYTES + config.num_predict * _BYTES_PER_TOKEN),
            # The turn's own limits act first; these only bound what nobody waits for any more.
            "timeout": httpx.Timeout(silence, connect=config.connect_timeout),
        },
    )
