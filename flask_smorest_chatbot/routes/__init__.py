"""The HTTP side: authentication, endpoints, the event stream, errors as statuses."""

from .blueprint import build_blueprint

__all__ = ["build_blueprint"]
