"""A host whose shape the environment variable ``HOST`` sets, before or after it adds the plugin.

``HOST`` is the JSON of :class:`test_migrations.Case`; ``WITH_CHATBOT`` is ``1`` or ``0``.
"""

from __future__ import annotations

import json
import logging
import os
import uuid
from collections.abc import Callable
from typing import Any

import click
import sqlalchemy as sa
from flask import Flask
from flask_jwt_extended import JWTManager, create_access_token
from flask_migrate import Migrate
from flask_smorest import Api
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from flask_smorest_chatbot import Chatbot, ChatbotConfig, ChatMessageMixin, ChatSessionMixin

SHAPE = json.loads(os.environ["HOST"])
CONVENTION = {
    # With the token `constraint_name` in each, as some hosts have: given names must stay as given.
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(constraint_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(constraint_name)s",
    "pk": "pk_%(table_name)s",
}
KEYS: dict[str, tuple[Any, Callable[[], Any]]] = {
    "integer": (sa.Integer(), lambda: None),
    "big": (sa.BigInteger().with_variant(sa.Integer(), "sqlite"), lambda: None),
    "uuid": (sa.Uuid(), uuid.uuid4),
    "string": (sa.String(36), lambda: f"user-{uuid.uuid4()}"[:36]),
}


class Base(DeclarativeBase):
    metadata = sa.MetaData(naming_convention=CONVENTION if SHAPE["convention"] else None)


# Without a base of its own, a host gets Flask-SQLAlchemy's older one.
db = SQLAlchemy(model_class=Base) if SHAPE["modern_base"] else SQLAlchemy()
KEY_TYPE, NEW_KEY = KEYS[SHAPE["key"]]


class User(db.Model):
    __tablename__ = SHAPE["user_table"]
    __table_args__ = SHAPE["user_table_args"]
    if SHAPE["bind_key"]:
        __bind_key__ = SHAPE["bind_key"]

    key: Mapped[Any] = mapped_column(
        KEY_TYPE, primary_key=True, **({} if NEW_KEY() is None else {"default": NEW_KEY})
    )
    email: Mapped[str] = mapped_column(sa.String(100), index=True)


class Product(db.Model):
    """A table that has nothing to do with the chat."""

    __tablename__ = "products"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(50), index=True, unique=True)


def subclassed_models() -> dict[str, Any]:
    """Build models of the host's own on the mixins, with columns, a key and an index more."""

    class Conversation(ChatSessionMixin, db.Model):
        __tablename__ = SHAPE["session_table"]
        __user_model__ = User

        channel: Mapped[str | None] = mapped_column(sa.String(20), index=True)

        @declared_attr.directive
        def __table_args__(cls) -> tuple[Any, ...]:
            pinned = sa.Index("ix_conversations_pinned", "user_id", "pinned")
            return (*super().__table_args__, pinned)

        pinned: Mapped[bool] = mapped_column(default=False)

    class Utterance(ChatMessageMixin, db.Model):
        __tablename__ = SHAPE["message_table"]
        __user_model__ = User
        __session_model__ = Conversation

        rating: Mapped[int | None] = mapped_column()
        about_id: Mapped[int | None] = mapped_column(
            sa.ForeignKey(Product.id, ondelete="SET NULL", name="about_product")
        )

    return {"session_model": Conversation, "message_model": Utterance}


def scripted_model(_config: ChatbotConfig) -> Any:
    from scripted_model import ScriptedModel

    # The first answer takes so long that it is stored while it is being written.
    return ScriptedModel(scripts=[["Hel", 1.0, "lo."]])


def build_chatbot() -> Chatbot:
    given = {
        name: SHAPE[name] for name in SHAPE if name.endswith("_table") and name != "user_table"
    }
    if SHAPE["mixins"]:
        given |= subclassed_models()
    return Chatbot(db, user_model=User, chat_model=scripted_model, **given)


chatbot = build_chatbot() if os.environ["WITH_CHATBOT"] == "1" else None


def create_app() -> Flask:
    app = Flask(__name__)
    app.config.update(
        SQLALCHEMY_DATABASE_URI=SHAPE["database_url"],
        SQLALCHEMY_BINDS=SHAPE["binds"],
        JWT_SECRET_KEY="a-test-secret-of-more-than-32-bytes",
        API_TITLE="Host",
        API_VERSION="v1",
        OPENAPI_VERSION="3.0.3",
        CHATBOT_URL_PREFIX="/talk",
        CHATBOT_BLUEPRINT_NAME="talk",
    )
    db.init_app(app)
    Migrate(app, db, **SHAPE["migrate"])
    JWTManager(app)
    if chatbot:
        chatbot.init_app(app, Api(app))
    app.cli.add_command(talk)
    return app


class Warnings(logging.Handler):
    """Keeps what is worth a warning."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


@click.command()
def talk() -> None:
    """Chat twice as a new user, then delete the user behind the host's back."""
    app = create_app()
    warnings = Warnings()
    logging.getLogger("flask_smorest_chatbot").addHandler(warnings)
    with app.app_context():
        user = User(email="ann@example.com")
        db.session.add(user)
        db.session.commit()
        token = create_access_token(identity=str(user.key))
    client, headers = app.test_client(), {"Authorization": f"Bearer {token}"}
    for message in ("Hello \N{GUITAR}", "And again"):
        body = {"message": message, "session_id": "Ein-Gespräch"[:4]}
        answer = client.post("/talk/chat", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.json["assistant_response"] == "Hello."
    body = {"name": "Uhr \N{GUITAR}", "scopes": ["history"]}
    key = client.post("/talk/api-keys", json=body, headers=headers).json
    assert key["name"] == body["name"]
    history = client.get("/talk/history/Ein-", headers={"X-API-Key": key["key"]}).json
    assert [message["content"] for message in history] == [
        "Hello \N{GUITAR}", "Hello.", "And again", "Hello."
    ]  # fmt: skip
    assert history[-1]["created_at"] == answer.json["created_at"]
    assert client.get("/talk/history/ein-", headers=headers).status_code == 404
    assert warnings.texts == []
    with app.app_context():
        delete_users_by_sql()


def delete_users_by_sql() -> None:
    """Delete all users as a database administrator would; the chats go with them."""
    with db.engines[SHAPE["bind_key"]].begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        left = [sa.select(sa.func.count()).select_from(m.__table__) for m in models()]
        assert [connection.scalar(count) for count in left] == [1, 4, 1, 1]
        connection.execute(sa.delete(User.__table__))
        assert [connection.scalar(count) for count in left] == [0, 0, 0, 0]


def models() -> tuple[type[Any], ...]:
    assert chatbot
    return chatbot.ChatSession, chatbot.ChatMessage, chatbot.ChatApiKey, chatbot.ChatUsage
