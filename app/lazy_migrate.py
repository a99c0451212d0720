"""Flask-Migrate, imported when something asks for it.

Only ``flask db`` does. Importing Alembic with every start would make it a sixth longer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from flask import Flask
from flask_sqlalchemy import SQLAlchemy


def init_migrations(app: Flask, db: SQLAlchemy) -> None:
    """Give ``app`` its ``flask db`` commands and its ``app.extensions["migrate"]``."""
    app.extensions["migrate"] = _Extension(app, db)
    app.cli.add_command(_Commands("db", help="Perform database migrations."))


class _Extension:
    """Stands in ``app.extensions`` for the real one, and gives it its place when asked."""

    def __init__(self, app: Flask, db: SQLAlchemy) -> None:
        self._app = app
        self._db = db

    def __getattr__(self, name: str) -> Any:
        from flask_migrate import Migrate

        from .models.search import is_compared

        # An absolute folder, so that `flask db` works from any directory.
        folder = Path(self._app.root_path).parent / "migrations"
        Migrate(
            self._app,
            self._db,
            directory=str(folder),
            render_as_batch=True,
            include_name=is_compared,
        )
        return getattr(self._app.extensions["migrate"], name)


class _Commands(click.Command):
    """Stands for Flask-Migrate's group of commands until one is called, or help asked for."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Return a context of the real group: from there on click works with that."""
        from flask_migrate.cli import db

        context: click.Context = db.make_context(*args, **kwargs)
        return context
