"""Whether this process can serve. Parts of the site add their own named checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from ..extensions import db

EXTENSION_KEY = "site_readiness"


@dataclass(frozen=True)
class ReadinessCheck:
    """One named check.

    :param state: returns ``"ok"`` or what else is known, without secrets; any JSON value; quick
    :param needed: whether the site cannot serve unless the state is ``"ok"``
    """

    name: str
    state: Callable[[], Any]
    needed: bool = False


def add_readiness_check(app: Flask, check: ReadinessCheck) -> None:
    """Show ``check`` in ``/ready``; one of the same name is replaced."""
    app.extensions.setdefault(EXTENSION_KEY, {})[check.name] = check


def readiness() -> tuple[bool, dict[str, Any]]:
    """Run all checks.

    :return: whether the site can serve, and the state by name of check
    """
    own = [ReadinessCheck("database", _database_state, needed=True)]
    checks = [*own, *current_app.extensions.get(EXTENSION_KEY, {}).values()]
    states = {check.name: check.state() for check in checks}
    ready = all(states[check.name] == "ok" for check in checks if check.needed)
    return ready, {"model": "unknown", **states}


def _database_state() -> str:
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        db.session.rollback()
        return "unreachable"
    return "ok"
