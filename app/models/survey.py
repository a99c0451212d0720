"""What a user told us about their playing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Model
from .columns import NEVER_REUSE_IDS, created_at_column, one_of

EXPERIENCE_LEVELS = ("beginner", "intermediate", "advanced")
BUDGET_RANGES = ("0-25", "25-50", "50-100", "100+")  # US$ a day


class Survey(Model):
    """One filled-in survey. A user's newest one is their profile."""

    __tablename__ = "surveys"
    __table_args__ = (
        one_of("experience_level", EXPERIENCE_LEVELS),
        one_of("budget_range", BUDGET_RANGES),
        Index("ix_surveys_user_id_created_at", "user_id", "created_at"),
        NEVER_REUSE_IDS,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    preferred_instruments: Mapped[list[str]] = mapped_column(JSON, default=list)
    experience_level: Mapped[str] = mapped_column(String(20))
    favorite_genres: Mapped[list[str]] = mapped_column(JSON, default=list)
    budget_range: Mapped[str | None] = mapped_column(String(10))
    rental_frequency: Mapped[str | None] = mapped_column(String(60))
    use_case: Mapped[str | None] = mapped_column(String(120))
    location: Mapped[str | None] = mapped_column(String(120))
    additional_notes: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = created_at_column()
