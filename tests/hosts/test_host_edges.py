"""Hosts whose own names are in the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask
from flask_jwt_extended import JWTManager, create_access_token
from flask_smorest import Api
from flask_sqlalchemy import SQLAlchemy
from scripted_model import ScriptedModel
from sqlalchemy.orm import Mapped, mapped_column

from flask_smorest_chatbot import Chatbot


def settings(folder: Path, **more: Any) -> dict[str, Any]:
    return {
        "SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder}/host.db",
        "JWT_SECRET_KEY": "a-test-secret-of-more-than-32-bytes",
        "API_TITLE": "Host",
        "API_VERSION": "v1",
        "OPENAPI_VERSION": "3.0.3",
        **more,
    }


@pytest.fixture
def host(tmp_path: Path) -> Iterator[tuple[Flask, SQLAlchemy, Any]]:
    """An app whose users' key has one name in Python and another in the database."""
    app, db = Flask("host"), SQLAlchemy()
    app.config.update(settings(tmp_path))

    class User(db.Model):
        ident: Mapped[int] = mapped_column("user_no", primary_key=True)

    db.init_app(app)
    JWTManager(app)
    yield app, db, User
    with app.app_context():
        db.engine.dispose()


def test_key_whose_attribute_is_not_called_like_its_column(host: Any) -> None:
    app, db, user_model = host
    chatbot = Chatbot(db, user_model=user_model, chat_model=ScriptedModel())
    chatbot.init_app(app, Api(app))
    with app.app_context():
        db.create_all()
        db.session.add(user_model())
        db.session.commit()
        headers = {"Authorization": f"Bearer {create_access_token(identity='1')}"}
    client = app.test_client()
    answer = client.post("/api/chatbot/chat", json={"message": "Hello"}, headers=headers)
    assert answer.status_code == 200, answer.text
    with app.app_context():
        db.session.delete(db.session.get(user_model, 1))
        db.session.commit()
        assert db.session.query(chatbot.ChatMessage).count() == 0


def test_command_group_of_the_host_survives(host: Any) -> None:
    """A blueprint called ``chatbot`` has, by Flask's default, a command group of that name."""
    app, db, user_model = host
    helpdesk = Blueprint("chatbot", __name__)
    helpdesk.cli.command("greet")(lambda: print("Bob is on duty."))
    app.register_blueprint(helpdesk)
    app.config["CHATBOT_CLI_GROUP"] = "assistant"
    Chatbot(db, user_model=user_model).init_app(app, Api(app))
    runner = app.test_cli_runner()
    assert runner.invoke(args=["chatbot", "greet"]).output == "Bob is on duty.\n"
    assert "doctor" in runner.invoke(args=["assistant", "--help"]).output
