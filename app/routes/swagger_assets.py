"""Swagger UI's files, from the package that brings them: nothing is fetched from elsewhere."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from flask import Blueprint, Response, abort, send_from_directory

ONE_DAY = 86_400  # seconds

bp = Blueprint("swagger_assets", __name__)


@bp.get("/static/swagger-ui/<path:filename>")
def swagger_asset(filename: str) -> Response:
    """Serve a file of the package's ``dist`` folder."""
    spec = find_spec("flask_swagger_ui")
    if spec is None or spec.origin is None:
        abort(404)  # flask-swagger-ui is not installed; the API works without it
    return send_from_directory(Path(spec.origin).parent / "dist", filename, max_age=ONE_DAY)
