"""Register, log in, refresh, log out."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_jwt_extended import get_jwt

from ..limits import count_registration, log_in_attempt
from ..models import User
from ..schemas.accounts import (
    AccessTokenSchema,
    LogInSchema,
    LogOutSchema,
    MessageSchema,
    RegisterSchema,
    SessionSchema,
    UserSchema,
)
from ..services import accounts, tokens
from .blueprint import SiteBlueprint, me

blp = SiteBlueprint(
    "Accounts", __name__, url_prefix="/api/auth", description="Register, log in, log out"
)


@blp.route("/register")
class Register(MethodView):
    @blp.may_answer("CONFLICT")
    @blp.body(RegisterSchema)
    @blp.response(201, UserSchema)
    def post(self, values: dict[str, Any]) -> User:
        """Create an account

        An address that has an account already gets 409. From one network address only so many
        accounts can be asked for in an hour (429).
        """
        count_registration()
        role = values.pop("user_type")
        return accounts.register(**values, role=role)


@blp.route("/login")
class LogIn(MethodView):
    @blp.may_answer("UNAUTHORIZED")
    @blp.body(LogInSchema)
    @blp.response(200, SessionSchema)
    def post(self, values: dict[str, Any]) -> dict[str, Any]:
        """Log in with e-mail address and password

        Send the access token with every request; when it expires, get another one with the
        refresh token. After too many wrong passwords for an account, or from an address, none is
        looked at for some minutes (429).
        """
        with log_in_attempt(values["email"]):
            user = accounts.log_in(values["email"], values["password"])
        return {
            "access_token": tokens.issue_access_token(user),
            "refresh_token": tokens.issue_refresh_token(user),
            "user": user,
        }


@blp.route("/refresh")
class Refresh(MethodView):
    @blp.login_required(refresh=True)
    @blp.response(200, AccessTokenSchema)
    def post(self) -> dict[str, str]:
        """Get a new access token

        Send the refresh token, not the access token, as bearer token.
        """
        return {"access_token": tokens.issue_access_token(me())}


@blp.route("/profile")
class Profile(MethodView):
    @blp.login_required()
    @blp.response(200, UserSchema)
    def get(self) -> User:
        """Show your account"""
        return me()


@blp.route("/logout")
class LogOut(MethodView):
    @blp.login_required()
    @blp.body(LogOutSchema, required=False)
    @blp.response(200, MessageSchema)
    def post(self, values: dict[str, Any]) -> dict[str, str]:
        """Log out

        The access token is refused from now on, and so is the refresh token in the body, if any.
        """
        tokens.revoke(get_jwt(), values["refresh_token"])
        return {"message": "You are logged out."}
