"""What is measured and what measures it, each a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

from .limits import allow_many_files
from .load import Plan, Result

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from servers import ROOT, LiveSite, free_port, start_site, stop_site, wait_until_up

MEGABYTE = 1_000_000
#: Seconds between two looks at memory and health.
LOOK = 0.1


@contextlib.contextmanager
def simulator(**pace: object) -> Iterator[str]:
    """Run a model simulator; its URL.

    :param pace: of :class:`.simulator.Pace`
    """
    options = [f"--{name}={value}" for name, value in pace.items()]
    command = [sys.executable, "-m", "bench.simulator", *options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextlib.contextmanager
def site(folder: Path, **settings: str) -> Iterator[LiveSite]:
    """Run the site as it is shipped, with its demo data."""
    allow_many_files()
    running = start_site(folder, **settings)
    try:
        yield running
    finally:
        stop_site(running)


@contextlib.contextmanager
def served(app: str, settings: Mapping[str, str], *options: str) -> Iterator[LiveSite]:
    """Run another app under gunicorn.

    :param app: module and object
    :param settings: environment variables on top
    :param options: of gunicorn
    """
    port = free_port()
    environment = {**os.environ, **settings}
    command = [sys.executable, "-m", "gunicorn", *options, "-b", f"127.0.0.1:{port}", app]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    running = LiveSite(f"http://127.0.0.1:{port}", environment, process)
    try:
        wait_until_up(running.url)
        yield running
    finally:
        stop_site(running)


def load(plan: Plan) -> Result:
    """Carry out a plan in a process of its own.

    :raises subprocess.CalledProcessError: when that process fails
    """
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        cwd=ROOT,
        input=json.dumps(asdict(plan)),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return Result(**json.loads(done.stdout))


@dataclass
class Watch:
    """Looks after a server while it is under load.

    :param resident: most MB that its processes hold, as the sum of their resident sets: what they
        share is counted in each of them
    :param memory: most MB that they take in fact, with what they share counted once (PSS)
    :param health: milliseconds of each ``GET /health``
    :param cpu: seconds of processor time that its processes took
    """

    url: str
    process: psutil.Process
    resident: float = 0.0
    memory: float = 0.0
    health: list[float] = field(default_factory=list)
    cpu: float = 0.0
    faults: list[str] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Watch:
        self._cpu_before = self._cpu()
        self._threads = [threading.Thread(target=look) for look in (self._feel, self._weigh)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        self.cpu = self._cpu() - self._cpu_before

    def _processes(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    def _cpu(self) -> float:
        return sum(sum(process.cpu_times()[:2]) for process in self._processes())

    def _feel(self) -> None:
        while not self._over.wait(LOOK):
            began = time.perf_counter()
            try:
                urllib.request.urlopen(f"{self.url}/health", timeout=10).close()
            except OSError as error:
                self.faults.append(str(error))
            self.health.append((time.perf_counter() - began) * 1000)

    def _weigh(self) -> None:
        while not self._over.wait(1):
            held = [_memory(process.pid) for process in self._processes()]
            self.resident = max(self.resident, sum(rss for rss, _ in held))
            self.memory = max(self.memory, sum(pss for _, pss in held))


def _memory(pid: int) -> tuple[float, float]:
    """Return the MB of a process: its resident set, and its share of what it shares."""
    told = (Path("/proc") / str(pid) / "smaps_rollup").read_text()
    kilobytes = dict(re.findall(r"^(Rss|Pss): +(\d+) kB", told, re.MULTILINE))
    return int(kilobytes["Rss"]) * 1024 / MEGABYTE, int(kilobytes["Pss"]) * 1024 / MEGABYTE


def watch(server: LiveSite) -> Watch:
    """Return what looks after a site while a ``with`` block runs."""
    return Watch(server.url, psutil.Process(server.process.pid))


def with_users(count: int, settings: dict[str, Any]) -> list[str]:
    """Add users to a site's database, and return an access token of each.

    :param settings: of the site, ``DATABASE_URL`` among them
    """
    from flask_jwt_extended import create_access_token

    from app import create_app
    from app.extensions import db
    from app.models import User

    app = create_app(settings)
    with app.app_context():
        rows = [
            {"email": f"user{number}@example.com", "password_hash": "", "name": f"User {number}"}
            for number in range(count)
        ]
        added = db.session.scalars(db.insert(User).returning(User.id), rows).all()
        db.session.commit()
        tokens = [create_access_token(identity=str(key)) for key in added]
        db.engine.dispose()
    return tokens
