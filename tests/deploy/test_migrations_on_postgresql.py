"""Migrations run while the old release serves: squawk looks at what they do on PostgreSQL."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from programs import run
from servers import ROOT

SCRIPTS = ScriptDirectory(str(ROOT / "migrations"))
REVISIONS = sorted(SCRIPTS.walk_revisions(), key=lambda script: script.revision)
#: Up to this one they came with the first release, on tables that nobody had filled yet.
FIRST_RELEASE = "0007"
#: Matters of taste in what the models declare; none is about running migrations.
TASTE = ["prefer-text-field", "prefer-bigint-over-int", "prefer-identity"]
#: What stops writers for as long as a table is read: of no account while it is empty.
WHILE_READ = [
    "require-concurrent-index-creation",
    "disallowed-unique-constraint",
    "constraint-missing-not-valid",
]


@cache
def sql_of(revisions: str) -> str:
    """Return what ``flask db upgrade`` would do on PostgreSQL."""
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "run", "db", "upgrade", "--sql", revisions],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("script", REVISIONS, ids=lambda script: script.revision)
def test_a_migration_lets_the_old_release_serve(script, tmp_path: Path) -> None:
    """For an index on a table that is in use: ``op.get_context().autocommit_block()`` and
    ``postgresql_concurrently=True``."""
    file = tmp_path / "up.sql"
    file.write_text(sql_of(f"{script.down_revision or 'base'}:{script.revision}"))
    allowed = TASTE + (WHILE_READ if script.revision <= FIRST_RELEASE else [])
    exclude = [f"--exclude={rule}" for rule in allowed]
    run("squawk", *exclude, "--pg-version=15", "--reporter=gcc", file)


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("ALTER TABLE users DROP COLUMN phone;", "ban-drop-column"),
        ("ALTER TABLE users ADD COLUMN nick TEXT NOT NULL;", "adding-required-field"),
        ("ALTER TABLE users RENAME COLUMN phone TO telephone;", "renaming-column"),
        ("CREATE INDEX ix ON users (phone);", "require-concurrent-index-creation"),
    ],
)
def test_one_that_does_not_is_noticed(statement: str, rule: str, tmp_path: Path) -> None:
    file = tmp_path / "up.sql"
    file.write_text(statement)
    with pytest.raises(AssertionError, match=rule):
        run("squawk", "--pg-version=15", "--reporter=gcc", file)


def test_a_migration_waits_for_no_lock_for_long() -> None:
    assert re.search(r"^BEGIN;\s+SET lock_timeout = '5s';", sql_of("base:0001"))
