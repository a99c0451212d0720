"""Databases that the hosts of this folder run on."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

_numbers = itertools.count()


@pytest.fixture
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """A function that makes an empty database on a system and returns its URL."""

    def create(system: str) -> str:
        name = f"migrated_{next(_numbers)}"
        if system == "sqlite":
            return f"sqlite:///{tmp_path / name}.db"
        server = request.getfixturevalue(
            {"postgresql": "postgres_server"}.get(system, "mariadb_server")
        )
        # What a bare MariaDB gives, so that a host that did not think of emoji has them, too.
        options = "CHARACTER SET latin1" if system == "mariadb" else ""
        engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name} {options}")
        engine.dispose()
        return sa.make_url(server).set(database=name).render_as_string(hide_password=False)

    return create
