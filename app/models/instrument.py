"""Makes and models: what can be listed."""

from __future__ import annotations

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Model
from .columns import NEVER_REUSE_IDS
from .search import add_search


class Instrument(Model):
    """One make and model; any number of owners may list theirs."""

    __tablename__ = "instruments"
    __table_args__ = (UniqueConstraint("brand", "model"), NEVER_REUSE_IDS)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(160))
    category: Mapped[str] = mapped_column(String(60), index=True)
    brand: Mapped[str] = mapped_column(String(60))
    model: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(Text, default="")


add_search(Instrument)
