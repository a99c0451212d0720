"""Backups of the site's database: make one, restore it beside the live one, put it in its place.

``backup.sh`` and ``restore.sh`` call this with the site's settings. PostgreSQL by its own programs,
SQLite by its online backup. Passwords go by the environment, as other users can read arguments.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

from app.config import Settings


def live_url() -> URL:
    """Return the address of the site's database.

    :raises SystemExit: when it is neither PostgreSQL nor SQLite
    """
    url = make_url(Settings.from_environ(os.environ).database_url)
    if url.get_backend_name() not in ("postgresql", "sqlite"):
        raise SystemExit(f"Back up {url.get_backend_name()} by its own programs.")
    return url


def sqlite_path(url: URL) -> Path:
    """Return the file of an SQLite database; the site runs with an absolute one."""
    return Path(str(url.database))


def postgres_environment(url: URL) -> dict[str, str]:
    """Return the environment in which PostgreSQL's programs find the database."""
    host = url.host or url.query.get("host")
    given = {
        "PGHOST": host,
        "PGPORT": url.port,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
        "PGSSLMODE": url.query.get("sslmode"),
    }
    return {**os.environ, **{name: str(value) for name, value in given.items() if value}}


def run(url: URL, *command: str) -> None:
    """Run one of PostgreSQL's programs on a database.

    :raises SystemExit: when it fails; it has said why
    """
    if subprocess.run(command, env=postgres_environment(url), check=False).returncode:  # noqa: S603
        raise SystemExit(f"{command[0]} failed.")


def dump(target: Path) -> None:
    """Write a backup of the live database to ``target``, while the site runs."""
    url = live_url()
    if url.get_backend_name() == "postgresql":
        run(url, "pg_dump", "--format=custom", "--no-owner", f"--file={target}")
        return
    with (
        closing(sqlite3.connect(f"file:{sqlite_path(url)}?mode=ro", uri=True)) as live,
        closing(sqlite3.connect(target)) as copy,
    ):
        live.backup(copy)
        # In one file, also for whoever opens it.
        copy.execute("PRAGMA journal_mode=DELETE")


def restore(source: Path, name: str) -> None:
    """Restore a backup beside the live database, look at it, and say what is in both.

    :param name: of the new database; for SQLite it is put behind the file's name
    :raises SystemExit: when the backup is not whole
    """
    url = live_url()
    beside = _beside(url, name)
    if url.get_backend_name() == "postgresql":
        _on_server(url, f"CREATE DATABASE \"{name}\" ENCODING 'UTF8' TEMPLATE template0")
        run(beside, "pg_restore", "--exit-on-error", "--no-owner", f"--dbname={name}", str(source))
    else:
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro&immutable=1", uri=True)) as backup,
            closing(sqlite3.connect(sqlite_path(beside))) as copy,
        ):
            backup.backup(copy)
            if (found := copy.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
                raise SystemExit(f"The backup is damaged: {found}")
    _compare(url, beside)


def promote(name: str, old: str) -> None:
    """Put the restored database in the live one's place; the live one is kept under ``old``.

    The site must be stopped.
    """
    url = live_url()
    if url.get_backend_name() == "postgresql":
        _rename(url, name, old)
        return
    live = sqlite_path(url)
    for ending in ("", "-wal", "-shm"):  # what was not yet written into the file is beside it
        if (file := Path(f"{live}{ending}")).exists():
            file.rename(f"{live}.{old}{ending}")
    sqlite_path(_beside(url, name)).rename(live)


def drop(name: str) -> None:
    """Remove a database that was restored for a look."""
    url = live_url()
    if url.get_backend_name() == "postgresql":
        _on_server(url, f'DROP DATABASE "{name}"')
    else:
        sqlite_path(_beside(url, name)).unlink()


def _beside(url: URL, name: str) -> URL:
    if url.get_backend_name() == "postgresql":
        return url.set(database=name)
    return url.set(database=f"{url.database}.{name}")


def _maintenance(url: URL) -> sa.Engine:
    return sa.create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")


def _on_server(url: URL, statement: str) -> None:
    with _maintenance(url).connect() as connection:
        connection.execute(sa.text(statement))


def _rename(url: URL, name: str, old: str) -> None:
    """Give the live database the name ``old``, and ``name`` the live one's: both or neither."""
    live = url.database
    exists = _exists(url)
    with sa.create_engine(url.set(database="postgres")).begin() as connection:
        # No database is renamed that somebody uses: a timer's task, or a terminal left open.
        connection.execute(_END_SESSIONS, {"names": [live, name]})
        if exists:
            connection.execute(sa.text(f'ALTER DATABASE "{live}" RENAME TO "{old}"'))
        connection.execute(sa.text(f'ALTER DATABASE "{name}" RENAME TO "{live}"'))


_END_SESSIONS = sa.text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = ANY(:names) AND usename = current_user"
)


def _exists(url: URL) -> bool:
    with _maintenance(url).connect() as connection:
        found = sa.text("SELECT 1 FROM pg_database WHERE datname = :name")
        return connection.scalar(found, {"name": url.database}) is not None


def _compare(live: URL, restored: URL) -> None:
    """Print the rows of each table, restored and live.

    :raises SystemExit: when what was restored is no database of the site
    """
    there, here = _rows(restored), _rows(live)
    if "alembic_version" not in there:
        raise SystemExit("The backup holds no database of the site.")
    print(f"{'table':<30} {'restored':>10} {'live':>10}")
    for table in sorted({*there, *here}):
        print(f"{table:<30} {there.get(table, '-'):>10} {here.get(table, '-'):>10}")


def _rows(url: URL) -> dict[str, int]:
    """Return the number of rows by table; nothing if the database is not there."""
    if url.get_backend_name() == "postgresql":
        if not _exists(url):
            return {}
    elif not sqlite_path(url).exists():
        return {}
    with sa.create_engine(url).connect() as connection:
        names = sa.inspect(connection).get_table_names()
        count = sa.select(sa.func.count())
        return {
            name: connection.scalar(count.select_from(sa.table(name))) or 0
            for name in names
            if "_search" not in name  # the shadow tables of SQLite's index
        }


def main() -> None:
    """Run one of the four tasks, named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    tasks = parser.add_subparsers(dest="task", required=True)
    tasks.add_parser("dump").add_argument("target", type=Path)
    restoring = tasks.add_parser("restore")
    restoring.add_argument("source", type=Path)
    restoring.add_argument("name")
    promoting = tasks.add_parser("promote")
    promoting.add_argument("name")
    promoting.add_argument("old")
    tasks.add_parser("drop").add_argument("name")
    given = vars(parser.parse_args())
    tasks_by_name: dict[str, Callable[..., None]] = {
        "dump": dump,
        "restore": restore,
        "promote": promote,
        "drop": drop,
    }
    tasks_by_name[given.pop("task")](**given)


if __name__ == "__main__":
    main()
