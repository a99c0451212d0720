"""The host's user model, as the plugin's foreign keys see it."""

from __future__ import annotations

import contextlib
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeDecorator, TypeEngine

from ..errors import ConfigError


def user_key_column(user_model: type[Any]) -> sa.Column[Any]:
    """Return the primary key column of the host's user model.

    :raises ConfigError: when the model is not mapped yet or has a composite key
    """
    try:
        columns = list(sa.inspect(user_model).primary_key)
    except sa.exc.NoInspectionAvailable:
        raise ConfigError(
            f"user_model {user_model!r} is not a mapped class: pass a subclass of db.Model."
        ) from None
    if len(columns) != 1:
        raise ConfigError(f"{user_model.__name__} must have a primary key of one column.")
    return columns[0]


def user_key_of(user: Any) -> Any:
    """Return the primary key of a stored user, whatever the host's attribute is called."""
    return sa.inspect(user).identity[0]


def reference_type(key: sa.Column[Any]) -> TypeEngine[Any]:
    """Return the type of a column that refers to the user's key.

    It is the key's own. On MySQL and MariaDB both sides of a foreign key must also agree in
    character set and collation, which a string key without its own takes from its table.
    """
    reference: TypeEngine[Any] = key.type
    if not isinstance(key.type, sa.String) or key.type.collation:
        return reference
    string = mysql.CHAR if isinstance(key.type, sa.CHAR) else mysql.VARCHAR
    for dialect in ("mysql", "mariadb"):
        options = {
            option: key.table.dialect_kwargs.get(f"{dialect}_{keyword}")
            for option, keyword in (("charset", "charset"), ("collation", "collate"))
        }
        if any(options.values()):
            # A key type that has a variant for this database already says all itself.
            with contextlib.suppress(sa.exc.ArgumentError):
                reference = reference.with_variant(string(key.type.length, **options), dialect)
    return reference


def parse_user_key(user_model: type[Any], identity: object) -> Any:
    """Turn a token's identity (a string) into the type of the user's primary key.

    :raises ValueError: when it cannot be one
    """
    python_type = _python_type(user_key_column(user_model).type)
    if not isinstance(identity, str | python_type) or isinstance(identity, bool):
        raise ValueError("not a user key")
    try:
        key = python_type(str(identity))
    except (TypeError, ArithmeticError):  # of bytes and of decimals
        raise ValueError("not a user key") from None
    if isinstance(key, int) and (str(key) != str(identity) or abs(key) >= 2**63):
        raise ValueError("not a number that the database could hold")
    return key


def _python_type(key_type: TypeEngine[Any]) -> type[Any]:
    """Return the type of the key's values; of a decorator that does not say, what it decorates."""
    try:
        python_type = key_type.python_type
    except NotImplementedError:  # how SQLAlchemy 2.0 says `object`
        python_type = object
    if python_type is not object:
        return python_type
    return _python_type(key_type.impl_instance) if isinstance(key_type, TypeDecorator) else str
