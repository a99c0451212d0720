"""gunicorn under systemd's contract: a given socket, signs of life, a handover without a gap."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from servers import ROOT

# What systemd does for a service that is started by its socket.
ACTIVATE = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""
SLOW_REQUEST = (
    b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{."
)
LAUNCHER = f"""#!/bin/sh
cd {ROOT} && shift && exec {sys.executable} -m gunicorn "$@"
"""


@dataclass
class Service:
    """The site as systemd sees it."""

    url: str
    port: int
    process: subprocess.Popen[bytes]
    told: list[str]

    def wait_for(self, message: str, seconds: float = 90) -> str:
        """Return the first line that begins so, and remove it from what was told."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for line in self.told:
                if line.startswith(message):
                    self.told.remove(line)
                    return line
            time.sleep(0.05)
        raise AssertionError(f"{message} was not told, but {self.told}")

    def get(self) -> int:
        with urllib.request.urlopen(f"{self.url}/health", timeout=20) as answer:
            return answer.status


def put_launcher(folder: Path, text: str) -> Path:
    """Put a launcher in place of another, which may not be written to while it runs."""
    launcher, new = folder / "launcher", folder / "launcher.new"
    new.write_text(text)
    new.chmod(0o755)
    return new.rename(launcher)


@pytest.fixture
def told(tmp_path: Path) -> Iterator[list[str]]:
    """What the service tells systemd, as it comes."""
    lines: list[str] = []

    def receive() -> None:
        while message := receiver.recv(4096):
            lines.extend(message.decode().splitlines())

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "notify"))
        thread = threading.Thread(target=receive)
        thread.start()
        yield lines
        # Closed under the thread, its number would soon be another file's, and be read as this one.
        receiver.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.fixture
def service(tmp_path: Path, told: list[str]) -> Iterator[Service]:
    launcher = put_launcher(tmp_path, LAUNCHER)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    arguments = ["-m", "gunicorn", "-c", "gunicorn_config.py", "run:app"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", ACTIVATE, str(listener.fileno()), *arguments],
            cwd=ROOT,
            pass_fds=[listener.fileno()],
            stderr=log,
            env={
                **os.environ,
                "DATABASE_URL": f"sqlite:///{tmp_path}/site.db",
                "NOTIFY_SOCKET": str(tmp_path / "notify"),
                "WATCHDOG_USEC": "400000",
                "WEB_CONCURRENCY": "1",
                "GRACEFUL_TIMEOUT": "20",
                "SITE_LAUNCHER": str(launcher),
                "RELOAD_WITHIN": "90",
            },
        )
    it = Service(f"http://127.0.0.1:{port}", port, process, told)
    it.wait_for("READY=1")
    yield it
    for pid in {process.pid, *_masters(told)}:
        if _is_alive(pid):
            os.kill(pid, signal.SIGQUIT)
    process.wait(30)
    listener.close()


def _masters(told: list[str]) -> list[int]:
    return [int(line.removeprefix("MAINPID=")) for line in told if line.startswith("MAINPID=")]


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def _hand_over(service: Service, master: int) -> int:
    """Ask a master for a successor; return its process id."""
    os.kill(master, signal.SIGUSR2)
    return int(service.wait_for("MAINPID=").removeprefix("MAINPID="))


def test_it_takes_the_socket_and_feeds_the_watchdog(service: Service) -> None:
    assert service.get() == 200
    for _ in range(3):
        service.wait_for("WATCHDOG=1", 5)


def test_a_handover_refuses_nobody_and_waits_for_who_is_being_served(service: Service) -> None:
    stop = threading.Event()
    statuses: list[object] = []

    def keep_asking() -> None:
        while not stop.is_set():
            try:
                statuses.append(service.get())
            except OSError as error:
                statuses.append(error)

    asking = threading.Thread(target=keep_asking)
    asking.start()
    # A request whose body is still on its way: the first master's worker must still answer it.
    with socket.create_connection(("127.0.0.1", service.port)) as slow:
        slow.sendall(SLOW_REQUEST[:-1])
        time.sleep(0.5)
        first = service.process.pid
        second = _hand_over(service, first)
        third = _hand_over(service, second)  # and that while the first one still drains
        try:
            assert len({first, second, third}) == 3
            assert _is_alive(first)
            slow.sendall(SLOW_REQUEST[-1:])
            assert slow.recv(100).startswith(b"HTTP/1.1 400")
            slow.close()
            service.process.wait(15)
            assert service.get() == 200
            service.wait_for("WATCHDOG=1", 5)
        finally:
            stop.set()
            asking.join()
            os.kill(third, signal.SIGTERM)
    assert statuses
    assert set(statuses) == {200}


def test_a_release_that_does_not_load_leaves_the_old_one_serving(
    service: Service, tmp_path: Path
) -> None:
    put_launcher(tmp_path, "#!/bin/sh\nexit 1\n")
    os.kill(service.process.pid, signal.SIGUSR2)
    time.sleep(2)
    assert service.get() == 200
    put_launcher(tmp_path, LAUNCHER)
    os.kill(_hand_over(service, service.process.pid), signal.SIGTERM)


@pytest.mark.parametrize("late", ["TAKE_OVER_UNTIL=0", "GUNICORN_PID=4194305"])
def test_a_master_that_nobody_waits_for_does_not_take_over(
    service: Service, tmp_path: Path, late: str
) -> None:
    """Its time is past, or the old one is gone: there is no process of that number."""
    put_launcher(tmp_path, LAUNCHER.replace("exec", f"export {late}; exec"))
    os.kill(service.process.pid, signal.SIGUSR2)
    deadline = time.monotonic() + 60
    while "this master ends" not in (tmp_path / "log").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    time.sleep(0.5)
    assert not _masters(service.told)
    assert service.get() == 200
    put_launcher(tmp_path, LAUNCHER)
    os.kill(_hand_over(service, service.process.pid), signal.SIGTERM)
