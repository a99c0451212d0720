"""Log lines: one JSON object per event on standard error, for journald or whatever reads it.

No line holds what a user wrote or who they are: messages are not logged, user ids are hashed, and
of what a database says of a statement only the class is told, as it may quote the values.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from typing import Any

import sqlalchemy as sa
from flask import current_app, g, has_request_context
from flask_jwt_extended import get_jwt_identity
from sqlalchemy.exc import StatementError

from ..config import ConfigError

JSON = "json"
TEXT = "text"
USER_HASH_LENGTH = 16  # hexadecimal digits: 64 bits tell users of one site apart


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON.

    Members: ``time``, ``level``, ``logger``, ``event``, ``request_id`` and the hashed ``user``
    during a request, what the call gave as ``extra={"fields": {...}}``, and ``exception`` with the
    traceback, if any.
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
            line["user"] = user_of_request()
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["exception"] = record.exc_text or self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class _JsonHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Told from other handlers, so that a second app in the process adds no second one."""


class _JsonFileHandler(WatchedFileHandler):
    """The same, into a file that another program may rotate."""


def configure(log_format: str, level: str, file: str = "") -> None:
    """Set what the process logs, and how.

    :param log_format: ``json``, or ``text`` to leave logging as Flask and the server set it up
    :param level: lowest level to log: ``debug`` to ``critical``
    :param file: where to, if not to standard error
    :raises ConfigError: when the file cannot be written
    """
    _hide_values()
    if log_format != JSON:
        return
    root = logging.getLogger()
    root.setLevel(level.upper())
    if not any(isinstance(it, _JsonHandler | _JsonFileHandler) for it in root.handlers):
        handler = _handler(file)
        handler.setFormatter(JsonFormatter())
        root.addHandler(handler)
    # Noise: httpx tells of each request to the model server, Alembic of each plugin of its own.
    for name in ("httpx", "httpcore", "werkzeug", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _handler(file: str) -> logging.Handler:
    if not file:
        return _JsonHandler(sys.stderr)
    try:
        return _JsonFileHandler(file, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"Set LOG_FILE to a file that can be written: {error}.") from None


def hashed_user(identity: object, secret: str) -> str:
    """Return a name for a user that only who knows ``secret`` can compute from the id."""
    told = f"log-user:{identity}".encode()
    return hmac.new(secret.encode(), told, hashlib.sha256).hexdigest()[:USER_HASH_LENGTH]


def user_of_request() -> str | None:
    """Return the hashed id of who asks, if the request was found to come from a user."""
    try:
        identity = get_jwt_identity()
    except RuntimeError:  # the endpoint asked for no token, or refused it, or it was an API key
        if (user := g.get("chatbot_user")) is None:
            return None
        (identity,) = sa.inspect(user).identity  # not user.id, which might ask the database
    return hashed_user(identity, current_app.config["SECRET_KEY"])


def _hide_values() -> None:
    """Keep what databases quote out of all tracebacks, whoever logs them and in whatever format."""
    make = logging.getLogRecordFactory()
    if getattr(make, "hides_values", False):
        return

    def make_record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        if record.exc_info and record.exc_info[1]:
            record.exc_text = traceback_of(record.exc_info[1])
        return record

    make_record.hides_values = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(make_record)


def traceback_of(error: BaseException) -> str:
    """Return a traceback, causes first, without the text that a database gave to a statement."""
    chain = list(_with_causes(error))
    quoting = {id(it) for it in chain if isinstance(it, StatementError) and it.statement}
    quoting |= {id(it.orig) for it in chain if isinstance(it, StatementError) and it.statement}
    told = (
        "".join(
            [
                "Traceback (most recent call last):\n",
                *traceback.format_tb(it.__traceback__),
                *(_without_text(it) if id(it) in quoting else traceback.format_exception_only(it)),
            ]
        )
        for it in reversed(chain)
    )
    return "\nWhich led to:\n\n".join(told).rstrip()


def _with_causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        hidden = error.__suppress_context__
        error = error.__cause__ or (None if hidden else error.__context__)


def _without_text(error: BaseException) -> Iterator[str]:
    yield f"{type(error).__module__}.{type(error).__qualname__}: not told, as it may quote values\n"
    if isinstance(error, StatementError):
        yield f"[SQL: {error.statement}]\n"
