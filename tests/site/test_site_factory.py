"""The factory: light, and good for more than one app in a process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from flask import request
from sqlalchemy import text

from app import create_app
from app.extensions import db

ROOT = Path(__file__).parents[2]

START = """
import json, sys
from app import create_app
create_app({"DATABASE_URL": "sqlite://"})
print(json.dumps(sorted(sys.modules)))
"""

#: What starting must not wait for: `make bench` shows how long it takes.
HEAVY = (
    "langchain", "langchain_core", "langchain_ollama", "alembic", "dateparser", "rapidfuzz",
    "spellchecker", "holidays", "flask_smorest_chatbot.services.reading.recommendations",
    "flask_smorest_chatbot.services.evaluation", "app.services.rental_questions",
)  # fmt: skip


def test_start_leaves_heavy_packages_alone():
    done = subprocess.run(
        [sys.executable, "-c", START], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert set(json.loads(done.stdout)) & set(HEAVY) == set()


PRELOAD = """
import json, sys
from app import create_app
from app.routes.chatbot import preload
preload(create_app({"DATABASE_URL": "sqlite://", "CHATBOT_OLLAMA_URL": "http://127.0.0.1:9"}))
print(json.dumps(sorted(sys.modules)))
"""
#: What no turn needs, and what only those need that name a holiday: too heavy for so few.
NOT_FOR_TURNS = {"langchain", "alembic", "flask_smorest_chatbot.services.evaluation", "holidays"}


def test_preloading_brings_what_turns_need():
    done = subprocess.run(
        [sys.executable, "-c", PRELOAD], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert set(HEAVY) - set(json.loads(done.stdout)) == NOT_FOR_TURNS


def test_two_apps_keep_apart(tmp_path):
    first = create_app({"DATABASE_URL": f"sqlite:///{tmp_path}/a.db", "API_TITLE": "First"})
    second = create_app({"DATABASE_URL": f"sqlite:///{tmp_path}/b.db", "API_TITLE": "Second"})
    titles = [
        app.test_client().get("/api/openapi.json").json["info"]["title"] for app in (first, second)
    ]
    assert titles == ["First", "Second"]
    with first.app_context():
        db.create_all()
        db.engine.dispose()
    assert not (tmp_path / "b.db").exists()


def test_sqlite_connections_keep_foreign_keys_and_use_the_write_ahead_log(site_app):
    pragmas = {
        name: db.session.execute(text(f"PRAGMA {name}")).scalar()
        for name in ("foreign_keys", "journal_mode", "busy_timeout")
    }
    assert pragmas == {"foreign_keys": 1, "journal_mode": "wal", "busy_timeout": 5000}


def test_every_constraint_has_a_name():
    unnamed = [
        (table.name, constraint)
        for table in db.metadata.tables.values()
        for constraint in table.constraints
        if not constraint.name
    ]
    assert unnamed == []


def test_forwarded_headers_are_believed_only_from_configured_proxies():
    forged = {"X-Forwarded-For": "6.6.6.6, 10.0.0.9"}
    seen = {}
    for proxies in (0, 1):
        app = create_app({"DATABASE_URL": "sqlite://", "TRUSTED_PROXIES": proxies})
        app.add_url_rule("/who", "who", lambda: request.remote_addr or "")
        seen[proxies] = app.test_client().get("/who", headers=forged).text
    assert seen == {0: "127.0.0.1", 1: "10.0.0.9"}


def test_flask_migrate_is_there_once_something_asks(site_app):
    config = site_app.extensions["migrate"].migrate.get_config()
    assert Path(config.get_main_option("script_location")) == ROOT / "migrations"
