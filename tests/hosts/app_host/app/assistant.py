"""Where the shop meets the plugin."""

from __future__ import annotations

from typing import Any

from flask_smorest_chatbot import CatalogItem, CatalogQuery, Chatbot, ChatbotConfig

from .models import User, db


def model_of_the_shop(_config: ChatbotConfig) -> Any:
    """Return a model that says the same each time."""
    from langchain_core.language_models import FakeListChatModel

    return FakeListChatModel(responses=["Take the blue teapot."])


chatbot = Chatbot(
    db,
    user_model=User,
    session_table="assistant_sessions",
    message_table="assistant_messages",
    chat_model=model_of_the_shop,
)


@chatbot.catalog_loader
def catalog(query: CatalogQuery) -> list[CatalogItem]:
    return [CatalogItem(id="teapot-blue", name="blue teapot", price="9.50", price_unit="piece")]
