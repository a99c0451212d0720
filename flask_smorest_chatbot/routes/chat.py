"""Endpoints that answer a message: the plugin's own, and those that a host declares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema

from ..errors import BlankMessageError, NotFoundError
from ..models import MAX_KEY
from ..schemas import EXAMPLE_SESSION, EXAMPLE_STOPPED, ChatMessageSchema
from ..text import is_blank
from ..values import TurnPlan
from .auth import current_user_key, requires
from .documentation import TAGS, Documentation

Planner = Callable[[Any, str], TurnPlan]


@dataclass(frozen=True)
class ChatEndpoint:
    """A chat endpoint that a host declares.

    :param rule: path below the plugin's prefix
    :param plan: the host's function of the user and the message
    :param message_required: whether a blank message is refused
    """

    rule: str
    plan: Planner
    message_required: bool = True


def plain_chat(_user: Any, message: str) -> TurnPlan:
    """Chat with the assistant

    Asks the model with the user's profile, the conversation so far and what the catalogue offers.
    Send `Accept: text/event-stream` to get the answer as it is written.
    """
    return TurnPlan(message=message)


def add_chat_endpoint(
    blueprint: Blueprint,
    documentation: Documentation,
    schema: type[Schema],
    endpoint: ChatEndpoint,
) -> None:
    """Add ``POST <rule>`` to the blueprint; the docstring of its function documents it."""
    example = {"message": "Which guitar suits a beginner?", "session_id": EXAMPLE_SESSION}

    def post(_view: MethodView, body: dict[str, Any]) -> Response | dict[str, Any]:
        message = body["message"] or ""
        if is_blank(message) and endpoint.message_required:
            raise BlankMessageError("Write a message: it is blank.")
        from .answering import answer, start_turn  # an app's start must not wait for it

        return answer(start_turn(endpoint, message, body["session_id"]))

    post.__doc__ = endpoint.plan.__doc__
    parsed = blueprint.arguments(schema, example=example)(post)
    documented = documentation.turn(requires("chat", "turns")(parsed))
    name = "".join(part.title() for part in endpoint.plan.__name__.split("_"))
    blueprint.route(endpoint.rule, tags=TAGS)(type(name, (MethodView,), {"post": documented}))


def add_retry_endpoint(blueprint: Blueprint, documentation: Documentation) -> None:
    """Add ``POST /messages/<message_id>/retry`` to the blueprint."""

    @blueprint.route("/messages/<int:message_id>/retry", tags=TAGS)
    class RetryMessage(MethodView):
        @documentation.turn
        @requires("chat", "turns")
        def post(self, message_id: int) -> Response | dict[str, Any]:
            """Try again to answer a message

            For the latest answer of a session, if it failed or was interrupted. `message_id` is
            the assistant's message. The new attempt is a message of its own.
            """
            if message_id > MAX_KEY:
                raise NotFoundError("There is no such message to retry.")
            from .answering import answer, retry_turn

            return answer(retry_turn(message_id))


def add_stop_endpoint(blueprint: Blueprint, documentation: Documentation) -> None:
    """Add ``POST /messages/<message_id>/stop`` to the blueprint."""

    @blueprint.route("/messages/<int:message_id>/stop", tags=TAGS)
    class StopMessage(MethodView):
        @documentation.errors(401, 404, 500, 503)
        @requires("chat")
        @blueprint.response(200, ChatMessageSchema, example=EXAMPLE_STOPPED)
        def post(self, message_id: int) -> Any:
            """Stop an answer that is being written

            What was said so far is kept, and the model is stopped within a second, whichever
            worker asked it. An answer that has ended stays as it is.
            """
            if message_id > MAX_KEY:
                raise NotFoundError("There is no such answer.")
            services = current_app.extensions["chatbot"].turn_services
            hurry = services.running.hurry
            return services.conversations.stop_turn(current_user_key(), message_id, hurry)


def add_resume_endpoint(blueprint: Blueprint, documentation: Documentation) -> None:
    """Add ``GET /messages/<message_id>/stream`` to the blueprint."""

    @blueprint.route("/messages/<int:message_id>/stream", tags=TAGS)
    class FollowMessage(MethodView):
        @documentation.resumed_stream
        @requires("chat")
        def get(self, message_id: int) -> Response:
            """Follow an answer, or go on where its stream broke

            An event stream as the one that `POST /chat` gives, from any worker. With
            `Last-Event-ID` only what came after that event. 204 if that was the last.
            """
            if message_id > MAX_KEY:
                raise NotFoundError("There is no such answer.")
            from .answering import follow_answer

            return follow_answer(message_id)
