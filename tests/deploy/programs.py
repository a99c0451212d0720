"""Programs that check what is deployed; a test that lacks one is skipped, and says so."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from servers import ROOT

DEPLOY = ROOT / "deploy"
LIBRARY = sorted(DEPLOY.glob("lib/*.sh"))
PROGRAMS = sorted({*DEPLOY.rglob("*.sh")} - {*LIBRARY})
PROGRAMS += [ROOT / ".ci/run", *sorted(ROOT.glob("scripts/*.sh"))]


def run(program: str, *arguments: str | Path, cwd: Path | None = None, text: str = "") -> str:
    """Run a checker and return what it said.

    :param text: what it reads from standard input
    :raises AssertionError: with that, when it found fault
    """
    folders = [str(Path(sys.executable).parent), os.environ.get("PATH", ""), "/usr/sbin"]
    found = shutil.which(program, path=os.pathsep.join(folders))
    if found is None:
        pytest.skip(f"NOT CHECKED: {program} is not installed")
    done = subprocess.run(
        [found, *map(str, arguments)],
        cwd=cwd,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        input=text,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout
