"""Ask one model server once and hand its answer on piece by piece, within the time limits.

The model's stream is read in a thread of its own, so that whoever waits for it can also send a
sign of life, notice that the client has left, and give up in time.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...config import ChatbotConfig
from ...errors import ChatbotError, ModelError, ModelTimeoutError
from ...text import storable
from ..events import TICK
from ..prompts import PromptMessage
from .model_errors import translate

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

#: Pieces read ahead of a slow client before the model is made to wait.
_QUEUE_SIZE = 256
#: Longest time in seconds between two looks at what else may have happened, for who waits for the
#: model, as a thousand do at once.
SILENCE = 0.3
#: Most characters of an answer, per token that it may take: tokens are shorter words than this.
_CHARS_PER_TOKEN = 32
#: What reading an answer of Ollama raises that is none: garbage, half a line, a page of a proxy.
_UNREADABLE = (ValueError, TypeError, AttributeError, KeyError, RecursionError)
_MOST_TOKENS = 2**31 - 1  # what the database's columns hold
#: How providers say that there was no room for more.
_CUT_OFF = ("length", "max_tokens", "MAX_TOKENS")
#: How Ollama says, in nanoseconds, what it took its time for.
_PHASES = {"load": "load_duration", "prompt": "prompt_eval_duration", "output": "eval_duration"}
_MOST_SECONDS = 1e6


@dataclass
class Usage:
    """What the model server says of an answer; None where it does not say.

    :param cached_tokens: of the input, taken from the server's cache
    :param seconds: taken to ``load`` the model, to evaluate the ``prompt``, for the ``output``
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    done_reason: str | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_truncated(self) -> bool:
        """Whether the answer ends because it was as long as it may be."""
        return self.done_reason in _CUT_OFF


@dataclass
class _End:
    error: BaseException | None = None


@dataclass
class Attempt:
    """One request to a chat model.

    :param chat_model: any LangChain chat model
    :param prompt: from :func:`.prompts.prompt`
    :param config: time limits
    :param options: further arguments of the model's ``stream``, for example ``format``
    :param usage: filled in as the model tells it
    :param request_id: what the server is told that this is for; "" for nothing
    """

    chat_model: BaseChatModel
    prompt: Sequence[PromptMessage]
    config: ChatbotConfig
    options: Mapping[str, Any] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    request_id: str = ""

    def __post_init__(self) -> None:
        from .abortable_transport import Call

        self._call = Call(self.request_id)
        # Under gevent much quicker than a queue with a size.
        self._pieces: queue.SimpleQueue[str | _End] = queue.SimpleQueue()
        self._half = ""  # first half of a surrogate pair that two pieces share

    @property
    def is_answered(self) -> bool:
        """Whether the server has answered anything, be it an error."""
        return self._call.is_answered

    def pieces(self, first_by: float, deadline: float) -> Generator[str | None, None, None]:
        """Yield text as it comes, merged if it comes faster than it is taken.

        None when nothing came for :data:`SILENCE` seconds, or when nudged.

        :param first_by: ``time.monotonic()`` at which the first text must have come
        :param deadline: ``time.monotonic()`` at which the turn must end
        :raises ModelError: in one of its kinds, when the model fails
        """
        threading.Thread(target=self._read, name="chatbot-generation", daemon=True).start()
        limit, reason = first_by, "first_token_timeout"
        try:
            while True:
                text, end = self._take(min(limit, deadline))
                if text:
                    yield text
                    limit, reason = time.monotonic() + self.config.token_timeout, "token_timeout"
                if end is not None:
                    if end.error is not None:
                        raise self._translated(end.error) from end.error
                    return
                _check_time(limit, reason)
                _check_time(deadline, "turn_timeout")
                if not text:
                    yield None
        finally:
            self.abort()

    def _translated(self, error: BaseException) -> ChatbotError:
        return translate(
            error,
            self.config,
            is_answered=self._call.is_answered,
            retry_after=self._call.retry_after,
        )

    def abort(self) -> None:
        """Stop the model; does nothing when it has finished."""
        self._call.abort()

    def nudge(self) -> None:
        """Let :meth:`pieces` yield at once; from any thread."""
        self._pieces.put("")

    def _take(self, until: float) -> tuple[str, _End | None]:
        """Return what text has come, waiting a little for some.

        :param until: ``time.monotonic()`` at which to wait no longer
        """
        texts: list[str] = []
        end = None
        with contextlib.suppress(queue.Empty):
            longest = max(until - time.monotonic(), 0.0)
            piece = self._pieces.get(timeout=min(SILENCE, longest))
            while not isinstance(piece, _End):
                texts.append(piece)
                if len(texts) == _QUEUE_SIZE:  # a model that floods must not keep us here
                    break
                piece = self._pieces.get_nowait()
            else:
                end = piece
        return self._whole("".join(texts), end is not None), end

    def _whole(self, text: str, is_last: bool) -> str:
        """Return storable text; half a surrogate pair at its end waits for the other half."""
        text, self._half = self._half + text, ""
        if not is_last and "\ud800" <= text[-1:] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return storable(text)

    def _read(self) -> None:
        from .abortable_transport import abortable

        end = _End()
        try:
            with abortable(self._call):
                self._read_stream()
        except Exception as error:
            end.error = error
        self._put(end)

    def _read_stream(self) -> None:
        stream = self.chat_model.stream(list(self.prompt), **self.options)
        speaks_ollama = type(self.chat_model).__name__ == "ChatOllama"
        room = self.config.num_predict * _CHARS_PER_TOKEN
        try:
            for chunk in stream:
                self._call.is_answered = True
                self._note_usage(chunk)
                room -= len(chunk.text)
                if room < 0:
                    raise ModelError("The model did not stop talking: try again.", "too_long")
                if chunk.text:
                    self._put(chunk.text)
                if self._call.is_aborted or (speaks_ollama and self.usage.done_reason):
                    return
                if self._pieces.qsize() > 1:
                    time.sleep(0)  # under gevent: what never waits must let others run
        except _UNREADABLE as error:
            if not speaks_ollama:
                raise
            message = "The model server sent what is no answer: try again."
            raise ModelError(message, "garbled") from error
        finally:
            stream.close()  # type: ignore[attr-defined]  # LangChain's iterators are generators
        if speaks_ollama:
            raise ModelError("The model broke off in mid-answer: try again.", "incomplete")

    def _put(self, piece: str | _End) -> None:
        while self._pieces.qsize() >= _QUEUE_SIZE and not self._call.is_aborted:
            time.sleep(TICK)
        self._pieces.put(piece)

    def _note_usage(self, chunk: Any) -> None:
        if used := getattr(chunk, "usage_metadata", None):
            self.usage.input_tokens = _count(used["input_tokens"])
            self.usage.output_tokens = _count(used["output_tokens"])
            cached = used.get("input_token_details", {}).get("cache_read")
            self.usage.cached_tokens = None if cached is None else _count(cached)
        told = chunk.response_metadata
        reason = told.get("done_reason") or told.get("finish_reason") or told.get("stop_reason")
        if reason:
            self.usage.done_reason = reason
            self.usage.seconds = _seconds(told)


def _count(tokens: int) -> int | None:
    return tokens if 0 <= tokens <= _MOST_TOKENS else None


def _seconds(told: Mapping[str, Any]) -> dict[str, float]:
    taken = {phase: told.get(name) for phase, name in _PHASES.items()}
    return {
        phase: time / 1e9
        for phase, time in taken.items()
        if isinstance(time, int) and 0 <= time <= _MOST_SECONDS * 1e9
    }


def _check_time(limit: float, reason: str) -> None:
    if time.monotonic() >= limit:
        raise ModelTimeoutError(
            "The model took too long to answer: try again, or ask something shorter.", reason
        )
