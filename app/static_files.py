"""Addresses of static files carry a version, so that browsers may keep the files for good."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask

VERSION_LENGTH = 12  # hexadecimal digits


def version_static_files(app: Flask) -> None:
    """Make ``url_for("static", ...)`` add ``v=`` and a digest of the file.

    Whoever serves ``/static/`` in front of ``app`` may then let files with a ``v`` be kept.
    """

    @app.url_defaults
    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint != "static" or "filename" not in values or app.static_folder is None:
            return
        file = Path(app.static_folder) / values["filename"]
        if file.is_file():
            values["v"] = _digest(file, file.stat().st_mtime_ns)


@cache
def _digest(file: Path, _changed: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:VERSION_LENGTH]
