"""The migrations folder, by the commands that a sysadmin runs."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from servers import ROOT

from app.extensions import db

PLUGIN_TABLES = {"chat_messages", "chat_sessions"}
NUMBERED = ("users", "instruments", "listings", "surveys", "rentals")


def flask(database_url: str, *command: str, succeeds: bool = True) -> str:
    """Run a ``flask`` command and return what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "run", *command],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0) is succeeds, done.stderr
    return done.stdout + done.stderr


def tables(database_url: str) -> set[str]:
    engine = sa.create_engine(database_url)
    names = set(sa.inspect(engine).get_table_names())
    engine.dispose()
    return names - {"alembic_version"}


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/site.db"
    fixture = {"postgresql": "postgres_server", "mariadb": "mariadb_server"}[request.param]
    server = request.getfixturevalue(fixture)
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE site_migrations"))
    engine.dispose()
    return sa.make_url(server).set(database="site_migrations").render_as_string(False)


def test_up_check_down_up(database_url: str) -> None:
    flask(database_url, "db", "upgrade")
    assert tables(database_url) >= PLUGIN_TABLES | {"users", "listings", "rentals", "surveys"}
    assert "No new upgrade operations detected" in flask(database_url, "db", "check")
    flask(database_url, "db", "downgrade", "base")
    assert tables(database_url) == set()
    flask(database_url, "db", "upgrade")
    flask(database_url, "db", "check")


def rows_of(connection: sqlite3.Connection) -> dict[str, list[object]]:
    return {
        name: connection.execute(f"SELECT * FROM {name} ORDER BY id").fetchall()
        for name in NUMBERED
    }


def schema_of(connection: sqlite3.Connection, table: str) -> tuple[set[str], set[str]]:
    """Return a table's lines, in whatever order, and its indexes and triggers."""
    query = "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL "
    query += "ORDER BY type = 'table'"
    *indexes, made = (sql for (sql,) in connection.execute(query, (table,)))
    return {line.strip(" \t,)") for line in made.splitlines()[1:]}, set(indexes)


def test_ids_are_not_used_again_and_nothing_else_changes(tmp_path: Path) -> None:
    """SQLite's tables are copied: rows, constraints and indexes come along, there and back."""
    path = tmp_path / "site.db"
    flask(f"sqlite:///{path}", "db", "upgrade", "0001")
    flask(f"sqlite:///{path}", "seed-demo")
    connection = sqlite3.connect(path)
    before = rows_of(connection)
    assert all(before.values())
    flask(f"sqlite:///{path}", "db", "upgrade")
    assert rows_of(connection) == before
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert_tables_are_as_declared(connection)
    for name in ("rentals", "users"):  # where the last row's number would be given again
        (last,) = connection.execute(f"SELECT max(id) FROM {name}").fetchone()
        numbered = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (name,))
        assert numbered.fetchone() == (last,)
    flask(f"sqlite:///{path}", "db", "downgrade", "0001")
    assert rows_of(connection) == before
    connection.close()


def assert_tables_are_as_declared(connection: sqlite3.Connection) -> None:
    declared = sqlite3.connect(":memory:")
    engine = sa.create_engine("sqlite://", creator=lambda: declared, poolclass=sa.StaticPool)
    db.metadata.create_all(engine)
    for name in NUMBERED:
        assert "AUTOINCREMENT" in str(schema_of(connection, name))
        assert schema_of(connection, name) == schema_of(declared, name)
    engine.dispose()


def test_an_upgrade_that_fails_on_sqlite_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "site.db"
    flask(f"sqlite:///{path}", "db", "upgrade", "0001")
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE _alembic_tmp_rentals (in_the_way INTEGER)")
    connection.commit()
    before = connection.execute("SELECT * FROM sqlite_master").fetchall()
    flask(f"sqlite:///{path}", "db", "upgrade", succeeds=False)
    assert connection.execute("SELECT * FROM sqlite_master").fetchall() == before
    connection.close()
