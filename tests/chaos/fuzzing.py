"""What schemathesis makes of the OpenAPI document, sent to the site as it is deployed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from chaos_parts import EchoModel, Postgres, running_site

CONFIG = Path(__file__).parent / "schemathesis.toml"


@dataclass(frozen=True)
class Fuzzed:
    """What came of it.

    :param cases: requests that were sent and checked
    :param output: what schemathesis says of them
    """

    cases: int
    is_clean: bool
    output: str


def fuzz(examples: int, seed: int | None = None, role: str = "renter") -> Fuzzed:
    """Fuzz a site of its own.

    :param examples: per endpoint, in the phase that makes them up
    :param seed: for the same requests as another time
    :param role: of the user who sends the requests: what one may not do, another may
    """
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as a user of its own when this is root
        postgres, model = Postgres(folder / "postgres"), EchoModel(words=2, pause=0)
        settings = {"DATABASE_URL": postgres.url, "CHATBOT_OLLAMA_URL": model.url}
        try:
            with running_site(folder, **settings) as site:
                postgres.change(f"UPDATE users SET role = '{role}' WHERE email = '{site.email}'")
                return _fuzz(site.url, folder, examples, seed)
        finally:
            postgres.cleanup()
            model.close()


def _fuzz(url: str, folder: Path, examples: int, seed: int | None) -> Fuzzed:
    program = str(Path(sys.executable).with_name("schemathesis"))
    done = subprocess.run(
        [
            program, "--config-file", str(CONFIG), "--no-color", "run", f"{url}/api/openapi.json",
            "--workers", "2", "--max-examples", str(examples), "--continue-on-failure",
            *(["--seed", str(seed)] if seed is not None else []),
        ],
        cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "NO_PROXY": "*"},
    )  # fmt: skip
    counted = re.search(r"(\d+) generated", done.stdout)
    return Fuzzed(int(counted[1]) if counted else 0, done.returncode == 0, done.stdout)
