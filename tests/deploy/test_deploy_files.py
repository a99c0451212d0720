"""Scripts, units, nginx and containers, as their own checkers see them."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from programs import DEPLOY, SCRIPTS, run
from servers import ROOT

from app.config import Settings
from flask_smorest_chatbot import ChatbotConfig
from flask_smorest_chatbot.cli import chatbot_cli

UNITS = DEPLOY / "systemd"
SECONDS = {"s": 1, "m": 60}
by_name = {"ids": lambda path: path.name}


# -- scripts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", SCRIPTS, **by_name)
def test_scripts_are_clean(script: Path) -> None:
    run("shellcheck", "--external-sources", script)


@pytest.mark.parametrize("script", [it for it in SCRIPTS if it.name != "lib.sh"], **by_name)
def test_scripts_can_be_run_and_stop_at_errors(script: Path) -> None:
    assert script.stat().st_mode & 0o111
    assert re.search(r"^set -eu", script.read_text(), re.M)


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
    script = f". {DEPLOY}/lib.sh && SETTINGS={tmp_path}/env && requirements {ROOT}"
    told = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == str(ROOT / named)
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
    script = f". {DEPLOY}/lib.sh && ROOT={tmp_path} && discard bad && prune_releases"
    subprocess.run(["bash", "-euo", "pipefail", "-c", script], check=True)
    assert {it.name for it in (tmp_path / "releases").iterdir()} == {"a0", "b1", "c2"}
    assert [it.name for it in (tmp_path / "environments").iterdir()] == ["used"]


@pytest.mark.parametrize("domain", ["", "a b", "-x", "x;y", "../x"])
def test_a_strange_domain_is_refused(domain: str) -> None:
    told = subprocess.run(
        [DEPLOY / "install.sh", "--dry-run", "--domain", domain], capture_output=True, text=True
    )
    assert told.returncode != 0


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


def test_the_site_is_well_confined() -> None:
    run("systemd-analyze", "security", "--offline=true", "--threshold=15", UNITS / "rental.service")


@pytest.mark.parametrize(
    "unit", ["rental-backup", "rental-purge", "rental-sweep", "rental-model", "rental-warmup"]
)
def test_its_helpers_are_confined_too(unit: str) -> None:
    run(
        "systemd-analyze", "security", "--offline=true", "--threshold=20", UNITS / f"{unit}.service"
    )


def test_every_unit_is_installed_and_every_timer_started() -> None:
    library = (DEPLOY / "lib.sh").read_text()
    for unit in UNITS.glob("*.*"):
        assert unit.name in library, unit.name
    (started,) = re.findall(r"^TIMERS=\((.+)\)$", library, re.M)
    assert set(started.split()) == {unit.name for unit in UNITS.glob("*.timer")}


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


# -- containers ---------------------------------------------------------------------------------


def test_compose_file_is_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "compose.yaml").read_text()
    for name in re.findall(r"\$\{(\w+):\?", text):
        monkeypatch.setenv(name, "set")
    run("docker-compose", "-f", ROOT / "compose.yaml", "--env-file", "/dev/null", "config", "-q")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The services of the compose file."""
    services: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return services


def _settings_of_the_vm() -> dict[str, str]:
    """Return what install.sh writes into the site's settings."""
    text = (DEPLOY / "install.sh").read_text()
    (told,) = re.findall(r"put \"\$SETTINGS\".*?<<TEXT\n(.*?)^TEXT", text, re.M | re.S)
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", told, re.M))


def _settings_of_the_image() -> dict[str, str]:
    return dict(
        re.findall(r"^\s*(?:ENV )?([A-Z_]+)=(\S+)", (ROOT / "Dockerfile").read_text(), re.M)
    )


def test_containers_have_the_settings_of_the_vm(compose: dict[str, Any]) -> None:
    given = _settings_of_the_image() | compose["site"]["environment"]
    differ = {"DATABASE_URL", "SECRET_KEY", "JWT_SECRET_KEY", "WEB_CONCURRENCY"}
    differ |= {"CHATBOT_OLLAMA_URL", "CHATBOT_MODEL"}  # set from outside, or by another name
    for name, value in _settings_of_the_vm().items():
        assert name in given, name
        assert name in differ or given[name] == value, name
    more = given.keys() - _settings_of_the_vm().keys() - {"PATH"}
    assert more == {
        *("PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"),
        *("METRICS_NETWORKS", "CHATBOT_REDIS_URL"),
    }


def test_every_setting_is_one_that_something_reads(compose: dict[str, Any]) -> None:
    known = {item.name.upper() for item in fields(Settings)}
    known |= {f"CHATBOT_{item.name.upper()}" for item in fields(ChatbotConfig)}
    known |= set(re.findall(r"environ.get\(\"(\w+)\"", (ROOT / "gunicorn_config.py").read_text()))
    assert _settings_of_the_vm().keys() | compose["site"]["environment"].keys() <= known


def test_containers_have_the_limits_of_the_vm(compose: dict[str, Any]) -> None:
    unit = dict(re.findall(r"^(\w+)=(.+)$", (UNITS / "rental.service").read_text(), re.M))
    site = compose["site"]
    assert site["mem_limit"] == unit["MemoryMax"].lower()
    assert str(site["pids_limit"]) == unit["TasksMax"]
    assert str(site["ulimits"]["nofile"]) == unit["LimitNOFILE"]
    assert site["stop_grace_period"] == f"{unit['TimeoutStopSec']}s"


def test_ollama_has_the_settings_of_the_vm(compose: dict[str, Any]) -> None:
    text = (UNITS / "ollama.service.d/rental.conf").read_text()
    vm = dict(re.findall(r"^Environment=(\w+)=(.+)$", text, re.M))
    assert vm.pop("OLLAMA_HOST").startswith("127.0.0.1:")
    assert compose["ollama"]["environment"] == vm


def test_a_new_sites_slots_context_and_keep_alive_are_ollamas(compose: dict[str, Any]) -> None:
    site, model = compose["site"]["environment"], compose["ollama"]["environment"]
    assert site["CHATBOT_MODEL_SLOTS"] == model["OLLAMA_NUM_PARALLEL"]
    assert site["CHATBOT_NUM_CTX"] == model["OLLAMA_CONTEXT_LENGTH"]
    assert site["CHATBOT_KEEP_ALIVE"] == model["OLLAMA_KEEP_ALIVE"]


def test_who_waits_for_a_service_waits_until_it_is_well(compose: dict[str, Any]) -> None:
    """And what the site is told to ask is there."""
    for service in compose.values():
        waits = service.get("depends_on", {})
        for other, how in waits.items() if isinstance(waits, dict) else ():
            if how["condition"] == "service_healthy":
                assert "healthcheck" in compose[other], other
    settings = compose["site"]["environment"]
    for name in ("DATABASE_URL", "CHATBOT_REDIS_URL", "CHATBOT_OLLAMA_URL"):
        (host,) = re.findall(r"//(?:.*@)?([a-z]+)", settings[name])
        assert host in compose, name


def test_dockerfile_is_clean() -> None:
    run("hadolint", ROOT / "Dockerfile")
