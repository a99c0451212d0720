"""What the check scripts of the hosts share. No pytest: it runs in the hosts' own environment.

It is copied next to a host, which is copied out of the repository.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask

SSE = "text/event-stream"
SECRET = "a-test-secret-of-more-than-32-bytes"
SETTINGS = {
    "SECRET_KEY": SECRET,
    "JWT_SECRET_KEY": SECRET,
    "API_TITLE": "Host",
    "API_VERSION": "v1",
    "OPENAPI_VERSION": "3.0.3",
    "OPENAPI_URL_PREFIX": "/",
    "OPENAPI_JSON_PATH": "openapi.json",
}


def run_checks(*checks: Callable[[], None]) -> None:
    """Run checks in order and say which passed; the first that fails ends the script."""
    for check in checks:
        check()
        print(f"ok {check.__name__}")


def check_only_the_wheel_is_seen() -> None:
    """The plugin is the installed one, and nothing of its repository can be imported."""
    import flask_smorest_chatbot

    repository = Path(os.environ["REPOSITORY"])
    assert Path(flask_smorest_chatbot.__file__).is_relative_to(sys.prefix)
    assert not any(Path(entry).resolve().is_relative_to(repository) for entry in sys.path)
    assert not Path.cwd().is_relative_to(repository)
    assert importlib.util.find_spec("small_ollama") is None
    assert importlib.util.find_spec("tests") is None


def flask(create_app: Callable[[], Flask], *arguments: str) -> str:
    """Run a ``flask`` command on a new app, as each command does, and return what it printed.

    :raises AssertionError: with what it printed, when it fails
    """
    result = create_app().test_cli_runner().invoke(args=list(arguments))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def migrate_up(create_app: Callable[[], Flask]) -> None:
    """Do what the adoption guide says, and see that nothing is left to migrate."""
    flask(create_app, "db", "init")
    flask(create_app, "db", "migrate", "-m", "all")
    flask(create_app, "db", "upgrade")
    flask(create_app, "db", "check")
    for path in Path("migrations").rglob("*.py"):
        assert "flask_smorest_chatbot" not in path.read_text()


def events_of(text: str) -> list[tuple[str, Any]]:
    """Return the events of a stream as ``(name, data)``; comments are left out."""
    frames = [frame for frame in text.split("\n\n") if frame.startswith("event: ")]
    lines = [frame.split("\n") for frame in frames]
    return [
        (event.removeprefix("event: "), json.loads(data.removeprefix("data: ")))
        for event, data, *_ in lines
    ]


def check_document(app: Flask, prefix: str, scheme: str) -> None:
    """The host's OpenAPI document has the chat, its bearer scheme and the event stream."""
    document = app.test_client().get("/openapi.json").json
    assert document["components"]["securitySchemes"][scheme]["scheme"] == "bearer"
    paths = {path for path in document["paths"] if path.startswith(prefix)}
    assert paths == {
        f"{prefix}/chat",
        f"{prefix}/history/{{session_id}}",
        f"{prefix}/sessions",
        f"{prefix}/clear-session/{{session_id}}",
        f"{prefix}/messages/{{message_id}}/retry",
        f"{prefix}/messages/{{message_id}}/stop",
        f"{prefix}/messages/{{message_id}}/stream",
        f"{prefix}/api-keys",
        f"{prefix}/api-keys/{{key_id}}",
        f"{prefix}/admin/usage",
        f"{prefix}/export",
        f"{prefix}/account-data",
    }
    for path in paths:
        for operation in _operations(document["paths"][path]):
            takes_keys = not any(part in path for part in ("api-keys", "account-data"))
            scopes = [{"chatbotApiKey": []}] if takes_keys else []
            assert operation["security"] == [{scheme: []}, *scopes]
            assert operation["summary"]
            assert "401" in operation["responses"]
    content = document["paths"][f"{prefix}/chat"]["post"]["responses"]["200"]["content"]
    assert set(content) == {"application/json", SSE}
    assert "event: done" in content[SSE]["example"]
    # apispec adds a number to the name of a schema whose name is taken.
    assert not [name for name in document["components"]["schemas"] if name[-1].isdigit()]


def _operations(path: dict[str, Any]) -> list[dict[str, Any]]:
    return [path[method] for method in ("get", "post", "delete") if method in path]
