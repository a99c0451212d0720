"""An HTTP transport whose running request can be cut off from another thread.

A synchronous client that waits for a silent model server cannot be told to stop: closing its
response from elsewhere does not wake the read. Shutting the socket down does.
"""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any

import httpx

from ...errors import ModelError

# Line breaks of Unicode that JSON may hold as they are, and that httpx would end a line at.
_BREAKS = re.compile(b"\xc2\x85|\xe2\x80[\xa8\xa9]")
# What a host may call a request, and that a header may hold.
_REQUEST_ID = re.compile(r"[!-~]{1,128}")
_HALF_BREAK = re.compile(b"(?:\xc2|\xe2\x80?)$")


class Call:
    """One call of a model server: how far it got, and the means to cut it off. Thread-safe.

    :param request_id: what the server is told that this is for; "" for nothing
    """

    def __init__(self, request_id: str = "") -> None:
        self.request_id = request_id
        self.is_aborted = False
        #: Whether the server has answered anything.
        self.is_answered = False
        #: What its header ``Retry-After`` says; "" for nothing.
        self.retry_after = ""
        self._socket: socket.socket | None = None

    def abort(self) -> None:
        """Cut off the running request, or the next one; the thread in it gets an error."""
        self.is_aborted = True
        self._shut()

    def note(self, response: httpx.Response) -> None:
        """Take note of the head of an answer."""
        self.is_answered = True
        self.retry_after = response.headers.get("Retry-After", "")

    def _on_event(self, name: str, info: Mapping[str, Any]) -> None:
        """Take note of the connection as httpcore opens it (its ``trace`` extension)."""
        if name in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = info["return_value"].get_extra_info("socket")
            if self.is_aborted:
                self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):  # it is closed already
                self._socket.shutdown(socket.SHUT_RDWR)


_current: ContextVar[Call | None] = ContextVar("chatbot_call", default=None)


@contextlib.contextmanager
def abortable(call: Call) -> Iterator[None]:
    """Let ``call`` cut off and tell of the requests that this thread makes inside the block."""
    token = _current.set(call)
    try:
        yield
    finally:
        _current.reset(token)


class _BoundedStream(httpx.SyncByteStream):
    """A response's bytes, which end when the request is aborted or there are too many."""

    def __init__(self, stream: httpx.SyncByteStream, call: Call, most_bytes: int) -> None:
        self._stream, self._call, self._left = stream, call, most_bytes

    def __iter__(self) -> Iterator[bytes]:
        half = b""
        for part in self._stream:
            self._left -= len(part)
            if self._left < 0:
                raise ModelError("The model did not stop talking: try again.", "too_long")
            if self._call.is_aborted:
                raise httpx.ReadError("aborted")
            whole, half = _escape_breaks(half + part)
            if whole:
                yield whole
        if half:
            yield half

    def close(self) -> None:
        self._stream.close()


def _escape_breaks(part: bytes) -> tuple[bytes, bytes]:
    """Return what is whole of a part of JSON lines, ending only at line feeds, and the rest."""
    half = _HALF_BREAK.search(part)
    end = half.start() if half else len(part)
    escaped = _BREAKS.sub(lambda found: b"\\u%04x" % ord(found[0].decode()), part[:end])
    return escaped, part[end:]


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
        call = _current.get() or Call()
        request.extensions = {**request.extensions, "trace": call._on_event}
        request.headers["Accept-Encoding"] = "identity"
        if _REQUEST_ID.fullmatch(call.request_id):
            request.headers["X-Request-ID"] = call.request_id
        response = super().handle_request(request)
        call.note(response)
        if response.headers.get("Content-Encoding", "identity") != "identity":
            response.close()
            raise ModelError("The model server answered in a way that cannot be read.", "encoding")
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = _BoundedStream(response.stream, call, self._most_bytes)
        return response
