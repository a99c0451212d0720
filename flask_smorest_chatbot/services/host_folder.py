"""Files that the processes of a site share on one host."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from flask import Flask


def host_file(configured: str, kind: str, whose: str) -> Path:
    """Return where a file is, in a folder that nobody else may write to.

    :param configured: the folder; "" for a private one in that for temporary files
    :param kind: what it is for, and what its name begins with
    :param whose: what tells its owner from others on the host
    :raises OSError: when the folder cannot be made, or somebody else may write to it
    """
    digest = hashlib.sha256(whose.encode()).hexdigest()[:16]
    return _folder(configured) / f"{kind}-{digest}.sqlite"


def database_of(app: Flask) -> str:
    """Return which database an app has: what its processes share and those of others do not."""
    address = str(app.config.get("SQLALCHEMY_DATABASE_URI", ""))
    folder = app.instance_path if address.startswith("sqlite") else ""
    return f"{address} {folder}"


def _folder(configured: str) -> Path:
    user = os.getuid() if hasattr(os, "getuid") else 0
    own = Path(tempfile.gettempdir()) / f"flask-smorest-chatbot-{user}"
    folder = Path(configured) if configured else own
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    is_own = stat.S_ISDIR(found.st_mode) and found.st_uid == user
    if not configured and not (is_own and found.st_mode & 0o022 == 0):
        raise PermissionError(f"{folder} is not only ours: set CHATBOT_QUEUE_DIR")
    return folder
