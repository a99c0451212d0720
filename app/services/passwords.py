"""Hashing of passwords with argon2id."""

from __future__ import annotations

from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from flask import current_app

EXTENSION_KEY = "site_passwords"


@dataclass(frozen=True)
class _Hashing:
    """The hasher of one app, and the hash of nobody's password."""

    hasher: PasswordHasher
    nobody: str


def hash_password(password: str) -> str:
    """Return the hash to store for ``password``."""
    return _hashing().hasher.hash(password)


def is_correct(password: str, stored: str | None) -> bool:
    """Tell whether ``password`` is the one that ``stored`` was made from.

    :param stored: the hash, or None for an unknown account: that takes as long as a wrong
        password, so that the time does not tell which addresses have accounts
    """
    hashing = _hashing()
    try:
        return hashing.hasher.verify(stored or hashing.nobody, password) and stored is not None
    except (Argon2Error, InvalidHashError):
        return False


def needs_new_hash(stored: str) -> bool:
    """Tell whether ``stored`` was made with other settings than today's."""
    return _hashing().hasher.check_needs_rehash(stored)


def _hashing() -> _Hashing:
    """Return this app's hasher, made on first use: its dummy hash costs as much as a log-in."""
    found: _Hashing | None = current_app.extensions.get(EXTENSION_KEY)
    if found is None:
        config = current_app.config
        hasher = PasswordHasher(
            time_cost=config["ARGON2_TIME_COST"],
            memory_cost=config["ARGON2_MEMORY_COST"],
            parallelism=config["ARGON2_PARALLELISM"],
        )
        found = _Hashing(hasher, hasher.hash("nobody's password"))
        current_app.extensions[EXTENSION_KEY] = found
    return found
