"""Chat with a local model, as a plugin for Flask-Smorest sites."""

from .calendars import FreeTime, free_time
from .catalog import (
    Budget,
    CatalogItem,
    CatalogQuery,
    CatalogResult,
    Fact,
    Period,
    Vocabulary,
)
from .config import ChatbotConfig
from .errors import (
    AuthenticationError,
    BlankMessageError,
    ChatbotError,
    ConfigError,
    ConflictError,
    DatabaseAwayError,
    ForbiddenError,
    InputError,
    LoaderError,
    ModelError,
    ModelTimeoutError,
    ModelUnavailableError,
    NotFoundError,
    RateLimitedError,
    ServerStoppingError,
    SessionClearedError,
    TurnError,
)
from .extension import Chatbot
from .limits import RequestLimits, client_address, limits_file
from .models import ChatApiKeyMixin, ChatMessageMixin, ChatSessionMixin, ChatUsageMixin
from .profile import UserProfile
from .routes.json_body import JsonBodyParser, read_body
from .services.model.status import ModelStatus, model_status, model_statuses
from .values import Finding, TurnPlan

__version__ = "0.1.0"

__all__ = [
    "AuthenticationError",
    "BlankMessageError",
    "Budget",
    "CatalogItem",
    "CatalogQuery",
    "CatalogResult",
    "ChatApiKeyMixin",
    "ChatMessageMixin",
    "ChatSessionMixin",
    "ChatUsageMixin",
    "Chatbot",
    "ChatbotConfig",
    "ChatbotError",
    "ConfigError",
    "ConflictError",
    "DatabaseAwayError",
    "Fact",
    "Finding",
    "ForbiddenError",
    "FreeTime",
    "InputError",
    "JsonBodyParser",
    "LoaderError",
    "ModelError",
    "ModelStatus",
    "ModelTimeoutError",
    "ModelUnavailableError",
    "NotFoundError",
    "Period",
    "RateLimitedError",
    "RequestLimits",
    "ServerStoppingError",
    "SessionClearedError",
    "TurnError",
    "TurnPlan",
    "UserProfile",
    "Vocabulary",
    "client_address",
    "free_time",
    "limits_file",
    "model_status",
    "model_statuses",
    "read_body",
]
