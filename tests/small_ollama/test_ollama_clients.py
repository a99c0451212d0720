"""The official clients, unchanged, against the server."""

import asyncio

import ollama
import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_ollama import ChatOllama

QUESTION = [{"role": "user", "content": "Say hello."}]
SHORT = {"num_predict": 6, "temperature": 0}


@pytest.fixture
def client(ollama_api):
    with ollama.Client(host=ollama_api.url) as client:
        yield client


@pytest.fixture
def chat_model(ollama_api):
    """Make models for the server; their connections are closed at the end, which they never do."""
    models = []

    def make(**settings) -> ChatOllama:
        defaults = {"model": ollama_api.model, "num_predict": 6, "temperature": 0}
        models.append(ChatOllama(base_url=ollama_api.url, **{**defaults, **settings}))
        return models[-1]

    yield make
    for model in models:
        model._client.close()


def test_client_lists_shows_and_sees_what_is_loaded(client, ollama_api):
    assert [model.model for model in client.list().models] == ["smollm2:135m", "llama2"]
    assert client.show("smollm2:135m").capabilities == ["completion"]
    client.chat(ollama_api.model, QUESTION, options=SHORT)
    assert client.ps().models[0].context_length == 512


def test_client_chats(client, ollama_api):
    answer = client.chat(ollama_api.model, QUESTION, options=SHORT, keep_alive="5m")
    assert answer.message.content
    assert answer.done_reason == "length"
    assert answer.eval_count == 6
    chunks = list(client.chat(ollama_api.model, QUESTION, options=SHORT, stream=True))
    assert "".join(chunk.message.content for chunk in chunks) == answer.message.content
    assert chunks[-1].prompt_eval_count == answer.prompt_eval_count


def test_client_sees_errors_with_their_status(client, ollama_api):
    with pytest.raises(ollama.ResponseError) as missing:
        client.chat("mistral", QUESTION)
    assert missing.value.status_code == 404
    assert "not found" in missing.value.error
    with pytest.raises(ollama.ResponseError) as bad:
        list(client.chat(ollama_api.model, QUESTION, options={"stop": "x"}, stream=True))
    assert bad.value.status_code == 400


def test_chat_ollama_invokes_with_usage(ollama_api, chat_model):
    model = chat_model(validate_model_on_init=True, num_ctx=256, keep_alive="5m")
    answer = model.invoke([SystemMessage("Be brief."), HumanMessage("Say hello.")])
    assert answer.content
    assert answer.usage_metadata["output_tokens"] == 6
    assert answer.usage_metadata["input_tokens"] > 10
    assert answer.response_metadata["done_reason"] == "length"
    assert answer.response_metadata["model"] == ollama_api.model


def test_chat_ollama_streams_a_second_turn(chat_model):
    history = [HumanMessage("Say hello."), AIMessage("Hello!"), HumanMessage("And again?")]
    chunks = list(chat_model().stream(history))
    assert len([chunk for chunk in chunks if chunk.content]) >= 2
    total = chunks[0]
    for chunk in chunks[1:]:
        total += chunk
    assert total.usage_metadata["output_tokens"] >= 2


def test_chat_ollama_streams_asynchronously(chat_model):
    model = chat_model()

    async def text() -> str:
        async with model._async_client:
            return "".join([chunk.content async for chunk in model.astream("Hi.")])

    assert asyncio.run(text())


def test_chat_ollama_gives_structured_output(chat_model):
    schema = {
        "title": "Pick",
        "type": "object",
        "properties": {"id": {"type": "string", "enum": ["a-1", "b-2"]}},
        "required": ["id"],
    }
    model = chat_model(num_predict=60)
    picked = model.with_structured_output(schema, method="json_schema").invoke("Pick one.")
    assert picked["id"] in ("a-1", "b-2")


def test_chat_ollama_sees_a_missing_model(chat_model):
    with pytest.raises(ollama.ResponseError, match="not found"):
        chat_model(model="mistral").invoke("Hi.")
