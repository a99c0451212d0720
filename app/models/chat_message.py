"""The chat's tables, on the plugin's mixins."""

from __future__ import annotations

from flask_smorest_chatbot import ChatMessageMixin, ChatSessionMixin

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
