"""Survey profiles. Each user sees only their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from ..errors import NotFoundError
from ..extensions import db
from ..models import Survey, User
from .transaction import transaction


def surveys_of(user: User) -> list[Survey]:
    """Return the user's surveys, newest first."""
    query = select(Survey).where(Survey.user_id == user.id)
    return list(db.session.scalars(query.order_by(Survey.created_at.desc(), Survey.id.desc())))


def get_survey(user: User, survey_id: int) -> Survey:
    """Return one survey of the user's.

    :raises NotFoundError: when it does not exist or is another user's
    """
    survey = db.session.get(Survey, survey_id)
    if survey is None or survey.user_id != user.id:
        raise NotFoundError("You have no such survey.")
    return survey


def create_survey(user: User, values: Mapping[str, Any]) -> Survey:
    """Store a survey of the user's. Commits.

    :param values: checked values by column name
    """
    survey = Survey(user_id=user.id, **values)
    with transaction():
        db.session.add(survey)
    return survey


def update_survey(user: User, survey_id: int, values: Mapping[str, Any]) -> Survey:
    """Change the given values of a survey of the user's. Commits.

    :raises NotFoundError: as :func:`get_survey`
    """
    survey = get_survey(user, survey_id)
    with transaction():
        for name, value in values.items():
            setattr(survey, name, value)
    return survey


def delete_survey(user: User, survey_id: int) -> None:
    """Delete a survey of the user's. Commits.

    :raises NotFoundError: as :func:`get_survey`
    """
    survey = get_survey(user, survey_id)
    with transaction():
        db.session.delete(survey)
