"""Makes and models."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from ..models import Instrument
from ..schemas.instrument import InstrumentQuery, InstrumentSchema
from ..services import instruments
from ..services.paging import Page
from .blueprint import SiteBlueprint

blp = SiteBlueprint(
    "Instruments", __name__, url_prefix="/api/instruments", description="Makes and models"
)


@blp.route("")
class Instruments(MethodView):
    @blp.arguments(InstrumentQuery, location="query")
    @blp.response(200, InstrumentSchema(many=True))
    @blp.paged
    def get(self, filters: dict[str, Any], page: int, page_size: int) -> Page[Instrument]:
        """Search the instruments, by name"""
        return instruments.find_instruments(**filters, page=page, page_size=page_size)

    @blp.login_required("admin")
    @blp.may_answer("CONFLICT")
    @blp.body(InstrumentSchema)
    @blp.response(201, InstrumentSchema)
    def post(self, values: dict[str, Any]) -> Instrument:
        """Add an instrument (administrators)

        Brand and model together are unique.
        """
        return instruments.create_instrument(values)


@blp.route("/<row_id:instrument_id>")
class OneInstrument(MethodView):
    @blp.may_answer("NOT_FOUND")
    @blp.response(200, InstrumentSchema)
    def get(self, instrument_id: int) -> Instrument:
        """Show one instrument"""
        return instruments.get_instrument(instrument_id)

    @blp.login_required("admin")
    @blp.may_answer("NOT_FOUND", "CONFLICT")
    @blp.body(InstrumentSchema(partial=True))
    @blp.response(200, InstrumentSchema)
    def put(self, values: dict[str, Any], instrument_id: int) -> Instrument:
        """Change an instrument (administrators)

        Values that are left out stay as they are.
        """
        return instruments.update_instrument(instrument_id, values)

    @blp.login_required("admin")
    @blp.may_answer("NOT_FOUND", "CONFLICT")
    @blp.response(204)
    def delete(self, instrument_id: int) -> None:
        """Delete an instrument that nobody lists (administrators)"""
        instruments.delete_instrument(instrument_id)
