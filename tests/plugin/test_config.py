"""Configuration: typed, bounded, and refused with a remedy."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask_smorest import Api
from flask_sqlalchemy import SQLAlchemy
from host import make_host
from sqlalchemy.orm import DeclarativeBase

from flask_smorest_chatbot import Chatbot, ChatbotConfig, ConfigError


def test_defaults() -> None:
    config = ChatbotConfig.from_mapping({})
    assert (config.model, config.num_ctx) == ("llama2", 4096)
    assert config.ollama_url == "http://127.0.0.1:11434"
    assert config.max_message_chars == 4000


def test_texts_of_the_environment_are_converted() -> None:
    config = ChatbotConfig.from_mapping(
        {"CHATBOT_NUM_CTX": "2048", "CHATBOT_TEMPERATURE": " 0 ", "CHATBOT_MODEL": " "}
    )
    assert (config.num_ctx, config.temperature, config.model) == (2048, 0.0, "llama2")


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("CHATBOT_NUM_CTX", "many", "must be a whole number"),
        ("CHATBOT_NUM_CTX", "1", "between 512 and"),
        ("CHATBOT_TEMPERATURE", "nan", "between 0 and 2"),
        ("CHATBOT_CONNECT_TIMEOUT", "0", "seconds"),
        ("CHATBOT_OLLAMA_URL", "localhost:11434", "must be like http"),
        ("CHATBOT_OLLAMA_URL", "http://", "must be like http"),
        ("CHATBOT_OLLAMA_URL", "http://127.0.0.1:1,", "must be like http"),
        ("CHATBOT_OLLAMA_URL", "http://127.0.0.1:1,localhost:2", "must be like http"),
        ("CHATBOT_MODEL_RETRIES", "3", "between 0 and 2 times"),
        ("CHATBOT_OLLAMA_URL", "http://me:secret@host:99999", "must be like http"),
        ("CHATBOT_OLLAMA_URL", "http://[::1", "must be like http"),
        ("CHATBOT_OLLAMA_URL", "http://ho st", "must be like http"),
        ("CHATBOT_MODEL", "openai:", "must be like llama2 or provider:name"),
        ("CHATBOT_NUM_PREDICT", "4096", "must be below CHATBOT_NUM_CTX"),
        ("CHATBOT_BLUEPRINT_NAME", "chat.bot", "takes letters, digits, _ and -"),
        ("CHATBOT_URL_PREFIX", "chat", "must be a path"),
        ("CHATBOT_URL_PREFIX", "/", "must be a path"),
        ("CHATBOT_URL_PREFIX", "/chat/<x>", "must be a path"),
        ("CHATBOT_URL_PREFIX", "/chat//bot", "must be a path"),
        ("CHATBOT_KEEP_ALIVE", "soon", "must be a duration"),
    ],
)
def test_wrong_values_say_the_remedy(key: str, value: Any, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        ChatbotConfig.from_mapping({key: value})
    assert key in str(caught.value)
    assert "secret" not in str(caught.value)


def test_blueprint_prefix_and_tables_can_be_named(tmp_path: Any) -> None:
    host = make_host(
        f"sqlite:///{tmp_path}/h.db",
        CHATBOT_BLUEPRINT_NAME="helper",
        CHATBOT_URL_PREFIX="/v2/help",
    )
    assert "helper" in host.app.blueprints
    assert host.app.test_client().get("/v2/help/sessions").status_code == 401


def test_two_apps_share_one_chatbot(tmp_path: Any) -> None:
    host = make_host(f"sqlite:///{tmp_path}/h.db")
    other = Flask("other")
    other.config.update(
        host.app.config,
        CHATBOT_URL_PREFIX="/other",
        CHATBOT_MODEL="mistral",
        OPENAPI_URL_PREFIX=None,
    )
    host.chatbot.persona = "You sell pianos."
    host.chatbot.init_app(other, Api(other))
    states = [app.extensions["chatbot"] for app in (host.app, other)]
    assert [state.config.model for state in states] == ["llama2", "mistral"]
    # Each has what was there at its own init_app, though services are made later.
    personas = [state.turn_services.persona for state in states]
    assert personas == ["You sell guitars.", "You sell pianos."]


def test_mistakes_of_the_host_are_named(tmp_path: Any) -> None:
    host = make_host(f"sqlite:///{tmp_path}/h.db")
    with pytest.raises(ConfigError, match="called twice"):
        host.chatbot.init_app(host.app, _initialised_api())
    with pytest.raises(ConfigError, match=r"api\.init_app"):
        host.chatbot.init_app(Flask("bare"), Api())

    class Base(DeclarativeBase):
        pass

    db = SQLAlchemy(model_class=Base)
    with pytest.raises(ConfigError, match="not a mapped class"):
        Chatbot(db, user_model=str)
    with pytest.raises(ConfigError, match="both session_model and message_model"):
        Chatbot(db, user_model=host.user_model, session_model=host.chatbot.ChatSession)


def _initialised_api() -> Api:
    return Api(Flask("any"), spec_kwargs={"title": "T", "version": "v", "openapi_version": "3.0.3"})
