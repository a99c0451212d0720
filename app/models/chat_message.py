"""The chat's tables, on the plugin's mixins."""

from __future__ import annotations

from flask_smorest_chatbot import (
    ChatApiKeyMixin,
    ChatMessageMixin,
    ChatSessionMixin,
    ChatUsageMixin,
)

from ..extensions import Model
from .user import User


class ChatSession(ChatSessionMixin, Model):
    """One conversation of one user."""

    __tablename__ = "chat_sessions"
    __user_model__ = User


class ChatMessage(ChatMessageMixin, Model):
    """One thing that a user or the assistant said."""

    __tablename__ = "chat_messages"
    __user_model__ = User
    __session_model__ = ChatSession


class ChatApiKey(ChatApiKeyMixin, Model):
    """A key with which a user's program uses the chat."""

    __tablename__ = "chat_api_keys"
    __user_model__ = User


class ChatUsage(ChatUsageMixin, Model):
    """What a user has used of the chat on one day."""

    __tablename__ = "chat_usage"
    __user_model__ = User
