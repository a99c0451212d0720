"""Who is asking: the user whom the host's access token names, or whose API key it is."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import current_app, g, request
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

from ..errors import AuthenticationError, ForbiddenError, NotFoundError
from ..limits import RequestLimits, client_address
from ..models import API_KEY_MARK, parse_user_key, user_key_of

#: The header of an API key; it may also come as a bearer token.
API_KEY_HEADER = "X-API-Key"
#: The scope of endpoints for the host's administrators.
ADMIN = "admin"

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


def requires(scope: str | None, limit: str = "reads") -> Callable[[_View], _View]:
    """Let only known users through: with a valid access token, or an API key that has a scope.

    :param scope: one of :data:`.API_KEY_SCOPES`; ``admin`` lets only the host's administrators
        through. None takes no API key at all
    :param limit: what the request counts as, a scope of :func:`.request_limits`
    """

    def decorate(view: _View) -> _View:
        @wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            g.chatbot_user, key = _identify()
            # By the user, whatever token or key they come with: another one is no way around it.
            _limits().check(limit, f"user:{current_user_key()}")
            _authorize(key, scope)
            return view(*args, **kwargs)

        wrapper.chatbot_scope = scope  # type: ignore[attr-defined]
        # flask-smorest reads what its decorators noted on the view.
        return wrapper  # type: ignore[return-value]

    return decorate


def current_user() -> Any:
    """Return the host's user who is asking, inside an authenticated view."""
    return g.chatbot_user


def current_user_key() -> Any:
    """Return the primary key of the user who is asking."""
    return user_key_of(g.chatbot_user)


def _limits() -> RequestLimits:
    limits: RequestLimits = current_app.extensions["chatbot"].limits
    return limits


def _identify() -> tuple[Any, Any]:
    """Return the user who is asking, and what is stored of the API key, if it is one.

    Who cannot be identified is counted by address.
    """
    try:
        key = _presented_key()
        if key is None:
            return _user_of_token(), None
        stored = current_app.extensions["chatbot"].api_keys.find(key)
        return _user_of_key(stored), stored
    except (AuthenticationError, JWTExtendedException, PyJWTError):
        _limits().check("refused", client_address())
        raise


def _authorize(key: Any, scope: str | None) -> None:
    """See that the user has the role, and the API key the scope.

    :param key: what is stored of it; None for a token, which is good for every scope
    """
    # The role first, so that a key tells others than administrators nothing.
    if scope == ADMIN and not current_app.extensions["chatbot"].is_admin(current_user()):
        raise NotFoundError("There is nothing at this address.")
    if key is not None:
        _check_scope(key, scope)


def _presented_key() -> str | None:
    """Return the API key of this request, whatever it is worth; None if it has none."""
    key = request.headers.get(API_KEY_HEADER)
    authorization = request.headers.get("Authorization", "")
    if key is not None:
        if authorization:
            raise AuthenticationError("Send one credential: an access token or an API key.")
        return key
    scheme, _, credential = authorization.partition(" ")
    is_key = scheme.lower() == "bearer" and credential.startswith(API_KEY_MARK)
    return credential if is_key else None


def _user_of_key(stored: Any) -> Any:
    user = stored and current_app.extensions["chatbot"].load_user(stored.user_id)
    if user is None:
        raise AuthenticationError("This API key is not valid: make a new one, or log in.")
    return user


def _check_scope(stored: Any, scope: str | None) -> None:
    if scope is None:
        raise ForbiddenError("An API key may not do this: log in.", "log_in_required")
    if scope not in stored.scopes.split():
        message = f"This API key lacks the scope {scope}: use one that has it."
        raise ForbiddenError(message, "missing_scope")


def _user_of_token() -> Any:
    try:
        verify_jwt_in_request()
    except (JWTExtendedException, PyJWTError) as error:
        if _host_answers(error):
            raise  # to flask-jwt-extended, which asks the host's own loader
        raise AuthenticationError(_LOG_IN) from error
    if get_jwt().get("type") != "access":  # flask-jwt-extended takes what is not "refresh"
        raise AuthenticationError(_LOG_IN)
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
