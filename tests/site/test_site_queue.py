"""The line for the model under real servers with several workers: shared, fair, and freed."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from client import events_of
from servers import LiveSite, start_site, stop_site
from slow_model import SlowModel

SSE = {"Accept": "text/event-stream"}
CHAT = "/api/chatbot/chat"
_numbers = itertools.count()
SETTINGS = {
    "WEB_CONCURRENCY": "4",
    "ARGON2_TIME_COST": "1",
    "ARGON2_MEMORY_COST": "64",
    "CHATBOT_MODEL": "llama2",
}


@contextlib.contextmanager
def serving(folder: Path, model: SlowModel, **settings: str) -> Iterator[LiveSite]:
    """Serve the site with four workers."""
    own = {"CHATBOT_OLLAMA_URL": model.url, "CHATBOT_QUEUE_DIR": str(folder)}
    site = start_site(folder, **{**SETTINGS, **own, **settings})
    try:
        warm_up(site, model)
        yield site
    finally:
        stop_site(site)


def warm_up(site: LiveSite, model: SlowModel) -> None:
    """Let the workers import what answers need."""
    threads = [ask(site, join(site), "warm") for _ in range(4)]
    for thread in threads:
        thread.join()
    model.requests.clear()
    model.most_at_once = 0


def join(site: LiveSite) -> str:
    """Register somebody and return their token."""
    account = {"email": f"user{next(_numbers)}@example.com", "password": "a-long-password"}
    with httpx.Client(base_url=site.url, timeout=60, trust_env=False) as client:
        told = {**account, "name": "Ann", "user_type": "renter"}
        assert client.post("/api/auth/register", json=told).status_code == 201
        return str(client.post("/api/auth/login", json=account).json()["access_token"])


class Asking(threading.Thread):
    """Somebody who asks, and reads the answer as it comes."""

    def __init__(self, site: LiveSite, token: str, message: str, headers: dict[str, str]) -> None:
        super().__init__(daemon=True)
        self.url, self.message = site.url, message
        self.headers = {"Authorization": f"Bearer {token}", **headers}
        self.lines: list[tuple[float, str]] = []
        self.status, self.answer, self.ended = 0, {}, 0.0
        self.response_headers = httpx.Headers()
        self.start()

    def run(self) -> None:
        began = time.monotonic()
        body = {"message": self.message}
        with (
            httpx.Client(base_url=self.url, timeout=120, trust_env=False) as client,
            contextlib.suppress(httpx.TransportError),
            client.stream("POST", CHAT, json=body, headers=self.headers) as response,
        ):
            self.status, self.response_headers = response.status_code, response.headers
            for line in response.iter_lines():
                self.lines.append((time.monotonic(), line))
        self.ended = time.monotonic()
        self.took = self.ended - began

    @property
    def events(self) -> list[tuple[str, dict[str, Any]]]:
        return events_of("\n".join(line for _moment, line in self.lines))


def ask(site: LiveSite, token: str, message: str, **headers: str) -> Asking:
    return Asking(site, token, message, headers)


def wait_for(what: Callable[[], Any], seconds: float = 15) -> float:
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < seconds
        time.sleep(0.02)
    return time.monotonic() - began


@pytest.fixture(scope="module")
def one_slot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveSite, SlowModel]]:
    """Four workers before a model that answers one at a time."""
    settings = {"CHATBOT_MODEL_SLOTS": "1", "CHATBOT_QUEUE_LIMIT": "20"}
    folder = tmp_path_factory.mktemp("one-slot")
    with SlowModel() as model, serving(folder, model, **settings) as site:
        yield site, model


def set_pace(model: SlowModel, first: float, words: int, pause: float) -> None:
    model.first, model.words, model.pause = first, words, pause
    model.requests.clear()
    model.most_at_once = 0


def test_workers_share_the_slots(one_slot: tuple[LiveSite, SlowModel]) -> None:
    site, model = one_slot
    set_pace(model, 0.1, 3, 0.1)
    askings = [ask(site, join(site), f"number{n}", **SSE) for n in range(12)]
    for asking in askings:
        asking.join(60)
    assert [asking.events[-1][0] for asking in askings] == ["done"] * 12
    assert model.most_at_once == 1
    waited = [a for a in askings if any(name == "queued" for name, _data in a.events)]
    assert len(waited) >= 6
    for asking in waited:
        positions = [data["position"] for name, data in asking.events if name == "queued"]
        assert all(1 <= position <= 12 for position in positions)


def test_silence_in_the_line_is_short(one_slot: tuple[LiveSite, SlowModel]) -> None:
    site, model = one_slot
    set_pace(model, 0.1, 30, 0.2)
    running = ask(site, join(site), "running", **SSE)
    wait_for(lambda: model.requests)
    waiting = ask(site, join(site), "waiting", **SSE)
    waiting.join(60)
    running.join(60)
    told = [moment for moment, line in waiting.lines if line == "event: queued"]
    assert len(told) >= 3
    assert max(later - earlier for earlier, later in itertools.pairwise(told)) < 2.5


def test_many_of_one_user_delay_another_by_no_more_than_a_turn(
    one_slot: tuple[LiveSite, SlowModel],
) -> None:
    site, model = one_slot
    set_pace(model, 0.1, 5, 0.1)
    greedy, modest = join(site), join(site)
    many = [ask(site, greedy, f"greedy{n}", **SSE) for n in range(20)]
    wait_for(lambda: len(model.requests) >= 2)
    one = ask(site, modest, "modest", **SSE)
    one.join(60)
    entered, began = one.lines[0][0], model.asked("modest").began
    assert sum(entered < request.began < began for request in model.requests) <= 1
    for asking in many:
        asking.join(60)
    assert all(asking.events[-1][0] == "done" for asking in many)


def test_full_line_is_refused_quickly(one_slot: tuple[LiveSite, SlowModel]) -> None:
    site, model = one_slot
    set_pace(model, 0, 1, 0)
    model.go.clear()
    token = join(site)
    kept = [ask(site, token, "kept")]
    wait_for(lambda: model.requests)
    kept += [ask(site, token, f"kept{n}", **SSE) for n in range(20)]
    wait_for(lambda: sum(any("queued" in line for _at, line in a.lines) for a in kept) == 20, 60)
    refused = [ask(site, token, "refused"), ask(site, token, "refused", **SSE)]
    for asking in refused:
        asking.join(60)
    model.go.set()
    for asking in (*refused, *kept):
        asking.join(60)
    assert [asking.status for asking in kept] == [200] * 21
    for asking in refused:
        assert asking.status == 503
        assert 1 <= int(asking.response_headers["Retry-After"]) <= 3600
        assert asking.took < 2  # 50 ms on an idle machine; the turns before it take seconds


def test_killed_worker_gives_its_slots_back(one_slot: tuple[LiveSite, SlowModel]) -> None:
    site, model = one_slot
    set_pace(model, 0.1, 600, 0.1)
    held = ask(site, join(site), "held", **SSE)
    wait_for(lambda: model.requests)
    os.kill(worker_of(site, model), signal.SIGKILL)
    # Asked now: what had waited in the same worker would be gone with it.
    waiting = ask(site, join(site), "waiting", **SSE)
    assert wait_for(lambda: len(model.requests) == 2) < 10
    held.join(5)
    wait_for(lambda: model.requests[0].ended)
    os.kill(worker_of(site, model), signal.SIGKILL)
    waiting.join(5)


def worker_of(site: LiveSite, model: SlowModel) -> int:
    """Return the number of the process that has a connection to the model."""
    port = urlsplit(model.url).port
    for worker in psutil.Process(site.process.pid).children():
        for connection in worker.net_connections("tcp"):
            if connection.raddr and connection.raddr.port == port:
                return int(worker.pid)
    raise AssertionError("no worker asks the model")


def test_hosts_share_the_slots_through_redis(tmp_path: Path, redis_server: str) -> None:
    settings = {
        "CHATBOT_MODEL_SLOTS": "2",
        "CHATBOT_REDIS_URL": redis_server,
        "WEB_CONCURRENCY": "2",
    }
    hosts = [tmp_path / "one", tmp_path / "other"]
    for host in hosts:
        host.mkdir()
    with (
        SlowModel() as model,
        serving(hosts[0], model, **settings) as one,
        serving(hosts[1], model, **settings) as other,
    ):
        model.most_at_once = 0
        askings = [ask(site, join(site), "hi", **SSE) for site in (one, other) * 6]
        for asking in askings:
            asking.join(60)
    assert [asking.events[-1][0] for asking in askings] == ["done"] * 12
    assert model.most_at_once == 2


# -- leaving -----------------------------------------------------------------------------------

SERVERS = {
    "gevent": (),
    "threads": ("-k", "gthread", "--threads", "8"),
}


def hang_up(
    site: LiveSite, token: str, message: str, wait: Callable[[], Any], **headers: str
) -> float:
    """Ask, close the connection when something is so, and return the moment."""
    address = urlsplit(site.url)
    opened = socket.create_connection((address.hostname, address.port), timeout=10)
    body = f'{{"message": "{message}", "session_id": "{message}"}}'
    told = {
        "Host": "localhost",
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    opened.sendall(f"POST {CHAT} HTTP/1.1\r\n{head}\r\n{body}".encode())
    wait_for(wait)
    time.sleep(0.37)
    opened.close()
    return time.monotonic()


def stored(site: LiveSite, token: str, session: str) -> tuple[str, str]:
    """Return status and reason of the answer of a session."""
    found = httpx.get(
        f"{site.url}/api/chatbot/history/{session}",
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
        timeout=30,
    ).json()
    return found[-1]["status"], found[-1]["reason"]


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
@pytest.mark.parametrize(
    ("first", "pause"), [(30.0, 30.0), (0.0, 0.07), (0.0, 0.3)], ids=["silent", "fast", "slow"]
)
def test_leaving_frees_the_model(
    leaving_site: tuple[LiveSite, SlowModel], accept: str, first: float, pause: float
) -> None:
    site, model = leaving_site
    model.requests.clear()
    model.first, model.pause, model.words = first, pause, 400
    token = join(site)
    left = hang_up(site, token, "bye", lambda: model.requests, Accept=accept)
    request = model.requests[0]
    wait_for(lambda: request.ended)
    assert request.hung_up or first == 0.0
    assert request.ended
    took = request.ended - left
    print(f"the model was let go after {took:.3f} s")
    assert took < 1.0  # 0.25 s on an idle machine
    wait_for(lambda: stored(site, token, "bye") == ("interrupted", "client_left"))


@pytest.fixture(scope="module", params=SERVERS)
def leaving_site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[LiveSite, SlowModel]]:
    with SlowModel() as model:
        options = SERVERS[request.param]
        settings = {"CHATBOT_MODEL_SLOTS": "1", "GUNICORN_CMD_ARGS": " ".join(options)}
        folder = tmp_path_factory.mktemp(request.param)
        with serving(folder, model, **settings, WEB_CONCURRENCY="2") as site:
            yield site, model


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_leaving_the_line_lets_the_next_one_come(
    leaving_site: tuple[LiveSite, SlowModel], accept: str
) -> None:
    site, model = leaving_site
    model.requests.clear()
    model.first, model.pause, model.words = 4.0, 0.1, 1
    running = ask(site, join(site), "running")
    wait_for(lambda: model.requests)
    token = join(site)
    left = hang_up(
        site, token, "bye", lambda: stored(site, token, "bye")[0] == "queued", Accept=accept
    )
    wait_for(lambda: stored(site, token, "bye") == ("interrupted", "client_left"))
    print(f"the turn was settled after {time.monotonic() - left:.3f} s")
    assert time.monotonic() - left < 1.5
    running.join(60)
    assert len(model.requests) == 1
