"""The shop's tables; it has a ``ChatMessage`` of its own, from the help desk."""

from __future__ import annotations

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import Mapped, mapped_column, relationship

db = SQLAlchemy()


class User(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    messages: Mapped[list[ChatMessage]] = relationship("ChatMessage", back_populates="user")


class ChatMessage(db.Model):
    __tablename__ = "chat_messages"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey(User.id))
    text: Mapped[str] = mapped_column(sa.Text)
    user: Mapped[User] = relationship(back_populates="messages")
