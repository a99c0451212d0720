"""What a listing costs on some days."""

from __future__ import annotations

import marshmallow as ma

from .fields import Money
from .rental import MOST


class QuoteQuery(ma.Schema):
    """Which days."""

    start = ma.fields.Date(
        required=True, metadata={"description": "First day", "example": "2030-06-01"}
    )
    end = ma.fields.Date(
        required=True,
        metadata={"description": "Day of return; it is not paid for", "example": "2030-06-08"},
    )


class QuoteSchema(ma.Schema):
    """Price and availability as of now. Nothing is reserved."""

    listing_id = ma.fields.Integer()
    start = ma.fields.Date()
    end = ma.fields.Date()
    days = ma.fields.Integer(metadata={"description": "Days that are paid for"})
    daily_rate = Money(most=MOST, metadata={"description": "Per day"})
    total = Money(most=MOST, metadata={"description": "`daily_rate` times `days`"})
    currency = ma.fields.String(metadata={"example": "USD"})
    available = ma.fields.Boolean(metadata={"description": "Whether it can be had on these days"})
    free_from = ma.fields.Date(
        allow_none=True,
        metadata={
            "description": "First day of the free time around these days (null for no limit) or, "
            "if they are taken, of the next that is as long (null if the owner rents it to nobody)"
        },
    )
    free_until = ma.fields.Date(
        allow_none=True,
        metadata={"description": "Day by which it must be back then; null for no limit"},
    )
    message = ma.fields.String(metadata={"description": "One sentence for people"})
