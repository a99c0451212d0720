"""Whether this process can serve. Parts of the site add their own named checks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from ..extensions import db

EXTENSION_KEY = "site_readiness"
#: For how long an answer is given again, in seconds: however often monitors ask, the database and
#: the model server are not asked more often than this by one process.
CACHE_S = 1.0
#: States of a part that nobody asked.
UNASKED = ("not checked", "unknown")

States = dict[str, Any]


@dataclass(frozen=True)
class ReadinessCheck:
    """One named check.

    :param state: returns ``"ok"`` or what else is known, without secrets; any JSON value; quick
    :param needed: whether the site cannot serve unless the state is ``"ok"``
    """

    name: str
    state: Callable[[], Any]
    needed: bool = False


@dataclass
class _Checks:
    """The checks of one app, and what they said last."""

    by_name: dict[str, ReadinessCheck] = field(default_factory=dict)
    answer: tuple[bool, States] = (False, {})
    fresh_until: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


def add_readiness_check(app: Flask, check: ReadinessCheck) -> None:
    """Show ``check`` in ``/ready``; one of the same name is replaced."""
    checks = _checks_of(app)
    checks.by_name[check.name] = check
    checks.fresh_until = 0.0


def readiness() -> tuple[bool, States]:
    """Run all checks, or return what they said within the last second.

    :return: whether the site can serve, and the state by name of check
    """
    checks = _checks_of(current_app)
    with checks.lock:
        if time.monotonic() >= checks.fresh_until:
            checks.answer = _run(checks.by_name)
            checks.fresh_until = time.monotonic() + CACHE_S
        return checks.answer


def degraded(states: States) -> list[str]:
    """Return the names of the parts that do not work."""
    return sorted(name for name, state in states.items() if state not in ("ok", *UNASKED))


def _checks_of(app: Flask) -> _Checks:
    checks: _Checks = app.extensions.setdefault(EXTENSION_KEY, _Checks())
    return checks


def _run(others: dict[str, ReadinessCheck]) -> tuple[bool, States]:
    database = _database_state()
    own = [
        ReadinessCheck("database", lambda: database, needed=True),
        ReadinessCheck(
            "migrations",
            lambda: _migrations_state() if database == "ok" else "unknown",
            needed=True,
        ),
    ]
    checks = [*own, *others.values()]
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


def _migrations_state() -> str:
    """Compare the database's revision with those that this release brings.

    A revision that is not among them is a newer release's. That is fine: migrations only add, so
    that a release can be taken back while its migrations stay.
    """
    known, heads = _revisions(str(Path(current_app.root_path).parent / "migrations"))
    try:
        stored = set(db.session.scalars(text("SELECT version_num FROM alembic_version")))
    except SQLAlchemyError:
        return "missing"
    finally:
        db.session.rollback()
    if not stored:
        return "missing"
    return "ok" if stored >= heads or stored - known else "behind"


@cache
def _revisions(folder: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return all revisions in a folder of migrations, and the newest; read once per process."""
    from alembic.script import ScriptDirectory  # late: only this needs it in a server

    scripts = ScriptDirectory(folder)
    known = frozenset(script.revision for script in scripts.walk_revisions())
    return known, frozenset(scripts.get_heads())
