"""Who has which listing, and when."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..extensions import Model
from .columns import NEVER_REUSE_IDS, created_at_column, one_of
from .listing import Listing
from .user import User

RENTAL_STATUSES = ("pending", "active", "completed", "cancelled")
BLOCKING_STATUSES = ("pending", "active")  # nobody else can have the listing meanwhile
_IS_BLOCKING = text("status IN ('pending', 'active')")


class Rental(Model):
    """One booking: from the morning of ``start_date`` to the morning of ``end_date``.

    The interval is half-open, so that one rental may end on the day on which the next begins.
    ``daily_rate`` and ``total`` (US$) are as agreed at booking; the listing's rate may change.
    """

    __tablename__ = "rentals"
    __table_args__ = (
        one_of("status", RENTAL_STATUSES),
        CheckConstraint("end_date > start_date", name="ends_after_start"),
        CheckConstraint("total >= 0", name="total_not_negative"),
        Index("ix_rentals_listing_id_status_end_date", "listing_id", "status", "end_date"),
        Index(
            "ix_rentals_blocking_listing_id_end_date",
            "listing_id",
            "end_date",
            postgresql_where=_IS_BLOCKING,
            postgresql_include=["start_date"],
            sqlite_where=_IS_BLOCKING,
        ),
        NEVER_REUSE_IDS,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("listings.id", ondelete="CASCADE"))
    renter_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    start_date: Mapped[date]
    end_date: Mapped[date]
    status: Mapped[str] = mapped_column(String(20), default="pending")
    daily_rate: Mapped[Decimal] = mapped_column(Numeric(8, 2))
    total: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    created_at: Mapped[datetime] = created_at_column()

    listing: Mapped[Listing] = relationship(lazy="joined", innerjoin=True)
    renter: Mapped[User] = relationship(lazy="joined", innerjoin=True)

    @property
    def days(self) -> int:
        """Days that are paid for."""
        return (self.end_date - self.start_date).days
