"""Endpoints that answer a message: the plugin's own, and those that a host declares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Response, after_this_request, current_app, request
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema

from ..errors import BlankMessageError, NotFoundError, PromptTooLongError, TurnError
from ..models import MAX_KEY
from ..schemas import EXAMPLE_SESSION, EXAMPLE_STOPPED, ChatMessageSchema
from ..services.events import Done, Failed
from ..services.following import Following
from ..services.storage.open_turn import OpenTurn
from ..text import is_blank
from ..values import TurnPlan
from .auth import current_user, current_user_key, requires
from .documentation import TAGS, Documentation
from .errors import request_id
from .repeats import once, request_key
from .streaming import event_stream, last_place, run_to_end, wants_event_stream

if TYPE_CHECKING:
    from ..services.host import TurnServices
    from ..services.turn import Turn

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
        return answer(_start_turn(endpoint, message, body["session_id"]))

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
            return answer(_retry_turn(message_id))


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
            services = current_app.extensions["chatbot"].turn_services
            user_id, read = current_user_key(), services.conversations.read_answer
            stored = read(user_id, message_id) if message_id <= MAX_KEY else None
            if stored is None:
                raise NotFoundError("There is no such answer.")
            place = last_place(message_id)
            if place.is_done:
                return Response(status=204)
            following = Following(
                services,
                user_id,
                message_id,
                stored.created_at,
                place.seen,
                place.knows_recommendations,
            )
            following.line_up()
            return event_stream(following, services.config.ping_interval)


def _turn(services: TurnServices, plan: TurnPlan, opened: OpenTurn) -> Turn:
    from ..services.turn import Turn  # starting an app must not wait for what only turns need

    return Turn(services, plan, opened, _own_host(), request_id())


def _start_turn(endpoint: ChatEndpoint, message: str, session_id: str | None) -> Turn | Following:
    from ..services.window import takes

    services = current_app.extensions["chatbot"].turn_services
    key, user_id = request_key([endpoint.rule, message, session_id]), current_user_key()
    plan = endpoint.plan(current_user(), message)
    if not takes(services.config, services.persona, plan):
        raise PromptTooLongError()  # now, while nothing is stored

    def open_turn() -> OpenTurn:
        return services.conversations.open_turn(
            user_id, session_id, plan.message, endpoint.rule, key
        )

    opened = once(services, user_id, key, open_turn)
    if isinstance(opened, Following):
        return opened
    return _turn(services, plan, opened)


def _own_host() -> str:
    """Return the name of the site, as the client calls it, without port."""
    return urlsplit(f"//{request.host}").hostname or ""


def _retry_turn(message_id: int) -> Turn | Following:
    state = current_app.extensions["chatbot"]
    services = state.turn_services
    key, user_id = request_key(["retry", message_id]), current_user_key()

    def reopen_turn() -> OpenTurn:
        opened: OpenTurn = services.conversations.reopen_turn(user_id, message_id, key)
        return opened

    opened = once(services, user_id, key, reopen_turn)
    if isinstance(opened, Following):
        return opened
    planner = state.planners.get(opened.endpoint, plain_chat)
    return _turn(services, planner(current_user(), opened.question), opened)


def answer(turn: Turn | Following) -> Response | dict[str, Any]:
    """Answer with the turn, as an event stream or as one ``ChatResponse``.

    :raises TurnError: when the turn fails and the client did not ask for a stream
    :raises RateLimitedError: when it is another's, and the user follows as many as may be
    """
    after_this_request(_vary)
    turn.line_up()  # before a stream begins, so that a full line has a status of its own
    if wants_event_stream():
        config = current_app.extensions["chatbot"].config
        return event_stream(turn, config.ping_interval)
    for event in run_to_end(turn):
        match event:
            case Done(response):
                return response
            case Failed(error):
                raise error
    raise TurnError("The client left before the answer was complete.", "client_left")


def _vary(response: Response) -> Response:
    """Tell caches that the same request may get JSON or an event stream."""
    response.vary.add("Accept")
    return response
