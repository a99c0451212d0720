"""The plugin's tables: sessions and their messages, API keys, and what is used a day."""

from .accounting import (
    API_KEY_MARK,
    API_KEY_NAME_LENGTH,
    API_KEY_PREFIX_LENGTH,
    API_KEY_SCOPES,
    ChatApiKeyMixin,
    ChatUsageMixin,
)
from .columns import MAX_KEY, utc_now
from .factory import build_api_key_model, build_models, build_usage_model, erase_with_user
from .mixins import (
    MODEL_NAME_LENGTH,
    SESSION_ID_LENGTH,
    TITLE_LENGTH,
    ChatMessageMixin,
    ChatSessionMixin,
)
from .user_key import parse_user_key, user_key_column, user_key_of

__all__ = [
    "API_KEY_MARK",
    "API_KEY_NAME_LENGTH",
    "API_KEY_PREFIX_LENGTH",
    "API_KEY_SCOPES",
    "MAX_KEY",
    "MODEL_NAME_LENGTH",
    "SESSION_ID_LENGTH",
    "TITLE_LENGTH",
    "ChatApiKeyMixin",
    "ChatMessageMixin",
    "ChatSessionMixin",
    "ChatUsageMixin",
    "build_api_key_model",
    "build_models",
    "build_usage_model",
    "erase_with_user",
    "parse_user_key",
    "user_key_column",
    "user_key_of",
    "utc_now",
]
