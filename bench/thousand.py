"""A thousand chats at once, through the site as it is shipped, and straight to the model server.

On one machine: PostgreSQL, the model simulator, the load generator and the site. ``python -m
bench.thousand`` measures only this; ``--users`` and the like make it smaller.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .catalog import new_database, postgresql
from .figures import Figure, percentile
from .load import Plan, Result
from .processes import Watch, load, simulator, site, watch, with_users

MESSAGE = "Which guitar suits a beginner with small hands?"
WORKERS = 2
#: Connections to the database, of all workers together.
POOL = 10


@dataclass(frozen=True)
class Size:
    """How much load.

    :param users: chats that begin over ``spread`` seconds
    :param burst: chats that begin at the same instant
    :param tokens: of each answer, ``rate`` a second, ``first`` seconds after the question
    """

    users: int = 1000
    spread: float = 40.0
    burst: int = 200
    tokens: int = 240
    rate: float = 4.0
    first: float = 0.3


QUICK = Size(users=40, spread=1, burst=20, tokens=16, rate=8)


def measure(quick: bool = False) -> list[Figure]:
    """Return what the load took, by the site and by the model server alone."""
    return _measure(QUICK if quick else Size())


def _measure(size: Size) -> list[Figure]:
    with (
        tempfile.TemporaryDirectory() as name,
        postgresql(Path(name)) as server,
        simulator(first=size.first, rate=size.rate, tokens=size.tokens) as model,
    ):
        alone = load(_to_model(model, size))
        settings = {
            "DATABASE_URL": new_database(server, "thousand"),
            "DATABASE_POOL_SIZE": str(POOL // WORKERS),
            "WEB_CONCURRENCY": str(WORKERS),
            "CHATBOT_OLLAMA_URL": model,
            "CHATBOT_MODEL": "simulated",
            "CHATBOT_MODEL_SLOTS": str(size.users + size.burst),
            "CHATBOT_QUEUE_LIMIT": str(size.users + size.burst),
        }
        with site(Path(name), **settings) as running:
            tokens = with_users(max(size.users, size.burst), settings)
            with watch(running) as steady:
                ours = _ask(running.url, tokens[: size.users], size.spread)
            with watch(running) as sudden:
                burst = _ask(running.url, tokens[: size.burst], 0)
    return [*_steady(ours, alone, steady, size), *_burst(burst, sudden, size)]


def _to_model(url: str, size: Size) -> Plan:
    body = {"model": "simulated", "messages": [{"role": "user", "content": MESSAGE}]}
    return Plan(url=f"{url}/api/chat", body=body, users=size.users, spread=size.spread)


def _ask(url: str, tokens: Sequence[str], spread: float) -> Result:
    plan = Plan(
        url=f"{url}/api/chatbot/chat",
        body={"message": MESSAGE},
        users=len(tokens),
        spread=spread,
        tokens=tokens,
    )
    return load(plan)


def _steady(ours: Result, alone: Result, seen: Watch, size: Size) -> list[Figure]:
    what = f"{size.users:,} chats"
    _tell(what, ours, seen)
    missing = size.users * size.tokens - ours.deltas
    return [
        Figure(f"{what}: broken", [len(ours.errors)], "chats", 0),
        Figure(f"{what}: characters missing", [alone.characters - ours.characters], "", 0),
        Figure(f"{what}: deltas merged", [missing], "", alone=0),
        Figure(f"{what}: wall time", [ours.wall], "s", 1.1 * alone.wall, alone=alone.wall),
        Figure(
            f"{what}: first token, 95th percentile", [_p95(ours)], "ms", 1000, alone=_p95(alone)
        ),
        Figure(
            f"{what}: between two deltas, 99th percentile",
            [ours.gaps[1] * 1000],
            "ms",
            alone=alone.gaps[1] * 1000,
        ),
        Figure(f"{what}: memory of our processes, RSS added up", [seen.resident], "MB", 600),
        Figure(f"{what}: memory of our processes, PSS", [seen.memory], "MB", 600),
        Figure(f"{what}: /health failed", [len(seen.faults)], "times", 0),
        Figure(f"{what}: /health, slowest", [max(seen.health)], "ms", 100),
        Figure(f"{what}: processor time of a chat", [seen.cpu * 1000 / size.users], "ms"),
        Figure(f"{what}: cores in use", [seen.cpu / ours.wall], ""),
    ]


def _burst(ours: Result, seen: Watch, size: Size) -> list[Figure]:
    what = f"{size.burst:,} chats at one instant"
    _tell(what, ours, seen)
    return [
        Figure(f"{what}: broken", [len(ours.errors)], "chats", 0),
        Figure(f"{what}: first token, 95th percentile", [_p95(ours)], "ms", 2500),
        Figure(f"{what}: processor time of a chat", [seen.cpu * 1000 / size.burst], "ms"),
    ]


def _p95(result: Result) -> float:
    return percentile(result.first or [0]) * 1000


def _tell(what: str, result: Result, seen: Watch) -> None:
    for error in [*result.errors, *seen.faults][:5]:
        sys.stderr.write(f"{what}: {error}\n")


def main() -> None:
    """Measure and print."""
    from .__main__ import print_table

    parser = argparse.ArgumentParser(description=__doc__)
    for name, value in vars(Size()).items():
        parser.add_argument(f"--{name}", type=type(value), default=value)
    print_table(_measure(Size(**vars(parser.parse_args()))))


if __name__ == "__main__":
    main()
