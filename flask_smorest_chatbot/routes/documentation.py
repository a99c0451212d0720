"""What the OpenAPI document says of the endpoints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask_smorest import Api, Blueprint

from ..models import API_KEY_MARK
from ..schemas import EXAMPLE_ANSWER, ChatResponseSchema
from .auth import API_KEY_HEADER
from .errors import error_body
from .repeats import PARAMETER

_REFUSALS = {
    400: "The message is blank, or the body is not JSON",
    401: "No valid access token or API key",
    403: "The API key lacks the scope that this needs",
    404: "The caller has no such thing",
    409: "The session is being answered already",
    413: "The body is too large",
    429: "The user, or the address, asked more often or used more than it may",
    500: "A fault on the site's side",
    502: "The model broke off or gave no answer; what it said is kept",
    503: "The model or the database is away, or too many wait; see `Retry-After`",
    504: "The model took too long",
}

EXAMPLE_REQUEST = "3f9d1c5e8b7a4a0f9b6f2f2f0f6f4c11"

#: Under which heading the OpenAPI document lists the endpoints.
TAGS = ["Chatbot"]

_RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer"}}}
_RATE_LIMIT = {
    f"RateLimit-{name}": {"description": description, "schema": {"type": "integer"}}
    for name, description in (
        ("Limit", "What may be had in the window of the limit that is closest"),
        ("Remaining", "What is left of it"),
        ("Reset", "Seconds until the next window"),
    )
}

#: Name of an error in the document, by its status.
_REFUSED = "Chatbot{}"

#: Headers that answers of a status always have.
_HEADERS = {
    429: {**_RETRY_AFTER, **_RATE_LIMIT},
    503: _RETRY_AFTER,
}

_LAST_EVENT_ID = {
    "in": "header",
    "name": "Last-Event-ID",
    "required": False,
    "description": "The `id` of the last event received; browsers send it by themselves",
    "schema": {"type": "string"},
    "example": "17-6",
}

_STREAM_EXAMPLE = """\
event: start
data: {"session_id": "5f0c7c1e-8f0b-4a53-9d0c-6a1c5f6d2b11", "message_id": 17, "model": "llama2"}
id: 17-0

event: queued
data: {"position": 3}
id: 17-0

event: delta
data: {"content": "Sure, "}
id: 17-6

: ping

event: recommendations
data: {"recommendations": [{"id": 17, "name": "Yamaha FG800", "reason": "Easy to play."}]}
id: 17-6-recommendations

event: done
data: {"session_id": "...", "assistant_response": "Sure, ...", "recommendations": []}
id: 17-6-done

"""

_STREAM = {
    "schema": {
        # No type: who knows server-sent events checks each as an object, who does not, the text.
        "description": (
            "Server-sent events: `start`, `queued` while others are before the turn, then `delta` "
            "(joined they are `assistant_response`), "
            "`recommendations` and `done` (a ChatResponse); or `error` (an Error) in place of "
            "`done`. Comment lines (`: ping`) keep the connection alive."
        ),
    },
    "example": _STREAM_EXAMPLE,
}


@dataclass(frozen=True)
class Documentation:
    """Documents the views of one blueprint.

    :param security_scheme: name of the OpenAPI document's bearer scheme
    :param api_key_scheme: name of its scheme for API keys
    """

    blueprint: Blueprint
    security_scheme: str
    api_key_scheme: str

    def errors(self, *statuses: int) -> Callable[[Any], Any]:
        """Return a decorator: the view needs a token or a key, and may answer with these statuses.

        It goes above :func:`.requires`. Statuses that come of that need not be named.
        """

        refusals = {status: _REFUSED.format(status) for status in {*statuses, 401, 403, 429}}

        def decorate(view: Any) -> Any:
            security = self._security(view.chatbot_scope)
            return self.blueprint.doc(responses=refusals, **security)(view)

        return decorate

    def _security(self, scope: str | None) -> dict[str, Any]:
        if scope is None:
            return {"security": [{self.security_scheme: []}]}
        either: list[dict[str, Any]] = [{self.security_scheme: []}, {self.api_key_scheme: []}]
        # OpenAPI 3.0 has no place of its own for the scopes of API keys.
        return {"security": either, "x-required-scope": scope}

    def turn(self, view: Any) -> Any:
        """Decorate a view that answers with a turn, as one document or as an event stream."""
        # The long examples last: every decorator copies what those before it have said.
        view = self.errors(*_REFUSALS)(view)
        view = self.blueprint.response(
            200,
            ChatResponseSchema,
            description="The answer, whole or as it is written",
            example=EXAMPLE_ANSWER,
        )(view)
        stream = {200: {"content": {"text/event-stream": _STREAM}}}
        return self.blueprint.doc(responses=stream, parameters=[PARAMETER])(view)

    def resumed_stream(self, view: Any) -> Any:
        """Decorate a view that answers with the rest of an event stream."""
        answers = {
            200: {"description": "The events", "content": {"text/event-stream": _STREAM}},
            204: {"description": "There is nothing after that event"},
        }
        documented = self.blueprint.doc(responses=answers, parameters=[_LAST_EVENT_ID])(view)
        return self.errors(401, 404, 500, 503)(documented)


def add_refusals(api: Api) -> None:
    """Add the errors to the document; operations refer to them.

    :param api: its errors' shape is theirs
    """
    for status, description in _REFUSALS.items():
        example = error_body(status, f"{description}.", None, EXAMPLE_REQUEST)
        content = {"application/json": {"schema": api.ERROR_SCHEMA, "example": example}}
        refusal = {"description": description, "content": content}
        if status in _HEADERS:
            refusal["headers"] = _HEADERS[status]
        api.spec.components.response(_REFUSED.format(status), refusal)


def bearer_scheme(api: Api) -> str:
    """Return the name of the document's bearer scheme, adding one if the host has none."""
    schemes = api.spec.to_dict().get("components", {}).get("securitySchemes", {})
    for name, scheme in schemes.items():
        if scheme.get("type") == "http" and scheme.get("scheme", "").lower() == "bearer":
            return str(name)
    api.spec.components.security_scheme(
        "bearerAuth", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    )
    return "bearerAuth"


def api_key_scheme(api: Api) -> str:
    """Return the name of the document's scheme for the plugin's API keys, after adding it."""
    name = "chatbotApiKey"
    api.spec.components.security_scheme(
        name,
        {
            "type": "apiKey",
            "in": "header",
            "name": API_KEY_HEADER,
            "description": (
                f"A key of `POST /api-keys`. It may also come as `Authorization: Bearer "
                f"{API_KEY_MARK}...`. What it may do is set by its scopes."
            ),
        },
    )
    return name
