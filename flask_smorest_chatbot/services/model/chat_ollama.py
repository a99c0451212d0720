"""LangChain's ``ChatOllama`` without what a thousand answers at once cannot afford.

Imported with LangChain, at the first turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

import langchain_ollama
import ollama
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from pydantic import model_validator


class _PlainClient(ollama.Client):
    """The official client, but the lines of a stream come as they were read.

    To check each against the client's model of a response takes longer than all else.
    """

    def __init__(self, client: ollama.Client) -> None:
        self._client = client._client

    def _request(self, cls: Any, *args: Any, stream: bool = False, **kwargs: Any) -> Any:
        return super()._request(dict if stream else cls, *args, stream=stream, **kwargs)


class ChatOllama(langchain_ollama.ChatOllama):
    """Streams with little work for a token, and without keeping what it has handed on.

    LangChain's own ``stream`` keeps a message object of 2 KB for each token until the answer ends,
    to join all for its callbacks: half a gigabyte for a thousand answers. There are no callbacks
    here, so neither does an environment variable make it send users' words to a tracing service.
    """

    @model_validator(mode="after")
    def _read_plainly(self) -> Self:
        self._client = _PlainClient(self._client)
        return self

    def stream(self, input: Any, *_args: Any, **kwargs: Any) -> Iterator[BaseMessage]:  # type: ignore[override]
        """Yield the pieces of the answer, the last one with what the server counted.

        :raises ValueError: or another of :data:`.attempt._UNREADABLE`, for a line that is no answer
        """
        messages = self._convert_input(input).to_messages()
        lines: Iterator[Any] = self._create_chat_stream(messages, **kwargs)
        for line in lines:
            if line.get("done_reason") != "load":  # the model is in memory now, and no answer made
                yield _piece(line)


def _piece(line: Any) -> AIMessageChunk:
    text = (line.get("message") or {}).get("content") or ""
    if not line.get("done"):
        return AIMessageChunk(content=text)
    told = {name: value for name, value in line.items() if name != "message"}
    return AIMessageChunk(content=text, usage_metadata=_usage(told), response_metadata=told)


def _usage(told: dict[str, Any]) -> UsageMetadata | None:
    read, written = told.get("prompt_eval_count"), told.get("eval_count")
    if not (isinstance(read, int) and isinstance(written, int)):
        return None  # an answer is not lost over it
    return UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written)
