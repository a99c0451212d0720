"""Log lines: one JSON object per event on standard error, for journald or whatever reads it.

No line holds what a user wrote or who they are: messages are not logged, user ids are hashed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from flask import g, has_request_context

JSON = "json"
TEXT = "text"
USER_HASH_LENGTH = 16  # hexadecimal digits: 64 bits tell users of one site apart


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON.

    Members: ``time``, ``level``, ``logger``, ``event``, ``request_id`` during a request, what the
    call gave as ``extra={"fields": {...}}``, and ``exception`` with the traceback, if any.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        if has_request_context() and "request_id" in g:
            line["request_id"] = g.request_id
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class _JsonHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Told from other handlers, so that a second app in the process adds no second one."""


def configure(log_format: str, level: str) -> None:
    """Set what the process logs, and how.

    :param log_format: ``json``, or ``text`` to leave logging as Flask and the server set it up
    :param level: lowest level to log: ``debug`` to ``critical``
    """
    if log_format != JSON:
        return
    root = logging.getLogger()
    root.setLevel(level.upper())
    if not any(isinstance(handler, _JsonHandler) for handler in root.handlers):
        handler = _JsonHandler(sys.stderr)
        handler.setFormatter(JsonFormatter())
        root.addHandler(handler)
    # Noise: httpx tells of each request to the model server, Alembic of each plugin of its own.
    for name in ("httpx", "httpcore", "werkzeug", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)


def hashed_user(identity: object, secret: str) -> str:
    """Return a name for a user that only who knows ``secret`` can compute from the id."""
    told = f"log-user:{identity}".encode()
    return hmac.new(secret.encode(), told, hashlib.sha256).hexdigest()[:USER_HASH_LENGTH]
