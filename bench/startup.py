"""How long a fresh process takes until the app is there, and what it has imported by then."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from .figures import Figure

ROOT = Path(__file__).parent.parent
RUNS = 7

_CREATE_APP = """
import json, sys, time
began = time.perf_counter()
from app import create_app
create_app()
took = time.perf_counter() - began
heavy = [name for name in sys.modules if name.partition(".")[0] in ("langchain", "langchain_core")]
print(json.dumps([took * 1000, len(heavy)]))
"""


def measure(quick: bool = False) -> list[Figure]:
    """Return milliseconds of ``create_app()`` and the number of LangChain's modules in it."""
    runs = [_run(_CREATE_APP) for _ in range(1 if quick else RUNS)]
    return [
        Figure("create_app() in a fresh process", [took for took, _ in runs], "ms", 700),
        Figure("LangChain modules imported by then", [heavy for _, heavy in runs], "modules", 0),
    ]


def _run(code: str) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    took, heavy = json.loads(done.stdout)
    return took, heavy
