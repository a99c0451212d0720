"""How often one user, or one address, may ask: limits by flask-limiter.

The counts are in Redis, which all hosts share, or in a file that the workers of one host share. So
they are while Redis does not answer, as the chat goes on. If the file is of no use, each process
counts for itself.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv6Network, ip_address
from pathlib import Path
from time import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from flask import Flask, Response, request

from .errors import RateLimitedError
from .metrics import LIMITS_DEGRADED, RATE_LIMITED
from .services.host_folder import database_of, host_file

if TYPE_CHECKING:
    from flask_limiter import Limiter, RequestLimit

#: Longest wait for Redis, in seconds: to connect, for an answer, for a free connection.
REDIS_TIMEOUT = 0.25
REDIS_CONNECTIONS = 16
_ATTEMPTS = 3

# Where a request notes who asks, and how it stands with the limits.
_KEYS = "flask_smorest_chatbot.limit_keys"
_STANDING = "flask_smorest_chatbot.standing"

# One that says little: the library tells of each refusal whom it refused.
_log = logging.getLogger(f"{__name__}.flask_limiter")
_log.setLevel(logging.WARNING)


@dataclass(frozen=True)
class Standing:
    """How a request stands with the limit that it is closest to.

    :param limit: what may be had in one window
    :param remaining: what is left of it
    :param reset: whole seconds until the next window begins, rounded up
    """

    limit: int
    remaining: int
    reset: int


class RequestLimits:
    """Limits of one app, apart from those of any ``Limiter`` that the host has.

    :param limits: by scope, one text of flask-limiter's for each key that :meth:`check` is given,
        such as ``{"log_in": ["10 per 5 minutes", "100 per hour"]}``; an empty one limits nothing
    :param redis_url: where the counts are; empty for on this host
    :param name: tells these limits from others that count in the same place
    :param file: finds the file in which all processes of the host count; None for in this process
    """

    def __init__(
        self,
        limits: Mapping[str, Sequence[str]],
        redis_url: str,
        name: str,
        file: Callable[[], Path] | None = None,
    ) -> None:
        self._limits = limits
        self._redis_url = redis_url
        self._name = name
        self._file = file
        self._lock = threading.Lock()
        self._limiter: Limiter | None = None
        self._checks: dict[str, Callable[[], None]] = {}

    def check(self, scope: str, *keys: str) -> None:
        """Count this request, and note how it stands with the limits for :meth:`tell`.

        Of several checks of one request the closest limit is told, or the one that is broken.

        :param keys: who asks: for each limit of the scope, whose it is
        :raises RateLimitedError: when there were too many
        """
        if broken := self._note(scope, keys):
            RATE_LIMITED.labels(scope).inc()
            message = "You ask too often: wait as long as Retry-After says, then try again."
            raise RateLimitedError(message, "rate_limited", broken.reset)

    def forgive(self) -> None:
        """Take back what the last check of this request has counted."""
        if self._limiter is None:
            return
        from limits.errors import StorageError

        with suppress(StorageError):
            for counted in self._limiter.current_limits:
                counted.limiter.hit(counted.limit, *counted.request_args, cost=-1)

    def tell(
        self,
        response: Response,
        scope: str,
        refuse: Callable[[RateLimitedError], Response] | None = None,
    ) -> Response:
        """Say in the headers of an answer how its request stands with the limits.

        A request that nobody has counted, such as one that was refused before it was known whose it
        is, counts for its address now.

        :param scope: what such a request counts as
        :param refuse: makes the answer to one too many; None lets it through
        """
        if _KEYS not in request.environ:
            response = self._count_late(response, scope, refuse)
        standing: Standing | None = request.environ.get(_STANDING)
        if standing is not None:
            response.headers["RateLimit-Limit"] = str(standing.limit)
            response.headers["RateLimit-Remaining"] = str(standing.remaining)
            response.headers["RateLimit-Reset"] = str(standing.reset)
        return response

    def _count_late(
        self,
        response: Response,
        scope: str,
        refuse: Callable[[RateLimitedError], Response] | None,
    ) -> Response:
        """Return the answer, or that to one too many."""
        if refuse is None:
            self._note(scope, (client_address(),))
            return response
        try:
            self.check(scope, client_address())
        except RateLimitedError as error:
            return refuse(error)
        return response

    def _note(self, scope: str, keys: Sequence[str]) -> Standing | None:
        """Count this request, and note how it stands; return the limit that it breaks, if any."""
        request.environ[_KEYS] = keys
        if not any(self._limits[scope]):
            return None
        limiter = self._built()
        breached = self._count(limiter, scope)
        standing = self._look(limiter, breached)
        return standing if breached else None

    def _count(self, limiter: Limiter, scope: str) -> bool:
        """Count; tell whether it was too much."""
        from flask_limiter import RateLimitExceeded
        from limits.errors import StorageError

        breached = False
        for _ in range(_ATTEMPTS):
            try:
                self._checks[scope]()
            except RateLimitExceeded:
                breached = True
            except StorageError:  # of several at once the library lets only the first fall back
                continue
            break
        is_away = limiter.limiter.storage is not limiter.storage
        LIMITS_DEGRADED.set(is_away)
        return breached

    def _look(self, limiter: Limiter, breached: bool) -> Standing:
        """Find out how the request stands with the limit that it is closest to, and note it."""
        from limits.errors import StorageError

        concerned = [limit for limit in limiter.current_limits if limit.breached or not breached]
        try:
            standings = [_standing(limit) for limit in concerned]
        except StorageError:  # gone since it counted: what is left is not known
            standings = [Standing(limit.limit.amount, 0, 1) for limit in concerned]
        closest = max(standings, key=_closeness, default=Standing(0, 0, 1))
        noted = request.environ.get(_STANDING, closest)
        request.environ[_STANDING] = closest if breached else max(closest, noted, key=_closeness)
        return closest

    def _built(self) -> Limiter:
        """Return the library's object, made at the first request: importing it takes a while."""
        with self._lock:
            if self._limiter is None:
                limiter = self._new_limiter()
                self._checks = {
                    scope: _check(limiter, scope, texts) for scope, texts in self._limits.items()
                }
                self._limiter = limiter
        return self._limiter

    def _new_limiter(self) -> Limiter:
        from flask_limiter import Limiter
        from limits.storage import storage_from_string
        from limits.strategies import FixedWindowRateLimiter

        on_host = self._on_host()
        wrapped: dict[str, Any] = {"wrap_exceptions": True}
        limiter = Limiter(
            str,  # each limit has a function of its own that says whom it is for
            key_prefix=self._name,
            storage_uri=self._redis_url or on_host,
            storage_options=_redis_options(self._redis_url) if self._redis_url else wrapped,
            strategy="fixed-window",  # one number for each key, and counts can be taken back
            in_memory_fallback_enabled=True,
            fail_on_first_breach=False,  # Retry-After is true only if all limits are looked at
            headers_enabled=False,
            # By its endpoint; it would count neither what has none nor one called "static".
            request_identifier=lambda: self._name,
        )
        limiter.logger = _log
        # The app's hooks and RATELIMIT_* keys are for a Limiter of the host's own, which ours is
        # not to count for, nor to be changed by.
        hooks = dict.fromkeys(("before_request", "after_request", "teardown_request"), _no_hook)
        limiter.init_app(cast("Flask", SimpleNamespace(config={}, extensions={}, **hooks)))
        if self._redis_url:  # there is no setting for where to fall back to
            storage: Any = storage_from_string(on_host, **wrapped)
            limiter._fallback_storage = storage
            limiter._fallback_limiter = FixedWindowRateLimiter(storage)
        return limiter

    def _on_host(self) -> str:
        """Return where to count without Redis, as ``limits`` names it."""
        from .host_counts import HostCounts, uri_of

        try:
            uri = uri_of(self._file()) if self._file else ""
            # It may be another worker's at the moment, which makes it.
            is_of_use = uri and any(HostCounts(uri).check() for _ in range(_ATTEMPTS))
        except OSError:
            is_of_use = False
        if is_of_use:
            return uri
        if self._file:
            _log.warning("workers do not share the counts of requests: each has its own limits")
        return "memory://"


def limits_file(app: Flask) -> Callable[[], Path] | None:
    """Return what finds the file in which all processes of a host count an app's requests.

    It is in ``CHATBOT_QUEUE_DIR``, and one for each database. None for a database that is in the
    memory of a process, whose users are nobody else's.
    """
    address = str(app.config.get("SQLALCHEMY_DATABASE_URI", ""))
    if address == "sqlite://" or ":memory:" in address:
        return None
    configured = str(app.config.get("CHATBOT_QUEUE_DIR") or "")
    return lambda: host_file(configured, "limits", database_of(app))


def forget_counts(app: Flask) -> None:
    """Forget what the processes of this host have counted for an app; Redis keeps what it has."""
    from limits.errors import StorageError

    from .host_counts import HostCounts, uri_of

    if file := limits_file(app):
        with suppress(OSError, StorageError):  # it is of no use, and so holds nothing
            HostCounts(uri_of(file()), wrap_exceptions=True).reset()


def note_standing(limit: int, reset: int) -> None:
    """Note for :meth:`.RequestLimits.tell` that nothing is left of what is counted elsewhere.

    :param reset: seconds until something is
    """
    request.environ[_STANDING] = Standing(limit, 0, reset)


def client_address() -> str:
    """Return the key of the address that this request comes from.

    It is ``request.remote_addr``: behind proxies that is right if the app has werkzeug's ProxyFix.
    Of IPv6 it is the /64, of which one client has all addresses.
    """
    given = request.remote_addr or ""
    # Some proxies add the port, which a client can change as it likes.
    bare = re.sub(r"^\[(.*)\](?::\d+)?$|^([\d.]+):\d+$", r"\1\2", given.strip())
    try:
        address = ip_address(bare)
    except ValueError:  # told by a proxy that does not know either: all of these share one count
        return "address:unknown"
    address = getattr(address, "ipv4_mapped", None) or address
    if address.version == 6:
        return f"address:{IPv6Network((int(address), 64), strict=False)}"
    return f"address:{address}"


def _check(limiter: Limiter, scope: str, texts: Sequence[str]) -> Callable[[], None]:
    """Return a function that counts a request under the limits of a scope."""

    def check() -> None:
        """Nothing: what counts is what it is decorated with."""

    # By these names flask-limiter tells decorated functions apart.
    check.__name__ = check.__qualname__ = scope
    checked: Callable[[], None] = check
    for position, text in enumerate(texts):
        if text:
            key = partial(_key_of_request, position)
            checked = limiter.shared_limit(text, scope=scope, key_func=key)(checked)
    return checked


def _key_of_request(position: int) -> str:
    keys: Sequence[str] = request.environ[_KEYS]
    return keys[position]


def _closeness(standing: Standing) -> tuple[int, int]:
    return -standing.remaining, standing.reset


def _standing(counted: RequestLimit) -> Standing:
    reset_time, remaining = counted.window
    return Standing(counted.limit.amount, max(0, remaining), max(0, int(reset_time - time())) + 1)


def _redis_options(url: str) -> dict[str, Any]:
    """Return options under which a Redis that is away costs a request a moment, not seconds."""
    from redis import BlockingConnectionPool
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=REDIS_CONNECTIONS,
        timeout=REDIS_TIMEOUT,
        socket_timeout=REDIS_TIMEOUT,
        socket_connect_timeout=REDIS_TIMEOUT,
        retry=Retry(NoBackoff(), 0),
    )
    return {"connection_pool": pool, "wrap_exceptions": True}


def _no_hook(hook: Any) -> Any:
    return hook
