"""How often one user, or one address, may ask, and how many wrong passwords may be tried.

The chat has limits of its own, health checks and metrics have none. Pages are counted but never
refused: they are for people, and nginx limits how often one address may ask for anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, Response, current_app, request

from flask_smorest_chatbot import RateLimitedError, RequestLimits, client_address, limits_file

EXTENSION_KEY = "site_limits"
API = "/api/"
EXEMPT = ("/health", "/api/health", "/metrics")


def init_app(app: Flask) -> None:
    """Give ``app`` its limits, counted where the chat's are."""
    requests = [_text(app.config["MAX_REQUESTS_PER_MINUTE"], "minute")]
    texts = {
        "log_ins": [_text(app.config["LOGINS_PER_ADDRESS"], "minute")],
        "log_in": [
            _text(app.config["LOGIN_FAILURES_PER_ACCOUNT"], "5 minutes"),
            _text(app.config["LOGIN_FAILURES_PER_ADDRESS"], "5 minutes"),
        ],
        "registrations": [_text(app.config["REGISTRATIONS_PER_ADDRESS"], "hour")],
        "requests": requests,
        "open": requests,
    }
    redis_url = app.config.get("CHATBOT_REDIS_URL") or ""
    app.extensions[EXTENSION_KEY] = RequestLimits(texts, redis_url, "site", limits_file(app))
    app.before_request(_count_stranger)
    app.after_request(_tell)


def _text(amount: int, window: str) -> str:
    return f"{amount} per {window}" if amount else ""


def counts_by_user(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a view that calls :func:`count_user` once it knows who asks."""
    view.counts_by_user = True  # type: ignore[attr-defined]
    return view


def count_user(user_id: int) -> None:
    """Count this request for its user.

    :raises RateLimitedError: when there were too many
    """
    _limits().check("requests", f"user:{user_id}")


def count_registration() -> None:
    """Count an attempt to make an account, for who has many escapes the limits of each.

    :raises RateLimitedError: when there were too many from the address
    """
    _limits().check("registrations", client_address())


@contextmanager
def log_in_attempt(email: str) -> Iterator[None]:
    """Count the block as a failed log-in, unless it ends without an error.

    It counts beforehand: else guesses that come at once would all be looked at. The address's
    attempts of a minute count however they end, as to look at a password takes its time.

    :raises RateLimitedError: when there were too many for the account or from the address
    """
    _limits().check("log_ins", client_address())
    # Whether or not there is such an account: the answer must not tell.
    account = hashlib.sha256(email.strip().lower().encode()).hexdigest()
    _limits().check("log_in", f"account:{account}", client_address())
    yield
    _limits().forgive()


def _limits() -> RequestLimits:
    limits: RequestLimits = current_app.extensions[EXTENSION_KEY]
    return limits


def _count_stranger() -> None:
    """Count a request for its address, unless its view will know whose it is."""
    if _scope() == "requests" and not _will_know_the_user():
        _limits().check("requests", client_address())


def _tell(response: Response) -> Response:
    """Say in the headers how the request stands with its limits."""
    scope = _scope()
    if scope is None:
        return response
    return _limits().tell(response, scope, None if scope == "open" else _refuse)


def _refuse(error: RateLimitedError) -> Response:
    return current_app.make_response(current_app.handle_user_exception(error))


def _scope() -> str | None:
    """Return what a request without a known user counts as: ``open`` is only counted, never
    refused. None for the chat's, which the plugin counts, and for those that are not counted."""
    path, chat = request.path, current_app.extensions["chatbot"].config.url_prefix
    if path in EXEMPT or path.startswith(f"{chat}/"):
        return None
    return "requests" if path.startswith(API) else "open"


def _will_know_the_user() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    name = "get" if request.method == "HEAD" else request.method.lower()
    return hasattr(getattr(getattr(view, "view_class", None), name, None), "counts_by_user")
