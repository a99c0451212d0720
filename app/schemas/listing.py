"""Listings."""

from __future__ import annotations

from decimal import Decimal

import marshmallow as ma

from ..models import CONDITIONS
from .fields import Flag, Moment, Money, RowId, Text, search_text
from .instrument import InstrumentSchema

MAX_DAILY_RATE = Decimal("100000")


class ListingSchema(ma.Schema):
    """One owner's instrument, at a price."""

    id = ma.fields.Integer(dump_only=True)
    instrument_id = RowId(required=True, metadata={"example": 1})
    instrument = ma.fields.Nested(InstrumentSchema, dump_only=True)
    owner_id = ma.fields.Integer(dump_only=True)
    owner_name = ma.fields.String(dump_only=True, attribute="owner.name")
    condition = ma.fields.String(required=True, validate=ma.validate.OneOf(CONDITIONS))
    daily_rate = Money(
        most=MAX_DAILY_RATE,
        required=True,
        metadata={"description": "US$ a day", "example": 12.5},
    )
    location = Text(120, required=True, metadata={"example": "Austin, TX"})
    is_available = Flag(metadata={"description": "Whether the owner rents it out at present"})
    created_at = Moment(dump_only=True)


class ListingQuery(ma.Schema):
    """Which listings."""

    category = search_text("Exact category of the instrument")
    brand = search_text("Exact brand of the instrument")
    location = search_text("Part of the location")
    max_daily_rate = Money(
        most=MAX_DAILY_RATE, load_default=None, metadata={"description": "US$ a day at most"}
    )
    available = ma.fields.Boolean(
        load_default=None, metadata={"description": "Only those that can (or cannot) be had today"}
    )
