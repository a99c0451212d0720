"""LangChain's ``ChatOllama`` without what a thousand answers at once cannot afford.

Imported with LangChain, at the first turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import langchain_ollama
from langchain_core.messages import BaseMessage


class ChatOllama(langchain_ollama.ChatOllama):
    """Streams without keeping what it has handed on.

    LangChain's own ``stream`` keeps a message object of 2 KB for each token until the answer ends,
    to join all for its callbacks: half a gigabyte for a thousand answers. There are no callbacks
    here, so neither does an environment variable make it send users' words to a tracing service.
    """

    def stream(self, input: Any, *_args: Any, **kwargs: Any) -> Iterator[BaseMessage]:  # type: ignore[override]
        """Yield the pieces of the answer, the last one with what the server counted."""
        messages = self._convert_input(input).to_messages()
        for chunk in self._stream(messages, **kwargs):
            chunk.message.response_metadata = chunk.generation_info or {}
            yield chunk.message
