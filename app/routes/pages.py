"""Pages for people."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template

from ..config import DEVELOPMENT
from ..services import listings

DEMO_LOGIN = {"email": "demo@example.com", "password": "demo-password"}

bp = Blueprint("pages", __name__)


@bp.get("/")
def index() -> str:
    """Show the chat. The demo log-in is offered in development only."""
    development = current_app.config["APP_ENV"] == DEVELOPMENT
    return render_template(
        "index.html",
        demo_login=DEMO_LOGIN if development else None,
        max_message_chars=current_app.config.get("CHATBOT_MAX_MESSAGE_CHARS") or 4000,
    )


@bp.get("/listings/<row_id:listing_id>")
def listing(listing_id: int) -> str:
    """Show one listing."""
    facts = listings.listing_facts(listings.get_listing(listing_id))
    return render_template("listing.html", listing=facts)
