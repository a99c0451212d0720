"""The chat's tables, on the plugin's mixins."""

from __future__ import annotations

import sqlalchemy as sa

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


# What the release before revision 0008 reads and writes: it serves on during an upgrade, and again
# after a rollback. Not mapped, as nothing here uses it; to go with the release after this one.
_sessions = ChatSession.metadata.tables[ChatSession.__tablename__]
for _column in (
    sa.Column("profile", sa.JSON),
    sa.Column("active_message_id", sa.BigInteger),
    sa.Column("active_until", _sessions.c.started_at.type),
    sa.Column("active_worker", sa.String(120)),
):
    _sessions.append_column(_column)
_is_active = sa.text("active_message_id IS NOT NULL")
sa.Index(
    "ix_chat_sessions_active_message_id",
    _sessions.c.active_message_id,
    postgresql_where=_is_active,
    sqlite_where=_is_active,
)


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
