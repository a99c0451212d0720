"""Faults told to Sentry, if ``SENTRY_DSN`` says where: what kind, and where in the code.

What is sent is picked, not what is left out: no text of an exception, no request, no variable, no
breadcrumb, as any of them may hold what somebody wrote, an address or a token.
"""

from __future__ import annotations

import logging
from typing import Any

import sentry_sdk
from flask import Flask, g, has_request_context, request
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.flask import FlaskIntegration
from sentry_sdk.integrations.logging import LoggingIntegration

from .logs import user_of_request
from .per_request import method_of_request

#: Whose messages, without their values, are known to hold nothing private.
LOGGERS = ("site", "app", "flask_smorest_chatbot", "gunicorn")

_KEPT = ("event_id", "timestamp", "level", "platform", "logger", "release", "environment")


def init_app(app: Flask) -> None:
    """Tell Sentry of ``app``'s errors; done once, and before its first request."""
    sentry_sdk.init(
        dsn=app.config["SENTRY_DSN"],
        release=app.config["SITE_RELEASE"],
        environment=app.config["APP_ENV"],
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            AtexitIntegration(callback=_say_nothing),
            DedupeIntegration(),
            FlaskIntegration(),
            LoggingIntegration(level=None, event_level=logging.ERROR),
        ],
        before_send=pick,  # type: ignore[arg-type]
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
    )


def pick(event: dict[str, Any], _hint: dict[str, Any]) -> dict[str, Any]:
    """Return what may be sent of an event."""
    picked = {name: event[name] for name in _KEPT if name in event}
    if "exception" in event:
        picked["exception"] = {"values": [_kind(it) for it in event["exception"]["values"]]}
    if str(event.get("logger", "")).partition(".")[0] in LOGGERS and "logentry" in event:
        picked["logentry"] = {"message": event["logentry"]["message"]}
    if has_request_context():
        picked |= _request()
    return picked


def _kind(exception: dict[str, Any]) -> dict[str, Any]:
    return {name: exception[name] for name in ("type", "module", "stacktrace") if name in exception}


def _request() -> dict[str, Any]:
    """Return by which route, and under which name in the log, the error came."""
    tags = {"method": method_of_request(), "request_id": g.get("request_id")}
    route = request.url_rule.rule if request.url_rule else None
    user = user_of_request()
    return {"tags": tags, "transaction": route, **({"user": {"id": user}} if user else {})}


def _say_nothing(_pending: int, _timeout: float) -> None:
    """Take the place of Sentry's words on standard error when a process ends."""
