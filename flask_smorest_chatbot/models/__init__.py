"""The plugin's two tables: sessions and their messages."""

from .factory import build_models, erase_with_user
from .mixins import (
    MODEL_NAME_LENGTH,
    SESSION_ID_LENGTH,
    TITLE_LENGTH,
    ChatMessageMixin,
    ChatSessionMixin,
    utc_now,
)
from .user_key import parse_user_key, user_key_column, user_key_of

__all__ = [
    "MODEL_NAME_LENGTH",
    "SESSION_ID_LENGTH",
    "TITLE_LENGTH",
    "ChatMessageMixin",
    "ChatSessionMixin",
    "build_models",
    "erase_with_user",
    "parse_user_key",
    "user_key_column",
    "user_key_of",
    "utc_now",
]
