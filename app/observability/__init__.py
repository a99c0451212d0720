"""What the site tells about itself: request ids, log lines and metrics."""

from __future__ import annotations

from flask import Flask

from . import database, endpoint, logs, per_request


def init_observability(app: Flask) -> None:
    """Log and count what ``app`` does. Comes first: its hooks see what later ones refuse."""
    logs.configure(app.config["LOG_FORMAT"], app.config["LOG_LEVEL"])
    per_request.init_app(app)
    database.init_app(app)
    endpoint.init_app(app)
