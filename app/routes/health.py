"""Whether the process is up, and whether it can serve."""

from __future__ import annotations

from flask import Response, current_app, jsonify
from flask.views import MethodView
from flask_smorest import Blueprint

from ..schemas.health import HealthSchema, ReadySchema
from ..services.readiness import degraded, readiness

blp = Blueprint("Health", __name__, description="For load balancers and monitoring")


@blp.route("/health")
@blp.route("/api/health")
class Health(MethodView):
    @blp.response(200, HealthSchema)
    def get(self) -> dict[str, str]:
        """Tell that the process is up

        Neither the database nor the model is asked.
        """
        return {"status": "ok"}


@blp.route("/ready")
class Ready(MethodView):
    @blp.response(200, ReadySchema)
    @blp.alt_response(503, schema=ReadySchema, description="It cannot; the parts are named")
    def get(self) -> tuple[Response, int]:
        """Tell whether the site can serve

        Without the model it can: only the chat cannot, and says so. An answer may be a second old.
        """
        ready, states = readiness()
        answer = jsonify(
            {
                "status": "ok" if ready else "unavailable",
                "release": current_app.config["SITE_RELEASE"],
                "degraded": degraded(states),
                **states,
            }
        )
        return answer, 200 if ready else 503
