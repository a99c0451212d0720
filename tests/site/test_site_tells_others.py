"""Sentry and OpenTelemetry: off unless asked for, and told nothing private."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from faulty_server import HELLO, FaultyServer
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from servers import ROOT

CANARIES = (
    "canary message",
    "canary.person@example.com",
    "canary-password",
    "canary value",
    "CANARY-VALUE",
)

#: A site in a process of its own, as both keep what they are told for the whole process.
SITE = """
import json, logging, sys
from app import create_app
from app.extensions import db

app = create_app()
at_start = sorted({name.partition(".")[0] for name in sys.modules})
db_log = logging.getLogger("site.database")

@app.get("/broken/<name>")
def broken(name):
    secret = "canary value"
    raise ValueError(f"{name} {secret}")

with app.app_context():
    db.create_all()
client = app.test_client()
known = {"email": "canary.person@example.com", "password": "canary-password"}
client.post("/api/auth/register", json={**known, "name": "Ann", "user_type": "renter"})
token = client.post("/api/auth/login", json=known).json["access_token"]
headers = {"Authorization": f"Bearer {token}", "X-Request-ID": "look-here"}
answer = client.post("/api/chatbot/chat", json={"message": "canary message"}, headers=headers)
cookie = {"Cookie": "a=canary value"}
path = "/broken/canary.person@example.com?x=canary+value"
failed = client.get(path, headers={**headers, **cookie})
print(answer.status_code, failed.status_code)
answer.close(), failed.close()
client.open("/api/listings", method="CANARY-VALUE").close()
told = {"outcome": "complete", "duration_ms": 1.0, "remark": "canary value"}
logging.getLogger("flask_smorest_chatbot.services.turn").info("turn", extra={"fields": told})
db_log.error("told %s", "canary value")
logging.getLogger("elsewhere").error("canary value")
if "sentry_sdk" in sys.modules:
    sys.modules["sentry_sdk"].flush(10)
if "site_tracing" in app.extensions:
    app.extensions["site_tracing"].force_flush()
print(json.dumps(at_start))
"""


class Receiver:
    """A server that keeps what it is sent."""

    def __init__(self) -> None:
        self.received: list[tuple[str, bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                receiver.received.append((self.path, body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events in the envelopes that Sentry was sent."""
        lines = [line for path, body in self.received for line in body.splitlines()]
        return [it for it in map(json.loads, filter(None, lines)) if "level" in it]

    @property
    def spans(self) -> list[Any]:
        """The spans that a collector was sent."""
        return [
            span
            for path, body in self.received
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


def run_site(folder: Path, **settings: str) -> tuple[str, list[str]]:
    """Run the site; return the statuses that it answered and the packages that it began with."""
    model = FaultyServer([HELLO])
    given = {
        "DATABASE_URL": f"sqlite:///{folder}/site.db",
        "CHATBOT_OLLAMA_URL": model.url,
        "CHATBOT_MODEL": "m",
        "CHATBOT_QUEUE_DIR": str(folder),
        "LOG_FORMAT": "json",
        "PYTHONPATH": str(ROOT),
        **settings,
    }
    done = subprocess.run(
        [sys.executable, "-c", SITE],
        cwd=folder,
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        timeout=120,
    )
    model.close()
    assert done.returncode == 0, done.stderr
    statuses, modules = done.stdout.splitlines()
    return statuses, json.loads(modules)


def test_neither_is_imported_unless_it_is_asked_for(tmp_path: Path) -> None:
    statuses, modules = run_site(tmp_path)
    assert statuses == "200 500"
    assert not {"sentry_sdk", "opentelemetry"} & set(modules)


def test_sentry_is_told_what_failed_and_where_and_no_more(
    tmp_path: Path, receiver: Receiver
) -> None:
    statuses, _ = run_site(tmp_path, SENTRY_DSN=f"http://key@{receiver.url}/7")
    assert statuses == "200 500"
    fault, logged, elsewhere = receiver.events
    (exception,) = fault["exception"]["values"]
    assert (exception["type"], fault["transaction"]) == ("ValueError", "/broken/<name>")
    assert exception["stacktrace"]["frames"][-1]["function"] == "broken"
    assert fault["tags"] == {"method": "GET", "request_id": "look-here"}
    assert logged["logentry"] == {"message": "told %s"}
    assert "logentry" not in elsewhere
    sent = b"".join(body for _, body in receiver.received).decode()
    assert not [canary for canary in CANARIES if canary in sent]


def test_a_collector_is_told_requests_turns_and_what_the_model_took(
    tmp_path: Path, receiver: Receiver
) -> None:
    run_site(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=f"http://{receiver.url}/")
    assert {path for path, _ in receiver.received} == {"/v1/traces"}
    spans = {span.name: span for span in receiver.spans}
    request = spans["POST /api/chatbot/chat"]
    turn = next(span for span in receiver.spans if span.parent_span_id == request.span_id)
    assert turn.name == "turn"
    assert request.start_time_unix_nano <= turn.start_time_unix_nano + 1e7
    assert turn.end_time_unix_nano <= request.end_time_unix_nano
    told = {it.key: it.value for it in turn.attributes}
    assert told["outcome"].string_value == "complete"
    assert told["input_tokens"].int_value == 5
    assert "OTHER unmatched" in spans
    broken = spans["GET /broken/<name>"]
    assert broken.status.code == 2
    sent = b"".join(body for _, body in receiver.received)
    assert not [canary for canary in CANARIES if canary.encode() in sent]


def test_what_is_said_goes_nowhere_even_where_it_is_logged(
    tmp_path: Path, receiver: Receiver
) -> None:
    both = {
        "SENTRY_DSN": f"http://key@{receiver.url}/7",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{receiver.url}",
    }
    run_site(tmp_path, CHATBOT_LOG_TEXTS="1", **both)
    assert receiver.received
    sent = b"".join(body for _, body in receiver.received)
    assert not [canary for canary in CANARIES if canary.encode() in sent]


@pytest.mark.parametrize("name", ["SENTRY_DSN", "OTEL_EXPORTER_OTLP_ENDPOINT"])
def test_a_setting_whose_packages_are_missing_stops_the_start(tmp_path: Path, name: str) -> None:
    block = "import sys; sys.modules.update(sentry_sdk=None, opentelemetry=None)\n"
    code = f"{block}from app import create_app\ncreate_app()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, name: "http://127.0.0.1:1/1", "DATABASE_URL": "sqlite://"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert f"Install requirements-extras.txt, which {name} needs" in done.stderr


def test_a_strange_address_is_refused_and_not_repeated(tmp_path: Path) -> None:
    from app.config import ConfigError, Settings

    with pytest.raises(ConfigError, match="Set SENTRY_DSN to") as refused:
        Settings.from_environ({"SENTRY_DSN": "canary-password"})
    assert "canary" not in str(refused.value)
