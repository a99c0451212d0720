"""Where the chat plugin is plugged in."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Flask
from flask_smorest import Api

from flask_smorest_chatbot import Chatbot, ChatbotConfig, Finding
from flask_smorest_chatbot import ConfigError as ChatbotConfigError

from ..config import ConfigError
from ..extensions import db
from ..models import ChatApiKey, ChatMessage, ChatSession, ChatUsage, User
from ..services import accounts
from ..services import chatbot_service as service
from ..services.readiness import ReadinessCheck, add_readiness_check
from ..services.vocabulary import vocabulary

chatbot = Chatbot(
    db,
    user_model=User,
    persona=service.PERSONA,
    session_model=ChatSession,
    message_model=ChatMessage,
    api_key_model=ChatApiKey,
    usage_model=ChatUsage,
)
chatbot.user_loader(accounts.find_active)
chatbot.admin_check(accounts.is_admin)
chatbot.profile_loader(service.profile_of)
chatbot.catalog_loader(service.candidates_for)
chatbot.vocabulary_loader(vocabulary)
chatbot.facts_loader(service.facts_for)
chatbot.chat_endpoint("/ask-instrument-question")(service.ask_instrument_question)
chatbot.chat_endpoint("/recommend-for-me", message_required=False)(service.recommend_for_me)


@chatbot.doctor_check
def deployment() -> Iterable[Finding]:
    """What the doctor looks at beside the chat: the machine that the site is deployed on."""
    from ..deployment import deployment  # a server has no use for it

    return deployment()


def preload(app: Flask) -> None:
    """Import what only turns need, before workers are forked, so that they share its memory."""
    from ..services import candidates, my_rentals  # noqa: F401

    chatbot.preload(app)


def register_chatbot(app: Flask, api: Api) -> None:
    """Add the chat's endpoints and what ``/ready`` says of its model.

    :raises ConfigError: when a ``CHATBOT_*`` setting is wrong; the message says what to set
    """
    app.config.setdefault("CHATBOT_TIMEZONE", app.config["SITE_TIMEZONE"])
    try:
        chatbot.init_app(app, api)
        config = ChatbotConfig.from_mapping(app.config)
    except ChatbotConfigError as error:
        raise ConfigError(str(error)) from error
    add_readiness_check(app, ReadinessCheck("model", lambda: service.model_state(config)))
