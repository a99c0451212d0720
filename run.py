"""The entry point: ``flask --app run ...`` and ``gunicorn run:app`` load the site from here."""

from app import create_app

app = create_app()
