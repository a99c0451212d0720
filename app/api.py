"""The API object and the one place where errors become HTTP answers."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import marshmallow as ma
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask, Response, current_app, g, jsonify, render_template, request
from flask_smorest import Api
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException

from flask_smorest_chatbot import RateLimitedError, read_body

from .errors import (
    AuthenticationError,
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    SiteError,
)
from .jwt_callbacks import register_jwt_callbacks
from .routes.converters import RowIdConverter, row_id_schema

STATUS_OF_ERROR: dict[type[SiteError], HTTPStatus] = {
    AuthenticationError: HTTPStatus.UNAUTHORIZED,
    ForbiddenError: HTTPStatus.FORBIDDEN,
    NotFoundError: HTTPStatus.NOT_FOUND,
    ConflictError: HTTPStatus.CONFLICT,
    InvalidInputError: HTTPStatus.UNPROCESSABLE_ENTITY,
}

MESSAGES: dict[int, str] = {
    400: "The request cannot be read; check its syntax.",
    401: "Log in and send the access token as 'Authorization: Bearer <token>'.",
    403: "Your account may not do this.",
    404: "There is nothing at this address.",
    405: "This address does not take this method; see the Allow header.",
    408: "The request took too long to arrive; send it again.",
    413: "The request body is too large; send less.",
    414: "The address is too long; send less.",
    415: "Send the body as JSON with 'Content-Type: application/json'.",
    422: "Some values are missing or not valid; see errors.",
    429: "Too many requests; wait a moment and try again.",
    431: "The request's headers are too large; send less.",
    500: "Something went wrong on our side; try again in a moment.",
    503: "The service cannot answer right now; try again in a moment.",
}

MACHINE_PATHS = ("/api/", "/health", "/ready", "/metrics")


class ErrorSchema(ma.Schema):
    """How every error of this API looks."""

    code = ma.fields.Integer(required=True, metadata={"description": "HTTP status", "example": 404})
    status = ma.fields.String(
        required=True, metadata={"description": "Name of the HTTP status", "example": "Not Found"}
    )
    message = ma.fields.String(
        required=True,
        metadata={"description": "One sentence for people", "example": MESSAGES[404]},
    )
    errors = ma.fields.Dict(
        required=True,
        metadata={"description": "What is wrong, by place and field; may be empty", "example": {}},
    )
    request_id = ma.fields.String(
        required=True,
        metadata={
            "description": "Names the request in the site's log, as `X-Request-ID` does",
            "example": "3f9d1c5e8b7a4a0f9b6f2f2f0f6f4c11",
        },
    )


class SiteApi(Api):  # type: ignore[misc]  # untyped
    """flask-smorest's API object whose errors always have all members."""

    ERROR_SCHEMA = ErrorSchema

    def handle_http_exception(self, error: HTTPException) -> Any:
        """Answer an HTTP error as JSON, or as a page where a person is looking."""
        payload, _code, headers = super().handle_http_exception(error)
        return _answer(payload, {**_protocol_headers(error), **(headers or {})})


def create_api(app: Flask) -> SiteApi:
    """Make the API of ``app`` (one each: it holds the app's spec) and register error handlers."""
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.strict_slashes = False
    app.url_map.converters["row_id"] = RowIdConverter
    plugin = MarshmallowPlugin(schema_name_resolver=_schema_name)
    api = SiteApi(app, spec_kwargs={"marshmallow_plugin": plugin})
    api.register_converter(RowIdConverter, row_id_schema)
    app.register_error_handler(SiteError, _answer_site_error)
    app.register_error_handler(RateLimitedError, _answer_rate_limited)
    app.register_error_handler(OperationalError, _answer_database_error)
    app.register_error_handler(PoolTimeoutError, _answer_database_error)
    register_jwt_callbacks(unauthorized)
    app.before_request(_refuse_several_credentials)
    app.before_request(read_body)
    return api


def error_body(payload: Mapping[str, Any], request_id: str) -> dict[str, Any]:
    """Return the API's error shape.

    :param payload: its ``code`` and ``status``, and what else is known
    """
    code, status = payload["code"], payload["status"]
    return {
        "code": code,
        "status": status,
        "message": payload.get("message") or MESSAGES.get(code, f"{status}."),
        "errors": dict(payload.get("errors") or {}),
        "request_id": request_id,
    }


def error_response(
    code: int,
    message: str = "",
    errors: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Build an error answer in the API's shape.

    :param code: HTTP status
    :param message: one sentence; the status's usual one if empty
    """
    status = HTTPStatus(code).phrase
    payload = {"code": code, "status": status, "message": message, "errors": errors}
    return _answer(payload, {**_challenge(code), **(headers or {})})


def unauthorized(message: str) -> Response:
    """Build a 401 with the challenge that tells clients how to log in."""
    return error_response(401, message)


def _schema_name(schema: ma.Schema | type[ma.Schema]) -> str:
    """Name a schema in the docs. One whose members may be left out is another one there."""
    name = (schema if isinstance(schema, type) else type(schema)).__name__.removesuffix("Schema")
    return f"{name}Changes" if getattr(schema, "partial", None) else name


def _answer(payload: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
    """Build the answer, with the members that are missing filled in."""
    body = error_body(payload, g.request_id)
    if _wants_page():
        return Response(render_template("error.html", **body), body["code"], headers)
    answer = jsonify(body)
    answer.status_code = body["code"]
    answer.headers.update(headers)
    return answer


def _challenge(code: int) -> dict[str, str]:
    return {"WWW-Authenticate": "Bearer"} if code == 401 else {}


def _protocol_headers(error: HTTPException) -> dict[str, str]:
    """Keep what HTTP asks for beside the status, such as ``Allow`` and ``Retry-After``."""
    given = {name: value for name, value in error.get_headers() if name != "Content-Type"}
    return {**_challenge(error.code or 500), **given}


def _wants_page() -> bool:
    if request.path.startswith(MACHINE_PATHS):
        return False
    return request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"


def _answer_site_error(error: SiteError) -> Response:
    return error_response(STATUS_OF_ERROR[type(error)], error.message, error.errors)


def _answer_rate_limited(error: RateLimitedError) -> Response:
    headers = {"Retry-After": str(error.retry_after)}
    return error_response(429, str(error), {"reason": error.reason}, headers)


def _answer_database_error(error: Exception) -> Response:
    """Say that it will pass; the log, not the client, gets the cause (it may name the host)."""
    current_app.logger.error("database not available: %s", type(error).__name__, exc_info=error)
    return error_response(503, headers={"Retry-After": "5"})


def _refuse_several_credentials() -> Response | None:
    """One ``Authorization`` header holds one credential; a list has no meaning in HTTP.

    flask-jwt-extended splits it at commas, and fails on blank parts.
    """
    if "," in request.headers.get("Authorization", ""):
        return unauthorized("Send one access token as 'Authorization: Bearer <token>'.")
    return None
