"""Surveys."""

from __future__ import annotations

import marshmallow as ma

from ..models import BUDGET_RANGES, EXPERIENCE_LEVELS
from .fields import Moment, Text

MOST_IN_LIST = 30


class SurveySchema(ma.Schema):
    """What a user tells about their playing."""

    id = ma.fields.Integer(dump_only=True)
    user_id = ma.fields.Integer(dump_only=True)
    preferred_instruments = ma.fields.List(
        Text(60),
        required=True,
        validate=ma.validate.Length(max=MOST_IN_LIST),
        metadata={"example": ["acoustic guitar", "ukulele"]},
    )
    experience_level = ma.fields.String(
        required=True, validate=ma.validate.OneOf(EXPERIENCE_LEVELS)
    )
    favorite_genres = ma.fields.List(
        Text(60), validate=ma.validate.Length(max=MOST_IN_LIST), metadata={"example": ["folk"]}
    )
    budget_range = ma.fields.String(
        allow_none=True,
        validate=ma.validate.OneOf(BUDGET_RANGES),
        metadata={"description": "US$ a day"},
    )
    rental_frequency = Text(60, allow_none=True, metadata={"example": "monthly"})
    use_case = Text(120, allow_none=True, metadata={"example": "learning at home"})
    location = Text(120, allow_none=True, metadata={"example": "Austin, TX"})
    additional_notes = Text(2000, least=0, multiline=True, allow_none=True)
    created_at = Moment(dump_only=True)
