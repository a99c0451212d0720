"""Pages for people. What belongs to a user is not in them: their scripts fetch it with a token."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, current_app, render_template, request

from ..config import DEVELOPMENT
from ..demo.people import PASSWORD
from ..services import listings, quotes
from ..services.clock import today
from ..services.rentals import MAX_DAYS_AHEAD

DEMO_LOGIN = {"email": "demo@example.com", "password": PASSWORD}

bp = Blueprint("pages", __name__)


@bp.app_context_processor
def demo_login() -> dict[str, dict[str, str] | None]:
    """Offer the demo log-in to templates in development only."""
    development = current_app.config["APP_ENV"] == DEVELOPMENT
    return {"demo_login": DEMO_LOGIN if development else None}


@bp.get("/")
def index() -> str:
    """Show the chat."""
    return render_template(
        "index.html",
        max_message_chars=current_app.config.get("CHATBOT_MAX_MESSAGE_CHARS") or 4000,
        retention_days=current_app.extensions["chatbot"].config.retention_days,
    )


@bp.get("/listings/<row_id:listing_id>")
def listing(listing_id: int) -> str:
    """Show one listing, with the dates ``start`` and ``end`` of the query string filled in."""
    found = listings.get_listing(listing_id)
    return render_template(
        "listing.html",
        listing=listings.listing_facts(found),
        dates=quotes.read_dates(found, request.args.get("start"), request.args.get("end")),
        first_day=today(),
        last_day=today() + timedelta(days=MAX_DAYS_AHEAD),
    )


@bp.get("/rentals")
@bp.get("/rentals/<row_id:rental_id>")
def rentals(rental_id: int | None = None) -> str:
    """Show the visitor's rentals, or one of them."""
    return render_template("rentals.html", rental_id=rental_id, today=today())
