"""What ``flask chatbot doctor`` says of the machine that the site is deployed on."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from servers import RecordingModel, free_port

from app.deployment import machine, ollama, units
from flask_smorest_chatbot import ChatbotConfig, Finding

#: Plays systemctl from a file: property by unit.
SYSTEMCTL = """#!/usr/bin/env python3
import fnmatch, json, pathlib, sys
states = json.loads(pathlib.Path(__file__).with_name("states.json").read_text())
names = sys.argv[2].removeprefix("--property=").split(",")
def named(pattern):
    return fnmatch.filter(states, pattern) if "*" in pattern else [pattern]
for unit in [unit for pattern in sys.argv[3:] for unit in named(pattern)]:
    state = {"Id": unit, "LoadState": "not-found", "ActiveState": "inactive", "UnitFileState": "",
             **states.get(unit, {})}
    print("\\n".join(f"{name}={state.get(name, '')}" for name in names) + "\\n")
"""
WELL = {"LoadState": "loaded", "ActiveState": "active", "UnitFileState": "enabled"}
RESTING = {"LoadState": "loaded", "ActiveState": "inactive", "UnitFileState": "static"}
CLUSTER = {**WELL, "UnitFileState": "enabled-runtime"}
DEPLOYED = {
    **dict.fromkeys(units.NEEDED, WELL),
    **dict.fromkeys(units.TASKS, RESTING),
    "ollama.service": WELL,
    "postgresql@15-main.service": CLUSTER,
}


class Systemd:
    """The units of a machine, as a program called ``systemctl`` tells of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "systemctl").write_text(SYSTEMCTL)
        (folder / "systemctl").chmod(0o755)
        self.has({})

    def has(self, states: dict[str, dict[str, str]], **others: dict[str, str]) -> None:
        (self._folder / "states.json").write_text(json.dumps(states | others))

    def sets(self, **settings: Any) -> None:
        """Let Ollama's unit have settings."""
        told = " ".join(f"OLLAMA_{name}={value}" for name, value in settings.items())
        self.has({**DEPLOYED, "ollama.service": {**WELL, "Environment": told}})


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Systemd:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return Systemd(folder)


# -- units --------------------------------------------------------------------------------------


def test_the_units_are_those_that_are_installed() -> None:
    folder = Path(__file__).parents[2] / "deploy/systemd"
    installed = {path.name for path in folder.iterdir() if path.is_file() and "@" not in path.name}
    assert installed <= {*units.NEEDED, *units.SERVERS, *units.TASKS}


def test_elsewhere_there_are_no_units(systemd: Systemd, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not units.check_units().applies
    monkeypatch.setenv("PATH", "/nowhere")
    assert not units.check_units().applies


def test_units_that_are_well(systemd: Systemd) -> None:
    systemd.has(DEPLOYED)
    found = units.check_units()
    assert (found.ok, found.applies) == (True, True)
    assert found.detail == f"{len(DEPLOYED)} are well"


@pytest.mark.parametrize(
    ("unit", "state", "said"),
    [
        ("rental-backup.service", {**RESTING, "ActiveState": "failed"}, "has failed"),
        ("nginx.service", {**WELL, "ActiveState": "inactive"}, "is inactive"),
        ("postgresql@15-main.service", {**CLUSTER, "ActiveState": "inactive"}, "is inactive"),
        ("rental-purge.timer", {**WELL, "LoadState": "not-found"}, "is not installed"),
        ("ollama.service", {**WELL, "ActiveState": "activating"}, "is activating"),
    ],
)
def test_a_unit_that_is_not_well_is_named(
    systemd: Systemd, unit: str, state: dict[str, str], said: str
) -> None:
    systemd.has({**DEPLOYED, unit: state})
    found = units.check_units()
    assert (found.detail, found.ok) == (f"{unit} {said}", False)


@pytest.mark.parametrize(("age", "awaits"), [(60.0, False), (-60.0, True)])
def test_a_unit_that_changed_after_its_start_awaits_a_restart(
    systemd: Systemd, tmp_path: Path, age: float, awaits: bool
) -> None:
    file = tmp_path / "changed.conf"
    file.touch()
    started = {"InactiveExitTimestampMonotonic": str(int((time.monotonic() + age) * 1e6))}
    files = {"FragmentPath": __file__, "DropInPaths": f"/nowhere {file}"}
    systemd.has({**DEPLOYED, "rental.service": {**WELL, **started, **files}})
    assert units.check_units().ok != awaits
    assert ("rental.service awaits a restart" in units.check_units().detail) == awaits


def test_what_is_stopped_for_good_is_no_fault(systemd: Systemd) -> None:
    off = {**WELL, "ActiveState": "inactive", "UnitFileState": "disabled"}
    systemd.has({**DEPLOYED, "prometheus.service": off})
    assert units.check_units().ok


# -- the machine --------------------------------------------------------------------------------


def make_certificate(path: Path, days: int) -> None:
    subject = ["-subj", "/CN=api.example.com", "-days", str(days), "-nodes"]
    key = ["-newkey", "rsa:2048", "-keyout", path.with_name("privkey.pem"), "-out", path]
    subprocess.run(["openssl", "req", "-x509", *key, *subject], check=True, capture_output=True)


@pytest.mark.parametrize(("days", "ok"), [(90, True), (5, False)])
def test_days_that_the_certificate_has_left(tmp_path: Path, days: int, ok: bool) -> None:
    certificate = tmp_path / "fullchain.pem"
    make_certificate(certificate, days)
    found = machine.check_certificate(certificate, tmp_path / "none")
    assert (found.detail, found.ok) == (f"{days} days left", ok)


def test_a_certificate_that_only_root_may_read_is_known_by_its_metric(tmp_path: Path) -> None:
    metrics = tmp_path / "rental.prom"
    ends = int(time.time()) + 30 * 86_400 + 60
    metrics.write_text(f"# HELP x y\nrental_certificate_expires_timestamp_seconds {ends}\n")
    hidden = tmp_path / "fullchain.pem"
    assert machine.check_certificate(hidden, metrics).detail == "30 days left"
    assert not machine.check_certificate(hidden, tmp_path / "none").ok
    assert not machine.check_certificate(tmp_path / "no/it.pem", metrics).applies


def test_each_file_system_is_told_once(tmp_path: Path) -> None:
    found = list(machine.check_disk(str(tmp_path), str(tmp_path / "none")))
    told = [it.detail.partition(" ")[0] for it in found]
    assert len({os.stat(folder).st_dev for folder in told}) == len(told) >= 1


def test_a_disk_is_nearly_full_where_the_alert_says_so() -> None:
    folder = Path(__file__).parents[2] / "deploy/prometheus"
    alert = (folder / "rental-alerts.yml").read_text().partition("DiskFilling")[2]
    share, gigabytes = re.findall(r'"\} < (0\.\d+)\n.*"\} < (\d+) \* 1000 \^ 3\n', alert)[0]
    assert (float(share), float(gigabytes) * 1e9) == (machine.LEAST_SHARE, machine.ENOUGH_BYTES)


def test_a_disk_that_is_nearly_full(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(machine, "LEAST_SHARE", 1.1)
    monkeypatch.setattr(machine, "ENOUGH_BYTES", float("inf"))
    found = list(machine.check_disk(str(tmp_path)))
    assert found
    assert not any(it.ok for it in found)


@pytest.mark.parametrize(
    ("told", "deployed", "ok", "applies"),
    [("yes", True, True, True), ("no", True, False, True), ("no", False, True, False)],
)
def test_whether_the_clock_follows_a_time_server(
    systemd: Systemd,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    told: str,
    deployed: bool,
    ok: bool,
    applies: bool,
) -> None:
    monkeypatch.setattr(machine, "CONTAINER_MARKS", ())
    program = tmp_path / "bin/timedatectl"
    program.write_text(f"#!/bin/sh\necho {told}\n")
    program.chmod(0o755)
    systemd.has(DEPLOYED if deployed else {})
    found = machine.check_clock()
    assert (found.ok, found.applies) == (ok, applies)


def test_a_container_has_its_hosts_clock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(machine, "CONTAINER_MARKS", (tmp_path,))
    assert not machine.check_clock().applies


@pytest.mark.parametrize(("limit", "ok"), [("16384", True), ("1024", False)])
def test_descriptors_of_the_unit(systemd: Systemd, limit: str, ok: bool) -> None:
    systemd.has({**DEPLOYED, "rental.service": {**WELL, "LimitNOFILE": limit}})
    found = machine.check_descriptors()
    assert found.ok is ok
    assert limit in found.detail


def test_descriptors_that_more_connections_need(
    systemd: Systemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKER_CONNECTIONS", "1000000000")
    assert not machine.check_descriptors().ok


# -- Ollama -------------------------------------------------------------------------------------


def config(**settings: Any) -> ChatbotConfig:
    """Settings of a site whose model server is on this machine, and away."""
    given = {"ollama_url": f"http://127.0.0.1:{free_port()}", "model_slots": 2, "keep_alive": "24h"}
    return ChatbotConfig(**{**given, **settings})


def said_of(config: ChatbotConfig) -> list[Finding]:
    return [it for it in ollama.check_ollama(config) if it.name == "Ollama's settings"]


GOOD = {
    "NUM_PARALLEL": 2,
    "CONTEXT_LENGTH": 4096,
    "KEEP_ALIVE": "24h",
    "MAX_QUEUE": 64,
    "KV_CACHE_TYPE": "q8_0",
    "FLASH_ATTENTION": 1,
    "HOST": "127.0.0.1:11434",
}


def test_settings_that_fit(systemd: Systemd) -> None:
    systemd.sets(**GOOD)
    (found,) = said_of(config())
    assert found.ok
    assert "NUM_PARALLEL=2" in found.detail


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("NUM_PARALLEL", 4, "OLLAMA_NUM_PARALLEL is 4, CHATBOT_MODEL_SLOTS 2"),
        ("CONTEXT_LENGTH", 8192, "OLLAMA_CONTEXT_LENGTH is 8192, CHATBOT_NUM_CTX 4096"),
        ("KEEP_ALIVE", "5m", "OLLAMA_KEEP_ALIVE is 5m, CHATBOT_KEEP_ALIVE 24h"),
        ("MAX_QUEUE", 1, "OLLAMA_MAX_QUEUE is 1"),
        ("FLASH_ATTENTION", 0, "needs OLLAMA_FLASH_ATTENTION=1"),
        ("HOST", "0.0.0.0", "lets other machines ask"),
    ],
)
def test_settings_that_do_not_fit(systemd: Systemd, name: str, value: object, said: str) -> None:
    systemd.sets(**{**GOOD, name: value})
    (found,) = said_of(config())
    assert not found.ok
    assert said in found.detail


def test_by_default_ollama_answers_one_at_a_time(systemd: Systemd) -> None:
    systemd.sets()
    assert [it.ok for it in said_of(config())] == [False]
    assert [it.ok for it in said_of(config(model_slots=1))] == [True]
    two = f"http://127.0.0.1:{free_port()},http://127.0.0.1:{free_port()}"
    assert [it.ok for it in said_of(config(ollama_url=two))] == [True]


def test_what_cannot_be_seen_does_not_apply(systemd: Systemd) -> None:
    (found,) = said_of(config())
    assert not found.applies
    (found,) = ollama.check_ollama(config(ollama_url="http://10.0.0.11:11434"))
    assert not found.applies


def memory(config: ChatbotConfig) -> Finding:
    (found,) = (it for it in ollama.check_ollama(config) if it.name == "memory")
    return found


@pytest.fixture
def machine_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    def has(megabytes: int) -> None:
        (tmp_path / "meminfo").write_text(f"MemTotal: 1 kB\nMemAvailable: {megabytes * 1000} kB\n")

    monkeypatch.setattr(ollama, "MEMORY", tmp_path / "meminfo")
    return has


def test_the_memory_that_weights_and_cache_take(
    systemd: Systemd, small_model: RecordingModel, machine_with: Any
) -> None:
    """The bundled model has 30 layers with 3 heads of 64 numbers, for keys and for values."""
    systemd.sets(**{**GOOD, "KV_CACHE_TYPE": "f16"})
    given = config(ollama_url=small_model.url, model=small_model.model)
    machine_with(16_000)
    cache = 30 * 3 * 64 * 2 * 2 * 4096 * 2 / 1e9
    assert f"{cache:.1f} GB for the KV cache of 2 times 4096 tokens in f16" in memory(given).detail
    assert memory(given).ok
    machine_with(10)
    assert not memory(config(ollama_url=small_model.url, model=small_model.model, num_ctx=65536)).ok


def test_a_smaller_type_takes_less(
    systemd: Systemd, small_model: RecordingModel, machine_with: Any
) -> None:
    machine_with(16_000)
    given = config(ollama_url=small_model.url, model=small_model.model, num_ctx=100_000)
    sizes = []
    for cache_type in ("f16", "q8_0", "q4_0"):
        systemd.sets(**{**GOOD, "CONTEXT_LENGTH": 100_000, "KV_CACHE_TYPE": cache_type})
        sizes.append(float(memory(given).detail.split(" and ")[1].split()[0]))
    assert sizes == [4.6, 2.4, 1.3]


def test_the_heads_of_llama2() -> None:
    info = {
        "general.architecture": "llama",
        "llama.block_count": 32,
        "llama.attention.head_count": 32,
        "llama.embedding_length": 4096,
    }
    assert ollama._numbers_per_token(info) * 2 == 512 * 1024  # bytes of a token, as known


def test_a_model_server_that_is_away_says_nothing(systemd: Systemd) -> None:
    assert not memory(config()).applies


# -- the command --------------------------------------------------------------------------------


def test_the_doctor_looks_at_all_of_it(site_app: Any, systemd: Systemd) -> None:
    told = site_app.test_cli_runner().invoke(args=["chatbot", "doctor"])
    marks = {line[5:].partition(":")[0]: line[:4] for line in told.output.splitlines()}
    assert marks["units"] == "--  "
    assert {"certificate", "disk", "clock", "file descriptors", "memory"} <= marks.keys()
    systemd.has({**DEPLOYED, "rental-sweep.service": {**RESTING, "ActiveState": "failed"}})
    told = site_app.test_cli_runner().invoke(args=["chatbot", "doctor"])
    assert told.exit_code == 1
    assert "FAIL units: rental-sweep.service has failed -> " in told.output
    assert "Traceback" not in told.output
