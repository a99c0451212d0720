"""Chats a second and the first byte at 1, 10 and 50 users: ours, the original's, bare Flask's.

The model server takes any number of requests at once and 1.8 s for an answer, so what takes longer
is what stands before it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .catalog import new_database, postgresql
from .figures import Curve, Figure, percentile
from .load import Plan, Result
from .processes import load, served, simulator, site, with_users

PACE = {"first": 0.3, "rate": 32, "tokens": 48}
MESSAGE = "Which guitar suits a beginner with small hands?"
CHAT = "/api/chatbot/chat"
ORIGINAL = "bench.baseline.app:create_app()"
WORKERS_OF_THE_ORIGINAL = 4
BARE = "bench.baseline.bare:app"
BARE_OPTIONS = ("--worker-class=gevent", "--workers=2", "--worker-connections=2000")


@dataclass(frozen=True)
class Size:
    """How much load.

    :param users: of each measurement; each asks, waits for the answer, and asks again
    :param rounds: chats of each user; of the original's, who wait long, fewer
    """

    users: Sequence[int] = (1, 10, 50)
    rounds: int = 2
    rounds_of_the_original: int = 1


QUICK = Size(users=(1, 4), rounds=1, rounds_of_the_original=1)


def measure(quick: bool = False) -> list[Figure]:
    """Return chats a second and milliseconds to the first byte, for each number of users."""
    size = QUICK if quick else Size()
    with (
        tempfile.TemporaryDirectory() as name,
        postgresql(Path(name)) as server,
        simulator(**PACE) as model,
    ):
        settings = {
            "DATABASE_URL": new_database(server, "concurrency"),
            "CHATBOT_OLLAMA_URL": model,
            "CHATBOT_MODEL": "simulated",
            "CHATBOT_MODEL_SLOTS": "1000",
        }
        with site(Path(name), **settings) as ours:
            tokens = with_users(max(size.users), settings)
            through_site = _results(f"{ours.url}{CHAT}", {"message": MESSAGE}, size, tokens)
        with served(ORIGINAL, settings, f"--workers={WORKERS_OF_THE_ORIGINAL}") as original:
            slow = replace(size, rounds=size.rounds_of_the_original)
            original_way = _results(f"{original.url}{CHAT}", {"message": MESSAGE}, slow, tokens)
        with served(BARE, settings, *BARE_OPTIONS) as bare:
            bare_flask = _results(f"{bare.url}{CHAT}", {"message": MESSAGE}, size)
        said = {"model": "simulated", "messages": [{"role": "user", "content": MESSAGE}]}
        alone = _results(f"{model}/api/chat", said, size)
    return [
        figure
        for users in size.users
        for figure in _figures(
            users, through_site[users], original_way[users], bare_flask[users], alone[users]
        )
    ]


def _results(
    url: str, body: dict[str, Any], size: Size, tokens: Sequence[str] = ()
) -> dict[int, Result]:
    """Return what came, by number of users; the first chats, which import, are not counted."""
    load(Plan(url=url, body=body, users=4, tokens=tokens))
    return {
        users: load(Plan(url=url, body=body, users=users, rounds=size.rounds, tokens=tokens))
        for users in size.users
    }


def _figures(
    users: int, ours: Result, original: Result, bare: Result, alone: Result
) -> list[Figure]:
    what = f"{users} user{'s' if users > 1 else ''} at once"
    broken = [len(result.errors) for result in (ours, original, bare)]
    latency = Curve("First byte against users", "users at once", users)
    return [
        Figure(f"{what}: broken chats", [broken[0]], "chats", 0, broken[1], broken[2]),
        Figure(
            f"{what}: chats a second, beside bare Flask",
            [_rate(ours)],
            "/s",
            original=_rate(original),
            alone=_rate(bare),
        ),
        Figure(
            f"{what}: first byte, 95th percentile, beside bare Flask",
            [_first(ours)],
            "ms",
            original=_first(original),
            alone=_first(bare),
            curve=latency,
        ),
        Figure(
            f"{what}: first byte, 95th percentile, beside the model server alone",
            [_first(ours)],
            "ms",
            alone=_first(alone),
        ),
    ]


def _rate(result: Result) -> float:
    return len(result.first) / result.wall


def _first(result: Result) -> float:
    return percentile(result.first or [0]) * 1000
