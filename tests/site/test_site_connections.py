"""Connections that the database has closed meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from app import create_app, extensions
from app.extensions import db

END_OTHERS = sa.text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
def on_postgresql(site_postgres_url: str) -> Iterator[Flask]:
    app = create_app({"DATABASE_URL": site_postgres_url, "DATABASE_POOL_SIZE": 1})
    with app.app_context():
        db.session.execute(sa.text("SELECT 1"))
        db.session.rollback()
        yield app
        db.session.remove()
        db.engine.dispose()


def end_connections(app: Flask) -> None:
    other = sa.create_engine(app.config["SQLALCHEMY_DATABASE_URI"], poolclass=sa.NullPool)
    with other.connect() as connection:
        assert connection.execute(END_OTHERS).all()


def test_a_connection_that_was_idle_is_looked_at(on_postgresql, monkeypatch):
    monkeypatch.setattr(extensions, "PING_AFTER", 0)
    end_connections(on_postgresql)
    assert db.session.scalar(sa.text("SELECT 2")) == 2


def test_one_that_was_in_use_just_now_is_not(on_postgresql, monkeypatch):
    monkeypatch.setattr(extensions, "PING_AFTER", 3600)
    end_connections(on_postgresql)
    with pytest.raises(sa.exc.OperationalError):
        db.session.scalar(sa.text("SELECT 2"))
    db.session.rollback()
    assert db.session.scalar(sa.text("SELECT 2")) == 2
