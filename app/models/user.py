"""People who rent, lend or run the site."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, String, and_, select
from sqlalchemy.orm import Mapped, aliased, foreign, mapped_column, relationship, validates

from ..extensions import Model
from .columns import NEVER_REUSE_IDS, created_at_column, one_of
from .survey import Survey

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

    #: Their profile. Read together with them: who is about to need it takes no second query.
    newest_survey: Mapped[Survey | None] = relationship(
        primaryjoin=lambda: _newest_survey_of(User), viewonly=True, uselist=False, lazy="joined"
    )

    @validates("email")
    def _fold_email(self, _key: str, email: str) -> str:
        """Store addresses in lower case, so that "unique" means what people mean by it."""
        return email.lower()


def _newest_survey_of(user: type[User]) -> ColumnElement[bool]:
    """Return the condition that joins a user to the survey that they filled in last."""
    other = aliased(Survey)
    newest = (
        select(other.id)
        .where(other.user_id == user.id)
        .order_by(other.created_at.desc(), other.id.desc())
        .limit(1)
        .correlate(user)
        .scalar_subquery()
    )
    return and_(user.id == foreign(Survey.user_id), Survey.id == newest)
