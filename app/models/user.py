"""People who rent, lend or run the site."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column, validates

from ..extensions import Model
from .columns import NEVER_REUSE_IDS, created_at_column, one_of

ROLES = ("renter", "owner", "admin")


class User(Model):
    """An account. The password is kept only as an argon2 hash."""

    __tablename__ = "users"
    __table_args__ = (one_of("role", ROLES), NEVER_REUSE_IDS)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(120))
    phone: Mapped[str | None] = mapped_column(String(40))
    role: Mapped[str] = mapped_column(String(10), default="renter")
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = created_at_column()

    @validates("email")
    def _fold_email(self, _key: str, email: str) -> str:
        """Store addresses in lower case, so that "unique" means what people mean by it."""
        return email.lower()
