"""What day it is where the site is."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from flask import current_app


def today() -> date:
    """Return today's date in the site's time zone (``SITE_TIMEZONE``)."""
    name = current_app.config["SITE_TIMEZONE"]
    return datetime.now(UTC if name == "UTC" else ZoneInfo(name)).date()
