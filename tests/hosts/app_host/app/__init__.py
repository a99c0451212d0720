"""A shop whose package is called ``app``, and which had a help desk called ``chatbot`` before."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_jwt_extended import JWTManager
from flask_migrate import Migrate
from flask_smorest import Api
from host_checks import SETTINGS

from .assistant import chatbot
from .helpdesk import helpdesk
from .models import User, db


def create_app(**settings: Any) -> Flask:
    app = Flask(__name__)
    app.config.update(
        SETTINGS,
        SQLALCHEMY_DATABASE_URI="sqlite:///shop.db",
        CHATBOT_URL_PREFIX="/api/assistant",
        **settings,
    )
    db.init_app(app)
    Migrate(app, db)
    jwt = JWTManager(app)
    jwt.user_lookup_loader(lambda _header, claims: db.session.get(User, int(claims["sub"])))
    app.register_blueprint(helpdesk)
    app.register_error_handler(404, lambda _error: ("<h1>The shop has no such page</h1>", 404))
    api = Api(app)
    api.spec.components.security_scheme("shopToken", {"type": "http", "scheme": "bearer"})
    chatbot.init_app(app, api)
    return app
