"""How many database connections there are and are in use, and which statements are slow."""

from __future__ import annotations

import logging
import time
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event
from sqlalchemy.pool import Pool, QueuePool

from ..extensions import db
from .metrics import DATABASE_CONNECTIONS

MAX_STATEMENT_CHARS = 500

log = logging.getLogger("site.database")


def init_app(app: Flask) -> None:
    """Count the connections of ``app``'s pool, and log its slow statements."""
    with app.app_context():
        engine = db.engine
    _count_connections(engine.pool)
    if slow_ms := app.config["SLOW_QUERY_MS"]:
        _log_slow_statements(engine, slow_ms)


def _count_connections(pool: Pool) -> None:
    in_use, open_ = DATABASE_CONNECTIONS.labels("in_use"), DATABASE_CONNECTIONS.labels("open")

    def connected(*_details: Any) -> None:
        open_.inc()
        # Said by each worker, not by the master that loaded the app: that one opens none.
        DATABASE_CONNECTIONS.labels("limit").set(_limit(pool))

    event.listen(pool, "connect", connected)
    event.listen(pool, "close", lambda *_details: open_.dec())
    event.listen(pool, "checkout", lambda *_details: in_use.inc())
    event.listen(pool, "checkin", lambda *_details: in_use.dec())


def _limit(pool: Pool) -> float:
    if not isinstance(pool, QueuePool) or pool._max_overflow < 0:
        return float("inf")
    return pool.size() + pool._max_overflow


def _log_slow_statements(engine: Engine, slow_ms: int) -> None:
    """Log each statement that takes ``slow_ms`` milliseconds or more, without its values."""

    def began(
        _connection: Any, _cursor: Any, _text: str, _values: Any, context: Any, *_: Any
    ) -> None:
        context.site_began = time.perf_counter()

    def ended(
        _connection: Any, _cursor: Any, text: str, _values: Any, context: Any, *_: Any
    ) -> None:
        took_ms = (time.perf_counter() - context.site_began) * 1000
        if took_ms >= slow_ms:
            fields = {"duration_ms": round(took_ms, 1), "statement": text[:MAX_STATEMENT_CHARS]}
            log.warning("slow query", extra={"fields": fields})

    event.listen(engine, "before_cursor_execute", began)
    event.listen(engine, "after_cursor_execute", ended)
