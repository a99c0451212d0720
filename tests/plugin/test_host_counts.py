"""What the processes of a host count together, without Redis."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from host import Host, close, make_host
from prometheus_client import REGISTRY
from servers import free_port, redis

from flask_smorest_chatbot.host_counts import SCHEME, HostCounts

SESSIONS = "/api/chatbot/sessions"


@pytest.fixture
def counts(tmp_path: Path) -> HostCounts:
    return HostCounts(f"{SCHEME}:{tmp_path}/a%20folder.sqlite", wrap_exceptions=True)


def test_a_window_begins_with_the_first_and_ends(counts: HostCounts) -> None:
    assert (counts.get("a"), counts.get_expiry("a") <= time.time()) == (0, True)
    assert [counts.incr("a", 0.5) for _ in range(3)] == [1, 2, 3]
    end = counts.get_expiry("a")
    assert counts.incr("a", 0.5, -1) == 2
    assert counts.get_expiry("a") == end
    assert counts.get("b") == 0
    time.sleep(0.5)
    assert counts.get("a") == 0
    assert counts.incr("a", 60) == 1
    assert counts.get_expiry("a") > end + 50


def test_what_has_ended_is_deleted(counts: HostCounts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flask_smorest_chatbot.host_counts._SWEEP_EVERY", 3)
    counts.incr("old", -1)
    counts.incr("new", 60)
    assert len(counts._do("SELECT * FROM counts")) == 2
    counts.incr("new", 60)
    assert len(counts._do("SELECT * FROM counts")) == 1
    counts.clear("new")
    assert counts.get("new") == 0
    counts.incr("other", 60)
    assert counts.reset() == 1


def test_processes_count_together_and_lose_nothing(tmp_path: Path) -> None:
    uri = f"{SCHEME}:{tmp_path}/counts.sqlite"
    code = (
        "import sys; from flask_smorest_chatbot.host_counts import HostCounts\n"
        "counts = HostCounts(sys.argv[1])\n"
        "for _ in range(300): counts.incr('a', 60)"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code, uri]) for _ in range(4)]
    assert [process.wait(60) for process in processes] == [0] * 4
    assert HostCounts(uri).get("a") == 1200


# -- in an app -----------------------------------------------------------------------------------


class Workers:
    """Two apps as two workers of a host are: with one database, and one folder."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        given = {"CHATBOT_QUEUE_DIR": str(folder), "CHATBOT_MAX_READS_PER_MINUTE": 4, **settings}
        self.hosts: list[Host] = [make_host(f"sqlite:///{folder}/h.db", **given) for _ in range(2)]
        with self.hosts[0].app.app_context():
            self.hosts[0].db.create_all()
        self.headers = self.hosts[0].headers(self.hosts[0].add_user())

    def ask(self, number: int) -> list[int]:
        """Ask one after the other."""
        clients = [host.app.test_client() for host in self.hosts]
        return [
            clients[n % 2].get(SESSIONS, headers=self.headers).status_code for n in range(number)
        ]


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Any]:
    made: list[Workers] = []

    def make(**settings: Any) -> Workers:
        made.append(Workers(tmp_path, **settings))
        return made[-1]

    yield make
    for each in made:
        for host in each.hosts:
            close(host)


def degraded() -> float | None:
    return REGISTRY.get_sample_value("chatbot_limits_degraded")


def test_workers_of_a_host_have_one_limit(workers: Any) -> None:
    assert workers().ask(6) == [200] * 4 + [429] * 2
    assert degraded() == 0


def test_a_server_that_starts_begins_anew(workers: Any) -> None:
    both = workers()
    assert both.ask(6) == [200] * 4 + [429] * 2
    host = both.hosts[0]
    host.chatbot.forget_counts(host.app)
    assert both.ask(5) == [200] * 4 + [429]


def test_a_database_in_memory_has_users_of_its_own(tmp_path: Path) -> None:
    host = make_host("sqlite://", CHATBOT_QUEUE_DIR=str(tmp_path))
    host.app.test_client().get(SESSIONS)
    close(host)
    assert not list(tmp_path.glob("limits-*"))


def test_workers_have_one_limit_while_redis_is_away(workers: Any, tmp_path: Path) -> None:
    port = free_port()
    both = workers(CHATBOT_REDIS_URL=f"redis://127.0.0.1:{port}/0")
    assert both.ask(6) == [200] * 4 + [429] * 2
    assert degraded() == 1
    with redis(tmp_path, port):
        deadline = time.monotonic() + 20
        while degraded():  # in Redis nothing was counted yet
            assert time.monotonic() < deadline
            time.sleep(0.2)
            both.ask(2)
        assert 429 in both.ask(8)


def test_without_a_file_each_worker_has_its_own_limit(
    workers: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    both = workers(CHATBOT_QUEUE_DIR=str(tmp_path / "file"))
    assert both.ask(10) == [200] * 8 + [429] * 2
    assert "workers do not share the counts of requests" in caplog.text


@pytest.mark.parametrize("redis_url", ["", "redis://127.0.0.1:1/0"])
def test_a_file_that_breaks_keeps_nobody_from_chatting(
    workers: Any, tmp_path: Path, redis_url: str
) -> None:
    both = workers(CHATBOT_REDIS_URL=redis_url)
    assert both.ask(2) == [200] * 2
    (broken,) = tmp_path.glob("limits-*.sqlite")
    for file in tmp_path.glob("limits-*"):
        file.write_bytes(b"no database" * 1000)
    assert both.ask(4) == [200] * 4
    assert degraded() == 1
    assert broken.exists()
