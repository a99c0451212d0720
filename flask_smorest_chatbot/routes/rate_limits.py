"""Which limits the endpoints have."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import Response, current_app, request

from ..config import ChatbotConfig
from ..errors import RateLimitedError
from ..limits import RequestLimits
from ..metrics import RATE_LIMITED
from .auth import current_user_key
from .errors import answer_to, is_unrouted


def request_limits(config: ChatbotConfig, file: Callable[[], Path] | None) -> RequestLimits:
    """Return the limits of an app: on each user's turns and other requests, and on addresses from
    which requests come that nobody can be found for.

    What browsers ask beforehand is only counted, not refused.

    :param file: from :func:`.limits_file`
    """
    texts = {
        "turns": _text(minute=config.max_turns_per_minute, hour=config.max_turns_per_hour),
        "reads": _text(minute=config.max_reads_per_minute),
        "refused": _text(minute=config.max_refused_per_minute),
        "preflights": _text(minute=config.max_reads_per_minute),
    }
    limits = {scope: [text] for scope, text in texts.items()}
    return RequestLimits(limits, config.redis_url, config.blueprint_name, file)


def _text(**amounts: int) -> str:
    """Return a text as flask-limiter reads it: ``300 per minute; 3000 per hour``."""
    return "; ".join(f"{amount} per {window}" for window, amount in amounts.items() if amount)


def require_tokens() -> None:
    """See that the user has tokens left for a turn today.

    :raises RateLimitedError: when there are none
    """
    services = current_app.extensions["chatbot"].turn_services
    most = services.config.max_tokens_per_day
    if not most or services.usage.tokens_used(current_user_key(), services.today) < most:
        return
    wait = _seconds_of_today_left(ZoneInfo(services.config.timezone))
    RATE_LIMITED.labels("tokens").inc()
    message = "You have used up what you may use of the model today: go on tomorrow."
    raise RateLimitedError(message, "token_budget", wait, most)


def _seconds_of_today_left(zone: ZoneInfo) -> int:
    now = datetime.now(zone)
    midnight = datetime.combine(now.date() + timedelta(days=1), time(), zone)
    # As points in time: on the day on which clocks change it is not 24 hours long.
    return int(midnight.timestamp() - now.timestamp()) + 1


def count_and_tell(response: Response) -> Response:
    """Say in the headers how the request stands with its limits.

    One that was refused before anybody asked whose it is counts for its address.
    """
    limits: RequestLimits = current_app.extensions["chatbot"].limits
    if request.method == "OPTIONS":
        return limits.tell(response, "preflights")
    return limits.tell(response, "refused", answer_to)


def count_unrouted(response: Response) -> Response:
    """Do the same for what is below the plugin's prefix, but is no endpoint."""
    return count_and_tell(response) if is_unrouted() else response
