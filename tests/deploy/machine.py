"""A sysadmin's afternoon on a bare Debian 12: ``make test-deploy``.

docs/deploy.md has the same steps. The tests build on each other, in this order.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import nspawn
import pytest
from nspawn import Machine
from prometheus_client.parser import text_string_to_metric_families
from servers import ROOT

DOMAIN = "api.example.com"
SITE = f"https://{DOMAIN}"
INSTALL = ["/src/deploy/install.sh", "--domain", DOMAIN, "--self-signed"]
WHEELS = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/wheels"}
PASSWORD = "a-long-password"
# The bundled small model in Ollama's place, under the very same unit.
OLLAMA = """#!/bin/sh
cd /src && PYTHONDONTWRITEBYTECODE=1 \\
exec /opt/small/bin/python -m small_ollama --alias llama2 --num-ctx 2048 --slots 2
"""


@pytest.fixture(scope="module")
def checkouts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of checkouts: the one under test, and later releases made from it.

    It is a copy, too, as a release is named for what is in it: nobody may edit it meanwhile.
    """
    folder = tmp_path_factory.mktemp("checkouts")
    for name in ("src", "good", "unloadable", "unservable", "unready"):
        _copy_of_the_checkout(folder / name)
    _change(folder / "good/app/__init__.py", "\n# Another release.\n")
    for configured in ("systemd/rental.service", "logrotate/rental", "nginx/rental.conf"):
        _change(folder / "good/deploy" / configured, "\n# Another release.\n")
    _change(folder / "unloadable/app/__init__.py", "\nraise RuntimeError('broken')\n")
    _change(folder / "unservable/gunicorn_config.py", "\nraise RuntimeError('broken')\n")
    # Ready where it is tried, and not where it serves: the check before the switch misses it.
    _change(folder / "unready/app/services/readiness.py", UNREADY)
    return folder


UNREADY = """

def degraded(states: States) -> list[str]:
    if "gunicorn" in __import__("os").environ.get("SERVER_SOFTWARE", ""):
        raise RuntimeError("broken")
    return []
"""


def _copy_of_the_checkout(folder: Path) -> None:
    ignored = shutil.ignore_patterns(".*", "__pycache__", "instance", "tests", "node_modules")
    shutil.copytree(ROOT, folder, ignore=ignored)


def _change(file: Path, more: str) -> None:
    file.write_text(file.read_text() + more)


@pytest.fixture(scope="module")
def vm(checkouts: Path) -> Iterator[Machine]:
    if reason := nspawn.why_not():
        pytest.skip(f"THE DEPLOYMENT IS NOT TESTED HERE: {reason}")
    with _booted(checkouts) as machine, nspawn.network_of(machine):
        machine.shell(f"cat > /usr/local/bin/ollama <<'EOF'\n{OLLAMA}EOF")
        machine.shell("chmod +x /usr/local/bin/ollama && python3 -m venv /opt/small")
        small = "/src/small_ollama/requirements.txt"
        machine.run("/opt/small/bin/pip", "install", "-q", "--no-deps", "-r", small, **WHEELS)
        machine.shell(f"echo 127.0.0.1 {DOMAIN} >> /etc/hosts")
        yield machine


@contextlib.contextmanager
def _booted(checkouts: Path) -> Iterator[Machine]:
    try:
        nspawn.tree()  # first of all, as it takes little time to see that it cannot be made
        wheels = nspawn.wheels()
        binds = [f"{checkouts}/src:/src", f"{wheels}:/wheels", f"{checkouts}:/checkouts"]
        with nspawn.machine(binds) as machine:
            yield machine
    except nspawn.CannotBootError as error:
        pytest.skip(f"THE DEPLOYMENT IS NOT TESTED HERE: {error}")


def _trusting(vm: Machine) -> ssl.SSLContext:
    """What a client does that trusts the self-signed certificate, and checks the name in it."""
    context = ssl.create_default_context(cadata=vm.shell("cat /etc/rental/tls/fullchain.pem"))
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # also one that has an issuer
    return context


@pytest.fixture
def client(vm: Machine, resolve: None) -> Iterator[httpx.Client]:
    """A client from outside: by TLS, through nginx."""
    with httpx.Client(base_url=SITE, verify=_trusting(vm), timeout=60, trust_env=False) as it:
        yield it


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the site's name known to this process, whose /etc/hosts is not the machine's."""
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, *rest: Any, **options: Any) -> Any:
        known = host in (DOMAIN, DOMAIN.encode(), "other.example.com")
        return real("127.0.0.1" if known else host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.fixture
def user(client: httpx.Client) -> httpx.Client:
    """The client, logged in."""
    known = {"email": "ann@example.com", "password": PASSWORD}
    client.post("/api/auth/register", json={**known, "name": "Ann", "user_type": "renter"})
    token = client.post("/api/auth/login", json=known).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def ready(vm: Machine) -> dict[str, Any]:
    return json.loads(vm.shell("curl -s http://127.0.0.1:5000/ready"))


def eventually(
    check: Callable[[], object], seconds: float = 30, tell: Callable[[], object] = lambda: ""
) -> None:
    """Wait until ``check`` returns something true.

    :param tell: what to say if it does not
    """
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, f"it did not come about: {tell()}"
        time.sleep(0.3)


class Event(NamedTuple):
    """What was streamed, and when it came."""

    moment: float
    name: str
    data: dict[str, Any]


#: How an answer may end for the sake of so small a model, whatever is done to the site.
MODELS_FAULTS = {"repetition", "empty_answer", "too_long"}


def stream(client: httpx.Client, message: str) -> list[Event]:
    """Chat; return the events."""
    events = []
    name = ""
    headers = {"Accept": "text/event-stream"}
    with client.stream(
        "POST", "/api/chatbot/chat", json={"message": message}, headers=headers
    ) as answer:
        assert answer.status_code == 200, answer.read()
        for line in answer.iter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            if line.startswith("data: "):
                data = json.loads(line.removeprefix("data: "))
                events.append(Event(time.monotonic(), name, data))
    return events


def end_of(events: list[Event]) -> str:
    """Return how an answer ended: ``done``, or why not."""
    last = events[-1]
    return last.data["errors"]["reason"] if last.name == "error" else last.name


class Load:
    """Clients that ask all the time, and one that chats, while something is done to the site."""

    def __init__(self, user: httpx.Client, vm: Machine) -> None:
        self.statuses: list[object] = []
        self.chats: list[str] = []
        self._user, self._context = user, _trusting(vm)
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(4)]
        self._threads.append(threading.Thread(target=self._chat))

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        time.sleep(1)
        return self

    def __exit__(self, *_: object) -> None:
        time.sleep(1)
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _client(self) -> httpx.Client:
        headers = {"Authorization": self._user.headers["Authorization"]}
        return httpx.Client(
            base_url=SITE, verify=self._context, timeout=60, trust_env=False, headers=headers
        )

    def _ask(self) -> None:
        with self._client() as client:
            while not self._stop.is_set():
                try:
                    self.statuses.append(client.get("/api/instruments").status_code)
                except httpx.HTTPError as error:
                    self.statuses.append(repr(error))
                time.sleep(0.3)  # nginx allows an address 20 requests a second

    def _chat(self) -> None:
        with self._client() as client:
            while not self._stop.is_set():
                self.chats.append(end_of(stream(client, "Tell me a long story about a guitar.")))
                time.sleep(2)

    def assert_all_went_well(self) -> None:
        assert len(self.statuses) > 10
        assert set(self.statuses) == {200}
        assert self.chats
        assert set(self.chats) <= {"done", *MODELS_FAULTS}


# -- installing ---------------------------------------------------------------------------------


def test_a_dry_run_changes_nothing(vm: Machine) -> None:
    told = vm.run(*INSTALL, "--dry-run").stdout
    assert "would: create database rental" in told
    assert not vm.shell("ls -d /opt/rental /etc/rental 2>/dev/null", check=False)


def test_install(vm: Machine) -> None:
    told = vm.run(*INSTALL, **WHEELS, timeout=400).stdout
    assert f"{SITE} serves release" in told


def test_installing_again_changes_nothing(vm: Machine) -> None:
    assert vm.run(*INSTALL, **WHEELS).stdout.strip() == "Nothing changed."
    assert vm.run(INSTALL[0], **WHEELS).stdout.strip() == "Nothing changed."


def test_what_the_administrator_changed_stays(vm: Machine) -> None:
    vm.shell("echo '# Mine.' >> /etc/prometheus/prometheus.yml")
    assert vm.run(INSTALL[0], **WHEELS).stdout.strip() == "Nothing changed."
    assert "# Mine." in vm.shell("cat /etc/prometheus/prometheus.yml")
    vm.shell("sed -i '/# Mine./d' /etc/prometheus/prometheus.yml")
    other = vm.run(INSTALL[0], "--database-url", "postgresql://db.example.com/other", check=False)
    assert "names another database" in other.stdout


def test_an_option_can_be_taken_back(vm: Machine) -> None:
    told = vm.run(INSTALL[0], "--domain", "other.example.com", "--dry-run").stdout
    assert "fullchain.pem is not for other.example.com" in told
    told = vm.run(INSTALL[0], "--no-ollama", "--dry-run").stdout
    assert "would: remove rental-model.service" in told
    assert "would: write /etc/rental/options" in told


PEBBLE = {
    "listenAddress": "127.0.0.1:14000",
    "managementListenAddress": "127.0.0.1:15000",
    "certificate": "/root/pebble.pem",
    "privateKey": "/root/pebble.key",
    "httpPort": 80,
    "tlsPort": 443,
}


def test_without_a_certificate_of_lets_encrypt_the_site_serves(vm: Machine) -> None:
    done = vm.run(INSTALL[0], "--lets-encrypt", check=False, **WHEELS)
    assert done.returncode == 1
    assert "There is no certificate yet" in done.stdout
    assert DOMAIN in _served_certificate(vm, "issuer")  # its own


@pytest.fixture(scope="module")
def authority(vm: Machine) -> None:
    """Let's Encrypt's own small authority for tests, where certbot asks Let's Encrypt."""
    vm.shell(f"echo '{json.dumps({'pebble': PEBBLE})}' > /root/pebble.json")
    key = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -days 9"
    vm.shell(
        f"{key} -addext subjectAltName=DNS:localhost -keyout /root/pebble.key -out /root/pebble.pem"
    )
    # It rejects one nonce of twenty to see whether a client tries again; Debian's certbot does not.
    calm = "--setenv=PEBBLE_WFE_NONCEREJECT=0"
    vm.run("systemd-run", "--unit=pebble", calm, "pebble", "-config", "/root/pebble.json")
    asked = "server = https://localhost:14000/dir\nno-verify-ssl = True\n"
    vm.shell(f"printf '{asked}' >> /etc/letsencrypt/cli.ini")
    eventually(lambda: vm.shell("curl -sk https://localhost:14000/dir", check=False))


def _served_certificate(vm: Machine, what: str) -> str:
    connect = f"openssl s_client -connect 127.0.0.1:443 -servername {DOMAIN} </dev/null 2>/dev/null"
    return vm.shell(f"{connect} | openssl x509 -noout -{what}")


def test_a_certificate_of_lets_encrypt(vm: Machine, authority: None) -> None:
    told = vm.run(INSTALL[0], "--lets-encrypt", "--email", "ann@example.com", **WHEELS).stdout
    assert "get a certificate" in told
    eventually(lambda: "Pebble" in _served_certificate(vm, "issuer"))
    assert vm.run(INSTALL[0], **WHEELS).stdout.strip() == "Nothing changed."


def test_its_renewal_is_served(vm: Machine, authority: None) -> None:
    before = _served_certificate(vm, "serial")
    vm.run("certbot", "renew", "--force-renewal", "--no-random-sleep-on-renew")
    eventually(lambda: _served_certificate(vm, "serial") != before)


def test_one_that_is_there_already_is_used(vm: Machine, authority: None) -> None:
    """As after a time with a self-signed one."""
    vm.shell("rm /etc/rental/tls/*.pem")
    vm.run(INSTALL[0], "--self-signed", **WHEELS)
    eventually(lambda: "Pebble" not in _served_certificate(vm, "issuer"))
    told = vm.run(INSTALL[0], "--lets-encrypt", **WHEELS).stdout
    assert "get a certificate" not in told
    eventually(lambda: "Pebble" in _served_certificate(vm, "issuer"))


def test_all_units_are_well(vm: Machine) -> None:
    failed = vm.shell("systemctl --failed --plain --no-legend")
    assert not [unit for unit in ("rental", "ollama", "nginx", "prometheus") if unit in failed]
    timers = [f"rental-{name}.timer" for name in ("backup", "host-metrics", "purge", "sweep")]
    for unit in ("rental.service", "rental.socket", "nginx", "ollama", *timers):
        assert vm.shell(f"systemctl is-active {unit}", check=False) == "active", unit
    vm.run("systemd-analyze", "security", "--threshold=15", "rental.service")
    ours = vm.shell("cd /etc/systemd/system && ls -d rental*.* ollama.service").split()
    assert vm.run("systemd-analyze", "verify", "--man=no", *ours).stdout == ""
    assert vm.show("rental.service", "MemoryMax") == str(2 * 1024**3)
    assert vm.show("rental.service", "LimitNOFILE") == "16384"
    nginx = vm.shell("cat /proc/$(pgrep -o -u www-data nginx)/limits")
    assert re.search(r"Max open files +16384 ", nginx)
    settings = vm.shell("stat -c '%a %U:%G' /etc/rental/rental.env")
    assert settings == "640 root:rental"


def times_warmed(vm: Machine) -> int:
    return vm.shell("journalctl -u rental-warmup -o cat").count("is loaded")


def test_the_site_is_ready_with_its_model(vm: Machine) -> None:
    eventually(lambda: ready(vm)["model"] == "ok", 60)
    assert ready(vm)["status"] == "ok"
    assert ready(vm)["migrations"] == "ok"
    eventually(lambda: times_warmed(vm) == 1, 60)


# -- from outside -------------------------------------------------------------------------------


def test_only_nginx_can_be_reached_from_outside(vm: Machine) -> None:
    listening = vm.shell("ss --listening --tcp --numeric --no-header").splitlines()
    addresses = {line.split()[3] for line in listening}
    outside = {it for it in addresses if not it.startswith(("127.", "[::1]"))}
    assert {it.rpartition(":")[2] for it in outside} == {"80", "443"}, addresses


def test_http_leads_to_https(vm: Machine, resolve: None) -> None:
    answer = httpx.get(f"http://{DOMAIN}/api/instruments?page=1", trust_env=False)
    assert answer.status_code == 301
    assert answer.headers["Location"] == f"{SITE}/api/instruments?page=1"


def test_tls_and_headers(client: httpx.Client) -> None:
    answer = client.get("/health", headers={"X-Request-ID": "mine-1"})
    assert answer.json() == {"status": "ok"}
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert answer.headers["X-Request-ID"] == "mine-1"
    assert "nginx/" not in answer.headers["Server"]


def test_http_2(vm: Machine) -> None:
    told = vm.shell(f"curl -sk --http2 -o /dev/null -w '%{{http_version}}' {SITE}/health")
    assert told == "2"


def test_metrics_and_readiness_are_not_public(client: httpx.Client) -> None:
    assert client.get("/metrics").status_code == 404
    assert client.get("/ready").status_code == 404


def test_another_name_gets_no_answer(vm: Machine, resolve: None) -> None:
    with pytest.raises(httpx.ConnectError):
        httpx.get("https://other.example.com/", verify=_trusting(vm), trust_env=False)


def test_static_files_come_from_nginx(client: httpx.Client) -> None:
    asset = client.get("/static/favicon.svg?v=1")
    assert asset.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get("/static/favicon.svg").headers["Cache-Control"] == "no-cache"
    assert client.get("/static/swagger-ui/swagger-ui.css").status_code == 200


def test_too_large_a_body_gets_the_sites_kind_of_error(client: httpx.Client) -> None:
    answer = client.post("/api/auth/login", content=b"x" * 2_000_000)
    assert answer.status_code == 413
    assert answer.json()["code"] == 413


def test_the_clients_own_address_is_what_counts(client: httpx.Client, vm: Machine) -> None:
    client.get("/health", headers={"X-Forwarded-For": "203.0.113.9"})
    assert "203.0.113.9" not in vm.shell("cat /var/log/nginx/rental.access.log")


def test_a_chat_is_streamed_token_by_token(user: httpx.Client) -> None:
    events = stream(user, "Tell me about guitars.")
    assert events[0].name == "start"
    assert end_of(events) in {"done", *MODELS_FAULTS}
    deltas = [event.moment for event in events if event.name == "delta"]
    assert len({round(moment, 2) for moment in deltas}) > 5, "they came all at once"


def test_log_lines_are_json_and_hold_no_message(vm: Machine, user: httpx.Client) -> None:
    told = "I would like a purple theremin"
    named = {"X-Request-ID": "look-here"}
    answer = user.post("/api/chatbot/chat", json={"message": told}, headers=named)
    assert vm.shell("journalctl _SYSTEMD_UNIT=rental.service -o cat -n 20").startswith("{")
    journal = vm.shell("journalctl _SYSTEMD_UNIT=rental.service -o cat")
    assert "theremin" not in journal
    assert "ann@example.com" not in journal
    lines = [json.loads(line) for line in journal.splitlines() if line.startswith("{")]
    of_it = [line for line in lines if line.get("request_id") == "look-here"]
    (line,) = [line for line in of_it if line["event"] == "request"]
    assert line["route"] == "/api/chatbot/chat"
    assert line["status"] == answer.status_code  # so small a model may answer nothing at all
    assert len(line["user"]) == 16
    (turn,) = [line for line in of_it if line["event"] == "turn"]
    assert turn["user"] == line["user"]
    assert turn["input_tokens"] > 0
    assert {"first_token_ms", "prompt_ms", "output_ms"} <= turn.keys() or turn["reason"]


# -- monitoring ---------------------------------------------------------------------------------


def query(expression: str) -> list[Any]:
    answer = httpx.get(
        "http://127.0.0.1:9090/api/v1/query", params={"query": expression}, trust_env=False
    )
    return answer.json()["data"]["result"]


def test_prometheus_scrapes_site_and_machine(vm: Machine) -> None:
    eventually(lambda: len(query('up{instance=~"127.0.0.1:.*"} == 1')) == 2, 60)
    eventually(lambda: query("chatbot_turn_seconds_count > 0"), 30)
    vm.run("systemctl", "start", "rental-backup.service")
    eventually(lambda: query("rental_backup_timestamp_seconds > 0"), 60)
    assert query("rental_certificate_expires_timestamp_seconds - time() > 800 * 86400")
    assert not query('ALERTS{alertstate="firing"}')


def test_prometheus_can_answer_every_query(vm: Machine) -> None:
    """Also those of what has not happened yet have no fault; of the others there is an answer."""
    panels = json.loads(vm.shell("cat /src/deploy/grafana/rental.json"))["panels"]
    may_be_empty = {
        *("Share of errors", "Model errors", "Recommendations"),
        "Refused tokens and requests over limits",
        "Disk left",  # a container has no disk of its own
    }

    def unanswered() -> set[str]:
        return {
            panel["title"]
            for panel in panels
            for target in panel["targets"]
            if not query(target["expr"])
        } - may_be_empty

    eventually(lambda: not unanswered(), 60, unanswered)


def test_counts_of_all_workers_are_added_up(vm: Machine, client: httpx.Client) -> None:
    def count() -> float:
        text = vm.shell("curl -s http://127.0.0.1:5000/metrics")
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == "site_http_requests_total" and sample.labels["route"] == "/health"
        )

    before = count()
    for _ in range(20):
        client.get("/health")
    assert count() - before == 20


# -- things that happen -------------------------------------------------------------------------


def workers(vm: Machine) -> list[str]:
    return vm.shell(f"pgrep -P {vm.show('rental.service', 'MainPID')}").split()


def test_a_reload_under_load_loses_nothing(vm: Machine, user: httpx.Client) -> None:
    before = vm.show("rental.service", "MainPID")
    with Load(user, vm) as load:
        vm.run("systemctl", "reload", "rental")
    load.assert_all_went_well()
    assert vm.show("rental.service", "MainPID") != before
    assert vm.show("rental.service", "NRestarts") == "0"


def test_a_sweep_interrupts_no_answer(vm: Machine, user: httpx.Client) -> None:
    """It runs beside the workers, which systemd hides from it."""
    with Load(user, vm) as load:
        for _ in range(3):
            vm.run("systemctl", "start", "rental-sweep.service", "rental-purge.service")
            time.sleep(1)
    load.assert_all_went_well()


def test_changed_settings_take_effect_at_a_reload(vm: Machine) -> None:
    vm.shell("echo CHATBOT_RETRY_AFTER=77 >> /etc/rental/rental.env")
    vm.run("systemctl", "restart", "rental-model", "rental-warmup")
    vm.run("systemctl", "reload", "rental")
    pid = vm.show("rental.service", "MainPID")
    assert "CHATBOT_RETRY_AFTER=77" in vm.shell(f"tr '\\0' '\\n' < /proc/{pid}/environ")


def test_a_killed_worker_is_replaced(vm: Machine, client: httpx.Client) -> None:
    before = workers(vm)
    vm.run("kill", "-9", before[0])
    eventually(lambda: len(workers(vm)) == len(before) and before[0] not in workers(vm))
    assert client.get("/health").status_code == 200
    assert "gauge_live" not in vm.shell(f"ls /run/rental/metrics | grep _{before[0]}.db", False)


def test_a_killed_master_comes_back_and_refuses_nobody(vm: Machine, client: httpx.Client) -> None:
    vm.run("kill", "-9", vm.show("rental.service", "MainPID"))
    # The socket is systemd's: whoever comes now waits in its queue.
    assert client.get("/health").status_code == 200
    eventually(lambda: vm.show("rental.service", "NRestarts") == "1")


def test_a_model_that_is_away_is_said_and_comes_back(vm: Machine, user: httpx.Client) -> None:
    vm.run("systemctl", "stop", "ollama")
    eventually(lambda: ready(vm)["degraded"] == ["model"])
    assert ready(vm)["status"] == "ok"
    answer = user.post("/api/chatbot/chat", json={"message": "Hello?"})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "77"
    vm.run("systemctl", "start", "ollama")
    eventually(lambda: not ready(vm)["degraded"])


def test_a_killed_model_is_replaced_and_warmed(vm: Machine, user: httpx.Client) -> None:
    before = times_warmed(vm)
    vm.run("systemctl", "kill", "-s", "KILL", "ollama")
    eventually(lambda: vm.show("ollama", "NRestarts") == "1")
    eventually(lambda: not ready(vm)["degraded"])
    assert end_of(stream(user, "Are you there?")) in {"done", *MODELS_FAULTS}
    eventually(lambda: times_warmed(vm) > before)


def test_a_unit_that_fails_tells_the_administrator(vm: Machine) -> None:
    vm.shell("printf '#!/bin/sh\\necho \"$1\" > /run/told\\n' > /etc/rental/notify")
    vm.shell("chmod +x /etc/rental/notify && mv /var/backups/rental /var/backups/elsewhere")
    vm.run("systemctl", "start", "rental-backup.service", check=False)
    vm.shell("mv /var/backups/elsewhere /var/backups/rental")
    eventually(lambda: vm.shell("cat /run/told", check=False) == "rental-backup.service")
    vm.run("systemctl", "reset-failed", "rental-backup.service")


@pytest.fixture
def impatient(vm: Machine) -> Iterator[None]:
    """Starts and reloads that fail are given up sooner than on a real machine."""
    drop_in = "/run/systemd/system/rental.service.d"
    given = "[Unit]\\nStartLimitBurst=3\\n[Service]\\nEnvironment=RELOAD_WITHIN=10\\n"
    vm.shell(f"mkdir -p {drop_in} && printf '{given}' > {drop_in}/impatient.conf")
    vm.run("systemctl", "daemon-reload")
    yield
    vm.shell(f"rm {drop_in}/impatient.conf && systemctl daemon-reload")


@pytest.fixture
def wrong_setting(vm: Machine, impatient: None) -> Iterator[None]:
    """The site's settings hold a value that it refuses."""
    vm.shell("cp /etc/rental/rental.env /root && echo CHATBOT_NUM_CTX=12 >> /etc/rental/rental.env")
    yield
    vm.shell("cat /root/rental.env > /etc/rental/rental.env")
    vm.run("systemctl", "reset-failed")  # also a timer's task that fell into this time
    vm.run("systemctl", "restart", "rental")
    eventually(lambda: ready(vm)["status"] == "ok")
    assert vm.show("rental.socket", "ActiveState") == "active"


def test_a_site_that_cannot_start_says_why_and_is_mended(vm: Machine, wrong_setting: None) -> None:
    vm.run("systemctl", "reload", "rental", check=False)  # cannot take over: the old one serves
    assert ready(vm)["status"] == "ok"
    vm.run("systemctl", "kill", "--kill-who=main", "-s", "KILL", "rental")
    eventually(lambda: vm.shell("cat /run/told", check=False) == "rental.service", 240)
    assert "CHATBOT_NUM_CTX must be" in vm.shell("journalctl -u rental -o cat -n 50")


def test_the_administrators_commands(vm: Machine) -> None:
    flask = ["/opt/rental/current/deploy/run.sh", "flask", "--app", "run"]
    vm.run(*flask, "create-admin-user", "--email", "admin@example.com", ADMIN_PASSWORD=PASSWORD)
    told = vm.run(*flask, "chatbot", "doctor").stdout
    assert "FAIL" not in told, told
    for part in ("units", "certificate", "disk", "file descriptors", "Ollama's settings", "memory"):
        assert f"ok   {part}: " in told, told
    assert not vm.shell("find /opt/rental ! -user root"), "the site's user can change the site"


def _commands_of(page: str, section: str = "") -> list[str]:
    text = (ROOT / "docs" / page).read_text()
    if section:
        text = re.split(r"^## ", text.partition(f"\n## {section}\n")[2], maxsplit=1, flags=re.M)[0]
    blocks = re.findall(r"^```bash\n(.*?)^```", text, re.M | re.S)
    return [line for block in blocks for line in block.splitlines()]


def test_several_hosts(vm: Machine, client: httpx.Client) -> None:
    vm.shell("for n in 2 3 9; do ip address add 10.0.0.$n dev lo; done")
    for command in _commands_of("deploy.md", "Several hosts"):
        vm.run("sh", "-c", command)
    assert vm.shell("curl -s http://10.0.0.2:5000/health") == '{"status":"ok"}'
    # Nothing listens on 10.0.0.3; who is sent there is served by the other one.
    assert {client.get("/health").status_code for _ in range(20)} == {200}
    balancer = f"curl -sk --interface 10.0.0.9 --resolve {DOMAIN}:443:10.0.0.9"
    vm.shell(f"{balancer} -H 'X-Forwarded-For: 203.0.113.9' {SITE}/health")
    eventually(lambda: "203.0.113.9" in vm.shell("cat /var/log/nginx/rental.access.log"))
    vm.shell("rm -r /etc/systemd/system/rental.socket.d /etc/nginx/rental.d/*")
    vm.shell("systemctl daemon-reload && systemctl restart rental.socket && systemctl reload nginx")


def test_the_commands_of_the_runbook(vm: Machine, authority: None) -> None:
    for command in _commands_of("runbook.md"):
        fine = {"grep": [0, 1], "systemctl status": [0, 3]}  # nothing found; a unit is at rest
        fine_here = next((codes for part, codes in fine.items() if part in command), [0])
        command = command.replace("deploy/install.sh", "/src/deploy/install.sh").replace(
            "current//src/", "current/"
        )
        if command.startswith("certbot renew"):  # without a terminal it waits for minutes at first
            command += " --no-random-sleep-on-renew"
        done = vm.run("sh", "-c", command, check=False, **WHEELS)
        assert done.returncode in fine_here, f"{command}\n{done.stdout}"
    eventually(lambda: ready(vm)["status"] == "ok")


# -- upgrading ----------------------------------------------------------------------------------


def upgrade(vm: Machine, checkout: str, **environment: str) -> Any:
    command = f"/checkouts/{checkout}/deploy/upgrade.sh"
    return vm.run(command, check=False, timeout=400, **WHEELS, **environment)


def test_an_installer_of_another_release_leaves_the_one_that_serves(vm: Machine) -> None:
    told = vm.run("/checkouts/good/deploy/install.sh", **WHEELS).stdout
    assert re.fullmatch(r"Release \w+ stays; .* moves to \w+\.\nNothing changed\.\n", told)


def test_an_upgrade_under_load_loses_nothing(vm: Machine, user: httpx.Client) -> None:
    before = ready(vm)["release"]
    with Load(user, vm) as load:
        done = upgrade(vm, "good")
    assert done.returncode == 0, done.stdout
    load.assert_all_went_well()
    assert ready(vm)["release"] != before


def test_what_an_upgrade_brings_with_it(vm: Machine) -> None:
    for file in ("logrotate.d/rental", "nginx/sites-available/rental"):
        assert "Another release." in vm.shell(f"cat /etc/{file}")
    doctor = ["/opt/rental/current/deploy/run.sh", "flask", "--app", "run", "chatbot", "doctor"]
    assert "rental.service awaits a restart" in vm.run(*doctor, check=False).stdout
    vm.run("systemctl", "restart", "rental.service")
    eventually(lambda: ready(vm)["status"] == "ok")
    assert "awaits a restart" not in vm.run(*doctor, check=False).stdout


@pytest.mark.parametrize("checkout", ["unloadable", "unservable", "unready"])
def test_a_broken_upgrade_is_undone(
    vm: Machine, client: httpx.Client, impatient: None, checkout: str
) -> None:
    before = ready(vm)["release"]
    done = upgrade(vm, checkout, READY_WITHIN="30")
    assert done.returncode == 1, done.stdout
    assert before in done.stdout
    assert ready(vm)["release"] == before
    assert client.get("/health").status_code == 200


def test_back_to_the_first_release(vm: Machine) -> None:
    """Which has been kept, and lacks what the settings have come to need."""
    before = ready(vm)["release"]
    vm.shell("echo SENTRY_DSN=http://key@127.0.0.1:9/1 >> /etc/rental/rental.env")
    told = vm.run("/src/deploy/upgrade.sh", **WHEELS, timeout=400).stdout
    assert "build release" not in told
    assert ready(vm)["release"] != before
    vm.run("/opt/rental/current/.venv/bin/python", "-c", "import sentry_sdk")
    assert "Another release." not in vm.shell("cat /etc/nginx/sites-available/rental")
    assert "rental.service has changed" in told


# -- backup and restore -------------------------------------------------------------------------


def test_a_backup_is_proved_beside_the_live_database(vm: Machine, user: httpx.Client) -> None:
    vm.run("systemctl", "start", "rental-backup")
    assert ".dump" in vm.shell("ls -l /var/backups/rental")
    told = vm.run("/opt/rental/current/deploy/restore.sh").stdout
    assert "The backup is good. Nothing was changed" in told
    assert "rental_restored" not in vm.shell("runuser -u postgres -- psql -Atl")


def test_a_damaged_backup_is_refused(vm: Machine) -> None:
    vm.shell("mkdir /tmp/bad && cp $(ls -t /var/backups/rental/rental-* | head -2) /tmp/bad")
    vm.shell("printf x >> $(ls /tmp/bad/*.dump)")
    done = vm.run("sh", "-c", "/opt/rental/current/deploy/restore.sh /tmp/bad/*.dump", check=False)
    assert done.returncode != 0
    assert "FAILED" in done.stdout


def test_what_was_destroyed_is_restored(vm: Machine, user: httpx.Client) -> None:
    before = user.get("/api/chatbot/sessions").json()["total_sessions"]
    assert before > 0
    vm.run("systemctl", "start", "rental-backup.service")
    vm.shell("runuser -u postgres -- psql -q rental -c 'DROP TABLE users CASCADE'")
    assert user.get("/api/chatbot/sessions").status_code >= 500
    told = vm.run("/opt/rental/current/deploy/restore.sh", "--promote").stdout
    assert "The backup is live." in told
    eventually(lambda: ready(vm)["status"] == "ok")
    assert user.get("/api/chatbot/sessions").json()["total_sessions"] == before


def test_a_promotion_that_fails_lets_the_site_serve(vm: Machine, client: httpx.Client) -> None:
    """No database is renamed that somebody else uses."""
    vm.run("systemctl", "start", "rental-backup.service")
    somebody = "systemd-run --quiet --unit=somebody --uid=postgres --working-directory=/"
    vm.shell(f"{somebody} psql --dbname rental -c 'SELECT pg_sleep(600)'")
    done = vm.run("/opt/rental/current/deploy/restore.sh", "--promote", check=False)
    vm.run("systemctl", "stop", "somebody")
    assert done.returncode != 0
    assert "The restored copy is rental_restored_" in done.stdout
    eventually(lambda: ready(vm)["status"] == "ok")
    assert client.get("/health").status_code == 200


# -- leaving ------------------------------------------------------------------------------------


def test_uninstall_leaves_the_database_and_says_so(vm: Machine, resolve: None) -> None:
    told = vm.run("/src/deploy/uninstall.sh").stdout
    assert "Kept: the database" in told
    databases = vm.shell("runuser -u postgres -- psql -Atc 'SELECT datname FROM pg_database'")
    assert "rental" in databases.splitlines()
    assert vm.shell("ls /var/backups/rental/*.dump")
    assert not vm.shell("ls -d /opt/rental /etc/systemd/system/rental* 2>/dev/null", check=False)
    assert "worker_connections 768;" in vm.shell("cat /etc/nginx/nginx.conf")
    vm.run("nginx", "-t", "-q")
    with pytest.raises(httpx.ConnectError):
        httpx.get("http://127.0.0.1:5000/health", trust_env=False)


def test_what_the_document_says_was_run(vm: Machine) -> None:
    def words(command: str) -> set[str]:
        return {re.sub(r".*deploy/", "", word) for word in command.split()}

    done = [words(command) for command in vm.ran]
    missing = [
        line for line in _commands_of("deploy.md") if not any(words(line) <= it for it in done)
    ]
    assert not missing


def test_after_that_it_can_be_installed_again(vm: Machine) -> None:
    """Where Ollama runs already, it is started anew with our settings."""
    assert "OLLAMA_KEEP_ALIVE" not in vm.show("ollama", "Environment")
    before = vm.show("ollama", "MainPID"), times_warmed(vm)
    vm.run(*INSTALL, **WHEELS, timeout=400)
    assert ready(vm)["status"] == "ok"
    assert vm.show("ollama", "MainPID") != before[0]
    eventually(lambda: times_warmed(vm) > before[1], 60)
