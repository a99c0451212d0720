"""What tells a request that comes again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RequestKey:
    """What tells a repeated request from a new one.

    :param key: digest of what the client calls it; its own per user
    :param digest: of what was asked
    """

    key: str
    digest: str
