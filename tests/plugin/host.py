"""A small host for the plugin: what a developer writes to adopt it, and nothing else."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask_jwt_extended import JWTManager, create_access_token
from flask_smorest import Api
from flask_sqlalchemy import SQLAlchemy
from scripted_model import ScriptedModel
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from flask_smorest_chatbot import CatalogItem, CatalogQuery, Chatbot, TurnPlan, UserProfile

GUITARS = [
    CatalogItem(
        id=17, name="Yamaha FG800", price="18.00", url="/items/17", description="acoustic guitar"
    ),
    CatalogItem(id=18, name="Fender Jazz Bass", price=25, url="/items/18"),
    CatalogItem(id=19, name="Fender Jazz Bass V", price=30, url="/items/19"),
]


@dataclass
class Host:
    """An app with the plugin, and the handles that tests need."""

    app: Flask
    db: SQLAlchemy
    chatbot: Chatbot
    user_model: type[Any]
    chat_model: ScriptedModel
    catalog: list[CatalogItem]
    queries: list[CatalogQuery] = field(default_factory=list)
    admins: set[Any] = field(default_factory=set)
    refused: set[Any] = field(default_factory=set)

    def add_user(self) -> Any:
        """Store a user and return its key."""
        with self.app.app_context():
            user = self.user_model()
            self.db.session.add(user)
            self.db.session.commit()
            return user.key

    def headers(self, user_key: Any, **more: str) -> dict[str, str]:
        with self.app.app_context():
            token = create_access_token(identity=str(user_key))
        return {"Authorization": f"Bearer {token}", **more}


KEYS: dict[str, tuple[Any, Callable[[], Any]]] = {
    "integer": (sa.Integer(), lambda: None),
    "uuid": (sa.Uuid(), uuid.uuid4),
    "string": (sa.String(36), lambda: str(uuid.uuid4())),
}


_SCRIPTED = object()


def make_host(
    database_url: str,
    key: str = "integer",
    user_table: str = "people",
    chat_model: Any = _SCRIPTED,
    **settings: Any,
) -> Host:
    """Build a host whose user key has another name and type than most.

    :param chat_model: as :class:`.Chatbot` takes it; a scripted model unless given
    """

    class Base(DeclarativeBase):
        pass

    db = SQLAlchemy(model_class=Base)
    key_type, new_key = KEYS[key]
    column = mapped_column(key_type, primary_key=True)
    if key != "integer":
        column = mapped_column(key_type, primary_key=True, default=new_key)
    user_model = type(
        "Person",
        (db.Model,),
        {"__tablename__": user_table, "__annotations__": {"key": Mapped[Any]}, "key": column},
    )
    model = ScriptedModel()
    chosen = model if chat_model is _SCRIPTED else chat_model
    chatbot = Chatbot(db, user_model=user_model, chat_model=chosen, persona="You sell guitars.")
    app = Flask("host")
    app.config.update(
        SQLALCHEMY_DATABASE_URI=database_url,
        JWT_SECRET_KEY="a-test-secret-of-more-than-32-bytes",
        API_TITLE="Host", API_VERSION="v1", OPENAPI_VERSION="3.0.3",
        OPENAPI_URL_PREFIX="/", TESTING=True, PROPAGATE_EXCEPTIONS=False,
        **settings,
    )  # fmt: skip
    host = Host(app, db, chatbot, user_model, model, list(GUITARS))

    @chatbot.user_loader
    def user(key: Any) -> Any:
        return None if key in host.refused else db.session.get(user_model, key)

    @chatbot.admin_check
    def is_admin(user: Any) -> bool:
        return user.key in host.admins

    @chatbot.profile_loader
    def profile(user: Any) -> UserProfile:
        assert db.session.get(user_model, user.key) is user  # loaded, and in the running session
        return UserProfile(experience_level="beginner", preferred_instruments=["Guitar"])

    @chatbot.catalog_loader
    def catalog(query: CatalogQuery) -> list[CatalogItem]:
        host.queries.append(query)
        return host.catalog

    @chatbot.chat_endpoint("/recommend", message_required=False)
    def recommend(user: Any, message: str) -> TurnPlan:
        """Recommend something"""
        return TurnPlan(message=message or "Recommend something.", must_recommend=True)

    db.init_app(app)
    JWTManager(app)
    chatbot.init_app(app, Api(app))
    return host


def close(host: Host) -> None:
    """Close what an app keeps open for as long as its process lives."""
    for server in host.app.extensions["chatbot"].turn_services.chat_model._servers:
        if hasattr(server.chat_model, "_client"):
            server.chat_model._client.close()
    with host.app.app_context():
        host.db.engine.dispose()


def ask(host: Host, user: Any, session: str = "s", **headers: str) -> Any:
    """Say hi."""
    return host.app.test_client().post(
        "/api/chatbot/chat",
        json={"message": "Hi", "session_id": session},
        headers=host.headers(user, **headers),
    )


def history(host: Host, user: Any, session: str = "s") -> Any:
    """Return the messages of a session."""
    path = f"/api/chatbot/history/{session}"
    return host.app.test_client().get(path, headers=host.headers(user)).json
