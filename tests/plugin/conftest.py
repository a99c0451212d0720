"""Hosts for the plugin's tests, on SQLite and on PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from faulty_server import FaultyServer, Script
from host import Host, close, make_host

_numbers = itertools.count()


def _new_database(server: str) -> str:
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
    if request.param == "mariadb":
        return _new_database(request.getfixturevalue("mariadb_server"))
    return _new_database(request.getfixturevalue("postgres_server"))


@pytest.fixture
def build_host(database_url: str, tmp_path: Path) -> Iterator[Callable[..., Host]]:
    """A function that builds a host with settings, its tables made."""
    built: list[Host] = []

    def build(**settings: Any) -> Host:
        host = make_host(database_url, **{"CHATBOT_QUEUE_DIR": str(tmp_path), **settings})
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


@pytest.fixture
def serve() -> Iterator[Callable[..., FaultyServer]]:
    """A function that starts a model server which plays scripts, one per connection."""
    servers: list[FaultyServer] = []

    def start(*scripts: Script) -> FaultyServer:
        servers.append(FaultyServer(*scripts))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Callable[..., Host]]:
    """A function that builds a host that asks a model server, not a scripted model."""
    hosts: list[Host] = []

    def build(url: str, model: str = "m", **settings: Any) -> Host:
        host = make_host(
            f"sqlite:///{tmp_path}/h{len(hosts)}.db",
            chat_model=None,
            CHATBOT_OLLAMA_URL=url,
            CHATBOT_MODEL=model,
            **settings,
        )
        with host.app.app_context():
            host.db.create_all()
        hosts.append(host)
        return host

    yield build
    for host in hosts:
        close(host)
