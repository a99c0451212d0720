"""What ``gunicorn_config.py`` makes of the server."""

from __future__ import annotations

import json
import resource
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
from servers import ROOT, start_site, stop_site


def test_workers_may_open_as_many_files_as_the_system_allows(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        site = start_site(tmp_path, WEB_CONCURRENCY="1")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    try:
        [worker] = psutil.Process(site.process.pid).children()
        assert worker.rlimit(resource.RLIMIT_NOFILE) == (hard, hard)
    finally:
        stop_site(site)


REFUSED = {
    b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n": 414,
    b"GET /api/survey HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 9000 + b"\r\n\r\n": 431,
    b"GET /api/survey HTTP/1.1\r\nAuthorization: Bearer canary\x00\r\n\r\n": 400,
    b"POST /api/survey HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n": 400,
    b"POST /api/survey HTTP/1.1\r\nTransfer-Encoding: canary\r\n\r\n": 501,
    b"canary\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nAuthorization Bearer canary\r\n\r\n": 400,
}
#: One with more after it than belongs to it, and what the server takes for the next one.
TWO = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\nit's a canary\r\n\r\n"


def test_what_gunicorn_refuses_is_answered_as_the_site_answers(tmp_path):
    site = start_site(tmp_path, WEB_CONCURRENCY="1", LOG_LEVEL="debug")
    try:
        assert answer_to(site.url, TWO)[0][0] == "HTTP/1.1 200 OK"
        _break_off(site.url, b"GET / HTTP/1.1\r\nAuthorization: Bearer canary")
        for request, status in REFUSED.items():
            head, body = answer_to(site.url, request)
            assert head[0].startswith(f"HTTP/1.1 {status} ")
            told = json.loads(body)
            assert set(told) == {"code", "status", "message", "errors", "request_id"}
            assert told["code"] == status
            assert {
                "Content-Type: application/json",
                "Cache-Control: no-store",
                f"X-Request-ID: {told['request_id']}",
            } <= set(head)
            assert "canary" not in body
    finally:
        stop_site(site)
    log = (tmp_path / "server.log").read_text()
    assert log.count("Invalid request from") == len(REFUSED) + 1
    assert "Ignored premature client disconnection" in log
    assert "canary" not in log


def _break_off(url: str, request: bytes) -> None:
    """Send the beginning of a request, and leave."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
        connection.sendall(request)


def answer_to(url: str, request: bytes) -> tuple[list[str], Any]:
    """Send bytes; return the lines of the answer's head, and its body."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
        connection.sendall(request)
        with connection.makefile("rb") as answer:
            head, _, body = answer.read().decode().partition("\r\n\r\n")
    return head.split("\r\n"), body


def test_workers_share_the_limits_and_a_start_begins_them_anew(tmp_path: Path) -> None:
    for _ in range(2):
        site = start_site(tmp_path, MAX_REQUESTS_PER_MINUTE="3", WEB_CONCURRENCY="2")
        try:
            asked = [httpx.get(f"{site.url}/api/listings", trust_env=False) for _ in range(6)]
        finally:
            stop_site(site)
        assert [answer.status_code for answer in asked] == [200] * 3 + [429] * 3


COLLECTED_RARELY = """
import gc, weakref
import gunicorn_config
class Node: pass
def aged_cycle():
    node = Node()
    node.itself = node
    for _ in range(3):
        gc.collect()  # by now it is among the oldest, which only a full collection looks at
    return weakref.ref(node)
gunicorn_config._collect_less_often()
cycle = aged_cycle()
before = gc.get_stats()[2]["collections"]
kept = [[] for _ in range(500_000)]
print(gc.get_stats()[2]["collections"] - before, cycle() is not None)
kept += [[] for _ in range(1_500_000)]
print(gc.get_stats()[2]["collections"] - before, cycle() is not None)
"""


def test_worker_seldom_looks_through_all_objects() -> None:
    done = subprocess.run(
        [sys.executable, "-c", COLLECTED_RARELY],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.split() == ["0", "True", "1", "False"]
