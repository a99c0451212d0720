"""From a request to the turn that answers it; imported by the first, with all that turns need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Response, after_this_request, current_app, request

from ..errors import ConflictError, NotFoundError, PromptTooLongError, TurnError
from ..services.events import Done, Failed
from ..services.following import Following
from ..services.host import TurnServices
from ..services.storage.open_turn import OpenTurn
from ..services.storage.request_key import RequestKey
from ..services.turn import Turn
from ..services.window import takes
from ..values import TurnPlan
from .auth import current_user, current_user_key
from .chat import ChatEndpoint, plain_chat
from .errors import request_id
from .rate_limits import require_tokens
from .repeats import mark_replayed, request_key
from .streaming import event_stream, last_place, run_to_end, wants_event_stream


def _turn(services: TurnServices, plan: TurnPlan, opened: OpenTurn) -> Turn:
    return Turn(services, plan, opened, _own_host(), request_id())


def _own_host() -> str:
    """Return the name of the site, as the client calls it, without port."""
    return urlsplit(f"//{request.host}").hostname or ""


def start_turn(endpoint: ChatEndpoint, message: str, session_id: str | None) -> Turn | Following:
    """Open the turn of a message, or follow the one that the same request has opened before."""
    services = current_app.extensions["chatbot"].turn_services
    key, user_id = request_key([endpoint.rule, message, session_id]), current_user_key()
    plan = endpoint.plan(current_user(), message)
    if not takes(services.config, services.persona, plan):
        raise PromptTooLongError()  # now, while nothing is stored

    def open_turn() -> OpenTurn:
        return services.conversations.open_turn(
            user_id, session_id, plan.message, endpoint.rule, key
        )

    opened = _once(services, user_id, key, open_turn)
    if isinstance(opened, Following):
        return opened
    return _turn(services, plan, opened)


def retry_turn(message_id: int) -> Turn | Following:
    """Open a turn that answers anew, or follow the one that the same request has opened before."""
    state = current_app.extensions["chatbot"]
    services = state.turn_services
    key, user_id = request_key(["retry", message_id]), current_user_key()

    def reopen_turn() -> OpenTurn:
        opened: OpenTurn = services.conversations.reopen_turn(user_id, message_id, key)
        return opened

    opened = _once(services, user_id, key, reopen_turn)
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


def follow_answer(answer_id: int) -> Response:
    """Answer with the events of an answer of the user's, from the client's last one on.

    :raises NotFoundError: when there is none
    :raises RateLimitedError: when the user follows as many answers as may be
    """
    services = current_app.extensions["chatbot"].turn_services
    user_id = current_user_key()
    stored = services.conversations.read_answer(user_id, answer_id)
    if stored is None:
        raise NotFoundError("There is no such answer.")
    place = last_place(answer_id)
    if place.is_done:
        return Response(status=204)
    following = Following(
        services, user_id, answer_id, stored.created_at, place.seen, place.knows_recommendations
    )
    following.line_up()
    return event_stream(following, services.config.ping_interval)


def _vary(response: Response) -> Response:
    """Tell caches that the same request may get JSON or an event stream."""
    response.vary.add("Accept")
    return response


def _once(
    services: TurnServices,
    user_id: Any,
    key: RequestKey | None,
    open_turn: Callable[[], OpenTurn],
) -> OpenTurn | Following:
    """Open a turn, or follow the one that the same request has opened before.

    A turn that broke is tried again: there is no answer that could be given a second time.

    :raises ReusedKeyError: when the key came with another request
    """
    if key is None:
        return _opened(open_turn)
    records = services.conversations
    if (answer := records.find_request(user_id, key)) is None:
        try:
            return _opened(open_turn)
        except ConflictError:
            answer = records.find_request(user_id, key)
            if answer is None:  # it is another request that this one meets
                raise
    if answer.status in ("failed", "interrupted"):
        try:
            return _opened(lambda: records.reopen_turn(user_id, answer.id))
        except NotFoundError:  # it was cleared: this is its first request now
            return _opened(open_turn)
        except ConflictError:  # somebody else just did, or the conversation has gone on
            answer = records.find_request(user_id, key)
            if answer is None:  # or it was cleared
                raise
    mark_replayed()
    return Following(services, user_id, answer.id, answer.created_at)


def _opened(open_turn: Callable[[], OpenTurn]) -> OpenTurn:
    """Open a turn that will ask the model, for which the user's tokens of the day must suffice."""
    require_tokens()
    return open_turn()
