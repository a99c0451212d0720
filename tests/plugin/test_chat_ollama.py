"""The model client streams, and keeps nothing of what it has handed on."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from bench.processes import simulator
from bench.simulator import words
from flask_smorest_chatbot import ChatbotConfig
from flask_smorest_chatbot.services.model.chat_model import LazyChatModel


@pytest.fixture
def model() -> Iterator[Any]:
    with simulator(first=0.01, rate=500, tokens=20) as url:
        model: Any = LazyChatModel(ChatbotConfig(ollama_url=url, model="simulated")).get()
        yield model
        model._client.close()


def test_all_that_the_server_says(model):
    chunks = list(model.stream([("system", "Be brief."), ("human", "hi")]))
    assert [chunk.text for chunk in chunks[:-1]] == words(20)
    last = chunks[-1]
    assert last.response_metadata["done_reason"] == "stop"
    assert (last.usage_metadata["input_tokens"], last.usage_metadata["output_tokens"]) == (100, 20)


def test_nothing_is_kept_until_the_end(model):
    stream = model.stream("hi")
    first = weakref.ref(next(stream))
    for _ in range(3):
        next(stream)
    assert first() is None
    stream.close()


def test_words_go_to_no_tracing_service(model, monkeypatch):
    from langchain_core.callbacks import BaseCallbackHandler
    from langchain_core.tracers.context import register_configure_hook

    told: list[Any] = []

    class Tracer(BaseCallbackHandler):
        def on_chat_model_start(self, *args: Any, **kwargs: Any) -> None:
            told.append(args)

    import contextvars

    variable: Any = contextvars.ContextVar("tracer", default=None)
    register_configure_hook(variable, inheritable=True)
    variable.set(Tracer())
    list(model.stream("a secret"))
    assert told == []
    list(super(type(model), model).stream("a secret"))  # LangChain's own would tell
    assert len(told) == 1
