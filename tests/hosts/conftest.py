"""Servers that the hosts of this folder run on."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from servers import free_port

READY_TIMEOUT_S = 60
_numbers = itertools.count()


@pytest.fixture(scope="session")
def mariadb_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real MariaDB; the URL of the server, without a database."""
    daemon = _find_program("mariadbd")
    installer = _find_program("mariadb-install-db")
    if not (daemon and installer):
        pytest.skip("NOT TESTED ON MARIADB: install the package mariadb-server to do so")
    folder = tmp_path_factory.mktemp("mariadb")
    shared = ["--no-defaults", f"--datadir={folder / 'data'}"]
    if os.getuid() == 0:
        shared.append("--user=root")
    install = ["--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run([installer, *shared, *install], check=True, capture_output=True)
    port = free_port()
    listen = [f"--socket={folder / 's'}", f"--port={port}", "--bind-address=127.0.0.1"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([daemon, *shared, *listen], stdout=log, stderr=log)
        url = f"mysql+pymysql://root@127.0.0.1:{port}"
        try:
            _wait_for_server(url, process)
            yield url
        finally:
            process.terminate()
            process.wait(timeout=30)


def _find_program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def _wait_for_server(url: str, process: subprocess.Popen[bytes]) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    for _ in range(READY_TIMEOUT_S * 20):
        try:
            engine.connect().close()
        except sa.exc.OperationalError:
            assert process.poll() is None, "mariadbd ended; see its log"
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("mariadbd did not become ready")


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
