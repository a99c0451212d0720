"""The migrations folder, by the commands that a sysadmin runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from servers import ROOT

PLUGIN_TABLES = {"chat_messages", "chat_sessions"}


def flask_db(database_url: str, *command: str) -> str:
    """Run ``flask db`` and return what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "run", "db", *command],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def tables(database_url: str) -> set[str]:
    engine = sa.create_engine(database_url)
    names = set(sa.inspect(engine).get_table_names())
    engine.dispose()
    return names - {"alembic_version"}


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/site.db"
    server = request.getfixturevalue("postgres_server")
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE site_migrations"))
    engine.dispose()
    return sa.make_url(server).set(database="site_migrations").render_as_string(False)


def test_up_check_down_up(database_url: str) -> None:
    flask_db(database_url, "upgrade")
    assert tables(database_url) >= PLUGIN_TABLES | {"users", "listings", "rentals", "surveys"}
    assert "No new upgrade operations detected" in flask_db(database_url, "check")
    flask_db(database_url, "downgrade", "base")
    assert tables(database_url) == set()
    flask_db(database_url, "upgrade")
    flask_db(database_url, "check")
