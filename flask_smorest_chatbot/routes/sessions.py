"""Endpoints that read and clear conversations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flask import current_app
from flask.views import MethodView
from flask_smorest import Blueprint

from ..errors import NotFoundError
from ..schemas import (
    EXAMPLE_CLEARED,
    EXAMPLE_HISTORY,
    EXAMPLE_SESSIONS,
    ChatMessageSchema,
    ClearedSessionSchema,
    SessionListSchema,
)
from ..text import is_storable_session_id
from .auth import current_user_key, requires
from .documentation import TAGS, Documentation
from .paging import LINK_HEADER, MessagePageSchema, SessionPageSchema, link_next, place_of

if TYPE_CHECKING:
    from ..services.storage.conversations import Conversations


def _conversations() -> Conversations:
    conversations: Conversations = current_app.extensions["chatbot"].turn_services.conversations
    return conversations


def add_session_endpoints(blueprint: Blueprint, documentation: Documentation) -> None:
    """Add the list of sessions, the history of one, and its clearing to the blueprint."""

    @blueprint.route("/history/<session_id>", tags=TAGS)
    class History(MethodView):
        @documentation.errors(401, 404, 500, 503)
        @requires("history")
        @blueprint.arguments(MessagePageSchema, location="query")
        @blueprint.response(
            200, ChatMessageSchema(many=True), example=EXAMPLE_HISTORY, headers=LINK_HEADER
        )
        def get(self, page: dict[str, Any], session_id: str) -> Sequence[Any]:
            """Read a conversation, oldest message first

            With `limit` the latest messages only; the header `Link` then leads to those before.
            """
            if not is_storable_session_id(session_id):
                raise NotFoundError("There is no such session.")
            read = _conversations().list_messages(current_user_key(), session_id, **page)
            if read.has_more:
                link_next(page["limit"], read.rows[0].id)
            return read.rows

    @blueprint.route("/sessions", tags=TAGS)
    class Sessions(MethodView):
        @documentation.errors(401, 500, 503)
        @requires("history")
        @blueprint.arguments(SessionPageSchema, location="query")
        @blueprint.response(200, SessionListSchema, example=EXAMPLE_SESSIONS, headers=LINK_HEADER)
        def get(self, page: dict[str, Any]) -> dict[str, Any]:
            """List the caller's conversations, newest first

            With `limit` page by page: `next`, and the header `Link`, lead to those before.
            """
            read = _conversations().list_sessions(current_user_key(), **page)
            following = read.has_more and link_next(page["limit"], place_of(read.rows[-1]))
            return {
                "sessions": read.rows,
                "total_sessions": read.total,
                "next": following or None,
            }

    @blueprint.route("/clear-session/<session_id>", tags=TAGS)
    class ClearSession(MethodView):
        @documentation.errors(401, 500, 503)
        @requires("history")
        @blueprint.response(200, ClearedSessionSchema, example=EXAMPLE_CLEARED)
        def delete(self, session_id: str) -> dict[str, Any]:
            """Delete a conversation

            Clearing an unknown session deletes nothing and is no error.
            """
            deleted = 0
            if is_storable_session_id(session_id):
                deleted = _conversations().clear_session(current_user_key(), session_id)
            return {"message": "Session cleared.", "deleted_count": deleted}
