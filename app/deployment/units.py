"""What systemd says of the units of the site, and of those that it stands on."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from fnmatch import fnmatch

from flask_smorest_chatbot import Finding

SITE = "rental.service"
TIMERS = tuple(f"rental-{name}.timer" for name in ("backup", "host-metrics", "purge", "sweep"))
#: Must be installed and run.
NEEDED = (SITE, "rental.socket", "nginx.service", *TIMERS)
#: Must run if they are enabled.
SERVERS = tuple(
    f"{name}.service"
    for name in ("postgresql", "ollama", "redis-server", "prometheus", "prometheus-node-exporter")
)
#: Debian's postgresql.service only stands for these, and is active whatever becomes of them.
CLUSTERS = "postgresql@*.service"
#: Run once; must not have failed the last time.
TASKS = tuple(
    f"rental-{name}.service"
    for name in ("backup", "host-metrics", "purge", "sweep", "model", "warmup")
)

#: Run for long, and go on with what their files said when they started.
LASTING = (SITE, "rental.socket", "ollama.service")

_PROPERTIES = (
    *("Id", "LoadState", "ActiveState", "UnitFileState"),
    *("FragmentPath", "DropInPaths", "InactiveExitTimestampMonotonic"),
)
_TIMEOUT_S = 10.0


def show(*units: str, properties: tuple[str, ...] = _PROPERTIES) -> list[dict[str, str]]:
    """Return properties of each of the units; of none where there is no systemd."""
    program = shutil.which("systemctl")
    if program is None:
        return []
    command = [program, "show", f"--property={','.join(properties)}", *units]
    done = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
    )
    blocks = filter(None, done.stdout.split("\n\n"))
    return [dict(line.split("=", 1) for line in block.splitlines() if line) for block in blocks]


def is_installed(unit: str) -> bool:
    """Tell whether systemd knows a unit here."""
    return any(it.get("LoadState") == "loaded" for it in show(unit))


def check_units() -> Finding:
    """Look for units that are missing, have failed or do not run."""
    if not is_installed(SITE):
        return Finding("units", f"{SITE} is not installed here", applies=False)
    states = show(*NEEDED, *SERVERS, CLUSTERS, *TASKS)
    wrong = [f"{it['Id']} {fault}" for it in states if (fault := _fault(it))]
    if wrong:
        remedy = "Look at `systemctl status` of each; docs/runbook.md has more."
        return Finding("units", ", ".join(wrong), remedy)
    loaded = sum(it["LoadState"] == "loaded" for it in states)
    return Finding("units", f"{loaded} are well")


def _fault(state: dict[str, str]) -> str:
    """Return what is wrong with a unit, if anything."""
    unit, active = state["Id"], state["ActiveState"]
    if state["LoadState"] != "loaded":
        return "is not installed" if unit in NEEDED else ""
    if active == "failed":
        return "has failed"
    is_server = unit in SERVERS or fnmatch(unit, CLUSTERS)
    # A cluster's is "enabled-runtime".
    must_run = unit in NEEDED or (is_server and state["UnitFileState"].startswith("enabled"))
    if must_run and active not in ("active", "reloading"):
        return f"is {active}"
    return "awaits a restart, as it has changed" if _awaits_restart(state) else ""


def _awaits_restart(state: dict[str, str]) -> bool:
    """Tell whether the files of a unit are newer than its last start."""
    if state["Id"] not in LASTING or state["ActiveState"] != "active":
        return False
    started = int(state["InactiveExitTimestampMonotonic"] or 0) / 1e6
    moment = time.time() - time.monotonic() + started
    files = [state["FragmentPath"], *state["DropInPaths"].split()]
    return any(os.stat(file).st_mtime > moment for file in files if os.path.exists(file))
