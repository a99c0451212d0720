"""``make run`` as a newcomer starts it, and Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from client import SSE, events_of
from servers import DEMO, ROOT, free_port

START_LIMIT = 240  # seconds; the first start installs


@dataclass
class MakeRun:
    """A running ``make run`` in a session of its own, as in a terminal."""

    process: subprocess.Popen[bytes]
    log: Path
    url: str

    @property
    def said(self) -> str:
        return self.log.read_text()

    def wait_for(self, text: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.said:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.1)

    def members(self) -> list[str]:
        """Return the command lines of all processes that this run has started."""
        mark = f"DATABASE_URL={self.database_url}".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes():
                    found.append((folder / "cmdline").read_text().replace("\0", " "))
            except OSError:  # it ended, or is not ours
                continue
        return found

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.log.parent}/run.db"


@pytest.fixture
def make_run(tmp_path: Path) -> Iterator[MakeRun]:
    """The site, started with nothing at the address of Ollama."""
    port = free_port()
    log = tmp_path / "log"
    run = MakeRun(None, log, f"http://127.0.0.1:{port}")  # type: ignore[arg-type]
    environment = {
        **os.environ,
        "PORT": str(port),
        "DATABASE_URL": run.database_url,
        "CHATBOT_OLLAMA_URL": f"http://127.0.0.1:{free_port()}",
    }
    with log.open("wb") as output:
        run.process = subprocess.Popen(
            ["make", "run"],
            cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    yield run
    if run.process.poll() is None:
        os.killpg(run.process.pid, signal.SIGKILL)
        run.process.wait()


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_newcomer_chats_and_ctrl_c_ends_all(make_run: MakeRun, signal_number: int) -> None:
    make_run.wait_for("Ctrl-C stops", START_LIMIT)
    for fact in (make_run.url, "/api/docs", *DEMO, "ollama pull llama2", "smollm2:135m"):
        assert fact in make_run.said
    with httpx.Client(base_url=make_run.url, timeout=60, trust_env=False) as client:
        login = client.post("/api/auth/login", json={"email": DEMO[0], "password": DEMO[1]})
        headers = {"Authorization": f"Bearer {login.json()['access_token']}", "Accept": SSE}
        answer = client.post(
            "/api/chatbot/chat", json={"message": "A guitar for me?"}, headers=headers
        )
        assert events_of(answer.text)[-1][0] == "done"
        with client.stream(
            "POST", "/api/chatbot/chat", json={"message": "And drums?"}, headers=headers
        ) as stream:
            next(stream.iter_lines())
            os.killpg(make_run.process.pid, signal_number)  # with a stream open
            make_run.process.wait(20)
    assert make_run.members() == []
    assert "Traceback" not in make_run.said
