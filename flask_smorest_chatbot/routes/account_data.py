"""Endpoints with which people own their words: all of them handed out, all of them deleted."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from flask import Response, current_app, stream_with_context
from flask.views import MethodView
from flask_smorest import Blueprint
from sqlalchemy.exc import SQLAlchemyError

from ..schemas import EXAMPLE_ERASED, EXAMPLE_EXPORT, ErasedSchema
from .auth import current_user_key, requires
from .documentation import TAGS, Documentation
from .errors import database_fault

if TYPE_CHECKING:
    from ..services.storage.account_data import AccountData

LINES = "application/x-ndjson"
_EXPORT = {
    "description": "One JSON object a line; its `type` is `session`, `message`, `api_key` or "
    "`usage`, and that of the last `end`",
    "content": {LINES: {"schema": {"type": "string"}, "example": EXAMPLE_EXPORT}},
}


def _account_data() -> AccountData:
    account_data: AccountData = current_app.extensions["chatbot"].account_data
    return account_data


def add_account_data_endpoints(blueprint: Blueprint, documentation: Documentation) -> None:
    """Add the export and the erasure of the caller's data to the blueprint."""

    @blueprint.route("/export", tags=TAGS)
    class Export(MethodView):
        @documentation.errors(500, 503)
        @blueprint.doc(responses={200: _EXPORT})
        @requires("history")
        def get(self) -> Response:
            """Download all that is kept of the caller

            JSON lines: sessions, messages, API keys, and what was used a day; then a line of type
            `end` with their numbers. Without that line the download broke off.
            """
            batches = _account_data().export(current_user_key())
            first = next(batches)  # a database that is away is told before the answer begins
            lines = _lines(itertools.chain([first], batches))
            response = Response(stream_with_context(lines), mimetype=LINES)
            response.headers["Content-Disposition"] = 'attachment; filename="chats.jsonl"'
            return response

    @blueprint.route("/account-data", tags=TAGS)
    class AccountDataErasure(MethodView):
        @documentation.errors(500, 503)
        @requires(None)
        @blueprint.response(200, ErasedSchema, example=EXAMPLE_ERASED)
        def delete(self) -> dict[str, Any]:
            """Delete all that is kept of the caller

            Conversations and API keys; only the counts of what was used a day stay. An answer that
            is being written ends, and is not stored. To ask again deletes nothing and is no error.
            """
            erased = _account_data().erase(current_user_key())
            return {
                "message": "Your chats are deleted.",
                "deleted_sessions": erased.sessions,
                "deleted_messages": erased.messages,
                "deleted_api_keys": erased.api_keys,
            }


def _lines(batches: Iterable[list[dict[str, Any]]]) -> Iterator[str]:
    """Write each batch at once; a fault on the way becomes the last line."""
    try:
        for batch in batches:
            yield "".join(f"{json.dumps(row, default=str)}\n" for row in batch)
    except SQLAlchemyError as error:
        yield f"{json.dumps({'type': 'error', **database_fault(error)})}\n"
