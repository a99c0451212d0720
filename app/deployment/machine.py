"""What the machine says of certificate, disk, clock and descriptors."""

from __future__ import annotations

import os
import re
import resource
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from flask_smorest_chatbot import Finding

from .units import SITE, is_installed, show

CERTIFICATE = Path("/etc/rental/tls/fullchain.pem")
#: Where root's timer tells when the certificate ends: Let's Encrypt's own only root may read.
HOST_METRICS = Path("/var/lib/rental-host-metrics/rental.prom")
FOLDERS = ("/", "/var/lib/rental", "/var/backups/rental", "/var/lib/postgresql")
#: systemd and Docker each leave one of these in a container.
CONTAINER_MARKS = (Path("/run/systemd/container"), Path("/.dockerenv"))

#: As the alerts of deploy/prometheus/rental-alerts.yml have it.
LEAST_DAYS = 14
LEAST_SHARE = 0.1
#: What is left of a large disk may be a small share, and enough.
ENOUGH_BYTES = 20e9
#: Descriptors of a worker beside those of its chats: database, logs, files.
OTHER_DESCRIPTORS = 200

_TIMEOUT_S = 10.0


def check_certificate(certificate: Path = CERTIFICATE, metrics: Path = HOST_METRICS) -> Finding:
    """Say for how many days the certificate is good."""
    if not certificate.parent.exists():
        return Finding("certificate", f"there is no {certificate} here", applies=False)
    ends = _end_of(certificate) or _told_end(metrics)
    if ends is None:
        remedy = "See that it is there; as root: `openssl x509 -noout -enddate -in ...`."
        return Finding("certificate", f"{certificate} cannot be read", remedy)
    days = (ends - time.time()) / 86_400
    remedy = "" if days >= LEAST_DAYS else "See docs/runbook.md, CertificateEnding."
    return Finding("certificate", f"{days:.0f} days left", remedy)


def _end_of(certificate: Path) -> float | None:
    program = shutil.which("openssl")
    if program is None:
        return None
    command = [program, "x509", "-noout", "-enddate", "-in", str(certificate)]
    told = _output(command).strip().removeprefix("notAfter=")
    return float(ssl.cert_time_to_seconds(told)) if told else None


def _told_end(metrics: Path) -> float | None:
    try:
        text = metrics.read_text()
    except OSError:
        return None
    found = re.search(r"^rental_certificate_expires_timestamp_seconds (\d+)", text, re.M)
    return float(found[1]) if found else None


def _output(command: list[str]) -> str:
    """Return what a program printed; nothing if it failed."""
    done = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
    )
    return "" if done.returncode else done.stdout


def check_disk(*others: str) -> Iterator[Finding]:
    """Say of each file system that the site writes to how much of it is left.

    :param others: further folders; those that are not there do not count
    """
    seen: set[int] = set()
    for folder in filter(os.path.isdir, (*FOLDERS, *others)):
        if (device := os.stat(folder).st_dev) in seen:
            continue
        seen.add(device)
        usage = shutil.disk_usage(folder)
        share = usage.free / usage.total
        is_low = share < LEAST_SHARE and usage.free < ENOUGH_BYTES
        remedy = "Make room: see docs/runbook.md, DiskFilling." if is_low else ""
        detail = f"{folder} has {usage.free / 1e9:.1f} GB left, {share:.0%}"
        yield Finding("disk", detail, remedy)


def check_clock() -> Finding:
    """Say whether the clock follows a time server: tokens and claims depend on it."""
    if any(mark.exists() for mark in CONTAINER_MARKS):
        return Finding("clock", "a container has that of its host", applies=False)
    program = shutil.which("timedatectl")
    told = _output([program, "show", "--property=NTPSynchronized", "--value"]) if program else ""
    if told.strip() == "yes":
        return Finding("clock", "follows a time server")
    if not is_installed(SITE):
        return Finding("clock", "nothing here says that it is synchronised", applies=False)
    remedy = "Install one that follows: `apt-get install systemd-timesyncd`."
    return Finding("clock", "follows no time server", remedy)


def check_descriptors() -> Finding:
    """Say whether a worker may open as many files as it accepts chats: each takes two."""
    connections = int(os.environ.get("WORKER_CONNECTIONS", "2000"))
    needed = 2 * connections + OTHER_DESCRIPTORS
    allowed = _descriptors()
    detail = f"a process may have {allowed}; {connections} connections take {needed}"
    remedy = "" if allowed >= needed else "Raise LimitNOFILE= with `systemctl edit rental`."
    return Finding("file descriptors", detail, remedy)


def _descriptors() -> int:
    """Return the limit of the site's unit, or else of this shell."""
    for state in show(SITE, properties=("LoadState", "LimitNOFILE")):
        if state.get("LoadState") == "loaded" and state["LimitNOFILE"].isdigit():
            return int(state["LimitNOFILE"])
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return 2**31 if hard == resource.RLIM_INFINITY else hard
