"""Running the server as a child process. Standard library only."""

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

READY = "small_ollama ready on "
STOP_TIMEOUT_S = 3.0
STDERR_TAIL_CHARS = 2000


class SmallOllamaError(RuntimeError):
    """The server did not start; the message holds the end of what it wrote to standard error."""


class SmallOllama:
    """A small_ollama server on a free loopback port, for the length of a ``with`` block.

    It runs in a session of its own, so that Ctrl-C in the terminal reaches only this process,
    and it stops by itself when this process dies, even by ``kill -9``. It also stops when this
    process replaces itself (``os.exec*``).

    :param arguments: more arguments for the command line, for instance ``("--slots", "1")``.
    :param python: interpreter that has ``small_ollama/requirements.txt`` installed.
    :param timeout_s: seconds that it may take to be ready.
    :ivar url: its address, such as ``http://127.0.0.1:40123``.
    :ivar model: the model's name, such as ``smollm2:135m``.
    """

    url: str
    model: str

    def __init__(
        self, arguments: Sequence[str] = (), *, python: str = sys.executable, timeout_s: float = 60
    ) -> None:
        self._command = [
            python, "-m", "small_ollama", "--port", "0", "--exit-with-parent", *arguments,
        ]  # fmt: skip
        self._timeout_s = timeout_s
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int | None:
        """:return: the process's id, None when it is not running."""
        return self._process.pid if self._process else None

    def start(self) -> Self:
        """Start the server and wait until it is ready.

        :raises SmallOllamaError: it ended, or was not ready in time.
        """
        with tempfile.TemporaryFile("w+") as stderr:
            self._process = subprocess.Popen(  # noqa: S603 -- no shell, and the caller is trusted
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                env=_environment(),
                start_new_session=True,
            )
            line = self._first_line(self._process)
            if not line.startswith(READY):
                status = self._process.poll()
                self.stop()
                raise SmallOllamaError(self._complaint(status, _tail(stderr)))
        self.url, _, self.model = line.removeprefix(READY).strip().partition(" model ")
        return self

    def stop(self) -> None:
        """Stop the server; does nothing if it is not running."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()  # the end of its standard input tells it to stop
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _first_line(self, process: "subprocess.Popen[str]") -> str:
        """:return: the first line that the process prints, empty if none came in time."""
        assert process.stdout is not None
        lines: list[str] = []
        stdout = process.stdout
        reader = threading.Thread(target=lambda: lines.append(stdout.readline()), daemon=True)
        reader.start()
        reader.join(self._timeout_s)
        if reader.is_alive():
            process.kill()  # ends the reader too
            reader.join()
            return ""
        return lines[0]

    def _complaint(self, status: int | None, stderr: str) -> str:
        what = (
            f"was not ready within {self._timeout_s:g} s"
            if status is None or status < 0
            else f"ended with status {status}"
        )
        return f"small_ollama {what}. It said:\n{stderr or '(nothing)'}"


def _environment() -> dict[str, str]:
    """:return: this process's environment, with this package's folder on the import path."""
    folder = str(Path(__file__).resolve().parent.parent)
    rest = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([folder, rest] if rest else [folder])}


def _tail(file: IO[str]) -> str:
    file.seek(0)
    return file.read()[-STDERR_TAIL_CHARS:].strip()
