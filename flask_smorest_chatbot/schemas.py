"""The shapes of requests and responses, as the OpenAPI document shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import marshmallow as ma

from .config import ChatbotConfig
from .text import SESSION_ID_PATTERN, has_forbidden_characters

EXAMPLE_SESSION = "5f0c7c1e-8f0b-4a53-9d0c-6a1c5f6d2b11"


_EXAMPLE_ITEM = {
    "id": 17,
    "name": "Yamaha FG800",
    "reason": "Guitar, as you asked; $18.00 a day, within your budget; $126.00 for 7 days.",
    "reasons": [
        {"fact": "Guitar, as you asked", "field": "category"},
        {"fact": "$18.00 a day, within your budget", "field": "price"},
        {"fact": "$126.00 for 7 days", "field": "total"},
    ],
    "price": {"amount": "18.00", "currency": "USD", "unit": "day"},
    "total": {"amount": "126.00", "currency": "USD", "days": 7},
    "available": {"from": "2026-12-12", "to": "2026-12-19"},
    "condition": "good",
    "location": "Austin, TX",
    "url": "/listings/17?start=2026-12-12&end=2026-12-19",
    "fit": 0.9,
}
_EXAMPLE_TIME = "2026-03-01T09:30:00+00:00"
EXAMPLE_ANSWER = {
    "session_id": EXAMPLE_SESSION,
    "message_id": 42,
    "user_message": "Which guitar suits a beginner?",
    "assistant_response": "The Yamaha FG800 is a good one to start with.",
    "recommendations": [_EXAMPLE_ITEM],
    "context": {
        "user_profile": {"experience_level": "beginner"},
        "experience_level": "beginner",
        "preferred_instruments": ["Guitar"],
        "query": {
            "categories": ["Guitar"],
            "period": {"from": "2026-12-12", "to": "2026-12-19", "days": 7},
        },
        "catalogue": {"outcome": "found", "message": None},
        "assumptions": ["No budget is known: all prices are considered."],
        "facts": [],
        "ungrounded": [],
        "dropped_recommendations": 0,
    },
    "created_at": _EXAMPLE_TIME,
    "status": "complete",
}
EXAMPLE_HISTORY = [
    {
        "id": 41,
        "user_id": 7,
        "session_id": EXAMPLE_SESSION,
        "message_type": "user",
        "content": "Which guitar suits a beginner?",
        "context_data": None,
        "created_at": _EXAMPLE_TIME,
        "status": "complete",
    },
    {
        "id": 42,
        "user_id": 7,
        "session_id": EXAMPLE_SESSION,
        "message_type": "assistant",
        "content": "The Yamaha FG800 is a good one to start with.",
        "context_data": {"recommendations": [_EXAMPLE_ITEM]},
        "created_at": _EXAMPLE_TIME,
        "status": "complete",
        "model": "llama2",
        "input_tokens": 412,
        "output_tokens": 63,
        "duration_ms": 5100,
    },
]
EXAMPLE_STOPPED = {**EXAMPLE_HISTORY[1], "status": "stopped", "reason": "stopped"}
EXAMPLE_SESSIONS = {
    "sessions": [
        {
            "session_id": EXAMPLE_SESSION,
            "title": "Which guitar suits a beginner?",
            "started_at": _EXAMPLE_TIME,
            "last_message_at": _EXAMPLE_TIME,
            "message_count": 2,
        }
    ],
    "total_sessions": 1,
    "next": None,
}
EXAMPLE_CLEARED = {"message": "Session cleared.", "deleted_count": 2}
EXAMPLE_ERASED = {
    "message": "Your chats are deleted.",
    "deleted_sessions": 1,
    "deleted_messages": 2,
    "deleted_api_keys": 0,
}
EXAMPLE_EXPORT = f"""\
{{"type": "session", "id": 5, "session_id": "{EXAMPLE_SESSION}", "title": "Which guitar?"}}
{{"type": "message", "id": 41, "message_type": "user", "content": "Which guitar?"}}
{{"type": "message", "id": 42, "message_type": "assistant", "content": "The Yamaha FG800."}}
{{"type": "end", "sessions": 1, "messages": 2, "api_keys": 0, "days": 1}}
"""


def _check_characters(text: str) -> None:
    if has_forbidden_characters(text):
        raise ma.ValidationError("Control characters are not allowed.")


def chat_request_schema(config: ChatbotConfig, message_required: bool) -> type[ma.Schema]:
    """Return the schema of a chat request.

    :param config: gives the longest message
    :param message_required: False for endpoints that can do without one
    """
    message = ma.fields.String(
        required=message_required,
        load_default=ma.missing if message_required else "",
        allow_none=not message_required,
        validate=[ma.validate.Length(max=config.max_message_chars), _check_characters],
        metadata={
            "description": "What the user says; must not be blank"
            if message_required
            else "What the user says; may be missing or empty",
            "example": "Which guitar suits a beginner with small hands?",
        },
    )
    session_id = ma.fields.String(
        load_default=None,
        allow_none=True,
        validate=ma.validate.Regexp(
            SESSION_ID_PATTERN, error="Use 1 to 100 letters, digits or any of ._:-"
        ),
        metadata={
            "description": "Conversation to continue or to begin; missing or null begins a new one",
            "example": EXAMPLE_SESSION,
        },
    )
    name = "ChatRequest" if message_required else "ChatRequestOptionalMessage"
    return ma.Schema.from_dict({"message": message, "session_id": session_id}, name=name)


class UtcDateTime(ma.fields.AwareDateTime):
    """A stored time as ISO 8601 with its zone; databases without zones hold UTC."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        if isinstance(value, datetime) and value.tzinfo is None:
            value = value.replace(tzinfo=UTC)
        return super()._serialize(value, attr, obj, **kwargs)


class AsGiven(ma.fields.Nested):
    """Documented by a schema, and passed through whole: a site may add fields of its own."""

    def _serialize(self, value: Any, *_args: Any, **_kwargs: Any) -> Any:  # type: ignore[override]
        return value


class PriceSchema(ma.Schema):
    """A price as the catalogue states it."""

    amount = ma.fields.String(required=True, metadata={"example": "18.00"})
    currency = ma.fields.String(required=True, metadata={"example": "USD"})
    unit = ma.fields.String(required=True, metadata={"example": "day"})


class TotalSchema(ma.Schema):
    """What the whole period costs."""

    amount = ma.fields.String(required=True, metadata={"example": "126.00"})
    currency = ma.fields.String(required=True, metadata={"example": "USD"})
    days = ma.fields.Integer(required=True, metadata={"example": 7})


class ReasonSchema(ma.Schema):
    """One reason for a recommendation: a fact of the catalogue."""

    fact = ma.fields.String(required=True, metadata={"example": "$126.00 for 7 days"})
    field = ma.fields.String(
        required=True,
        metadata={"description": "What it is about, mostly a member of the recommendation"},
    )


class FreeTimeSchema(ma.Schema):
    """Days on which the item can be had: from the morning of `from` to the morning of `to`."""

    to = ma.fields.Date(
        allow_none=True, metadata={"description": "Day of return; null when nothing bounds it"}
    )


# "from" is a word of Python's.
FreeTimeSchema._declared_fields["from"] = ma.fields.Date(required=True)


class RecommendationSchema(ma.Schema):
    """A catalogue item that the answer recommends; the site may add fields of its own."""

    class Meta:
        unknown = ma.INCLUDE

    id = ma.fields.Raw(
        required=True, metadata={"description": "The item's key in the site's catalogue"}
    )
    name = ma.fields.String(required=True, metadata={"example": "Yamaha FG800"})
    reason = ma.fields.String(
        required=True, metadata={"description": "The first of `reasons`, as one sentence"}
    )
    reasons = ma.fields.List(ma.fields.Nested(ReasonSchema))
    price = ma.fields.Nested(PriceSchema, allow_none=True)
    total = ma.fields.Nested(
        TotalSchema, allow_none=True, metadata={"description": "null when no dates are known"}
    )
    available = ma.fields.Nested(FreeTimeSchema)
    condition = ma.fields.String(allow_none=True, metadata={"example": "good"})
    location = ma.fields.String(allow_none=True, metadata={"example": "Austin, TX"})
    url = ma.fields.String(allow_none=True, metadata={"example": "/listings/17"})
    image_url = ma.fields.String(metadata={"description": "A picture, if there is one"})
    fit = ma.fields.Float(
        metadata={"description": "How well it fits what was asked and the profile, 0 to 1"}
    )


class CatalogueSchema(ma.Schema):
    """What the catalogue had for the question."""

    outcome = ma.fields.String(
        validate=ma.validate.OneOf(["found", "not_carried", "all_out", "over_budget"])
    )
    message = ma.fields.String(
        allow_none=True, metadata={"description": "Why there is nothing, as one sentence"}
    )


class FactSchema(ma.Schema):
    """Something that the site knows and that answers the user."""

    text = ma.fields.String(required=True, metadata={"example": "Your guitar is due back today."})
    url = ma.fields.String(allow_none=True, metadata={"example": "/rentals/5"})


class ChatContextSchema(ma.Schema):
    """What the answer was based on."""

    class Meta:
        unknown = ma.INCLUDE

    user_profile = ma.fields.Dict(keys=ma.fields.String())
    experience_level = ma.fields.String(allow_none=True, metadata={"example": "beginner"})
    preferred_instruments = ma.fields.List(ma.fields.String(), metadata={"example": ["Guitar"]})
    query = ma.fields.Dict(
        keys=ma.fields.String(),
        metadata={"description": "What was understood of the question; only what was said"},
    )
    catalogue = ma.fields.Nested(CatalogueSchema)
    assumptions = ma.fields.List(
        ma.fields.String(), metadata={"description": "What was taken for granted, as sentences"}
    )
    facts = ma.fields.List(ma.fields.Nested(FactSchema))
    ungrounded = ma.fields.List(
        ma.fields.String(),
        metadata={"description": "What the answer names though it is not on offer"},
    )
    dropped_recommendations = ma.fields.Integer(
        metadata={"description": "Items that the model named and that cannot be recommended"}
    )
    truncated = ma.fields.Boolean(
        metadata={"description": "Whether the answer ends because it may be no longer"}
    )


class ChatResponseSchema(ma.Schema):
    """An answer."""

    session_id = ma.fields.String(required=True, metadata={"example": EXAMPLE_SESSION})
    message_id = ma.fields.Integer(metadata={"description": "Key of the assistant's message"})
    user_message = ma.fields.String(required=True)
    assistant_response = ma.fields.String(
        required=True, metadata={"description": "Clean prose, never a JSON block or a tag"}
    )
    recommendations = ma.fields.List(AsGiven(RecommendationSchema), required=True)
    context = AsGiven(ChatContextSchema, required=True)
    created_at = UtcDateTime(required=True, format="iso")
    status = ma.fields.String(
        validate=ma.validate.OneOf(["complete", "stopped"]),
        metadata={"description": "`stopped` if the user ended it: then it is what was said so far"},
    )


class ContextDataSchema(ma.Schema):
    """What is stored with the assistant's message."""

    class Meta:
        unknown = ma.INCLUDE

    recommendations = ma.fields.List(AsGiven(RecommendationSchema))
    context = AsGiven(ChatContextSchema)


class ChatMessageSchema(ma.Schema):
    """One message of a conversation."""

    id = ma.fields.Integer(required=True)
    user_id = ma.fields.Raw(required=True, metadata={"description": "The site's key of the user"})
    session_id = ma.fields.String(required=True)
    message_type = ma.fields.String(
        required=True, validate=ma.validate.OneOf(["user", "assistant"])
    )
    content = ma.fields.String(required=True)
    context_data = AsGiven(ContextDataSchema, allow_none=True)
    created_at = UtcDateTime(required=True, format="iso")
    status = ma.fields.String(
        metadata={
            "description": "How far the message came; only `complete` answers are whole",
            "enum": [
                "pending",
                "queued",
                "streaming",
                "complete",
                "stopped",
                "interrupted",
                "failed",
            ],
        }
    )
    reason = ma.fields.String(
        allow_none=True, metadata={"description": "Why it is not complete, as a stable word"}
    )
    model = ma.fields.String(allow_none=True)
    input_tokens = ma.fields.Integer(allow_none=True)
    output_tokens = ma.fields.Integer(allow_none=True)
    duration_ms = ma.fields.Integer(allow_none=True)


class ChatSessionSchema(ma.Schema):
    """One conversation."""

    session_id = ma.fields.String(required=True)
    title = ma.fields.String(metadata={"description": "How the conversation began"})
    started_at = UtcDateTime(required=True, format="iso")
    last_message_at = UtcDateTime(required=True, format="iso")
    message_count = ma.fields.Integer(required=True)


class SessionListSchema(ma.Schema):
    """The caller's conversations, the most recently used first."""

    sessions = ma.fields.List(ma.fields.Nested(ChatSessionSchema), required=True)
    total_sessions = ma.fields.Integer(required=True)
    next = ma.fields.String(
        allow_none=True, metadata={"description": "Address of the next page; null on the last"}
    )


class ClearedSessionSchema(ma.Schema):
    """What clearing a conversation did."""

    message = ma.fields.String(required=True)
    deleted_count = ma.fields.Integer(required=True)


class ErasedSchema(ma.Schema):
    """What deleting all of one's conversations did."""

    message = ma.fields.String(required=True)
    deleted_sessions = ma.fields.Integer(required=True)
    deleted_messages = ma.fields.Integer(required=True)
    deleted_api_keys = ma.fields.Integer(required=True)
