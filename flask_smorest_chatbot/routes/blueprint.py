"""Put the endpoints together into the blueprint of one app."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Response, current_app, request
from flask_smorest import Api, Blueprint

from ..config import ChatbotConfig
from ..schemas import chat_request_schema
from .account_data import add_account_data_endpoints
from .admin import add_admin_endpoints
from .api_keys import add_api_key_endpoints
from .chat import (
    ChatEndpoint,
    add_chat_endpoint,
    add_resume_endpoint,
    add_retry_endpoint,
    add_stop_endpoint,
    plain_chat,
)
from .documentation import Documentation, add_refusals, api_key_scheme, bearer_scheme
from .errors import answer_unrouted, register_error_handlers
from .json_body import JsonBodyParser, read_body
from .rate_limits import count_and_tell, count_unrouted
from .sessions import add_session_endpoints


def build_blueprint(
    config: ChatbotConfig, api: Api, host_endpoints: Iterable[ChatEndpoint]
) -> Blueprint:
    """Return the plugin's blueprint.

    :param config: gives its name and limits
    :param api: the host's, whose document the endpoints will show in
    :param host_endpoints: further chat endpoints of the host
    """
    blueprint = Blueprint(
        config.blueprint_name, __name__, description="Chat with the site's assistant"
    )
    blueprint.ARGUMENTS_PARSER = JsonBodyParser()
    documentation = Documentation(blueprint, bearer_scheme(api), api_key_scheme(api))
    add_refusals(api)
    register_error_handlers(blueprint)
    blueprint.before_request(_limit_body)
    blueprint.before_request(read_body)
    blueprint.before_app_request(answer_unrouted)
    blueprint.after_request(_keep_private)  # after the next one: the last one comes first
    blueprint.after_request(count_and_tell)
    blueprint.after_app_request(count_unrouted)
    schemas = {required: chat_request_schema(config, required) for required in (True, False)}
    for endpoint in (ChatEndpoint("/chat", plain_chat), *host_endpoints):
        add_chat_endpoint(blueprint, documentation, schemas[endpoint.message_required], endpoint)
    add_retry_endpoint(blueprint, documentation)
    add_stop_endpoint(blueprint, documentation)
    add_resume_endpoint(blueprint, documentation)
    add_session_endpoints(blueprint, documentation)
    add_api_key_endpoints(blueprint, documentation)
    add_admin_endpoints(blueprint, documentation)
    add_account_data_endpoints(blueprint, documentation)
    return blueprint


def _limit_body() -> None:
    """Bound the body of this request; a host's own lower limit stays in force."""
    ours = current_app.extensions["chatbot"].config.max_body_bytes
    request.max_content_length = min(ours, request.max_content_length or ours)


def _keep_private(response: Response) -> Response:
    """Let no cache keep what is one user's."""
    if "Cache-Control" not in response.headers:
        response.cache_control.no_store = True
    return response
