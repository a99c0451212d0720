"""The site's endpoints. They read the request and call a service; services do the rest."""

from __future__ import annotations

from flask import Flask
from flask_smorest import Api

from . import accounts, health, instruments, listings, pages, rentals, surveys, swagger_assets


def register_blueprints(app: Flask, api: Api) -> None:
    """Register all endpoints but the chat's."""
    for module in (accounts, surveys, instruments, listings, rentals, health):
        api.register_blueprint(module.blp)
    app.register_blueprint(pages.bp)
    app.register_blueprint(swagger_assets.bp)
