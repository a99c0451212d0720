"""The example does what its README says, command by command."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from client import SSE, events_of
from servers import ROOT, RecordingModel, free_port

EXAMPLE = ROOT / "examples" / "minimal"
START_TIMEOUT_S = 60
Flask = Callable[..., str]


def environment(**settings: str) -> dict[str, str]:
    """Return an environment in which the plugin is the repository's."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("CHATBOT_", "FLASK_", "DATABASE_", "JWT_"))
    }
    return {**kept, "PYTHONPATH": str(ROOT), **settings}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example, migrated."""
    folder = tmp_path_factory.mktemp("example") / "minimal"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for command in ("init", "migrate", "upgrade"):
        run_flask(folder, "db", command)
    return folder


def run_flask(folder: Path, *arguments: str, **settings: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", *arguments],
        cwd=folder, env=environment(**settings), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextlib.contextmanager
def serving(folder: Path, **settings: str) -> Iterator[httpx.Client]:
    """Run ``flask run`` and yield a client that is logged in as a user made up on the spot."""
    token = run_flask(folder, "token", "ann").strip()
    port = free_port()
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "app", "run", "--port", str(port)],
            cwd=folder, env=environment(**settings), stdout=log, stderr=log,
        )  # fmt: skip
    headers = {"Authorization": f"Bearer {token}"}
    base = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=base, headers=headers, timeout=60, trust_env=False) as client:
            wait_for(client)
            yield client
    finally:
        server.terminate()
        server.wait(20)


def wait_for(client: httpx.Client) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            client.get("/openapi.json").raise_for_status()
            return
        except httpx.TransportError:
            assert time.monotonic() < deadline, "flask run did not start"
            time.sleep(0.1)


def test_the_plugin_takes_at_most_ten_lines() -> None:
    marked = re.findall(
        r"# plugin: begin\n(.*?)# plugin: end", (EXAMPLE / "app.py").read_text(), re.S
    )
    lines = [line for line in itertools.chain(*(text.splitlines() for text in marked)) if line]
    assert 5 < len(lines) <= 10, lines


def test_readme_names_the_commands_that_are_run_here() -> None:
    readme = (EXAMPLE / "README.md").read_text()
    for command in ("db init", "db migrate", "db upgrade", "run", "token ann", "chatbot doctor"):
        assert f"flask --app app {command}" in readme


def test_newcomer_chats_with_the_real_model(shop: Path, small_model: RecordingModel) -> None:
    run_flask(shop, "db", "check")
    settings = {
        "CHATBOT_OLLAMA_URL": small_model.url,
        "CHATBOT_MODEL": small_model.model,
        "CHATBOT_NUM_PREDICT": "40",
        "CHATBOT_TEMPERATURE": "0",
    }
    body = {"message": "Which bike carries my shopping?"}
    with serving(shop, **settings) as client:
        whole = client.post("/api/chatbot/chat", json=body)
        assert whole.status_code == 200, whole.text
        assert whole.json()["assistant_response"]
        stream = client.post("/api/chatbot/chat", json=body, headers={"Accept": SSE})
        assert [name for name, _ in events_of(stream.text)][-1] == "done", stream.text
    assert "cargo bike" in str(small_model.requests[-1]["messages"])
    assert "FAIL" not in run_flask(shop, "chatbot", "doctor", **settings)


def test_without_a_model_it_starts_and_says_so(shop: Path) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    with serving(shop, CHATBOT_OLLAMA_URL=nobody) as client:
        answer = client.post("/api/chatbot/chat", json={"message": "Hello"})
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["message"]
