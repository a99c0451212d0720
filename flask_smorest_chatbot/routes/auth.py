"""Who is asking: the user whom the host's access token names."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import current_app, g
from flask_jwt_extended import (
    default_callbacks,
    get_current_user,
    get_jwt,
    get_jwt_identity,
    verify_jwt_in_request,
)
from flask_jwt_extended.exceptions import (
    CSRFError,
    FreshTokenRequired,
    JWTExtendedException,
    NoAuthorizationError,
    RevokedTokenError,
    UserClaimsVerificationError,
    UserLookupError,
)
from jwt import ExpiredSignatureError, PyJWTError
from sqlalchemy.exc import DBAPIError, StatementError

from ..errors import AuthenticationError
from ..models import parse_user_key, user_key_of

_LOG_IN = "Log in and send a valid access token: Authorization: Bearer <token>."
#: Which of flask-jwt-extended's callbacks answers which error; all others are invalid tokens.
_CALLBACKS: dict[type[Exception], str] = {
    NoAuthorizationError: "unauthorized",
    CSRFError: "unauthorized",
    ExpiredSignatureError: "expired_token",
    RevokedTokenError: "revoked_token",
    FreshTokenRequired: "needs_fresh_token",
    UserClaimsVerificationError: "token_verification_failed",
    UserLookupError: "user_lookup_error",
    Exception: "invalid_token",
}
_View = TypeVar("_View", bound=Callable[..., Any])


def authenticated(view: _View) -> _View:
    """Let only requests with a valid access token of a known user through."""

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        g.chatbot_user = _load_user()
        return view(*args, **kwargs)

    # flask-smorest reads what its decorators noted on the view.
    return wrapper  # type: ignore[return-value]


def current_user() -> Any:
    """Return the host's user who is asking, inside an authenticated view."""
    return g.chatbot_user


def current_user_key() -> Any:
    """Return the primary key of the user who is asking."""
    return user_key_of(g.chatbot_user)


def _load_user() -> Any:
    try:
        verify_jwt_in_request()
    except (JWTExtendedException, PyJWTError) as error:
        if _host_answers(error):
            raise  # to flask-jwt-extended, which asks the host's own loader
        raise AuthenticationError(_LOG_IN) from error
    if "exp" not in get_jwt() and current_app.config["JWT_ACCESS_TOKEN_EXPIRES"]:
        raise AuthenticationError(_LOG_IN)  # the host issues none that lives for ever
    user = _user_of_host() or _user_by_key(get_jwt_identity())
    if user is None:
        raise AuthenticationError("The user of this token does not exist any more: log in again.")
    return user


def _host_answers(error: Exception) -> bool:
    """Tell whether the host has a loader of its own for such an error."""
    name = next(name for kind, name in _CALLBACKS.items() if isinstance(error, kind))
    manager = current_app.extensions["flask-jwt-extended"]
    callback = getattr(manager, f"_{name}_callback", None)
    return callback is not getattr(default_callbacks, f"default_{name}_callback", None)


def _user_of_host() -> Any:
    """Return the user that the host's own ``user_lookup_loader`` found, if it has one."""
    try:
        user = get_current_user()
    except RuntimeError:  # flask-jwt-extended's way to say that there is no such loader
        return None
    return user if isinstance(user, current_app.extensions["chatbot"].user_model) else None


def _user_by_key(identity: object) -> Any:
    state = current_app.extensions["chatbot"]
    try:
        key = parse_user_key(state.user_model, identity)
        return state.db.session.get(state.user_model, key)
    except DBAPIError:  # the database failed, which is no fault of the token's
        raise
    except (ValueError, StatementError):  # the key's type refuses the identity
        return None
