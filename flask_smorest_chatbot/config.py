"""Every ``CHATBOT_*`` key: name, default, unit and why, in one place.

The host puts the keys into ``app.config``, as strings (from the environment) or typed; the rest
of the plugin reads only the frozen :class:`ChatbotConfig`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .errors import ConfigError

PREFIX = "CHATBOT_"
# What Ollama takes: seconds, or a duration as Go writes them.
_DURATION = re.compile(r"-?(?:\d+|(?:\d+(?:\.\d+)?(?:ms|s|m|h))+)")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")
_HOST = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")
_REDIS = re.compile(r"(?:rediss?|unix)://\S+")
_Value = TypeVar("_Value", str, int, float)


def _key(
    default: _Value,
    why: str,
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
) -> _Value:
    """Declare a key. ``low`` and ``high`` are inclusive bounds in ``unit``."""
    metadata = {"why": why, "unit": unit, "low": low, "high": high}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class ChatbotConfig:
    """The settings of one app. Field ``num_ctx`` is key ``CHATBOT_NUM_CTX``, and so on."""

    model: str = _key(
        "llama2",
        "Model to ask: a name on Ollama, or `provider:name` for LangChain's init_chat_model",
    )
    ollama_url: str = _key(
        "http://127.0.0.1:11434",
        "Where Ollama answers; several servers with commas between them, all with the same model",
    )
    num_ctx: int = _key(
        4096,
        "Context window; always sent, as another value than before makes Ollama reload",
        unit="tokens",
        low=512,
        high=1_048_576,
    )
    num_predict: int = _key(
        512,
        "Longest answer. Ollama's own default is ten times num_ctx",
        unit="tokens",
        low=1,
        high=65_536,
    )
    keep_alive: str = _key(
        "30m", "How long Ollama keeps the model loaded after an answer; `-1` is for ever"
    )
    temperature: float = _key(
        0.3, "Randomness of the answer; low keeps it close to the catalogue", low=0, high=2
    )
    connect_timeout: float = _key(
        5.0, "Longest wait for a connection to the model server", unit="seconds", low=0.05, high=60
    )
    first_token_timeout: float = _key(
        120.0,
        "Longest wait for the first token; a 7B model may have to load and queue",
        unit="seconds",
        low=0.05,
        high=3600,
    )
    token_timeout: float = _key(
        30.0, "Longest silence between two tokens", unit="seconds", low=0.05, high=3600
    )
    turn_timeout: float = _key(
        300.0, "Longest turn from question to end of answer", unit="seconds", low=0.1, high=7200
    )
    model_retries: int = _key(
        2,
        "How often a model server is asked again, if it failed before the first token",
        unit="times",
        low=0,
        high=2,
    )
    breaker_failures: int = _key(
        5,
        "Failed connections in a row after which a model server is left alone",
        unit="failures",
        low=1,
        high=1000,
    )
    breaker_seconds: float = _key(
        10.0,
        "How long it is left alone; then one request tries it",
        unit="seconds",
        low=0.1,
        high=3600,
    )
    model_slots: int = _key(
        4,
        "Answers that the model writes at once, for all users; Ollama's OLLAMA_NUM_PARALLEL",
        unit="answers",
        low=1,
        high=100_000,
    )
    queue_limit: int = _key(
        200,
        "Turns that may wait for a slot; further ones get 503",
        unit="turns",
        low=0,
        high=10_000,
    )
    turns_per_user: int = _key(
        2,
        "Slots that one user may have at once; their further turns wait",
        unit="answers",
        low=1,
        high=100_000,
    )
    followers_per_user: int = _key(
        100,
        "Answers that one user may follow at once in each process; together they ask the database "
        "40 times a second at most",
        unit="streams",
        low=1,
        high=100_000,
    )
    queue_dir: str = _key(
        "",
        "Folder where the workers of a host share the line of those who wait, and the counts of "
        "requests; not set means a private one in the folder for temporary files",
    )
    redis_url: str = _key(
        "",
        "Redis that all hosts share, such as redis://127.0.0.1:6379/0; not set means that each "
        "host counts for itself",
    )
    max_turns_per_minute: int = _key(
        300, "Turns that one user may begin; 0 is any number", unit="turns", low=0, high=1_000_000
    )
    max_turns_per_hour: int = _key(
        3000, "Turns that one user may begin; 0 is any number", unit="turns", low=0, high=1_000_000
    )
    max_reads_per_minute: int = _key(
        1200,
        "Other requests that one user may send; 0 is any number",
        unit="requests",
        low=0,
        high=1_000_000,
    )
    max_refused_per_minute: int = _key(
        600,
        "Requests without a valid token or key that one address may send; 0 is any number",
        unit="requests",
        low=0,
        high=1_000_000,
    )
    max_tokens_per_day: int = _key(
        0,
        "Tokens, in and out, after which a user gets no further turn that day; 0 is any number",
        unit="tokens",
        low=0,
        high=1_000_000_000_000,
    )
    max_message_chars: int = _key(
        4000, "Longest message a user may send", unit="characters", low=1, high=100_000
    )
    max_body_bytes: int = _key(
        1_048_576,
        "Largest request body; larger ones get 413",
        unit="bytes",
        low=1024,
        high=104_857_600,
    )
    catalog_limit: int = _key(
        5,
        "Catalogue items offered to the model per turn; a new one costs about 60 tokens",
        unit="items",
        low=0,
        high=100,
    )
    max_recommendations: int = _key(
        5, "Recommendations in one answer at most", unit="items", low=0, high=50
    )
    allowed_link_hosts: str = _key(
        "",
        "Hosts that answers may link to, with commas between, beside the site's own and those of "
        "offered items; other addresses are taken out of the prose",
    )
    ping_interval: float = _key(
        10.0,
        "Silence after which an event stream gets a comment line; proxies cut silent ones",
        unit="seconds",
        low=0.05,
        high=15,
    )
    max_api_keys: int = _key(20, "API keys that one user may have", unit="keys", low=0, high=1000)
    retry_after: int = _key(
        10, "`Retry-After` of a 503 when nothing better is known", unit="seconds", low=1, high=3600
    )
    retention_days: int = _key(
        0,
        "Age of its last message at which `flask chatbot purge` deletes a conversation; 0 is never",
        unit="days",
        low=0,
        high=36_500,
    )
    log_texts: int = _key(
        0, "1 puts what is said into the log line of each turn, to find a fault", low=0, high=1
    )
    timezone: str = _key("UTC", "Where a day starts and ends, for dates that users name")
    url_prefix: str = _key("/api/chatbot", "Where the endpoints live")
    cli_group: str = _key("chatbot", "Name of the command group: `flask chatbot doctor`")
    blueprint_name: str = _key("flask_smorest_chatbot", "Name of the blueprint, in endpoint names")

    @classmethod
    def from_mapping(cls, settings: Mapping[str, Any]) -> ChatbotConfig:
        """Read and check the ``CHATBOT_*`` keys of a Flask config.

        :param settings: usually ``app.config``; missing keys and empty strings mean the default
        :raises ConfigError: naming the key, what it holds and what it may hold
        """
        given: dict[str, Any] = {
            item.name: _parse(item, settings[PREFIX + item.name.upper()])
            for item in fields(cls)
            if not _is_missing(settings.get(PREFIX + item.name.upper()))
        }
        config = cls(**given)
        config._check_texts()
        return config

    @property
    def ollama_name(self) -> str:
        """What the model is called on the Ollama server."""
        return self.model.removeprefix("ollama:")

    @property
    def link_hosts(self) -> list[str]:
        """The hosts of ``allowed_link_hosts``."""
        return [host.strip() for host in self.allowed_link_hosts.split(",") if host.strip()]

    @property
    def ollama_urls(self) -> tuple[str, ...]:
        """The addresses of the Ollama servers, without a slash at the end, each once."""
        addresses = (part.strip().rstrip("/") for part in self.ollama_url.split(","))
        return tuple(dict.fromkeys(addresses))

    def _check_texts(self) -> None:
        if not all(map(_is_http_address, self.ollama_urls)):  # not repeated: may hold a password
            raise ConfigError(
                f"{PREFIX}OLLAMA_URL must be like http://127.0.0.1:11434, or several of these "
                "with commas between them."
            )
        if self.redis_url and not _REDIS.match(self.redis_url):  # nor this
            raise ConfigError(f"{PREFIX}REDIS_URL must be like redis://127.0.0.1:6379/0.")
        if not all(part.strip() for part in self.model.split(":")):
            raise ConfigError(
                f"{PREFIX}MODEL must be like llama2 or provider:name, not {self.model!r}."
            )
        if self.num_predict >= self.num_ctx:
            raise ConfigError(
                f"{PREFIX}NUM_PREDICT ({self.num_predict}) must be below {PREFIX}NUM_CTX "
                f"({self.num_ctx}): the prompt needs the rest."
            )
        if not _NAME.fullmatch(self.blueprint_name):
            raise ConfigError(
                f"{PREFIX}BLUEPRINT_NAME takes letters, digits, _ and -, "
                f"not {self.blueprint_name!r}."
            )
        if not _DURATION.fullmatch(self.keep_alive):
            raise ConfigError(
                f"{PREFIX}KEEP_ALIVE must be a duration such as 30m, seconds, or -1, "
                f"not {self.keep_alive!r}."
            )
        if not all(map(_HOST.fullmatch, self.link_hosts)):
            raise ConfigError(
                f"{PREFIX}ALLOWED_LINK_HOSTS must be names such as www.example.com,example.org, "
                f"not {self.allowed_link_hosts!r}."
            )
        if not _is_timezone(self.timezone):
            raise ConfigError(
                f"{PREFIX}TIMEZONE must be like America/New_York, not {self.timezone!r}."
            )
        if not _PATH.fullmatch(self.url_prefix):
            raise ConfigError(
                f"{PREFIX}URL_PREFIX must be a path such as /api/chatbot, not {self.url_prefix!r}."
            )


def _is_timezone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _is_http_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port  # reading it checks it
    except ValueError:
        return False
    return (
        parts.scheme in {"http", "https"}
        and bool(parts.hostname)
        and not (parts.query or parts.fragment)
        and not re.search(r"\s", text)
    )


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def unknown_keys(settings: Mapping[str, Any]) -> list[str]:
    """Return the ``CHATBOT_*`` keys of a Flask config that nothing reads: misspelt ones, mostly."""
    known = {PREFIX + item.name.upper() for item in fields(ChatbotConfig)}
    return sorted(key for key in settings if key.startswith(PREFIX) and key not in known)


def _parse(item: Any, value: Any) -> str | int | float:
    """Convert one value to its field's type and check its bounds."""
    name = PREFIX + item.name.upper()
    convert = {"str": str, "int": int, "float": float}[item.type]
    try:
        parsed: str | int | float = convert(value.strip() if isinstance(value, str) else value)
    except (TypeError, ValueError):
        kind = "a whole number" if item.type == "int" else "a number"
        raise ConfigError(f"{name} must be {kind}, not {value!r}.") from None
    low, high = item.metadata["low"], item.metadata["high"]
    if low is not None and not low <= float(parsed) <= high:
        unit = f" {item.metadata['unit']}" if item.metadata["unit"] else ""
        raise ConfigError(f"{name} must be between {low} and {high}{unit}, not {value!r}.")
    return parsed
