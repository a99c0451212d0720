"""What can go wrong, in the site's own words. Only ``app.api`` turns these into HTTP statuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class SiteError(Exception):
    """Root of the errors that services raise.

    :param message: one sentence that says what the caller can do
    :param errors: details by place and field, as validation errors have them
    """

    def __init__(self, message: str, errors: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.errors = dict(errors or {})


class InvalidInputError(SiteError):
    """A value is well formed but cannot be accepted."""

    @classmethod
    def in_field(cls, name: str, message: str) -> InvalidInputError:
        """Return an error about the JSON body's field ``name``."""
        return cls(message, {"json": {name: [message]}})


class AuthenticationError(SiteError):
    """The caller is not who they say they are."""


class ForbiddenError(SiteError):
    """The caller's role does not allow this."""


class NotFoundError(SiteError):
    """There is no such thing for this caller; another user's private thing counts as none."""


class ConflictError(SiteError):
    """It cannot be done in the present state of things."""
