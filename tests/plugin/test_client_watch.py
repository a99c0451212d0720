"""Clients that leave are noticed, whatever else there is to be read from them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from flask_smorest_chatbot.routes.client_watch import ClientWatch

Pair = tuple[socket.socket, socket.socket]
WAIT = 10


@pytest.fixture
def connect() -> Iterator[Callable[[], Pair]]:
    """Return the server's and the client's end of a TCP connection."""
    opened: list[socket.socket] = []

    def make() -> Pair:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            client = socket.create_connection(listener.getsockname())
            server, _ = listener.accept()
        opened.extend((server, client))
        return server, client

    yield make
    for end in opened:
        end.close()


def reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()


def says_more_and_closes(client: socket.socket) -> None:
    client.sendall(b"\r\n")
    client.close()


@pytest.mark.parametrize("leave", [socket.socket.close, reset, says_more_and_closes])
def test_a_client_that_leaves_is_noticed(
    connect: Callable[[], Pair], leave: Callable[[socket.socket], None]
) -> None:
    server, client = connect()
    noticed = threading.Event()
    with ClientWatch().watched({"gunicorn.socket": server}, noticed.set) as watched:
        assert not noticed.wait(0.3)
        leave(client)
        assert noticed.wait(WAIT)
        assert watched.has_left


def test_a_default_timeout_of_the_host_changes_nothing(connect: Callable[[], Pair]) -> None:
    server, client = connect()
    noticed = threading.Event()
    socket.setdefaulttimeout(0.05)
    try:
        with ClientWatch().watched({"werkzeug.socket": server}, noticed.set):
            assert not noticed.wait(0.3)
            client.close()
            assert noticed.wait(WAIT)
    finally:
        socket.setdefaulttimeout(None)


def test_one_bad_connection_does_not_end_the_watch(connect: Callable[[], Pair]) -> None:
    watch = ClientWatch()
    server, client = connect()
    gone, _ = connect()
    gone.close()
    noticed, of_gone = threading.Event(), threading.Event()
    with (
        watch.watched({"gunicorn.socket": gone}, of_gone.set),
        watch.watched({"gunicorn.socket": server}, noticed.set),
    ):
        assert of_gone.wait(WAIT)
        client.close()
        assert noticed.wait(WAIT)


def test_it_looks_again_after_a_pause(connect: Callable[[], Pair]) -> None:
    watch = ClientWatch()
    for _ in range(2):
        server, client = connect()
        noticed = threading.Event()
        with watch.watched({"gunicorn.socket": server}, noticed.set):
            client.close()
            assert noticed.wait(WAIT)
        threading.Event().wait(0.3)  # nobody is there: its thread ends


def test_without_a_socket_nobody_is_watched() -> None:
    with ClientWatch().watched({}, lambda: None) as watched:
        assert not watched.has_left
