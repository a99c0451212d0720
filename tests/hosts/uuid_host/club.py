"""A sailing club's site: members have UUIDs, and their table is called ``club_members``."""

from __future__ import annotations

import os
import uuid
from datetime import date

import sqlalchemy as sa
from flask import Flask
from flask_jwt_extended import JWTManager
from flask_migrate import Migrate
from flask_smorest import Api
from flask_sqlalchemy import SQLAlchemy
from host_checks import SETTINGS
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from flask_smorest_chatbot import CatalogItem, CatalogQuery, Chatbot, UserProfile


class Base(DeclarativeBase):
    pass


db = SQLAlchemy(model_class=Base)


class Member(db.Model):
    __tablename__ = "club_members"

    member_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    full_name: Mapped[str] = mapped_column(sa.String(80))
    joined_on: Mapped[date] = mapped_column(default=date.today)


class Boat(db.Model):
    __tablename__ = "boats"

    boat_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(sa.String(80))
    hourly_rate: Mapped[int]


chatbot = Chatbot(db, user_model=Member, persona="You help members of a sailing club.")


@chatbot.profile_loader
def profile(member: Member) -> UserProfile:
    details = {"joined on": member.joined_on.isoformat()}
    return UserProfile(name=member.full_name, details=details)


@chatbot.catalog_loader
def catalog(query: CatalogQuery) -> list[CatalogItem]:
    boats = db.session.scalars(sa.select(Boat).limit(query.limit))
    return [
        CatalogItem(
            id=str(boat.boat_id), name=boat.name, price=boat.hourly_rate, price_unit="hour"
        )
        for boat in boats
    ]  # fmt: skip


def create_app() -> Flask:
    app = Flask(__name__)
    chatbot_settings = {key: os.environ[key] for key in os.environ if key.startswith("CHATBOT_")}
    app.config.update(SETTINGS, SQLALCHEMY_DATABASE_URI="sqlite:///club.db", **chatbot_settings)
    db.init_app(app)
    Migrate(app, db)
    JWTManager(app)
    chatbot.init_app(app, Api(app))
    return app
