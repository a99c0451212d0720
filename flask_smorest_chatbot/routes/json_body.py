"""How bodies are read: before anything else, strictly, and never more than they may be."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from flask import Request, request
from flask_smorest import abort
from marshmallow import Schema
from webargs.core import missing
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import HTTPException


class JsonBodyParser(FlaskParser):
    """Refuses what is not JSON with 400 and what is too large with 413.

    For blueprints of flask-smorest, as their ``ARGUMENTS_PARSER``. (webargs takes a body of
    another type for an empty one.)
    """

    def load_json(self, req: Request, schema: Schema) -> Any:
        """Return the parsed body.

        A body may be missing only if all that the schema asks for may be.
        """
        body = _whole_body(req)
        if not body:
            if any(field.required for field in schema.fields.values()):
                _refuse("The request body is empty: send JSON.")
            return missing
        if not req.is_json:
            _refuse("Send the body as JSON with 'Content-Type: application/json'.")
        try:
            return json.loads(body.decode())
        except (ValueError, RecursionError):  # numbers and nesting beyond what Python reads, too
            _refuse("The request body is not valid JSON.")


def read_body() -> None:
    """Read the body of this request now; a function for ``before_request``.

    A client may send as slowly as it likes. Whoever waits for it with a transaction open, as
    authentication opens one, keeps a database connection from all others for as long.

    :raises HTTPException: 413 for a body over the request's limit, 400 for one that breaks off
    """
    _whole_body(request)


def _whole_body(req: Request) -> bytes:
    """Return the body, which Flask keeps for whoever asks next."""
    try:
        body = req.get_data()
    except HTTPException:
        raise
    except Exception:  # each server has its own for chunks that break HTTP's rules
        _refuse("The request body cannot be read: it breaks the rules of HTTP.")
    limit, declared = req.max_content_length, req.content_length
    # Werkzeug cuts a body of undeclared length at the limit without a word.
    if limit is not None and len(body) >= limit + (declared is not None):
        abort(413)
    if len(body) < (declared or 0):
        _refuse("The request body broke off: send it again.")
    return body


def _refuse(message: str) -> NoReturn:
    abort(400, message=message)
    raise AssertionError  # abort does not return, but is not typed so
