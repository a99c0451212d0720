"""How much is going on."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from ..extensions import db
from ..models import ChatSession, utc_now

ACTIVE_FOR = timedelta(minutes=15)


def active_sessions() -> int | None:
    """Return the number of conversations with a recent message; None when that is not known."""
    recent = select(func.count()).where(ChatSession.last_message_at > utc_now() - ACTIVE_FOR)
    try:
        return int(db.session.scalar(recent.select_from(ChatSession)) or 0)
    except SQLAlchemyError:
        return None
    finally:
        db.session.rollback()
