"""Instruments."""

from __future__ import annotations

import marshmallow as ma

from .fields import Text, search_text


class InstrumentSchema(ma.Schema):
    """A make and model."""

    id = ma.fields.Integer(dump_only=True)
    name = Text(160, required=True, metadata={"example": "Yamaha FG800"})
    category = Text(60, required=True, metadata={"example": "Acoustic guitars"})
    brand = Text(60, required=True, metadata={"example": "Yamaha"})
    model = Text(100, required=True, metadata={"example": "FG800"})
    description = Text(
        2000,
        least=0,
        multiline=True,
        metadata={"example": "Solid-top dreadnought that suits a first guitar."},
    )


class InstrumentQuery(ma.Schema):
    """Which instruments."""

    q = search_text("Words to look for in name, brand, model, category and description", 200)
    category = search_text("Exact category")
    brand = search_text("Exact brand")
