"""Chat with a local model, as a plugin for Flask-Smorest sites."""

from .config import ChatbotConfig
from .errors import (
    AuthenticationError,
    BlankMessageError,
    ChatbotError,
    ConfigError,
    ConflictError,
    InputError,
    LoaderError,
    ModelError,
    ModelTimeoutError,
    ModelUnavailableError,
    NotFoundError,
    SessionClearedError,
    TurnError,
)
from .extension import Chatbot
from .models import ChatMessageMixin, ChatSessionMixin
from .services.doctor import ModelStatus, model_status
from .values import CatalogItem, CatalogQuery, Recommendation, TurnPlan, UserProfile

__version__ = "0.1.0"

__all__ = [
    "AuthenticationError",
    "BlankMessageError",
    "CatalogItem",
    "CatalogQuery",
    "ChatMessageMixin",
    "ChatSessionMixin",
    "Chatbot",
    "ChatbotConfig",
    "ChatbotError",
    "ConfigError",
    "ConflictError",
    "InputError",
    "LoaderError",
    "ModelError",
    "ModelStatus",
    "ModelTimeoutError",
    "ModelUnavailableError",
    "NotFoundError",
    "Recommendation",
    "SessionClearedError",
    "TurnError",
    "TurnPlan",
    "UserProfile",
    "model_status",
]
