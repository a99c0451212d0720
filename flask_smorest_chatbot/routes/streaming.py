"""A turn as ``text/event-stream``, and whether anyone still reads it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Response, current_app, request, stream_with_context
from werkzeug.datastructures import MIMEAccept

from ..schemas import ChatResponseSchema
from ..services.events import Delta, Done, Event, Failed, Queued, Recommended, Started, Waiting
from ..services.following import Following
from .client_watch import ClientWatch
from .errors import describe

if TYPE_CHECKING:
    from ..services.turn import Turn

PING = ": ping\n\n"
_clients = ClientWatch()
_EVENT_ID = re.compile(r"(\d{1,19})-(\d{1,9})(?:-(recommendations|done))?")


def wants_event_stream() -> bool:
    """Tell whether the client asked for an event stream rather than JSON."""
    # A parameter such as "; charset=utf-8" does not make it another type.
    accepted = MIMEAccept(
        (kind.partition(";")[0].strip(), quality) for kind, quality in request.accept_mimetypes
    )
    return accepted.best_match(["application/json", "text/event-stream"]) == "text/event-stream"


def event_stream(turn: Turn | Following, ping_interval: float) -> Response:
    """Answer with the turn's events.

    :param ping_interval: seconds of silence after which a comment line is sent
    """
    frames = _frames(turn, ping_interval, request.environ)
    response = Response(stream_with_context(frames), mimetype="text/event-stream")
    response.headers["Cache-Control"] = "no-cache"
    response.headers["X-Accel-Buffering"] = "no"
    response.call_on_close(_abandon(turn))
    return response


def _abandon(turn: Turn | Following) -> Callable[[], None]:
    """Settle the turn of a client that leaves before the first byte: its generator never starts."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def abandon() -> None:
        with app.app_context():
            turn.abandon()

    return abandon


def _frames(
    turn: Turn | Following, ping_interval: float, environ: Mapping[str, Any]
) -> Iterator[str]:
    position = turn.seen
    sent = time.monotonic()
    with closing(_while_wanted(turn, environ)) as events:
        for event in events:
            if isinstance(event, Delta):
                position += len(event.content)
            frame = _frame(event, f"{turn.answer_id}-{position}")
            if frame is None and time.monotonic() - sent >= ping_interval:
                frame = PING
            if frame is not None:
                sent = time.monotonic()
                yield frame


def _frame(event: Event, place: str) -> str | None:
    """Return an event's frame; its id says how far the client has got with it.

    :param place: answer and number of its characters up to and with this event
    """
    match event:
        case Started(session_id, message_id, model):
            data: Mapping[str, Any] = {
                "session_id": session_id,
                "message_id": message_id,
                "model": model,
            }
            return encode("start", data, place)
        case Queued(position):
            return encode("queued", {"position": position}, place)
        case Delta(content):
            return encode("delta", {"content": content}, place)
        case Recommended(recommendations):
            told = {"recommendations": recommendations}
            return encode("recommendations", told, f"{place}-recommendations")
        case Done(response):
            return encode("done", ChatResponseSchema().dump(response), f"{place}-done")
        case Failed(error):
            return encode("error", describe(error))
        case Waiting():
            return None


def encode(event: str, data: Mapping[str, Any], event_id: str = "") -> str:
    """Return one server-sent event; JSON keeps the data on one line whatever it says.

    The id comes last: clients that read only the first two lines get what they always got.
    """
    named = f"id: {event_id}\n" if event_id else ""
    return f"event: {event}\ndata: {json.dumps(data)}\n{named}\n"


@dataclass(frozen=True)
class Place:
    """How far a client has got in a stream, by the id of the last event that it received."""

    seen: int = 0
    knows_recommendations: bool = False
    is_done: bool = False


def last_place(answer_id: int) -> Place:
    """Return how far the client says that it has got with an answer; the beginning if it is another
    answer's event that it names."""
    given = _EVENT_ID.fullmatch(request.headers.get("Last-Event-ID", ""))
    if given is None or int(given[1]) != answer_id:
        return Place()
    return Place(int(given[2]), given[3] is not None, given[3] == "done")


def run_to_end(turn: Turn | Following) -> Iterator[Event]:
    """Yield the turn's events for a client that waits for the whole answer, while it waits."""
    return _while_wanted(turn, request.environ)


def _while_wanted(
    turn: Turn | Following, environ: Mapping[str, Any]
) -> Generator[Event, None, None]:
    events = turn.events()
    try:
        with _clients.watched(environ, turn.nudge) as client:
            for event in events:
                if client.has_left:  # also while there is something to send
                    return
                yield event
    finally:
        events.close()  # stops the model, stores the turn
