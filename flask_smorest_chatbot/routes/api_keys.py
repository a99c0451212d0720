"""Endpoints with which users make and revoke the API keys of their programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import current_app
from flask.views import MethodView
from flask_smorest import Blueprint

from ..account_schemas import (
    EXAMPLE_API_KEY,
    ApiKeyListSchema,
    ApiKeyRequestSchema,
    NewApiKeySchema,
)
from ..errors import NotFoundError
from ..models import MAX_KEY
from .auth import current_user_key, requires
from .documentation import TAGS, Documentation
from .repeats import PARAMETER, mark_replayed, request_key

if TYPE_CHECKING:
    from ..services.storage.api_keys import ApiKeys


def _api_keys() -> ApiKeys:
    api_keys: ApiKeys = current_app.extensions["chatbot"].api_keys
    return api_keys


def add_api_key_endpoints(blueprint: Blueprint, documentation: Documentation) -> None:
    """Add the making, the list and the revoking of API keys to the blueprint.

    They take no API key: one that leaks must not be able to make others.
    """

    @blueprint.route("/api-keys", tags=TAGS)
    class ApiKeyList(MethodView):
        @documentation.errors(500, 503)
        @requires(None)
        @blueprint.response(200, ApiKeyListSchema)
        def get(self) -> dict[str, Any]:
            """List the caller's API keys, newest first

            Keys that were revoked or have expired are among them, until new ones take their place.
            """
            return {"api_keys": _api_keys().keys_of(current_user_key())}

        @documentation.errors(400, 409, 413, 500, 503)
        @requires(None)
        @blueprint.arguments(ApiKeyRequestSchema)
        @blueprint.response(201, NewApiKeySchema, example=EXAMPLE_API_KEY)
        @blueprint.doc(parameters=[PARAMETER])
        def post(self, body: dict[str, Any]) -> Any:
            """Make an API key for a program

            The key is shown this once. Send it as `X-API-Key`, or as a bearer token. A request that
            comes again with its `Idempotency-Key` makes no other one, and is not shown it.
            """
            named = request_key(None)
            stored, key = _api_keys().create(
                current_user_key(),
                body["name"],
                body["scopes"],
                body["expires_in_days"],
                current_app.extensions["chatbot"].config.max_api_keys,
                named.key if named else None,
            )
            if key is None:
                mark_replayed()
            stored.key = key  # of the answer only: it is no column
            return stored

    @blueprint.route("/api-keys/<int:key_id>", tags=TAGS)
    class RevokedApiKey(MethodView):
        @documentation.errors(404, 500, 503)
        @requires(None)
        @blueprint.response(204)
        def delete(self, key_id: int) -> None:
            """Revoke an API key

            It is refused from now on, and stays in the list as revoked.
            """
            if key_id > MAX_KEY:
                raise NotFoundError("There is no such API key.")
            _api_keys().revoke(current_user_key(), key_id)
