"""Health."""

from __future__ import annotations

import marshmallow as ma


class HealthSchema(ma.Schema):
    """The process answers."""

    status = ma.fields.String(metadata={"example": "ok"})


class ReadySchema(ma.Schema):
    """What the site knows of its parts; further parts may appear beside these."""

    status = ma.fields.String(metadata={"enum": ["ok", "unavailable"]})
    release = ma.fields.String(metadata={"description": "Which release answers"})
    degraded = ma.fields.List(
        ma.fields.String(), metadata={"description": "Names of the parts that do not work"}
    )
    migrations = ma.fields.String(metadata={"enum": ["ok", "behind", "missing", "unknown"]})
    database = ma.fields.String(metadata={"enum": ["ok", "unreachable"]})
    model = ma.fields.Raw(metadata={"description": "What is known of the chat's model"})
