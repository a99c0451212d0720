"""Field types that are stricter than marshmallow's own."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import marshmallow as ma

from ..models import MAX_ROW_ID, as_utc

MULTILINE_MARKS = "\n\t"
# For the OpenAPI document, in the words of JSON Schema: what `Text` refuses, and what it trims.
CONTROLS = r"\x00-\x1f\x7f-\x9f"
CONTROLS_OF_LINES = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
MONEY_DIGITS = 25  # far more than any amount has


class Text(ma.fields.String):
    """Text without control characters and lone surrogates, which databases and terminals choke on.

    :param most: longest length, in characters
    :param least: shortest length after trimming
    :param multiline: allow line breaks and tabs
    :param trim: drop white space around it
    """

    def __init__(
        self,
        most: int,
        *,
        least: int = 1,
        multiline: bool = False,
        trim: bool = True,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("validate", []).insert(0, ma.validate.Length(min=least, max=most))
        pattern = _pattern(CONTROLS_OF_LINES if multiline else CONTROLS, blank=not least)
        kwargs["metadata"] = {"pattern": pattern, **kwargs.get("metadata", {})}
        super().__init__(**kwargs)
        self._allowed = MULTILINE_MARKS if multiline else ""
        self._trim = trim

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if self._allowed:
            text = text.replace("\r\n", "\n")
        if any(unicodedata.category(c) in {"Cc", "Cs"} and c not in self._allowed for c in text):
            raise ma.ValidationError("Control characters are not allowed.")
        return text.strip() if self._trim else text


def _pattern(refused: str, *, blank: bool) -> str:
    """Return the pattern of texts without the refused characters.

    :param blank: whether white space alone will do
    """
    return rf"^[^{refused}]*$" if blank else rf"^[^{refused}]*[^\s{refused}][^{refused}]*$"


class Address(Text):
    """An e-mail address, in lower case."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(254, least=3, validate=[ma.validate.Email()], **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        return super()._deserialize(value, attr, data, **kwargs).lower()


class Flag(ma.fields.Boolean):
    """A JSON ``true`` or ``false`` and nothing that looks like it."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class RowId(ma.fields.Integer):
    """The id of a row, as a JSON number."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strict=True, validate=ma.validate.Range(1, MAX_ROW_ID), **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> int:
        if isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Money(ma.fields.Field[Decimal]):
    """An amount in US$: exact inside, a JSON number with two decimals outside."""

    default_error_messages = {  # noqa: RUF012  (marshmallow merges this along the class tree)
        "invalid": "Not a number.",
        "cents": "At most two decimals.",
    }

    def __init__(self, *, most: Decimal, **kwargs: Any) -> None:
        bounds = ma.validate.Range(min=Decimal("0.01"), max=most)
        told = {"type": "number", "minimum": 0.01, "maximum": float(most), "multipleOf": 0.01}
        kwargs["metadata"] = {**told, **kwargs.get("metadata", {})}
        super().__init__(validate=bounds, **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> float | None:
        return None if value is None else float(value)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise self.make_error("invalid")
        try:
            amount = Decimal(str(value)) if len(str(value)) <= MONEY_DIGITS else Decimal("nan")
        except ArithmeticError:
            amount = Decimal("nan")
        if not amount.is_finite() or abs(amount.adjusted()) > MONEY_DIGITS:
            raise self.make_error("invalid")
        if amount != 0 and int(amount.normalize().as_tuple().exponent) < -2:
            raise self.make_error("cents")
        return amount


class Moment(ma.fields.DateTime):
    """A point in time, as ISO 8601 in UTC."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return super()._serialize(None if value is None else as_utc(value), attr, obj, **kwargs)


def row_id_filter(description: str) -> ma.fields.Integer:
    """Return an optional query parameter that narrows a list to what belongs to one row."""
    return ma.fields.Integer(
        load_default=None,
        validate=ma.validate.Range(1, MAX_ROW_ID),
        metadata={"description": description},
    )


def search_text(description: str, most: int = 100) -> Text:
    """Return an optional query parameter that narrows a list; empty means not narrowed."""
    return Text(most, least=0, load_default=None, metadata={"description": description})
