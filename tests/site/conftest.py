"""Fixtures of the site's tests: an app on a fresh database."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from site_helpers import new_site
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from app.extensions import db

_numbers = itertools.count(1)


@pytest.fixture
def site_sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'site.db'}"


@pytest.fixture
def site_postgres_url(postgres_server: str) -> Iterator[str]:
    """A fresh database on the shared server."""
    name = f"site_{next(_numbers)}"
    admin = create_engine(
        make_url(postgres_server).set(drivername="postgresql+psycopg2"),
        isolation_level="AUTOCOMMIT",
    )
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(postgres_server).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def site_mariadb_url(mariadb_server: str) -> str:
    """A fresh database on the shared server; skips where there is none."""
    name = f"site_{next(_numbers)}"
    admin = create_engine(mariadb_server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return make_url(mariadb_server).set(database=name).render_as_string(hide_password=False)


def _with_tables(app: Flask) -> Iterator[Flask]:
    with app.app_context():
        db.create_all()
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def site_app(site_sqlite_url: str) -> Iterator[Flask]:
    """The site on SQLite, with an app context, in which services can be called."""
    yield from _with_tables(new_site(site_sqlite_url))


@pytest.fixture(params=["sqlite", "postgres"])
def site_any_db(request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The site, once on SQLite and once on PostgreSQL."""
    yield from _with_tables(new_site(request.getfixturevalue(f"site_{request.param}_url")))


@pytest.fixture
def site_client(site_app: Flask) -> FlaskClient:
    return site_app.test_client()
