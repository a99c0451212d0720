"""Where a site keeps its line: in Redis if there is one, else in a file of the host."""

from __future__ import annotations

import hashlib
import logging

from ...config import ChatbotConfig
from ..host_folder import host_file
from .admission import Admission
from .fallback import Lines
from .line import Limits, Line, LineError
from .redis_line import RedisLine
from .sqlite_line import MEMORY, SqliteLine

log = logging.getLogger(__name__)


#: Seconds beyond the longest turn, after which a place counts as forgotten.
_GRACE = 60.0


def admission_of(config: ChatbotConfig, site: str) -> Admission:
    """Return what lets the turns of this process ask the model.

    :param site: what tells the site from others on the host
    """
    limits = Limits(config.model_slots, config.queue_limit, config.turns_per_user)
    longest = config.turn_timeout + _GRACE
    return Admission(limits, lambda: _lines(config, limits, site), longest, config.retry_after)


def _lines(config: ChatbotConfig, limits: Limits, site: str) -> Lines:
    """Return where the processes of a site keep the line for their model.

    In Redis all hosts share it that ask the same model at the same address. In a file all processes
    of one host do that work for the same site. In memory each process is alone.
    """
    model = f"{config.ollama_url} {config.model}"
    lines: dict[str, Line] = {}
    if config.redis_url:
        lines["Redis"] = RedisLine(config.redis_url, _digest(model), limits)
    try:
        path = host_file(config.queue_dir, "line", f"{site} {model}")
        lines["a file of this host"] = SqliteLine(str(path), limits)
    except (LineError, OSError) as error:
        log.warning("workers do not share the line for the model: %s", error)
    lines["the memory of this process"] = SqliteLine(MEMORY, limits)
    return Lines(lines)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
