"""Build the plugin's models on the host's ``db`` for hosts that add no columns of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection

from ..errors import ConfigError
from .accounting import ChatApiKeyMixin, ChatUsageMixin
from .mixins import ChatMessageMixin, ChatSessionMixin
from .user_key import user_key_column


def build_models(
    db: Any, user_model: type[Any], *, session_table: str, message_table: str
) -> tuple[type[Any], type[Any]]:
    """Return the models of sessions and of messages, mapped on the host's metadata.

    They are not called ``ChatSession`` and ``ChatMessage``: a host that has a class of that name
    may refer to it as ``relationship("ChatMessage")``, which must stay unambiguous.

    :param db: the host's ``SQLAlchemy`` extension
    :param user_model: the host's user class; the tables go where its table is
    :param session_table: name of the sessions' table
    :param message_table: name of the messages' table
    :raises ConfigError: when a table of that name exists already
    """
    session_model = _build(db, user_model, "ChatbotSession", ChatSessionMixin, session_table)
    message_model = _build(
        db,
        user_model,
        "ChatbotMessage",
        ChatMessageMixin,
        message_table,
        __session_model__=session_model,
    )
    return session_model, message_model


def build_api_key_model(db: Any, user_model: type[Any], table: str) -> type[Any]:
    """Return the model of API keys, as :func:`build_models` does those of the conversations."""
    return _build(db, user_model, "ChatbotApiKey", ChatApiKeyMixin, table)


def build_usage_model(db: Any, user_model: type[Any], table: str) -> type[Any]:
    """Return the model of what users use, as :func:`build_models` does those of conversations."""
    return _build(db, user_model, "ChatbotUsage", ChatUsageMixin, table)


def _build(
    db: Any, user_model: type[Any], name: str, mixin: type[Any], table: str, **more: Any
) -> type[Any]:
    metadata = user_key_column(user_model).table.metadata
    _check_name_is_free(metadata, table)
    members = {"__user_model__": user_model, "__module__": __name__, "metadata": metadata}
    return type(name, (mixin, db.Model), {**members, "__tablename__": table, **more})


def _check_name_is_free(metadata: sa.MetaData, table: str) -> None:
    name = f"{metadata.schema}.{table}" if metadata.schema else table
    if name in metadata.tables:
        raise ConfigError(
            f"There is a table {table!r} already: give Chatbot(session_table=..., "
            "message_table=..., api_key_table=..., usage_table=...) other names, and make one "
            "Chatbot per db, outside create_app()."
        )


def erase_with_user(user_model: type[Any], models: Sequence[type[Any]]) -> None:
    """Delete what a user has in tables of ours when the host deletes the user through the ORM.

    The foreign keys cascade by themselves where the database enforces them; SQLite does not by
    default, and would later give the dead user's number, and so the chats, to a new user.
    """
    key = user_key_column(user_model)

    @event.listens_for(user_model, "before_delete", propagate=True)
    def erase(_mapper: Any, connection: Connection, user: Any) -> None:
        value = getattr(user, sa.inspect(user_model).get_property_by_column(key).key)
        # As whoever writes in the user's name locks them: the user, a session, its messages.
        connection.execute(sa.select(key).where(key == value).with_for_update())
        for model in models:
            table = model.__table__
            connection.execute(sa.delete(table).where(table.c.user_id == value))
