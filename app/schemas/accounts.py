"""Accounts and tokens."""

from __future__ import annotations

import marshmallow as ma

from .fields import Address, Moment, Text

DEMO_EMAIL = "demo@example.com"
TOKEN = {"example": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"}


class RegisterSchema(ma.Schema):
    """A new account."""

    email = Address(required=True, metadata={"example": "ada@example.com"})
    password = Text(128, least=8, trim=False, required=True, load_only=True)
    name = Text(120, required=True, metadata={"example": "Ada Example"})
    user_type = ma.fields.String(
        load_default="renter",
        validate=ma.validate.OneOf(("renter", "owner")),
        metadata={"description": "What the account is for"},
    )
    phone = Text(
        40,
        load_default=None,
        allow_none=True,
        validate=[ma.validate.Regexp(r"^[0-9+()./ -]+$", error="Not a phone number.")],
        metadata={"example": "+1 512 555 0100"},
    )


class LogInSchema(ma.Schema):
    """Who logs in."""

    email = Text(254, required=True, metadata={"example": DEMO_EMAIL})
    password = Text(128, trim=False, required=True, metadata={"example": "demo-password"})


class UserSchema(ma.Schema):
    """An account, as its own user sees it."""

    id = ma.fields.Integer()
    email = ma.fields.String(metadata={"example": DEMO_EMAIL})
    name = ma.fields.String(metadata={"example": "Demo Renter"})
    user_type = ma.fields.String(attribute="role", metadata={"enum": ["renter", "owner", "admin"]})
    phone = ma.fields.String(allow_none=True)
    created_at = Moment()


class SessionSchema(ma.Schema):
    """What a log-in gives."""

    access_token = ma.fields.String(metadata=TOKEN)
    refresh_token = ma.fields.String(metadata=TOKEN)
    user = ma.fields.Nested(UserSchema)


class AccessTokenSchema(ma.Schema):
    """A new access token."""

    access_token = ma.fields.String(metadata=TOKEN)


class LogOutSchema(ma.Schema):
    """What to log out beside the access token in use."""

    refresh_token = Text(
        2000, load_default=None, allow_none=True, metadata={"description": "Revoked, too"}
    )


class MessageSchema(ma.Schema):
    """A sentence for people."""

    message = ma.fields.String()
