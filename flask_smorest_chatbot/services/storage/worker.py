"""Which process answers a turn, and whether it still runs."""

from __future__ import annotations

import itertools
import os
import socket
from functools import cache
from pathlib import Path

_PROC = Path("/proc")
_claims = itertools.count(1)


def this_worker() -> str:
    """Return the name of this process: host, number and start, which no other process shares."""
    return _name_of(os.getpid())


def new_claim() -> str:
    """Return a name for a claim of this process, which no other claim shares."""
    return f"{this_worker()} {next(_claims)}"


def is_known_dead(claim: str | None) -> bool:
    """Tell whether a claim's worker is certainly gone: one of this host that does not run any more.

    Of other hosts nothing is known, nor where the system does not tell of its processes.
    """
    worker, _, _ = (claim or "").partition(" ")
    host, _, process = worker.rpartition("/")
    number, _, started = process.partition("-")
    if host != socket.gethostname() or not started:
        return False
    return _start_of(int(number)) not in (started, None)


@cache
def _name_of(number: int) -> str:
    return f"{socket.gethostname()}/{number}-{_start_of(number) or ''}"


def _start_of(number: int) -> str | None:
    """Return when a process began, in the kernel's ticks since boot; "" if it does not run, None if
    the system does not tell."""
    try:
        # After the name, which may hold anything but ends with the last bracket: proc(5).
        fields = (_PROC / str(number) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None if _exists(number) else ""
    state, start = fields[0], fields[19]
    return "" if state in "ZX" else start


def _exists(number: int) -> bool:
    """Tell whether there is such a process, seen or not: systemd's ``ProtectProc=invisible`` hides
    those of another unit, even of the same user."""
    try:
        os.kill(number, 0)  # sends nothing
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        pass
    return True
