"""A chat model that says what a test tells it to: a real LangChain model, not a mock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import Field, PrivateAttr

Step = str | float | BaseException


class ScriptedModel(BaseChatModel):
    """Plays one script per call: a text is said, a number waits that many seconds, an error is
    raised. Without a script left it says ``"Hello."``. ``prompts`` logs what it was sent."""

    scripts: list[list[Step]] = Field(default_factory=list)
    format: Any = None  # as ChatOllama: it can be held to a schema
    _prompts: list[list[BaseMessage]] = PrivateAttr(default_factory=list)
    _options: list[dict[str, Any]] = PrivateAttr(default_factory=list)
    _closed: list[bool] = PrivateAttr(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    @property
    def prompts(self) -> list[list[BaseMessage]]:
        return self._prompts

    @property
    def options(self) -> list[dict[str, Any]]:
        return self._options

    @property
    def closed_early(self) -> list[bool]:
        """Whether each call's stream was closed before its script ended."""
        return self._closed

    def _stream(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        self._prompts.append(messages)
        self._options.append(kwargs)
        call = len(self._closed)
        self._closed.append(True)
        for step in self.scripts.pop(0) if self.scripts else ["Hello."]:
            if isinstance(step, BaseException):
                raise step
            if isinstance(step, int | float):
                time.sleep(step)
            else:
                yield ChatGenerationChunk(message=AIMessageChunk(content=step))
        self._closed[call] = False
        usage = {"input_tokens": 12, "output_tokens": 3, "total_tokens": 15}
        yield ChatGenerationChunk(message=AIMessageChunk(content="", usage_metadata=usage))

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        raise NotImplementedError("the plugin only streams")
