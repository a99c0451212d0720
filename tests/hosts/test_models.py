"""The models on hosts of other shapes, without a database server."""

from __future__ import annotations

import re
import uuid
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.schema import CreateTable
from sqlalchemy.types import TypeDecorator

from flask_smorest_chatbot import Chatbot, ChatMessageMixin, ChatSessionMixin, ConfigError
from flask_smorest_chatbot.models import parse_user_key


class Guid(TypeDecorator[uuid.UUID]):
    """What hosts wrote before SQLAlchemy had a UUID type."""

    impl = sa.CHAR(36)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        return None if value is None else str(uuid.UUID(str(value)))


def host_models(key_type: Any, **table_options: str) -> tuple[SQLAlchemy, Any]:
    """Return a host's ``db`` and a user model with a key of that type."""

    class Base(DeclarativeBase):
        pass

    db = SQLAlchemy(model_class=Base)

    class User(db.Model):
        __tablename__ = "users"
        __table_args__ = table_options
        key: Mapped[Any] = mapped_column(key_type, primary_key=True)

    return db, User


def created(model: Any, dialect: Any) -> str:
    return str(CreateTable(model.__table__).compile(dialect=dialect))


@pytest.mark.parametrize("length", [1, 30, 54, 63])
def test_table_name_as_long_as_may_be_leaves_distinct_short_names(length: int) -> None:
    db, user = host_models(sa.Integer())
    names = {"session_table": "s" * length, "message_table": "m" * length}
    chatbot = Chatbot(db, user_model=user, **names)
    for model in (chatbot.ChatSession, chatbot.ChatMessage):
        for dialect in (postgresql.dialect(), mysql.dialect()):
            named = re.findall(r"CONSTRAINT (\w+)", created(model, dialect))
            assert len(set(named)) == len(named) >= 2
            assert max(map(len, named)) <= dialect.max_identifier_length


@pytest.mark.parametrize(
    ("key_type", "identity", "key"),
    [
        (sa.Integer(), "17", 17),
        (sa.Uuid(), "5f0c7c1e-8f0b-4a53-9d0c-6a1c5f6d2b11", uuid.UUID),
        (sa.Uuid(as_uuid=False), "5f0c7c1e-8f0b-4a53-9d0c-6a1c5f6d2b11", str),
        (sa.String(20), "ann", "ann"),
        (Guid(), "5f0c7c1e-8f0b-4a53-9d0c-6a1c5f6d2b11", str),
        (sa.Numeric(10), "17", Decimal(17)),
    ],
)
def test_identity_becomes_a_key(key_type: Any, identity: str, key: Any) -> None:
    _, user = host_models(key_type)
    parsed = parse_user_key(user, identity)
    assert type(parsed) is key if isinstance(key, type) else parsed == key


@pytest.mark.parametrize(
    ("key_type", "identity"),
    [
        (sa.Integer(), "ann"),
        (sa.Integer(), " 17"),
        (sa.Integer(), str(2**63)),
        (sa.Integer(), True),
        (sa.Uuid(), "17"),
        (sa.Numeric(10), "ann"),
        (sa.LargeBinary(16), "ann"),
        (sa.String(20), None),
    ],
)
def test_identity_that_is_no_key_is_refused(key_type: Any, identity: Any) -> None:
    _, user = host_models(key_type)
    with pytest.raises(ValueError):
        parse_user_key(user, identity)


def test_reference_to_a_string_key_agrees_in_character_set() -> None:
    options = {"mysql_charset": "ascii", "mysql_collate": "ascii_bin"}
    db, user = host_models(sa.CHAR(36), **options)
    chatbot = Chatbot(db, user_model=user)
    for model in (chatbot.ChatSession, chatbot.ChatMessage):
        on_mysql = created(model, mysql.dialect())
        assert "user_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL" in on_mysql
        assert "user_id CHAR(36) NOT NULL" in created(model, postgresql.dialect())


def test_reference_to_a_key_that_says_its_own_collation_copies_it() -> None:
    db, user = host_models(sa.String(36, collation="utf8mb4_bin"), mysql_charset="ascii")
    chatbot = Chatbot(db, user_model=user)
    assert "user_id VARCHAR(36) COLLATE utf8mb4_bin" in created(
        chatbot.ChatMessage, mysql.dialect()
    )


def test_second_chatbot_on_one_db_is_refused_with_the_remedy() -> None:
    db, user = host_models(sa.Integer())
    Chatbot(db, user_model=user)
    with pytest.raises(ConfigError, match=r"'chat_sessions' already.*session_table"):
        Chatbot(db, user_model=user)


def test_subclass_that_names_no_user_model_is_refused_with_the_remedy() -> None:
    db, _ = host_models(sa.Integer())
    with pytest.raises(ConfigError, match=r"Conversation must say .* set __user_model__"):

        class Conversation(ChatSessionMixin, db.Model):
            __tablename__ = "conversations"


def test_subclass_that_names_no_session_model_is_refused_with_the_remedy() -> None:
    db, user = host_models(sa.Integer())
    with pytest.raises(ConfigError, match=r"Utterance must say .* set __session_model__"):

        class Utterance(ChatMessageMixin, db.Model):
            __tablename__ = "utterances"
            __user_model__ = user


def test_user_model_that_is_not_one_is_refused() -> None:
    db, _ = host_models(sa.Integer())
    with pytest.raises(ConfigError, match="not a mapped class"):
        Chatbot(db, user_model=dict)
