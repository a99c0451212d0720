"""What is noted of each request: its id, a log line, and the counts."""

from __future__ import annotations

import logging
import re
import time
import uuid

from flask import Flask, Response, g, request
from flask_jwt_extended import decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import ExpiredSignatureError, InvalidSignatureError, PyJWTError

from .logs import user_of_request
from .metrics import HTTP_REQUESTS, HTTP_SECONDS, JWT_FAILURES

REQUEST_ID_HEADER = "X-Request-ID"
UNMATCHED = "unmatched"  # no route: the path itself must not become a label
LOG_IN = "/api/auth/login"

_VALID_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

log = logging.getLogger("site.request")


def init_app(app: Flask) -> None:
    """Note every request of ``app``."""
    app.before_request(_begin)
    app.after_request(_answered)


def _begin() -> None:
    given = request.headers.get(REQUEST_ID_HEADER, "")
    g.request_id = given if _VALID_ID.fullmatch(given) else uuid.uuid4().hex
    g.request_began = time.perf_counter()


def _answered(response: Response) -> Response:
    took = time.perf_counter() - g.request_began
    route, method = route_of_request(), method_of_request()
    HTTP_REQUESTS.labels(method, route, f"{response.status_code // 100}xx").inc()
    HTTP_SECONDS.labels(method, route).observe(took)
    if response.status_code == 401 and route != LOG_IN:
        JWT_FAILURES.labels(_token_fault()).inc()
    response.headers[REQUEST_ID_HEADER] = g.request_id
    if log.isEnabledFor(logging.INFO):
        _log_at_end(response, method, route)
    return response


def route_of_request() -> str:
    """Return the request's route; never its path, which a client writes."""
    return request.url_rule.rule if request.url_rule else UNMATCHED


def method_of_request() -> str:
    """Return the request's method; ``OTHER`` for one that a client made up."""
    return request.method if request.method in _METHODS else "OTHER"


def _log_at_end(response: Response, method: str, route: str) -> None:
    """Log once the whole answer is out: a stream's duration is that of the turn."""
    began = g.request_began
    fields = {
        "request_id": g.request_id,
        "user": user_of_request(),
        "method": method,
        "route": route,
        "status": response.status_code,
    }

    def write() -> None:
        duration_ms = round((time.perf_counter() - began) * 1000, 1)
        log.info("request", extra={"fields": {**fields, "duration_ms": duration_ms}})

    response.call_on_close(write)


def _token_fault() -> str:
    """Say in a word what is wrong with a token that was refused.

    It is looked at once more, because site and plugin each refuse tokens in their own way.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if not scheme:
        return "missing"
    try:
        claims = decode_token(token)
    except ExpiredSignatureError:
        return "expired"
    except InvalidSignatureError:
        return "signature"
    except (PyJWTError, JWTExtendedException, ValueError):
        return "malformed"
    if claims.get("type") != "access":
        return "wrong_type"
    return "revoked"  # or its user is gone, or it is not of our making
