"""Instruments that owners offer."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..extensions import Model
from .columns import NEVER_REUSE_IDS, created_at_column, one_of
from .instrument import Instrument
from .search import add_search
from .user import User

CONDITIONS = ("new", "excellent", "good", "fair")


class Listing(Model):
    """One real instrument of one owner, at a price. ``daily_rate`` is in US$."""

    __tablename__ = "listings"
    __table_args__ = (
        one_of("item_condition", CONDITIONS),
        CheckConstraint("daily_rate > 0", name="daily_rate_positive"),
        Index("ix_listings_is_available_daily_rate", "is_available", "daily_rate"),
        Index(
            "ix_listings_instrument_id_is_available_daily_rate",
            "instrument_id",
            "is_available",
            "daily_rate",
            "id",
        ),
        NEVER_REUSE_IDS,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    instrument_id: Mapped[int] = mapped_column(
        ForeignKey("instruments.id", ondelete="RESTRICT"), index=True
    )
    # CONDITION is a reserved word in MariaDB.
    condition: Mapped[str] = mapped_column("item_condition", String(20))
    daily_rate: Mapped[Decimal] = mapped_column(Numeric(8, 2))
    location: Mapped[str] = mapped_column(String(120), index=True)
    is_available: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = created_at_column()

    owner: Mapped[User] = relationship(lazy="joined", innerjoin=True)
    instrument: Mapped[Instrument] = relationship(lazy="joined", innerjoin=True)


add_search(Listing)
