"""What flask-jwt-extended asks the site: who a token is for, and what to answer to a bad one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response

from .extensions import jwt
from .models import User
from .services import accounts, tokens

MISSING = "Log in and send the access token as 'Authorization: Bearer <token>'."
INVALID = "The token is not valid; log in again."


def register_jwt_callbacks(unauthorized: Callable[[str], Response]) -> None:
    """Make every token error a 401 in the API's shape.

    :param unauthorized: builds the answer from one sentence
    """

    def answer(message: str) -> Callable[..., Response]:
        return lambda *_details: unauthorized(message)

    # The library's own reason is not passed on: it describes the token's inside.
    jwt.unauthorized_loader(answer(MISSING))
    jwt.invalid_token_loader(answer(INVALID))
    jwt.expired_token_loader(answer("The token has expired; refresh it or log in again."))
    jwt.revoked_token_loader(answer("The token was revoked; log in again."))
    jwt.needs_fresh_token_loader(answer("Log in again to do this."))
    jwt.user_lookup_error_loader(answer(INVALID))
    jwt.token_verification_failed_loader(answer(INVALID))
    jwt.token_in_blocklist_loader(_is_revoked)
    jwt.token_verification_loader(lambda _header, claims: tokens.is_ours(claims))
    jwt.user_lookup_loader(_user_of)


def _is_revoked(_header: Mapping[str, Any], claims: Mapping[str, Any]) -> bool:
    # The library asks this before it verifies the token.
    user_id = accounts.user_id_of(claims.get("sub"))
    return tokens.is_ours(claims) and tokens.is_revoked(claims["jti"], user_id)


def _user_of(_header: Mapping[str, Any], claims: Mapping[str, Any]) -> User | None:
    """Read the user (and so the role) anew for each request: a token may outlive both."""
    return accounts.active_user(claims["sub"], int(claims["iat"]))
