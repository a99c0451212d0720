"""What the site tells about itself: request ids, log lines and metrics."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from flask import Flask

from ..config import ConfigError
from . import database, endpoint, logs, per_request

#: What is imported only if its setting says where to tell it.
OPTIONAL = {"SENTRY_DSN": "sentry", "OTEL_EXPORTER_OTLP_ENDPOINT": "tracing"}


def init_observability(app: Flask) -> None:
    """Log and count what ``app`` does. Comes first: its hooks see what later ones refuse.

    :raises ConfigError: when a setting needs packages that are not installed
    """
    logs.configure(app.config["LOG_FORMAT"], app.config["LOG_LEVEL"], app.config["LOG_FILE"])
    per_request.init_app(app)
    database.init_app(app)
    endpoint.init_app(app)
    for setting, module in OPTIONAL.items():
        if app.config[setting]:
            _import(setting, module).init_app(app)


def _import(setting: str, module: str) -> Any:
    try:
        return import_module(f".{module}", __package__)
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"Install requirements-extras.txt, which {setting} needs ({error.name}), or unset it."
        ) from None
