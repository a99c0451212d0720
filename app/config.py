"""Every setting of the site: name, default, unit and why, in one place.

Settings come from the environment, under the names below, and are checked at start. The chat's
own ``CHATBOT_*`` settings are handed to the plugin as they are; it checks them itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

DEVELOPMENT = "development"
PRODUCTION = "production"
MIN_SECRET_BYTES = 32  # RFC 7518, section 3.2: an HS256 key is at least as long as its hash
DEVELOPMENT_SECRET = "for-development-only-not-a-secret-0001"  # noqa: S105  # nosec B105  # refused in production
DEVELOPMENT_JWT_SECRET = "for-development-only-not-a-secret-0002"  # noqa: S105  # nosec B105

# Packages of drivers that are not called as the module that they bring.
DRIVER_PACKAGES = {
    "psycopg2": "psycopg2-binary",
    "psycopg": "psycopg[binary]",
    "pymysql": "PyMySQL",
    "MySQLdb": "mysqlclient",
    "mysql": "mysql-connector-python",
}

Parser = Callable[[str, str], Any]


class ConfigError(click.ClickException):
    """A setting is missing or wrong. One sentence says what to set.

    It is a ``ClickException`` so that ``flask`` commands print that sentence and no traceback.
    """


def _text(_name: str, raw: str) -> str:
    return raw


def _one_of(*choices: str) -> Parser:
    def parse(name: str, raw: str) -> str:
        if raw not in choices:
            raise ConfigError(f"Set {name} to {' or '.join(choices)}, not {raw!r}.")
        return raw

    return parse


def _whole_number(low: int, high: int) -> Parser:
    def parse(name: str, raw: str) -> int:
        if not (raw.isascii() and raw.isdigit() and len(raw) < 19 and low <= int(raw) <= high):
            raise ConfigError(f"Set {name} to a whole number from {low} to {high}, not {raw!r}.")
        return int(raw)

    return parse


def _database_url(name: str, raw: str) -> str:
    """Accept the short schemes that hosting panels hand out, and name the driver we install.

    The value is never repeated in an error: it may hold a password.
    """
    scheme, separator, rest = raw.partition("://")
    drivers = {
        "postgres": "postgresql+psycopg2",
        "postgresql": "postgresql+psycopg2",
        "mysql": "mysql+pymysql",
        "mariadb": "mariadb+pymysql",
    }
    example = "postgresql://user:password@host/name"
    try:
        url = make_url(drivers.get(scheme, scheme) + separator + rest)
    except (ArgumentError, ValueError):
        raise ConfigError(f"Set {name} to a database address such as {example}.") from None
    if not _is_driver_usable(name, url):
        raise ConfigError(
            f"Set {name} to an address with another driver than {url.drivername}, "
            f"such as {example}."
        )
    return url.render_as_string(hide_password=False)


def _is_driver_usable(name: str, url: URL) -> bool:
    """Tell whether SQLAlchemy knows the driver, and it waits for answers as this site does.

    :raises ConfigError: when it is not installed: better now than at the first request
    """
    try:
        dialect = url.get_dialect()
        dialect.import_dbapi()
    except NoSuchModuleError:
        return False
    except ImportError as error:
        module = error.name or url.get_driver_name()
        raise ConfigError(
            f"Install the package {DRIVER_PACKAGES.get(module, module)}, which {url.drivername} "
            f"needs, or set {name} to an address with another driver."
        ) from None
    return not dialect.is_async


def _time_zone(name: str, raw: str) -> str:
    if raw != "UTC":  # known even where the machine has no time zone database
        try:
            ZoneInfo(raw)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ConfigError(
                f"Set {name} to a time zone such as America/New_York, not {raw!r}."
            ) from None
    return raw


def _web_address(name: str, raw: str) -> str:
    """Accept an address of HTTP; it is not repeated in an error, as it may hold a key."""
    if not raw.startswith(("http://", "https://")):
        raise ConfigError(f"Set {name} to an address such as https://collector.example.com.")
    return raw


def _networks(name: str, raw: str) -> str:
    try:
        parse_networks(raw)
    except ValueError:
        raise ConfigError(
            f"Set {name} to networks such as 127.0.0.0/8,10.1.0.0/16, not {raw!r}."
        ) from None
    return raw


def parse_networks(text: str) -> list[IPv4Network | IPv6Network]:
    """Return the networks that a list with commas names.

    :raises ValueError: when a part of it is none
    """
    return [ip_network(part.strip()) for part in text.split(",")]


def _key(default: Any, parse: Parser, why: str, *, unit: str = "") -> Any:
    """Declare a setting. Its field's name in capitals is its name in the environment."""
    return field(default=default, metadata={"parse": parse, "why": why, "unit": unit})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The site's checked settings. Field ``database_url`` is ``DATABASE_URL``, and so on."""

    app_env: str = _key(
        DEVELOPMENT,
        _one_of(DEVELOPMENT, PRODUCTION),
        "`production` refuses weak secrets and hides the demo log-in",
    )
    secret_key: str = _key(
        DEVELOPMENT_SECRET, _text, "Signs what Flask itself signs; at least 32 bytes, kept private"
    )
    jwt_secret_key: str = _key(
        DEVELOPMENT_JWT_SECRET,
        _text,
        "Signs access and refresh tokens; whoever knows it can be any user",
    )
    database_url: str = _key(
        "sqlite:///site.db",
        _database_url,
        "Where the data lives; a relative SQLite path is inside `instance/`",
    )
    database_pool_size: int = _key(
        10, _whole_number(1, 1000), "Connections kept per process; not for SQLite"
    )
    database_max_overflow: int = _key(
        0, _whole_number(0, 1000), "Further connections under load; not for SQLite"
    )
    jwt_access_token_expires: int = _key(
        3600, _whole_number(1, 86_400 * 7), "Life of an access token", unit="seconds"
    )
    jwt_refresh_token_expires: int = _key(
        86_400 * 30, _whole_number(1, 86_400 * 365), "Life of a refresh token", unit="seconds"
    )
    login_failures_per_account: int = _key(
        10,
        _whole_number(0, 1_000_000),
        "Wrong passwords for one account that are looked at in 5 minutes; 0 is any number",
    )
    login_failures_per_address: int = _key(
        100,
        _whole_number(0, 1_000_000),
        "Wrong passwords from one address that are looked at in 5 minutes; 0 is any number",
    )
    logins_per_address: int = _key(
        2000,
        _whole_number(0, 1_000_000),
        "Log-ins that are tried from one address in a minute, right or wrong; 0 is any number",
    )
    registrations_per_address: int = _key(
        5000,
        _whole_number(0, 1_000_000),
        "Accounts that may be asked for from one address in an hour; 0 is any number",
    )
    max_requests_per_minute: int = _key(
        6000,
        _whole_number(0, 1_000_000),
        "Requests to the API, but for the chat's, of one user, or one address without log-in; "
        "0 is any number",
    )
    trusted_proxies: int = _key(
        0,
        _whole_number(0, 10),
        "Proxies in front of the site whose X-Forwarded-* headers are believed",
    )
    site_timezone: str = _key(
        "UTC", _time_zone, "Where a day starts and ends, for rentals and availability"
    )
    max_content_length: int = _key(
        1_048_576,
        _whole_number(1024, 104_857_600),
        "Largest request body; larger ones get 413",
        unit="bytes",
    )
    argon2_time_cost: int = _key(
        3, _whole_number(1, 20), "Passes over memory per password hash (RFC 9106, second choice)"
    )
    argon2_memory_cost: int = _key(
        65_536,
        _whole_number(8, 4_194_304),
        "Memory per password hash (RFC 9106, second choice)",
        unit="KiB",
    )
    argon2_parallelism: int = _key(4, _whole_number(1, 64), "Lanes per password hash", unit="lanes")
    log_format: str = _key(
        "text",
        _one_of("text", "json"),
        "`json` writes one line per request and event to standard error",
    )
    log_file: str = _key(
        "",
        _text,
        "File for the lines of `json` in place of standard error; it may be renamed while it is "
        "written, as logrotate does",
    )
    log_level: str = _key(
        "info",
        _one_of("debug", "info", "warning", "error", "critical"),
        "Lowest level that is logged; requests are `info`",
    )
    slow_query_ms: int = _key(
        500,
        _whole_number(0, 3_600_000),
        "A statement that takes so long is logged, without its values; 0 is never",
        unit="milliseconds",
    )
    metrics_networks: str = _key(
        "127.0.0.0/8,::1/128",
        _networks,
        "Who may read `/metrics`, asking directly and not through a proxy",
    )
    sentry_dsn: str = _key(
        "", _web_address, "Where to tell Sentry of errors; needs `requirements-extras.txt`"
    )
    otel_exporter_otlp_endpoint: str = _key(
        "",
        _web_address,
        "Where to tell an OpenTelemetry collector of requests and turns; needs the same",
    )
    site_release: str = _key(
        "development", _text, "Name of the release, shown in `/ready` and `/metrics`"
    )

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Read and check the settings.

        :param environ: names and values; a missing or blank one means the default
        :raises ConfigError: naming the setting and what it may be
        """
        given = {
            item.name: item.metadata["parse"](name, environ[name])
            for item, name in ((item, item.name.upper()) for item in fields(cls))
            if environ.get(name, "").strip()
        }
        settings = cls(**given)
        if settings.app_env == PRODUCTION:
            _require_secret("SECRET_KEY", settings.secret_key)
            _require_secret("JWT_SECRET_KEY", settings.jwt_secret_key)
        return settings

    def as_flask_config(self) -> dict[str, object]:
        """Return the settings under the names that Flask and its extensions read."""
        return {
            **{item.name.upper(): getattr(self, item.name) for item in fields(self)},
            "SQLALCHEMY_DATABASE_URI": self.database_url,
            "SQLALCHEMY_ENGINE_OPTIONS": self._engine_options(),
            **deepcopy(_FIXED),  # apispec writes into the options that it is given
        }

    def _engine_options(self) -> dict[str, object]:
        """A full pool makes requests wait 10 s at most: then 503 rather than a pile-up.

        Database errors are logged without the statement's values, which may be personal.
        """
        options: dict[str, object] = {"hide_parameters": True}
        if self.database_url.startswith("sqlite"):
            return options
        return {
            **options,
            "pool_size": self.database_pool_size,
            "max_overflow": self.database_max_overflow,
            "pool_timeout": 10,
            "connect_args": {"connect_timeout": 5, **self._postgresql_options()},
            **self._psycopg2_options(),
        }

    def _psycopg2_options(self) -> dict[str, str]:
        """Send many updates of a kind together: the progress of all running answers is saved so."""
        is_psycopg2 = make_url(self.database_url).drivername == "postgresql+psycopg2"
        return {"executemany_mode": "values_plus_batch"} if is_psycopg2 else {}

    def _postgresql_options(self) -> dict[str, str | int]:
        """No compilation of queries: it takes longer than ours run. And a server that has vanished
        without a word is given up in ten seconds, not in the minutes that TCP would take.

        What the address itself says counts.
        """
        url = make_url(self.database_url)
        if url.get_backend_name() != "postgresql":
            return {}
        options = {"options": "-c jit=off", **_GIVE_UP}
        return {name: value for name, value in options.items() if name not in url.query}


#: libpq's: unanswered for so long (ms), or so many signs of life (s) that are asked for.
_GIVE_UP: dict[str, str | int] = {
    "tcp_user_timeout": 8000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
}

_FIXED: dict[str, object] = {
    "JWT_ALGORITHM": "HS256",
    "JWT_DECODE_ALGORITHMS": ["HS256"],
    "JWT_TOKEN_LOCATION": ["headers"],
    "API_TITLE": "Instrument rental API",
    "API_VERSION": "v1",
    "OPENAPI_VERSION": "3.0.3",
    "OPENAPI_URL_PREFIX": "/api",
    "OPENAPI_JSON_PATH": "openapi.json",
    "OPENAPI_SWAGGER_UI_PATH": "/docs",
    "OPENAPI_SWAGGER_UI_URL": "/static/swagger-ui/",
    "OPENAPI_SWAGGER_UI_CONFIG": {"persistAuthorization": True, "displayRequestDuration": True},
    "API_SPEC_OPTIONS": {
        "info": {
            "description": "Rent musical instruments by the day. Log in with "
            "`POST /api/auth/login` and send the access token as `Authorization: Bearer ...`."
        },
        "components": {
            "securitySchemes": {
                "bearerAuth": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            }
        },
    },
}


def _require_secret(name: str, value: str) -> None:
    """Refuse a secret that others can know or guess."""
    weak = value in {DEVELOPMENT_SECRET, DEVELOPMENT_JWT_SECRET}
    if weak or len(value.encode()) < MIN_SECRET_BYTES:
        raise ConfigError(
            f"Set {name} to a random secret of at least {MIN_SECRET_BYTES} bytes, for example from "
            "`python -c 'import secrets; print(secrets.token_hex(32))'`."
        )


def load_config(environ: Mapping[str, str], overrides: Mapping[str, object]) -> dict[str, object]:
    """Merge environment and overrides into what ``app.config`` holds.

    :param environ: usually ``os.environ``
    :param overrides: settings under the same names, or any other Flask key; they win
    :raises ConfigError: when a setting is missing or wrong
    """
    names = {item.name.upper() for item in fields(Settings)}
    chosen = {name: value for name, value in overrides.items() if name in names}
    as_text = {name: str(value) for name, value in chosen.items() if isinstance(value, str | int)}
    settings = Settings.from_environ({**environ, **as_text})
    chat = {
        name: raw for name, raw in environ.items() if name.startswith("CHATBOT_") and raw.strip()
    }
    others = {name: value for name, value in overrides.items() if name not in as_text}
    return {**settings.as_flask_config(), **chat, **others}
