"""How many connections a process may have open."""

from __future__ import annotations

import resource


def allow_many_files() -> None:
    """Raise the number of files that this process may have open to what the system allows."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
