"""The shapes of requests and responses about API keys and usage."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from .models import API_KEY_MARK, API_KEY_NAME_LENGTH, API_KEY_SCOPES
from .schemas import UtcDateTime
from .text import has_forbidden_characters, is_blank

EXAMPLE_API_KEY = {
    "id": 3,
    "name": "nightly report",
    "prefix": "9f2c4e81b0d7",
    "scopes": ["history"],
    "created_at": "2026-03-01T09:30:00+00:00",
    "last_used_at": None,
    "expires_at": "2026-05-30T09:30:00+00:00",
    "revoked_at": None,
    "key": f"{API_KEY_MARK}9f2c4e81b0d7_{'0' * 64}",
}
EXAMPLE_USAGE = {
    "days": [
        {
            "day": "2026-03-01",
            "users": 41,
            "turns": 322,
            "input_tokens": 190_211,
            "output_tokens": 40_917,
        }
    ]
}


def _check_name(name: str) -> None:
    if has_forbidden_characters(name) or is_blank(name):
        raise ma.ValidationError("Use visible characters, and no control characters.")


def _check_once(scopes: list[str]) -> None:
    if len(set(scopes)) < len(scopes):
        raise ma.ValidationError("Name each scope once.")


class ApiKeyRequestSchema(ma.Schema):
    """An API key to make."""

    name = ma.fields.String(
        required=True,
        validate=[ma.validate.Length(min=1, max=API_KEY_NAME_LENGTH), _check_name],
        metadata={"description": "For its user to know it by", "example": "nightly report"},
    )
    scopes = ma.fields.List(
        ma.fields.String(validate=ma.validate.OneOf(API_KEY_SCOPES)),
        required=True,
        validate=[ma.validate.Length(min=1, max=len(API_KEY_SCOPES)), _check_once],
        metadata={"description": "What it may do", "example": ["history"], "uniqueItems": True},
    )
    expires_in_days = ma.fields.Integer(
        strict=True,
        load_default=None,
        allow_none=True,
        validate=ma.validate.Range(1, 3650),
        metadata={"description": "After how many days it is refused; null is never"},
    )

    @ma.pre_load
    def _refuse_true(self, data: Any, **_kwargs: Any) -> Any:
        """Refuse ``true``, which Python takes for 1."""
        if isinstance(data, dict) and isinstance(data.get("expires_in_days"), bool):
            raise ma.ValidationError("Not a valid integer.", "expires_in_days")
        return data


class _Scopes(ma.fields.List[str]):
    """Scopes as a list; stored as words."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        words = value.split() if isinstance(value, str) else value
        return super()._serialize(words, attr, obj, **kwargs)


class ApiKeySchema(ma.Schema):
    """What is known of an API key."""

    id = ma.fields.Integer(required=True)
    name = ma.fields.String(required=True)
    prefix = ma.fields.String(
        required=True,
        metadata={"description": f"What the key begins with, after `{API_KEY_MARK}`"},
    )
    scopes = _Scopes(ma.fields.String(validate=ma.validate.OneOf(API_KEY_SCOPES)), required=True)
    created_at = UtcDateTime(required=True, format="iso")
    last_used_at = UtcDateTime(
        required=True, allow_none=True, format="iso", metadata={"description": "To the minute"}
    )
    expires_at = UtcDateTime(required=True, allow_none=True, format="iso")
    revoked_at = UtcDateTime(required=True, allow_none=True, format="iso")


class NewApiKeySchema(ApiKeySchema):
    """An API key that was made this moment."""

    key = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "The key itself; it is not shown again, and null to a repeated request"
        },
    )


class ApiKeyListSchema(ma.Schema):
    """The caller's API keys, newest first."""

    api_keys = ma.fields.List(ma.fields.Nested(ApiKeySchema), required=True)


class UsageQuerySchema(ma.Schema):
    """Which days to count."""

    days = ma.fields.Integer(
        load_default=30,
        validate=ma.validate.Range(1, 366),
        metadata={"description": "How many days, today included"},
    )


class DayOfUseSchema(ma.Schema):
    """What all users together used on one day."""

    day = ma.fields.Date(required=True)
    users = ma.fields.Integer(required=True)
    turns = ma.fields.Integer(required=True)
    input_tokens = ma.fields.Integer(required=True)
    output_tokens = ma.fields.Integer(required=True)


class UsageSchema(ma.Schema):
    """Counts by day, newest first; days without turns are left out."""

    days = ma.fields.List(ma.fields.Nested(DayOfUseSchema), required=True)
