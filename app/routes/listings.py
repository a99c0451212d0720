"""Owners' listings."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask.views import MethodView

from ..models import Listing
from ..schemas.listing import ListingQuery, ListingSchema
from ..schemas.quote import QuoteQuery, QuoteSchema
from ..services import listings, quotes
from ..services.paging import Page
from .blueprint import SiteBlueprint, me

blp = SiteBlueprint(
    "Listings", __name__, url_prefix="/api/listings", description="Instruments that owners offer"
)


@blp.route("")
class Listings(MethodView):
    @blp.arguments(ListingQuery, location="query")
    @blp.response(200, ListingSchema(many=True))
    @blp.paged
    def get(self, filters: dict[str, Any], page: int, page_size: int) -> Page[Listing]:
        """Search the listings, cheapest first"""
        return listings.find_listings(**filters, page=page, page_size=page_size)

    @blp.login_required("owner", "admin")
    @blp.body(ListingSchema)
    @blp.response(201, ListingSchema)
    def post(self, values: dict[str, Any]) -> Listing:
        """Offer an instrument (owners)"""
        return listings.create_listing(me(), values)


@blp.route("/<row_id:listing_id>")
class OneListing(MethodView):
    @blp.may_answer("NOT_FOUND")
    @blp.response(200, ListingSchema)
    def get(self, listing_id: int) -> Listing:
        """Show one listing"""
        return listings.get_listing(listing_id)

    @blp.login_required()
    @blp.may_answer("NOT_FOUND")
    @blp.body(ListingSchema(partial=True))
    @blp.response(200, ListingSchema)
    def put(self, values: dict[str, Any], listing_id: int) -> Listing:
        """Change your listing

        Values that are left out stay as they are. Rentals keep the rate they were booked at.
        """
        return listings.update_listing(me(), listing_id, values)

    @blp.login_required()
    @blp.may_answer("NOT_FOUND", "CONFLICT")
    @blp.response(204)
    def delete(self, listing_id: int) -> None:
        """Delete your listing and its past rentals

        409 while it has pending or active rentals.
        """
        listings.delete_listing(me(), listing_id)


@blp.route("/<row_id:listing_id>/quote")
class ListingQuote(MethodView):
    @blp.arguments(QuoteQuery, location="query")
    @blp.may_answer("NOT_FOUND")
    @blp.response(200, QuoteSchema)
    def get(self, period: dict[str, date], listing_id: int) -> quotes.Quote:
        """Tell what a listing costs on some days, and whether it is free

        From `start` until `end`, the day of return. If it is taken, `free_from` is the first day
        from which it is free for as many days.
        """
        return quotes.make_quote(listings.get_listing(listing_id), period["start"], period["end"])
