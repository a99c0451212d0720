"""How many wrong passwords may be tried."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, current_app

from flask_smorest_chatbot import RequestLimits, client_address

EXTENSION_KEY = "site_limits"
WINDOW = "5 minutes"


def init_app(app: Flask) -> None:
    """Give ``app`` its limits, counted where the chat's are."""
    amounts = (app.config["LOGIN_FAILURES_PER_ACCOUNT"], app.config["LOGIN_FAILURES_PER_ADDRESS"])
    texts = [f"{amount} per {WINDOW}" if amount else "" for amount in amounts]
    redis_url = app.config.get("CHATBOT_REDIS_URL") or ""
    app.extensions[EXTENSION_KEY] = RequestLimits({"log_in": texts}, redis_url, "site")


@contextmanager
def log_in_attempt(email: str) -> Iterator[None]:
    """Count the block as a failed log-in, unless it ends without an error.

    It counts beforehand: else guesses that come at once would all be looked at.

    :raises RateLimitedError: when there were too many for the account or from the address
    """
    limits: RequestLimits = current_app.extensions[EXTENSION_KEY]
    # Whether or not there is such an account: the answer must not tell.
    account = hashlib.sha256(email.strip().lower().encode()).hexdigest()
    limits.check("log_in", f"account:{account}", client_address())
    yield
    limits.forgive()
