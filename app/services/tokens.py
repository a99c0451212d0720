"""Access and refresh tokens: issued, looked up, revoked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import g
from flask_jwt_extended import create_access_token, create_refresh_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import PyJWTError
from sqlalchemy import delete, exists, select
from sqlalchemy.orm import lazyload

from ..errors import ConflictError, InvalidInputError
from ..extensions import db
from ..models import RevokedToken, User, utc_now
from .transaction import transaction


def issue_access_token(user: User) -> str:
    """Return a new access token. It names the user and nothing else about them."""
    return str(create_access_token(identity=str(user.id)))


def issue_refresh_token(user: User) -> str:
    """Return a new refresh token, good only for getting access tokens."""
    return str(create_refresh_token(identity=str(user.id)))


def is_ours(claims: Mapping[str, Any]) -> bool:
    """Tell whether a token is of a kind that we issue: with an id and an age, and an end to it.

    :param claims: of a token whose signature is right
    """
    jti = claims.get("jti")
    return (
        isinstance(jti, str)
        and re.fullmatch("[!-~]{1,64}", jti) is not None  # else no database could hold it
        and {"iat", "exp"} <= claims.keys()
        and claims.get("type") in ("access", "refresh")
    )


def is_revoked(jti: str, user_id: int | None) -> bool:
    """Tell whether the token with this id was logged out; load its user by the same query.

    The user is then in the database session as long as the request lasts, where whoever asks for
    them by key finds them.

    :param user_id: whom the token names; None if it cannot be anybody
    """
    revoked = exists().where(RevokedToken.jti == jti)
    found = db.session.execute(
        select(User, revoked).where(User.id == user_id).options(lazyload(User.newest_survey))
    ).first()
    if found is None:
        return False  # nobody is let in without a user
    g.user_of_token = found[0]  # a session keeps only what somebody else keeps, too
    return bool(found[1])


def revoke(access_claims: Mapping[str, Any], refresh_token: str | None = None) -> None:
    """Refuse these tokens from now on, and forget revoked ones that have expired. Commits.

    :param access_claims: claims of the access token in use
    :param refresh_token: a refresh token of the same user, if it is to go too
    :raises InvalidInputError: when ``refresh_token`` is not one
    """
    doomed = [access_claims]
    if refresh_token is not None:
        doomed.append(_refresh_claims(refresh_token, access_claims["sub"]))
    try:
        with transaction():
            db.session.execute(delete(RevokedToken).where(RevokedToken.expires_at < utc_now()))
            for claims in doomed:
                expires_at = datetime.fromtimestamp(claims["exp"], UTC)
                db.session.merge(RevokedToken(jti=claims["jti"], expires_at=expires_at))
    except ConflictError:
        return  # the same log-out came twice at once; the other one has done it


def _refresh_claims(token: str, user_id: str) -> Mapping[str, Any]:
    """Return the claims of a refresh token of ``user_id``; an expired one is as good as any."""
    try:
        claims: Mapping[str, Any] = decode_token(token, allow_expired=True)
    except (PyJWTError, JWTExtendedException):
        claims = {}
    if not is_ours(claims) or claims["type"] != "refresh" or claims.get("sub") != user_id:
        raise InvalidInputError.in_field("refresh_token", "Not a refresh token of this account.")
    return claims
