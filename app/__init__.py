"""The instrument rental site: accounts, surveys, listings, rentals and a chat about them."""

from __future__ import annotations

import os
from collections.abc import Mapping

from flask import Flask

from .api import create_api
from .cli import register_commands
from .config import load_config
from .extensions import init_extensions
from .limits import init_app as init_limits
from .observability import init_observability
from .routes import register_blueprints
from .routes.chatbot import register_chatbot
from .security_headers import init_app as init_security_headers
from .static_files import version_static_files


def create_app(config: Mapping[str, object] | None = None) -> Flask:
    """Build the site.

    :param config: overrides on top of the environment, under the same names; any other Flask
        key is taken as it is
    :return: the app, ready to serve; neither the database nor the model has been contacted
    :raises app.config.ConfigError: when a setting is missing or wrong; the message says what to set
    """
    app = Flask(__name__)
    app.config.from_mapping(load_config(os.environ, config or {}))
    init_extensions(app)
    init_observability(app)
    init_security_headers(app)
    init_limits(app)
    version_static_files(app)
    api = create_api(app)
    register_blueprints(app, api)
    register_chatbot(app, api)
    register_commands(app)
    return app
