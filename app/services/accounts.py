"""Accounts: registering, logging in, looking up."""

from __future__ import annotations

import re

from sqlalchemy import select

from ..errors import AuthenticationError
from ..extensions import db
from ..models import MAX_ROW_ID, User
from . import passwords
from .transaction import transaction

EMAIL_TAKEN = "There is already an account with this e-mail address; log in instead."


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
    return db.session.scalar(select(User).where(User.email == email.lower()))


def active_user(identity: object) -> User | None:
    """Return the user that a token's ``sub`` names.

    :param identity: the claim as it came; nothing is assumed of it
    :return: None unless it is the id of an active user
    """
    if not isinstance(identity, str) or not re.fullmatch("[0-9]{1,10}", identity):
        return None
    if not 0 < int(identity) <= MAX_ROW_ID:
        return None
    user = db.session.get(User, int(identity))
    return user if user is not None and user.is_active else None


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
