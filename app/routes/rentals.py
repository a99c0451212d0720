"""Bookings."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from ..models import Rental
from ..schemas.rental import RentalQuery, RentalSchema, RentalStatusSchema
from ..services import rentals
from ..services.paging import Page
from .blueprint import SiteBlueprint, me

blp = SiteBlueprint("Rentals", __name__, url_prefix="/api/rentals", description="Bookings")


@blp.route("")
class Rentals(MethodView):
    @blp.login_required()
    @blp.arguments(RentalQuery, location="query")
    @blp.response(200, RentalSchema(many=True))
    @blp.paged
    def get(self, filters: dict[str, Any], page: int, page_size: int) -> Page[Rental]:
        """List your rentals, latest start first"""
        return rentals.find_rentals(me(), **filters, page=page, page_size=page_size)

    @blp.login_required()
    @blp.may_answer("NOT_FOUND", "CONFLICT")
    @blp.body(RentalSchema)
    @blp.response(201, RentalSchema)
    def post(self, values: dict[str, Any]) -> Rental:
        """Book a listing

        From `start_date` until `end_date`, the day of return, on which somebody else's rental
        may start. 409 when it is taken on some of these days, not rented out, or your own; also
        when it no longer costs the `expected_total`, if you send one: `errors.total` is the new
        one.
        """
        return rentals.book(me(), **values)


@blp.route("/<row_id:rental_id>")
class OneRental(MethodView):
    @blp.login_required()
    @blp.may_answer("NOT_FOUND")
    @blp.response(200, RentalSchema)
    def get(self, rental_id: int) -> Rental:
        """Show one of your rentals, as renter or owner"""
        return rentals.get_rental(me(), rental_id)

    @blp.login_required()
    @blp.may_answer("NOT_FOUND", "FORBIDDEN", "CONFLICT")
    @blp.body(RentalStatusSchema)
    @blp.response(200, RentalSchema)
    def patch(self, values: dict[str, Any], rental_id: int) -> Rental:
        """Move a rental on

        The renter cancels before the first day. The owner accepts (`active`), declines
        (`cancelled`), and ends it on return (`completed`).
        """
        return rentals.change_status(me(), rental_id, values["status"])

    put = patch
