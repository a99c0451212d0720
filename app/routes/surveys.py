"""The user's survey profiles."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from ..models import Survey
from ..schemas.survey import SurveySchema
from ..services import surveys
from .blueprint import SiteBlueprint, me

blp = SiteBlueprint(
    "Survey", __name__, url_prefix="/api/survey", description="What you play and look for"
)


@blp.route("")
class Surveys(MethodView):
    @blp.login_required()
    @blp.response(200, SurveySchema(many=True))
    def get(self) -> list[Survey]:
        """List your surveys, newest first"""
        return surveys.surveys_of(me())

    @blp.login_required()
    @blp.body(SurveySchema)
    @blp.response(201, SurveySchema)
    def post(self, values: dict[str, Any]) -> Survey:
        """Fill in a survey

        The newest one is your profile: what the chat knows of your playing.
        """
        return surveys.create_survey(me(), values)


@blp.route("/<row_id:survey_id>")
class OneSurvey(MethodView):
    @blp.login_required()
    @blp.may_answer("NOT_FOUND")
    @blp.response(200, SurveySchema)
    def get(self, survey_id: int) -> Survey:
        """Show one of your surveys"""
        return surveys.get_survey(me(), survey_id)

    @blp.login_required()
    @blp.may_answer("NOT_FOUND")
    @blp.body(SurveySchema(partial=True))
    @blp.response(200, SurveySchema)
    def put(self, values: dict[str, Any], survey_id: int) -> Survey:
        """Change one of your surveys

        Values that are left out stay as they are.
        """
        return surveys.update_survey(me(), survey_id, values)

    @blp.login_required()
    @blp.may_answer("NOT_FOUND")
    @blp.response(204)
    def delete(self, survey_id: int) -> None:
        """Delete one of your surveys"""
        surveys.delete_survey(me(), survey_id)
