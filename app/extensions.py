"""The Flask extensions, made once and bound to each app by :func:`init_extensions`."""

from __future__ import annotations

import math
import sqlite3
import time
from typing import TYPE_CHECKING, Any

from flask import Flask
from flask_jwt_extended import JWTManager
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, MetaData, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase
from werkzeug.middleware.proxy_fix import ProxyFix

from .lazy_migrate import init_migrations

# Every constraint has a name, so that a migration can drop it on any database.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """What all tables share."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


#: Seconds that a connection may lie in the pool and be used without a look at it.
PING_AFTER = 1.0

db = SQLAlchemy(model_class=Base)
jwt = JWTManager()

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model  # type checkers cannot follow a base class that is an attribute


def init_extensions(app: Flask) -> None:
    """Bind database, migrations, tokens and proxy headers to ``app``."""
    db.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", _set_sqlite_pragmas)
        else:
            _look_at_idle_connections(db.engine)
    init_migrations(app, db)
    jwt.init_app(app)
    if proxies := app.config["TRUSTED_PROXIES"]:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies
        )


def _set_sqlite_pragmas(connection: sqlite3.Connection, _record: Any) -> None:
    """Make SQLite keep foreign keys, and let readers and one writer work at the same time."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=5000")  # milliseconds; first, as the next one takes a lock
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _look_at_idle_connections(engine: Engine) -> None:
    """Ping a connection that has been idle before it is used: the database may be gone since.

    SQLAlchemy's ``pool_pre_ping`` does so each time: a round trip more for each of the four
    transactions of a turn, where hundreds share a few connections and none is ever idle.
    """

    def returned(_connection: Any, record: Any) -> None:
        record.info["idle_since"] = time.monotonic()

    def taken(connection: Any, record: Any, _proxy: Any) -> None:
        if time.monotonic() - record.info.get("idle_since", math.inf) < PING_AFTER:
            return
        try:
            engine.dialect.do_ping(connection)
        except Exception as error:
            raise InvalidatePoolError from error

    event.listen(engine, "checkin", returned)
    event.listen(engine, "checkout", taken)
