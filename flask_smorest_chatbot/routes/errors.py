"""The one place where the plugin's errors become HTTP statuses."""

from __future__ import annotations

import logging
import math
import uuid
from collections.abc import Mapping
from typing import Any, NoReturn

from flask import Response, current_app, g, jsonify, request
from flask_smorest import Blueprint
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.routing import RequestRedirect

from .. import errors
from ..limits import note_standing
from ..services.storage.tables import DATABASE_AWAY

log = logging.getLogger(__name__)

#: The first class that an error is an instance of decides.
STATUSES: tuple[tuple[type[errors.ChatbotError], int], ...] = (
    (errors.AuthenticationError, 401),
    (errors.ForbiddenError, 403),
    (errors.RateLimitedError, 429),
    (errors.ReusedKeyError, 422),
    (errors.InputError, 400),
    (errors.NotFoundError, 404),
    (errors.ConflictError, 409),
    (errors.SessionClearedError, 409),
    (errors.PromptTooLongError, 422),
    (errors.ServerStoppingError, 503),
    (errors.DatabaseAwayError, 503),
    (errors.ModelUnavailableError, 503),
    (errors.ModelTimeoutError, 504),
    (errors.ModelError, 502),
    (errors.ChatbotError, 500),
)

_SENTENCES = {
    400: "The request body must be valid JSON, sent with Content-Type: application/json.",
    404: "There is nothing at this address.",
    405: "This address does not take this method: the header Allow says which it takes.",
    413: "The request body is too large.",
    422: "Some fields are not valid: see errors.",
    429: "Too many requests: wait a moment, then try again.",
    500: "Something went wrong on our side: try again.",
}


def status_of(error: errors.ChatbotError) -> int:
    """Return the HTTP status for an error of the plugin."""
    return next(status for kind, status in STATUSES if isinstance(error, kind))


def request_id() -> str:
    """Return what this request is called: the host's ``g.request_id``, or else one made now."""
    if "request_id" not in g:
        g.request_id = uuid.uuid4().hex
    return str(g.request_id)


def error_body(status: int, message: str, details: Any, named: str) -> dict[str, Any]:
    """Return the API's error shape.

    :param details: what is wrong, by place and field; None for nothing
    :param named: the request's id
    """
    return {
        "code": status,
        "status": HTTP_STATUS_CODES.get(status, "Unknown Error"),
        "message": message,
        "errors": details or {},
        "request_id": named,
    }


def describe(error: errors.ChatbotError) -> dict[str, Any]:
    """Return the error shape for an error of the plugin, as answers and events carry it."""
    wait = error.retry_after if isinstance(error, errors.ModelError) else None
    details = {
        "reason": getattr(error, "reason", None),
        "retry_after": None if wait is None else max(1, math.ceil(wait)),
    }
    known = {name: detail for name, detail in details.items() if detail is not None}
    return _told(status_of(error), str(error), known)


def _told(status: int, message: str, details: Any = None) -> dict[str, Any]:
    """Return the error shape for this request; log its id where somebody may ask after it."""
    if status >= 500:
        log.warning("request %s: %s", request_id(), status)
    return error_body(status, message, details, request_id())


def abort_with(status: int, details: Mapping[str, Any]) -> NoReturn:
    """End the request with an error of the API's shape."""
    error = HTTPException(response=_respond(_told(status, _SENTENCES[status], details)))
    raise error


def register_error_handlers(blueprint: Blueprint) -> None:
    """Answer every error of the blueprint's views in the API's shape."""
    blueprint.register_error_handler(errors.ChatbotError, answer_to)
    blueprint.register_error_handler(HTTPException, _handle_http_exception)
    blueprint.register_error_handler(SQLAlchemyError, _handle_database_error)


def answer_to(error: errors.ChatbotError) -> Response:
    """Return the answer that an error of the plugin becomes."""
    response = _respond(describe(error))
    if isinstance(error, errors.RateLimitedError):
        if error.limit is not None:
            note_standing(error.limit, error.retry_after)
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _handle_http_exception(error: HTTPException) -> Any:
    if error.response is not None:
        return error.response
    data = getattr(error, "data", None) or {}
    status = error.code or 500
    message = data.get("message") or _SENTENCES.get(status) or str(error.description)
    details = data.get("errors") or data.get("messages")
    # webargs says "Invalid JSON body" as {"json": [...]}: the same thing for every place it fails.
    response = _respond(_told(status, message, details))
    asked = {name: value for name, value in error.get_headers() if name != "Content-Type"}
    response.headers.update({**asked, **(data.get("headers") or {})})
    return response


def is_unrouted() -> bool:
    """Tell whether a request is for what is below the plugin's prefix, but is no endpoint."""
    below = f"{current_app.extensions['chatbot'].config.url_prefix}/"
    return request.routing_exception is not None and request.path.startswith(below)


def answer_unrouted() -> Any:
    """Answer such a request; no blueprint's handlers are asked for it."""
    error = request.routing_exception
    if error is None or isinstance(error, RequestRedirect) or not is_unrouted():
        return None
    return _handle_http_exception(error)


def database_fault(error: Exception) -> dict[str, Any]:
    """Return the error shape for a database that failed; its own text may quote values."""
    log.error("the database failed: %s", type(error).__name__)
    current_app.extensions["chatbot"].db.session.rollback()
    return _told(503, "The site's database is not available: try again.")


def _handle_database_error(error: Exception) -> Response:
    if isinstance(error, DATABASE_AWAY):
        return _respond(database_fault(error))
    # Else the log of the host would have its text.
    log.error("the database refused a statement: %s", errors.without_text(error))
    current_app.extensions["chatbot"].db.session.rollback()
    return _respond(_told(500, _SENTENCES[500]))


def _respond(body: dict[str, Any]) -> Response:
    response = jsonify(body)
    response.status_code = body["code"]
    if body["code"] == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if body["code"] == 503:
        config = current_app.extensions["chatbot"].config
        response.headers["Retry-After"] = str(body["errors"].get("retry_after", config.retry_after))
    return response
