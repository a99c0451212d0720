"""Scripts, units and nginx, as their own checkers see them."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from programs import DEPLOY, LIBRARY, PROGRAMS, run
from servers import ROOT

from flask_smorest_chatbot import ChatbotConfig
from flask_smorest_chatbot.cli import chatbot_cli

UNITS = DEPLOY / "systemd"
SECONDS = {"s": 1, "m": 60}
by_name = {"ids": lambda path: path.name}


# -- scripts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", PROGRAMS + LIBRARY, **by_name)
def test_scripts_are_clean(script: Path) -> None:
    run("shellcheck", "--external-sources", script)


@pytest.mark.parametrize("script", PROGRAMS, **by_name)
def test_scripts_can_be_run_and_stop_at_errors(script: Path) -> None:
    assert script.stat().st_mode & 0o111
    assert re.search(r"^set -eu", script.read_text(), re.M)


def shell(script: str) -> str:
    """Run a script that knows the functions of ``deploy/lib``; return what it printed."""
    functions = "; ".join(f". {DEPLOY}/lib/{name}.sh" for name in LIBRARIES)
    command = ["bash", "-euo", "pipefail", "-c", f"{functions}; {script}"]
    told = subprocess.run(command, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    return told.stdout.strip()


#: In the order in which scripts read them.
LIBRARIES = ("common", "releases", "machine", "configuration")


def test_the_installer_says_how_it_is_used() -> None:
    told = subprocess.run([DEPLOY / "install.sh", "--help"], capture_output=True, text=True)
    assert told.returncode == 0
    given = set(re.findall(r"^\s+(--[\w-]+)\)", (DEPLOY / "install.sh").read_text(), re.M))
    assert given - {"--help"} <= set(re.findall(r"--[\w-]+", told.stdout))
    page = (ROOT / "docs/deploy.md").read_text()
    assert given - {"--help"} == set(re.findall(r"^\| `(--[\w-]+)` \|", page, re.M))


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ("LOG_LEVEL=info", "requirements.txt"),
        ("SENTRY_DSN=\nOTEL_EXPORTER_OTLP_ENDPOINT=", "requirements.txt"),
        ("SENTRY_DSN=https://key@sentry.example.com/1", "requirements-extras.txt"),
        ("#SENTRY_DSN=x\nOTEL_EXPORTER_OTLP_ENDPOINT=http://a", "requirements-extras.txt"),
    ],
)
def test_packages_are_those_that_the_settings_need(
    tmp_path: Path, settings: str, named: str
) -> None:
    (tmp_path / "env").write_text(f"{settings}\n")
    told = shell(f"SETTINGS={tmp_path}/env; requirements {ROOT}")
    assert told == str(ROOT / named)
    assert (ROOT / named).exists()


def _release(root: Path, name: str, age: int, environment: str = "") -> None:
    folder = root / "releases" / name
    folder.mkdir(parents=True)
    (folder / ".complete").touch()
    if environment:
        (root / "environments" / environment).mkdir(parents=True, exist_ok=True)
        (folder / ".venv").symlink_to(f"../../environments/{environment}")
    else:
        (folder / ".venv").mkdir()  # an older release's own
    os.utime(folder, (1e9 - age, 1e9 - age))


def test_pruning_keeps_what_serves_and_what_served(tmp_path: Path) -> None:
    _release(tmp_path, "a0", 0, "used")
    _release(tmp_path, "b1", 1)
    _release(tmp_path, "c2", 2, "used")
    _release(tmp_path, "d3", 3, "old")
    _release(tmp_path, "bad", -1, "old")
    (tmp_path / "releases/failed").mkdir()
    (tmp_path / "current").symlink_to("releases/a0")
    shell(f"ROOT={tmp_path}; discard bad; prune_releases")
    assert {it.name for it in (tmp_path / "releases").iterdir()} == {"a0", "b1", "c2"}
    assert [it.name for it in (tmp_path / "environments").iterdir()] == ["used"]


def test_a_kept_release_gets_what_the_settings_have_come_to_need(tmp_path: Path) -> None:
    _release(tmp_path, "a0", 0, "used")
    (tmp_path / "environments/used/bin").mkdir()
    (tmp_path / "environments/used/bin/python").symlink_to("/bin/true")
    for name in ("requirements.txt", "requirements-extras.txt"):
        (tmp_path / "releases/a0" / name).write_text(name)
    link = f"link_environment() {{ echo linked; }}; ROOT={tmp_path}; SETTINGS={tmp_path}/env"
    build = f"environment_name() {{ echo used; }}; {link}; build_release {ROOT} a0"
    assert shell(build) == ""
    (tmp_path / "env").write_text("SENTRY_DSN=x\n")
    assert shell(f"{link}; build_release {ROOT} a0").endswith("linked")


@pytest.mark.parametrize("domain", ["", "a b", "-x", "x;y", "../x"])
def test_a_strange_domain_is_refused(domain: str) -> None:
    told = subprocess.run(
        [DEPLOY / "install.sh", "--dry-run", "--domain", domain], capture_output=True, text=True
    )
    assert told.returncode != 0


@pytest.mark.parametrize("url", ["sqlite:///site.db", "mysql://h/rental", "postgresql://h/it's"])
def test_a_database_that_would_not_do_is_refused(url: str) -> None:
    asked = [DEPLOY / "install.sh", "--dry-run", "--domain", "a.example.com", "--database-url", url]
    told = subprocess.run(asked, capture_output=True, text=True)
    assert told.returncode == 1
    assert re.match(r"(Give|Write) ", told.stderr)


# -- systemd ------------------------------------------------------------------------------------


@pytest.fixture
def units(tmp_path: Path) -> list[Path]:
    """The units, with programs that are here: those that they name are not installed."""
    for unit in UNITS.glob("*.*"):
        if unit.is_file():
            text = re.sub(
                r"(?<==)(/opt/rental|/usr/local/bin/ollama)\S*", "/bin/true", unit.read_text()
            )
            (tmp_path / unit.name).write_text(text)
    (tmp_path / "ollama.service.d").mkdir()
    drop_in = (UNITS / "ollama.service.d/rental.conf").read_text()
    (tmp_path / "ollama.service.d/rental.conf").write_text(drop_in)
    return sorted(path for path in tmp_path.iterdir() if path.is_file())


def test_units_are_clean(units: list[Path]) -> None:
    assert run("systemd-analyze", "verify", "--man=no", *units).strip() == ""


CONFINED = [unit for unit in UNITS.glob("rental*.service") if "@" not in unit.name]


@pytest.mark.parametrize("unit", CONFINED, **by_name)
def test_the_site_and_its_helpers_are_well_confined(unit: Path) -> None:
    run("systemd-analyze", "security", "--offline=true", "--threshold=15", unit)


def test_every_unit_is_installed_and_every_timer_started() -> None:
    everything = {str(unit.relative_to(UNITS)) for unit in UNITS.rglob("*.*") if unit.is_file()}
    assert set(shell(f"is_our_ollama_unit() {{ true; }}; units_of {ROOT}").split()) == everything
    without = {unit for unit in everything if re.search("model|warmup|ollama", unit)}
    assert set(shell(f"OLLAMA=no; units_of {ROOT}").split()) == everything - without
    timers = {unit.name for unit in UNITS.glob("*.timer")}
    assert set(shell('echo "${TIMERS[@]}"').split()) == timers


def test_a_unit_that_fails_for_good_tells_so() -> None:
    for unit in UNITS.glob("*.service"):
        text = unit.read_text()
        for_ever = "StartLimitIntervalSec=0" in text
        tells = "OnFailure=rental-failure@%n.service" in text
        assert tells != (for_ever or "@" in unit.name), unit.name


def test_whatever_loads_the_site_may_write_its_log() -> None:
    for unit in UNITS.glob("*.service"):
        loads = re.search(r"^ExecStart=.*(flask --app run|run:app)", unit.read_text(), re.M)
        assert bool(loads) == ("\nLogsDirectory=rental\n" in unit.read_text()), unit.name


@pytest.mark.parametrize("unit", ["rental-purge", "rental-sweep"])
def test_timers_run_commands_that_there_are(unit: str) -> None:
    text = (UNITS / f"{unit}.service").read_text()
    ((command,),) = [re.findall(r"^ExecStart=\S+/run.sh flask --app run (.+)$", text, re.M)]
    group, name = command.split()
    assert (group, name in chatbot_cli.commands) == ("chatbot", True)


# -- nginx --------------------------------------------------------------------------------------


@pytest.fixture
def nginx(tmp_path: Path) -> Path:
    """A whole configuration of nginx, with the site's in it, and a certificate."""
    subject = ["-subj", "/CN=api.example.com", "-days", "2", "-nodes"]
    key = ["-newkey", "rsa:2048", "-keyout", tmp_path / "privkey.pem"]
    run("openssl", "req", "-x509", *key, "-out", tmp_path / "fullchain.pem", *subject)
    for file in (DEPLOY / "nginx").glob("*.conf"):
        text = file.read_text().replace("@DOMAIN@", "api.example.com")
        for folder in ("/etc/rental/tls", "/etc/nginx", "/var/log/nginx"):
            text = text.replace(f"{folder}/", f"{tmp_path}/")
        (tmp_path / file.name).write_text(text)
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\n"
        f"http {{\n  types {{ text/css css; }}\n  include {tmp_path}/rental.conf;\n}}\n"
    )
    return tmp_path / "nginx.conf"


def test_nginx_takes_its_configuration(nginx: Path) -> None:
    told = run("nginx", "-t", "-c", nginx)
    assert "warn" not in told


def test_nginx_is_configured_safely(nginx: Path) -> None:
    assert "No issues found" in run("gixy", nginx)


def _nginx_seconds(directive: str) -> list[int]:
    text = "".join(file.read_text() for file in (DEPLOY / "nginx").glob("*.conf"))
    found = re.findall(rf"{directive} (\d+)([sm]);", text)
    return [int(number) * SECONDS[unit] for number, unit in found]


def test_timeouts_fit_from_outside_in() -> None:
    config = ChatbotConfig()
    unit = (UNITS / "rental.service").read_text()
    (drain,) = map(int, re.findall(r"GRACEFUL_TIMEOUT=(\d+)", (DEPLOY / "install.sh").read_text()))
    (stop,) = map(int, re.findall(r"TimeoutStopSec=(\d+)", unit))
    assert (
        max(_nginx_seconds("proxy_read_timeout"))
        > drain
        > config.turn_timeout
        > config.first_token_timeout
        > config.token_timeout
        > config.connect_timeout
    )
    assert stop > drain
    assert min(_nginx_seconds("proxy_read_timeout")) > 2 * config.ping_interval
