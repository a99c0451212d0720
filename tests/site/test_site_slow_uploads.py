"""Bodies that come slowly or broken, at the real server with a small pool of connections."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
import sqlalchemy as sa
from servers import LiveSite, free_port, start_site, stop_site

JSON_TYPE = "Content-Type: application/json"
SLOW = [
    ("POST", "/api/auth/login"),
    ("POST", "/api/auth/logout"),
    ("POST", "/api/survey"),
    ("PUT", "/api/survey/1"),
    ("DELETE", "/api/survey/1"),
    ("GET", "/api/auth/profile"),
    ("POST", "/api/chatbot/chat"),
    ("POST", "/api/chatbot/recommend-for-me"),
    ("GET", "/api/chatbot/sessions"),
]
PLENTY = 2_000_000  # bytes: more than any body may have


@pytest.fixture(scope="module")
def small_pool_site(
    postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveSite]:
    """The site on PostgreSQL, in one process with two connections."""
    engine = sa.create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE site_slow_uploads"))
    engine.dispose()
    url = sa.make_url(postgres_server).set(database="site_slow_uploads")
    site = start_site(
        tmp_path_factory.mktemp("slow"),
        DATABASE_URL=url.render_as_string(hide_password=False),
        DATABASE_POOL_SIZE="2",
        WEB_CONCURRENCY="1",
        CHATBOT_OLLAMA_URL=f"http://127.0.0.1:{free_port()}",
    )
    yield site
    stop_site(site)


@pytest.fixture
def logged_in(small_pool_site: LiveSite) -> Iterator[httpx.Client]:
    with small_pool_site.log_in() as client:
        yield client


def send(client: httpx.Client, method: str, path: str, *headers: str, body: bytes) -> socket.socket:
    """Send a request as it is, with the client's token, and return its socket."""
    address = urlsplit(str(client.base_url))
    opened = socket.create_connection((address.hostname, address.port), timeout=10)
    token = f"Authorization: {client.headers['Authorization']}"
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", JSON_TYPE, token, *headers, "", ""]
    opened.sendall("\r\n".join(lines).encode() + body)
    return opened


def answer_on(opened: socket.socket) -> bytes:
    """Return what came back, as far as it came before the server closed."""
    received = b""
    with opened, contextlib.suppress(ConnectionError):
        while b"\r\n\r\n" not in received and (some := opened.recv(65_536)):
            received += some
    return received


def test_slow_bodies_keep_nobody_from_the_database(logged_in: httpx.Client) -> None:
    half = b'{"email": "demo@ex'
    with contextlib.ExitStack() as stack:
        for method, path in SLOW:
            opened = send(logged_in, method, path, "Content-Length: 100", body=half)
            stack.enter_context(opened)
        time.sleep(0.5)  # all of them are being read
        for path in ("/ready", "/api/auth/profile", "/api/chatbot/sessions"):
            answer = logged_in.get(path, timeout=3)
            assert answer.status_code == 200, (path, answer.text)


def test_a_body_that_comes_in_the_end_is_read_whole(logged_in: httpx.Client) -> None:
    body = b'{"preferred_instruments": ["banjo"], "experience_level": "beginner"}'
    length = f"Content-Length: {len(body)}"
    opened = send(logged_in, "POST", "/api/survey", length, body=body[:20])
    time.sleep(0.3)
    opened.sendall(body[20:])
    assert answer_on(opened).startswith(b"HTTP/1.1 201 ")


CHUNKED = "Transfer-Encoding: chunked"
BROKEN = {
    "length": ("Content-Length: 100", b'{"experience_level": "beginner"}'),
    "chunk": (CHUNKED, b"20\r\n{}"),
    "no last chunk": (CHUNKED, b"2\r\n{}\r\n"),
    "no size": (CHUNKED, b"rubbish\r\n{}\r\n"),
    "wrong size": (CHUNKED, b"1\r\n{}\r\n0\r\n\r\n"),
    "trailer": (CHUNKED, b"2\r\n{}\r\n0\r\nbad trailer\r\n\r\n"),
}


@pytest.mark.parametrize("path", ["/api/survey", "/api/chatbot/chat"])
@pytest.mark.parametrize("case", BROKEN)
def test_a_body_that_breaks_off_is_400(logged_in: httpx.Client, path: str, case: str) -> None:
    header, body = BROKEN[case]
    opened = send(logged_in, "POST", path, header, body=body)
    opened.shutdown(socket.SHUT_WR)
    assert answer_on(opened).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("path", ["/api/survey", "/api/chatbot/chat"])
def test_a_client_that_resets_the_connection_does_no_harm(
    logged_in: httpx.Client, small_pool_site: LiveSite, path: str
) -> None:
    for _ in range(4):
        opened = send(logged_in, "POST", path, "Content-Length: 100", body=b"{")
        time.sleep(0.1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        opened.close()
    assert logged_in.get("/ready", timeout=3).status_code == 200


@pytest.mark.parametrize("path", ["/api/survey", "/api/chatbot/chat"])
def test_a_body_over_the_limit_is_413_whether_it_says_so_or_not(
    logged_in: httpx.Client, path: str
) -> None:
    declared = send(logged_in, "POST", path, f"Content-Length: {PLENTY}", body=b"{")
    assert answer_on(declared).startswith(b"HTTP/1.1 413 ")
    chunk = b"%x\r\n%s\r\n" % (1_048_576, b" " * 1_048_576)
    undeclared = send(logged_in, "POST", path, CHUNKED, body=chunk)
    assert answer_on(undeclared).startswith(b"HTTP/1.1 413 ")
