"""Rentals."""

from __future__ import annotations

from decimal import Decimal

import marshmallow as ma

from ..models import RENTAL_STATUSES
from .fields import Moment, Money, RowId, row_id_filter

MOST = Decimal("99999999.99")


class RentalSchema(ma.Schema):
    """A booking."""

    id = ma.fields.Integer(dump_only=True)
    listing_id = RowId(required=True, metadata={"example": 1})
    instrument_name = ma.fields.String(dump_only=True, attribute="listing.instrument.name")
    location = ma.fields.String(dump_only=True, attribute="listing.location")
    owner_id = ma.fields.Integer(dump_only=True, attribute="listing.owner_id")
    renter_id = ma.fields.Integer(dump_only=True)
    start_date = ma.fields.Date(
        required=True, metadata={"description": "First day", "example": "2030-06-01"}
    )
    end_date = ma.fields.Date(
        required=True,
        metadata={"description": "Day of return; it is not paid for", "example": "2030-06-08"},
    )
    days = ma.fields.Integer(dump_only=True)
    daily_rate = Money(most=MOST, dump_only=True, metadata={"description": "US$, as agreed"})
    total = Money(most=MOST, dump_only=True, metadata={"description": "US$"})
    expected_total = Money(
        most=MOST,
        load_only=True,
        metadata={"description": "US$; 409 when it costs something else by now", "example": 87.5},
    )
    status = ma.fields.String(dump_only=True, metadata={"enum": list(RENTAL_STATUSES)})
    created_at = Moment(dump_only=True)


class RentalStatusSchema(ma.Schema):
    """Where to move a rental."""

    status = ma.fields.String(
        required=True, validate=ma.validate.OneOf(("active", "completed", "cancelled"))
    )


class RentalQuery(ma.Schema):
    """Which rentals."""

    side = ma.fields.String(
        load_default="renter",
        validate=ma.validate.OneOf(("renter", "owner")),
        metadata={"description": "`renter`: what you rent; `owner`: what others rent from you"},
    )
    status = ma.fields.String(load_default=None, validate=ma.validate.OneOf(RENTAL_STATUSES))
    listing_id = row_id_filter("Rentals of this listing")
