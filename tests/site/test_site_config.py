"""Settings come from the environment, checked at start."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from app.config import DEVELOPMENT_JWT_SECRET, ConfigError, load_config

ROOT = Path(__file__).parents[2]
SECRETS = {"SECRET_KEY": "s" * 32, "JWT_SECRET_KEY": "j" * 32}
PRODUCTION = {"APP_ENV": "production", **SECRETS}


def test_defaults_are_for_development():
    config = load_config({}, {})
    assert config["APP_ENV"] == "development"
    assert config["SQLALCHEMY_DATABASE_URI"] == "sqlite:///site.db"
    assert config["JWT_ACCESS_TOKEN_EXPIRES"] == 3600
    assert len(str(config["SECRET_KEY"])) >= 32
    assert len(str(config["JWT_SECRET_KEY"])) >= 32


@pytest.mark.parametrize("blank", ["", "  ", "\t\n"])
def test_blank_variables_count_as_unset(blank):
    environ = dict.fromkeys(
        ["DATABASE_URL", "APP_ENV", "DATABASE_POOL_SIZE", "CHATBOT_MODEL"], blank
    )
    config = load_config(environ, {})
    assert config["DATABASE_URL"] == "sqlite:///site.db"
    assert "CHATBOT_MODEL" not in config


def test_production_starts_with_good_secrets():
    assert load_config(PRODUCTION, {})["APP_ENV"] == "production"


@pytest.mark.parametrize("name", ["SECRET_KEY", "JWT_SECRET_KEY"])
@pytest.mark.parametrize("bad", ["", " " * 40, "short", "x" * 31, DEVELOPMENT_JWT_SECRET])
def test_production_refuses_a_weak_secret_and_says_what_to_set(name, bad):
    with pytest.raises(ConfigError, match=rf"^Set {name} to a random secret of at least 32 bytes"):
        load_config({**PRODUCTION, name: bad}, {})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("APP_ENV", "prod"),
        ("DATABASE_POOL_SIZE", "many"),
        ("DATABASE_POOL_SIZE", "0"),
        ("JWT_ACCESS_TOKEN_EXPIRES", "-1"),
        ("JWT_ACCESS_TOKEN_EXPIRES", "9" * 5000),
        ("TRUSTED_PROXIES", "1.5"),
        ("SITE_TIMEZONE", "Mars/Olympus"),
        ("MAX_CONTENT_LENGTH", "-5"),
        ("DATABASE_URL", "not a url"),
        ("DATABASE_URL", "mysql+foo://u:p@h/d"),
        ("DATABASE_URL", "postgresql://u:p@h:port/d"),
    ],
)
def test_a_wrong_value_is_named(name, value):
    with pytest.raises(ConfigError, match=f"^Set {name} to "):
        load_config({name: value}, {})


@pytest.mark.parametrize(
    "url",
    [
        "postgres//me:hunter2@host",
        "hunter2",
        "mysql+foo://me:hunter2@host/d",
        "postgresql://me:hunter2@host:port/d",
        "sqlite+aiosqlite:///hunter2",
        "mysql+mysqldb://me:hunter2@host/d",
    ],
)
def test_a_wrong_database_url_is_not_repeated_as_it_may_hold_a_password(url):
    with pytest.raises(ConfigError) as caught:
        load_config({"DATABASE_URL": url}, {})
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("url", "module", "package"),
    [
        ("mysql://u:hunter2@h/d", "pymysql", "PyMySQL"),
        ("postgres://u:hunter2@h/d", "psycopg2", "psycopg2-binary"),
        ("postgresql+psycopg://u:hunter2@h/d", "psycopg", "psycopg[binary]"),
        ("mysql+mysqldb://u:hunter2@h/d", "MySQLdb", "mysqlclient"),
    ],
)
def test_a_driver_that_is_not_installed_is_told_at_start(monkeypatch, url, module, package):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigError, match=f"^Install the package {re.escape(package)}, ") as caught:
        load_config({"DATABASE_URL": url}, {})
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


def test_a_driver_that_waits_otherwise_is_refused(monkeypatch):
    monkeypatch.setattr("sqlalchemy.dialects.sqlite.aiosqlite.dialect.import_dbapi", lambda: None)
    with pytest.raises(ConfigError, match=r"another driver than sqlite\+aiosqlite, "):
        load_config({"DATABASE_URL": "sqlite+aiosqlite:///site.db"}, {})


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://u:p%40w@h/d", "postgresql+psycopg2://u:p%40w@h/d"),
        ("postgresql://u@h/d", "postgresql+psycopg2://u@h/d"),
        ("postgresql+psycopg2://u@h/d", "postgresql+psycopg2://u@h/d"),
        ("mysql://u@h/d", "mysql+pymysql://u@h/d"),
        ("sqlite:////srv/site.db", "sqlite:////srv/site.db"),
    ],
)
def test_database_urls_name_an_installed_driver(given, used):
    assert load_config({"DATABASE_URL": given}, {})["SQLALCHEMY_DATABASE_URI"] == used


def test_servers_get_a_bounded_pool_and_sqlite_does_not():
    server = load_config({"DATABASE_URL": "postgres://u@h/d", "DATABASE_POOL_SIZE": "3"}, {})
    assert server["SQLALCHEMY_ENGINE_OPTIONS"] == {
        "hide_parameters": True,
        "pool_size": 3,
        "max_overflow": 0,
        "pool_timeout": 10,
        "connect_args": {
            "connect_timeout": 5,
            "options": "-c jit=off",
            "tcp_user_timeout": 8000,
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 2,
        },
        "executemany_mode": "values_plus_batch",
    }
    assert load_config({}, {})["SQLALCHEMY_ENGINE_OPTIONS"] == {"hide_parameters": True}


def test_overrides_win_over_the_environment():
    environ = {"DATABASE_POOL_SIZE": "3", "CHATBOT_MODEL": "a"}
    config = load_config(environ, {"DATABASE_POOL_SIZE": 7, "CHATBOT_MODEL": "b", "TESTING": True})
    assert config["DATABASE_POOL_SIZE"] == 7
    assert config["CHATBOT_MODEL"] == "b"
    assert config["TESTING"] is True


def test_an_override_is_checked_too():
    with pytest.raises(ConfigError, match=r"^Set APP_ENV "):
        load_config({}, {"APP_ENV": "prod"})


def test_chat_settings_pass_through_as_they_are():
    assert load_config({"CHATBOT_NUM_CTX": "2048"}, {})["CHATBOT_NUM_CTX"] == "2048"


def test_a_command_prints_the_sentence_and_no_traceback(tmp_path):
    environ = {**os.environ, "APP_ENV": "production", "SECRET_KEY": "", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "run", "seed-demo"],
        env=environ,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Error: Set SECRET_KEY to a random secret" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("postgresql://u@h/d", "-c jit=off"),
        ("postgresql://u@h/d?options=-c%20jit%3Don", None),
        ("mysql://u@h/d", None),
    ],
)
def test_postgresql_is_told_not_to_compile_queries(url, options):
    made = load_config({"DATABASE_URL": url}, {})["SQLALCHEMY_ENGINE_OPTIONS"]
    assert made["connect_args"].get("options") == options
