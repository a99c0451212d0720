"""The site's tables. Importing this package puts all of them on ``db.metadata``."""

from .chat_message import ChatApiKey, ChatMessage, ChatSession, ChatUsage
from .columns import MAX_ROW_ID, as_utc, utc_now
from .instrument import Instrument
from .listing import CONDITIONS, Listing
from .rental import BLOCKING_STATUSES, RENTAL_STATUSES, Rental
from .revoked_token import RevokedToken
from .survey import BUDGET_RANGES, EXPERIENCE_LEVELS, Survey
from .user import ROLES, User

__all__ = [
    "BLOCKING_STATUSES",
    "BUDGET_RANGES",
    "CONDITIONS",
    "EXPERIENCE_LEVELS",
    "MAX_ROW_ID",
    "RENTAL_STATUSES",
    "ROLES",
    "ChatApiKey",
    "ChatMessage",
    "ChatSession",
    "ChatUsage",
    "Instrument",
    "Listing",
    "Rental",
    "RevokedToken",
    "Survey",
    "User",
    "as_utc",
    "utc_now",
]
