"""Hosts for the plugin's tests, on SQLite and on PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from host import Host, make_host

_numbers = itertools.count()


def _new_postgres_database(server: str) -> str:
    name = f"host_{next(_numbers)}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return sa.make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, on each system in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/host.db"
    return _new_postgres_database(request.getfixturevalue("postgres_server"))


@pytest.fixture
def build_host(database_url: str) -> Iterator[Callable[..., Host]]:
    """A function that builds a host with settings, its tables made."""
    built: list[Host] = []

    def build(**settings: Any) -> Host:
        host = make_host(database_url, **settings)
        with host.app.app_context():
            host.db.create_all()
        built.append(host)
        return host

    yield build
    for host in built:
        with host.app.app_context():
            host.db.session.remove()
            host.db.engine.dispose()


@pytest.fixture
def host(build_host: Callable[..., Host]) -> Host:
    """A host with the default settings."""
    return build_host()


@pytest.fixture
def user(host: Host) -> Any:
    """A user's key."""
    return host.add_user()
