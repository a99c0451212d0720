"""The built wheel in an environment of its own, with hosts unlike ours, outside the repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from servers import ROOT, RecordingModel

HERE = Path(__file__).parent
# Flask-Migrate's own env.py still uses the name that Flask-SQLAlchemy is to drop.
WARNINGS = ("-W", "error", "-W", "ignore:'get_engine' is deprecated:DeprecationWarning")
CHECKS_TIMEOUT_S = 300

pytestmark = pytest.mark.slow


def run(*command: str | Path, **options: Any) -> str:
    """Run a program and return what it printed; fail with that if it fails."""
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def pip(*arguments: str | Path) -> None:
    run(sys.executable, "-m", "pip", *arguments, "--disable-pip-version-check")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plugin's wheel, built from the repository."""
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-deps", "--wheel-dir", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that has the wheel and what the hosts use themselves."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    interpreter = folder / "bin" / "python"
    pins = ["--constraint", ROOT / "requirements.txt"]
    pip("--python", interpreter, "install", *pins, wheel, "flask-migrate")
    return interpreter


@pytest.fixture
def check_host(python: Path, tmp_path: Path) -> Callable[..., str]:
    """A function that copies a host out of the repository and runs its check script there."""

    def check(name: str, **settings: str) -> str:
        folder = tmp_path / name
        shutil.copytree(HERE / name, folder, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(HERE / "host_checks.py", folder)
        environment = {"PATH": os.defpath, "REPOSITORY": str(ROOT), **settings}
        script = [python, "-s", *WARNINGS, "check.py"]
        return run(*script, cwd=folder, env=environment, timeout=CHECKS_TIMEOUT_S)

    return check


def test_wheel_holds_the_plugin_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = [name for name in names if name.endswith(".dist-info/METADATA")]
        described = archive.read(metadata).decode()
    roots = {PurePosixPath(name).parts[0] for name in names}
    assert roots == {"flask_smorest_chatbot", PurePosixPath(metadata).parts[0]}
    in_repository = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "flask_smorest_chatbot").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in names if ".dist-info/" not in name} == in_repository
    assert "flask_smorest_chatbot/py.typed" in names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert "License-Expression: MIT" in described
    lines = described.split("\n\n")[0].splitlines()
    required = [line.partition(";")[0] for line in lines if line.startswith("Requires-Dist: ")]
    assert len(required) > 10
    assert "==" not in "".join(required), "lower bounds only"


def test_host_with_uuid_users_chats_with_the_real_model(
    check_host: Callable[..., str], small_model: RecordingModel
) -> None:
    output = check_host(
        "uuid_host",
        CHATBOT_OLLAMA_URL=small_model.url,
        CHATBOT_MODEL=small_model.model,
        CHATBOT_NUM_PREDICT="40",
    )
    assert output.splitlines()[-1] == "ok check_downgrade"


def test_host_called_app_with_a_blueprint_called_chatbot(check_host: Callable[..., str]) -> None:
    output = check_host("app_host")
    assert output.splitlines()[-1] == "ok check_downgrade"
