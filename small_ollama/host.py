"""Who may use the engine and when: loading, unloading after silence, slots, the queue for them."""

import asyncio
import math
import threading
from collections.abc import AsyncGenerator, AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from small_ollama.engine import Engine, EngineSettings
from small_ollama.protocol import FOREVER_S

DEFAULT_KEEP_ALIVE_S = 300.0
MAX_QUEUE = 512  # both as Ollama's
_END = None


class QueueFullError(Exception):
    """More requests wait for a slot than the queue holds."""


class ModelHost:
    """Keeps one engine loaded while it is used, and shares its slots first come first served.

    :param max_queue: requests that may wait for a slot.
    """

    def __init__(self, settings: EngineSettings, max_queue: int = MAX_QUEUE) -> None:
        self.settings = settings
        self._max_queue = max_queue
        self._engine: Engine | None = None
        self._lock = asyncio.Lock()  # one load or unload at a time
        self._slots = asyncio.Semaphore(settings.slots)  # fair: first come first served
        self._waiting = 0
        self._users = 0
        self._keep_alive_s = DEFAULT_KEEP_ALIVE_S
        self._expires_at = 0.0  # event loop's clock; meaningless while in use
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stopping = threading.Event()
        # One thread more than slots: counting tokens and loading never wait for an answer.
        self._threads = ThreadPoolExecutor(settings.slots + 1, "engine")

    @property
    def expires_at(self) -> datetime | None:
        """:return: when the model will be unloaded if nobody asks, None if it is not loaded."""
        if self._engine is None:
            return None
        left = self._expires_at - asyncio.get_running_loop().time()
        left = self._keep_alive_s if self._users else left
        return datetime.now(UTC) + timedelta(seconds=min(left, FOREVER_S))

    @asynccontextmanager
    async def loaded(self, keep_alive_s: float | None = None) -> AsyncIterator[Engine]:
        """Keep the model loaded for the length of the block.

        :param keep_alive_s: seconds that it stays afterwards; None leaves what was said last.
        :raises EngineError: it could not be loaded.
        """
        self._users += 1
        try:
            # Shielded: a client that hangs up while the model loads must not leave the load
            # running with nobody to own its outcome.
            engine = await asyncio.shield(self._start(self._load()))
            if keep_alive_s is not None:
                self._keep_alive_s = keep_alive_s
            yield engine
        finally:
            self._users -= 1
            self._restart_timer()

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Hold one of the engine's slots for the length of the block, waiting for it if need be.

        :raises QueueFullError: too many wait already.
        """
        if self._slots.locked() and self._waiting >= self._max_queue:
            raise QueueFullError
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._slots.release()

    async def call(self, function: Any, *args: Any) -> Any:
        """:return: what the blocking function returns, called in one of the engine's threads."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *args)

    async def generate(
        self, engine: Engine, payload: dict[str, Any]
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Generate an answer. Closing the iterator stops the engine and waits until it has.

        :return: the engine's chunks as they come.
        :raises EngineError: see :meth:`Engine.generate`.
        """
        loop = asyncio.get_running_loop()
        chunks: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        cancelled = threading.Event()

        def on_chunk(chunk: dict[str, Any]) -> bool:
            loop.call_soon_threadsafe(chunks.put_nowait, chunk)
            return cancelled.is_set() or self._stopping.is_set()

        work = loop.run_in_executor(self._threads, engine.generate, payload, on_chunk)
        work.add_done_callback(lambda _: chunks.put_nowait(_END))
        try:
            while (chunk := await chunks.get()) is not _END:
                yield chunk
            await work
        finally:
            cancelled.set()
            await asyncio.wait([work])
            work.cancelled() or work.exception()  # seen, so that nobody warns of it

    async def unload(self) -> None:
        """Unload the model, now or when the requests that use it are answered."""
        self._keep_alive_s = 0.0
        if not self._users:
            self._expires_at = 0.0
            await self._unload_if_expired()

    async def close(self) -> None:
        """Stop what is running and free the engine."""
        self._stopping.set()
        if self._timer:
            self._timer.cancel()
        async with self._lock:
            engine, self._engine = self._engine, None
            if engine is not None and not self._users:
                await self.call(engine.close)
        self._threads.shutdown(wait=False)

    async def _load(self) -> Engine:
        async with self._lock:
            if self._engine is None:
                self._keep_alive_s = DEFAULT_KEEP_ALIVE_S
                self._engine = await self.call(Engine, self.settings)
            return self._engine

    async def _unload_if_expired(self) -> None:
        async with self._lock:
            expired = self._expires_at <= asyncio.get_running_loop().time()
            if self._engine is not None and not self._users and expired:
                engine, self._engine = self._engine, None
                await self.call(engine.close)

    def _restart_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        loop = asyncio.get_running_loop()
        self._expires_at = loop.time() + self._keep_alive_s
        if not self._users and math.isfinite(self._keep_alive_s) and not self._stopping.is_set():
            self._timer = loop.call_at(
                self._expires_at, lambda: self._start(self._unload_if_expired())
            )

    def _start(self, coroutine: Any) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)  # the loop itself keeps only a weak reference
        task.add_done_callback(self._tasks.discard)
        return task
