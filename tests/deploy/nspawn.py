"""A Debian 12 with systemd as its PID 1, in a container, for the tests of the deployment.

What takes long is kept in a cache: the tree that debootstrap makes, and the wheels that stand in
for a package index, as the container has no network but its own.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from servers import ROOT

CACHE = Path(os.environ.get("DEPLOY_CACHE", "/var/cache/rental-test-deploy"))
PACKAGES = (
    "systemd,systemd-sysv,dbus,nginx,python3,python3-venv,postgresql,curl,ca-certificates,"
    "iproute2,procps,openssl,prometheus,prometheus-node-exporter,libgomp1,redis-server,zstd,"
    "logrotate,systemd-timesyncd,certbot,python3-cffi-backend,pebble"
)
PYTHON = "/usr/bin/python3"  # Debian 12's own, as in the container
NAME = "rental-test-deploy"
BOOT_WITHIN_S = 120
DEBOOTSTRAP_WITHIN_S = 300
#: What units are confined by; where the kernel has not got it, no unit of ours starts.
CONFINED = [
    *("PrivateUsers=yes", "PrivateTmp=yes", "PrivateDevices=yes", "ProtectSystem=strict"),
    *("ProtectProc=invisible", "SystemCallFilter=@system-service", "RestrictNamespaces=yes"),
]
CLEAN = ["env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]


class CannotBootError(Exception):
    """The machine cannot boot a container, for the reason given."""


def why_not() -> str:
    """Return why no container can be booted here; empty if one can."""
    if os.geteuid() != 0:
        return "only root can boot one"
    missing = [name for name in ("systemd-nspawn", "debootstrap") if not shutil.which(name)]
    if missing:
        return f"{' and '.join(missing)} must be installed"
    release = Path("/etc/os-release").read_text()
    if 'VERSION_ID="12"' not in release or "ID=debian" not in release:
        return "its wheels are made by Debian 12's Python"
    if subprocess.run([PYTHON, "-c", "import ensurepip"], stderr=subprocess.DEVNULL).returncode:
        return "python3-venv must be installed"
    return ""


def tree() -> Path:
    """Return the cached tree of a bare Debian with the packages that install.sh asks for.

    :raises CannotBootError: when the machine can make no Debian at all
    """
    digest = hashlib.sha256(PACKAGES.encode()).hexdigest()[:12]
    folder = CACHE / f"debian-{digest}"
    if not folder.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        if not _debootstrap(partial := CACHE / f"debian-{digest}.partial", PACKAGES):
            told = _end_of("debootstrap.log")
            if not _debootstrap(CACHE / "debian-bare.partial", "systemd"):
                raise CannotBootError(f"debootstrap makes no Debian: {told}")
            raise AssertionError(f"debootstrap makes a Debian, but not with our packages: {told}")
        partial.rename(folder)
    return folder


def _debootstrap(folder: Path, packages: str) -> bool:
    """Make a Debian from where this machine has its own packages from; tell whether it was made.

    :raises CannotBootError: when that takes too long, or there is nowhere to take it from
    """
    shutil.rmtree(folder, ignore_errors=True)
    options = ["--variant=minbase", f"--include={packages}"]
    command = ["debootstrap", *options, "bookworm", str(folder), _mirror()]
    proxy = _said_by("apt-config", "dump", "--format", "%v%n", "Acquire::http::Proxy")
    environment = {**os.environ, **({"http_proxy": proxy} if proxy else {})}
    with (CACHE / "debootstrap.log").open("wb") as log:
        try:
            done = subprocess.run(
                command, stdout=log, stderr=log, env=environment, timeout=DEBOOTSTRAP_WITHIN_S
            )
        except subprocess.TimeoutExpired:
            raise CannotBootError("to make a Debian takes too long") from None
    return done.returncode == 0


def _mirror() -> str:
    command = [
        "indextargets",
        "--no-release-info",
        "--format",
        "$(RELEASE) $(COMPONENT) $(REPO_URI)",
    ]
    for line in _said_by("apt-get", *command).splitlines():
        if line.startswith("bookworm main "):
            return line.split()[2]
    raise CannotBootError("apt knows no mirror of Debian 12")


def _end_of(log: str) -> str:
    return " ".join((CACHE / log).read_text(errors="replace").split())[-500:]


def _said_by(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


def wheels() -> Path:
    """Return the cached folder of the wheels of the site and of the bundled model."""
    files = [ROOT / "requirements-extras.txt", ROOT / "small_ollama" / "requirements.txt"]
    read = [*files, ROOT / "requirements.txt"]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in read)).hexdigest()[:12]
    folder = CACHE / f"wheels-{digest}"
    if not folder.exists():
        partial = CACHE / f"wheels-{digest}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        pip = _pip(CACHE / "pip")
        subprocess.run([*pip, "-w", partial, "-r", files[0]], check=True)
        subprocess.run([*pip, "-w", partial, "--no-deps", "-r", files[1]], check=True)
        partial.rename(folder)
    return folder


def _pip(folder: Path) -> list[str]:
    """Return the command that gets wheels, or makes them, for the container's Python."""
    if not folder.exists():
        subprocess.run([PYTHON, "-m", "venv", folder], check=True)
    return [f"{folder}/bin/python", "-m", "pip", "wheel", "--quiet", "--prefer-binary"]


@dataclass
class Machine:
    """A booted container.

    :param leader: process id, out here, of its PID 1
    :param ran: what was run inside
    """

    leader: int
    ran: list[str] = field(default_factory=list)

    def run(
        self, *command: str, check: bool = True, timeout: float = 300, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside, as root would at a terminal.

        :raises AssertionError: with what it printed, if it fails and ``check``
        """
        self.ran.append(" ".join(command))
        settings = [f"{name}={value}" for name, value in environment.items()]
        done = subprocess.run(
            ["nsenter", "-t", str(self.leader), "-a", *CLEAN, "HOME=/root", *settings, *command],
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            timeout=timeout,
        )
        if check:
            assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}"
        return done

    def shell(self, script: str, check: bool = True) -> str:
        """Run a line of shell inside and return what it printed."""
        return self.run("sh", "-c", script, check=check).stdout.strip()

    def show(self, unit: str, what: str) -> str:
        """Return a property of a unit."""
        return self.shell(f"systemctl show --property={what} --value {unit}")


@contextlib.contextmanager
def machine(binds: Sequence[str]) -> Iterator[Machine]:
    """Boot a container; what it writes is gone when it stops.

    :param binds: ``outside:inside`` folders, read only
    :raises CannotBootError: when it does not come up, which is no fault of what is tested
    """
    command = [
        "systemd-nspawn", "-q", "-D", str(tree()), "--volatile=overlay", "-M", NAME,
        "--register=no", "--keep-unit", "--private-users=no", "--private-network",
        "--console=pipe", *(f"--bind-ro={bind}" for bind in binds), "--boot",
    ]  # fmt: skip
    environment = {**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
    with (CACHE / "console.log").open("wb") as console:
        container = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=console, stderr=console, env=environment
        )
        try:
            yield _booted(container)
        finally:
            container.terminate()  # nspawn shuts the system down
            try:
                container.wait(60)
            except subprocess.TimeoutExpired:
                container.kill()
                container.wait()
            _remove_control_groups()


def _booted(container: subprocess.Popen[bytes]) -> Machine:
    deadline = time.monotonic() + BOOT_WITHIN_S
    while time.monotonic() < deadline:
        if container.poll() is not None:
            break
        children = Path(f"/proc/{container.pid}/task/{container.pid}/children").read_text()
        if children.split():
            found = Machine(int(children.split()[0]))
            state = found.run("systemctl", "is-system-running", check=False).stdout.strip()
            if state in ("running", "degraded"):
                _try(found)
                return found
        time.sleep(0.5)
    raise CannotBootError(f"a container does not come up: {_end_of('console.log')}")


def _try(booted: Machine) -> None:
    """Use what the tests and all units need of the kernel.

    :raises CannotBootError: when that is not there
    """
    properties = [f"--property={it}" for it in CONFINED]
    unit = ["systemd-run", "--quiet", "--wait", "--pipe", "--uid=daemon", *properties]
    done = booted.run(*unit, "/bin/true", check=False)
    if done.returncode:
        raise CannotBootError(f"units cannot be confined in a container: {done.stdout}")
    try:
        with network_of(booted):
            pass
    except OSError as error:
        raise CannotBootError(f"the network of a container cannot be entered: {error}") from error


def _remove_control_groups() -> None:
    """Remove what nspawn leaves where it could not register the container."""
    for root in ("unified", "systemd"):
        for part in ("payload", "supervisor"):
            for folder, _, _ in os.walk(f"/sys/fs/cgroup/{root}/{part}", topdown=False):
                with contextlib.suppress(OSError):
                    Path(folder).rmdir()


@contextlib.contextmanager
def network_of(inside: Machine) -> Iterator[None]:
    """Let this thread, and those that it starts, use the container's network as their own."""
    with (
        Path("/proc/self/ns/net").open() as ours,
        Path(f"/proc/{inside.leader}/ns/net").open() as theirs,
    ):
        _set_namespace(theirs.fileno())
        try:
            yield
        finally:
            _set_namespace(ours.fileno())


def _set_namespace(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, 0):
        raise OSError(ctypes.get_errno(), "setns")
