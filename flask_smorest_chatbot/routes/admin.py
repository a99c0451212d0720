"""Endpoints for those who have the host's admin role."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import current_app
from flask.views import MethodView
from flask_smorest import Blueprint

from ..account_schemas import EXAMPLE_USAGE, UsageQuerySchema, UsageSchema
from .auth import ADMIN, requires
from .documentation import TAGS, Documentation


def add_admin_endpoints(blueprint: Blueprint, documentation: Documentation) -> None:
    """Add the administrators' endpoints to the blueprint. For others they do not exist (404)."""

    @blueprint.route("/admin/usage", tags=TAGS)
    class Usage(MethodView):
        @documentation.errors(404, 500, 503)
        @requires(ADMIN)
        @blueprint.arguments(UsageQuerySchema, location="query")
        @blueprint.response(200, UsageSchema, example=EXAMPLE_USAGE)
        def get(self, query: dict[str, Any]) -> dict[str, Any]:
            """Count users, turns and tokens by day

            For administrators of the site; others get 404. Nothing in it says who said what.
            """
            services = current_app.extensions["chatbot"].turn_services
            since = services.today - timedelta(days=query["days"] - 1)
            return {"days": services.usage.by_day(since)}
