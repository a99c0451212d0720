"""An HTTP transport whose running request can be cut off from another thread.

A synchronous client that waits for a silent model server cannot be told to stop: closing its
response from elsewhere does not wake the read. Shutting the socket down does.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any

import httpx

from ...errors import ModelError


class Abort:
    """Cuts off the requests made under :func:`abortable`. Thread-safe."""

    def __init__(self) -> None:
        self.requested = False
        self._socket: socket.socket | None = None

    def request(self) -> None:
        """Cut off the running request, or the next one; the thread in it gets an error."""
        self.requested = True
        self._shut()

    def _on_event(self, name: str, info: Mapping[str, Any]) -> None:
        """Take note of the connection as httpcore opens it (its ``trace`` extension)."""
        if name in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = info["return_value"].get_extra_info("socket")
            if self.requested:
                self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):  # it is closed already
                self._socket.shutdown(socket.SHUT_RDWR)


_current: ContextVar[Abort | None] = ContextVar("chatbot_abort", default=None)


@contextlib.contextmanager
def abortable(abort: Abort) -> Iterator[None]:
    """Let ``abort`` cut off the requests that this thread makes inside the block."""
    token = _current.set(abort)
    try:
        yield
    finally:
        _current.reset(token)


class _BoundedStream(httpx.SyncByteStream):
    """A response's bytes, which end when the request is aborted or there are too many."""

    def __init__(self, stream: httpx.SyncByteStream, abort: Abort, most_bytes: int) -> None:
        self._stream, self._abort, self._left = stream, abort, most_bytes

    def __iter__(self) -> Iterator[bytes]:
        for part in self._stream:
            self._left -= len(part)
            if self._left < 0:
                raise ModelError("The model did not stop talking: try again.", "too_long")
            if self._abort.requested:
                raise httpx.ReadError("aborted")
            yield part

    def close(self) -> None:
        self._stream.close()


class AbortableTransport(httpx.HTTPTransport):
    """httpx's own transport, with no connection kept: one turn, one connection.

    :param most_bytes: a longer response is an error
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        super().__init__(
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0), trust_env=False
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request, noting its connection for whoever may abort it.

        :raises ModelError: for an answer that is compressed, so that its size cannot be bounded
        """
        abort = _current.get() or Abort()
        request.extensions = {**request.extensions, "trace": abort._on_event}
        request.headers["Accept-Encoding"] = "identity"
        response = super().handle_request(request)
        if response.headers.get("Content-Encoding", "identity") != "identity":
            response.close()
            raise ModelError("The model server answered in a way that cannot be read.", "encoding")
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = _BoundedStream(response.stream, abort, self._most_bytes)
        return response
