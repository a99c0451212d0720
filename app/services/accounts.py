"""Accounts: registering, logging in, looking up."""

from __future__ import annotations

import re

from sqlalchemy import select

from ..errors import AuthenticationError
from ..extensions import db
from ..models import MAX_ROW_ID, User, as_utc
from . import passwords
from .transaction import transaction

EMAIL_TAKEN = "There is already an account with this e-mail address; log in instead."
# MySQL rounds the moment of registration up to the next second; two servers' clocks differ.
CLOCK_TOLERANCE_S = 1


def register(*, email: str, password: str, name: str, role: str, phone: str | None = None) -> User:
    """Create an account. Commits.

    :param role: one of ``models.ROLES``
    :raises ConflictError: when the address has an account
    """
    hashed = passwords.hash_password(password)
    user = User(email=email, password_hash=hashed, name=name, role=role, phone=phone)
    with transaction(conflict=EMAIL_TAKEN):
        db.session.add(user)
    return user


def log_in(email: str, password: str) -> User:
    """Return the user with this address and password. Commits when the hash is renewed.

    :raises AuthenticationError: with one message for a wrong address, a wrong password and a
        deactivated account, after about the same time
    """
    user = find_by_email(email)
    correct = passwords.is_correct(password, user.password_hash if user else None)
    if user is None or not correct or not user.is_active:
        raise AuthenticationError("The e-mail address or the password is wrong.")
    if passwords.needs_new_hash(user.password_hash):
        with transaction():
            user.password_hash = passwords.hash_password(password)
    return user


def find_by_email(email: str) -> User | None:
    """Return the user with this address, in whatever case it is written."""
    user = db.session.scalar(select(User).where(User.email == email.lower()))
    # MariaDB takes "é" for "e": whoever guesses passwords could so spell one account in many ways,
    # of which each has wrong passwords of its own.
    return user if user is not None and user.email == email.lower() else None


def user_id_of(identity: object) -> int | None:
    """Return the id that a token's ``sub`` is; None if it cannot be one."""
    if not isinstance(identity, str) or not re.fullmatch("[0-9]{1,10}", identity):
        return None
    return int(identity) if 0 < int(identity) <= MAX_ROW_ID else None


def active_user(identity: object, issued_at: float) -> User | None:
    """Return the user whom a token was issued to.

    :param identity: its ``sub`` as it came; nothing is assumed of it
    :param issued_at: its ``iat``, in seconds since 1970; a token that is older than the account
        was issued to an earlier one of the same id, on a database that gives ids again
    :return: None unless it is an active user
    """
    user_id = user_id_of(identity)
    user = find_active(user_id) if user_id is not None else None
    if user is None:
        return None
    is_older = issued_at < int(as_utc(user.created_at).timestamp()) - CLOCK_TOLERANCE_S
    return None if is_older else user


def find_active(user_id: int) -> User | None:
    """Return the user with this id, unless the account is deactivated."""
    user = db.session.get(User, user_id)
    return user if user is not None and user.is_active else None


def is_admin(user: User) -> bool:
    """Tell whether a user runs the site."""
    return user.role == "admin"


def make_admin(email: str, password: str, name: str) -> tuple[User, bool]:
    """Create an administrator, or make an existing user one with this password. Commits.

    :return: the user, and whether it is new
    """
    user = find_by_email(email)
    if user is None:
        return register(email=email, password=password, name=name, role="admin"), True
    with transaction():
        user.role = "admin"
        user.is_active = True
        user.password_hash = passwords.hash_password(password)
    return user, False
