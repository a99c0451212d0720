"""Chats of many users, while workers are killed, and the database and Redis stopped and started."""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chaos_ledger import UNSETTLED, Verdict, judge
from chaos_parts import EchoModel, Postgres, RedisServer, kill, running_site, workers_of
from chaos_users import Asked, User
from servers import ROOT, LiveSite

#: Within so many seconds everything must be settled: what a claim lasts, and a little.
SETTLED_WITHIN = 20
#: Seconds that the database stays away.
AWAY = (0.2, 4.0)


@dataclass(frozen=True)
class Plan:
    """What is to happen.

    :param kills: of a worker, spread over the time at random
    :param crashes: of PostgreSQL
    :param outages: of Redis, which counts the limits
    :param seconds: how long the users chat
    """

    kills: int = 200
    crashes: int = 10
    outages: int = 10
    seconds: float = 200
    users: int = 24
    workers: int = 4
    seed: int = 1


@dataclass(frozen=True)
class Report:
    """What happened, and what came of it."""

    verdict: Verdict
    asked: list[Asked]
    faults: Counter[str]
    settled_after: float

    def __str__(self) -> str:
        ends = Counter(end for asked in self.asked for end in asked.ends)
        rows = [
            ("workers killed", self.faults["kill"]),
            ("database crashes", self.faults["crash"]),
            ("Redis outages", self.faults["outage"]),
            ("questions asked", len(self.asked)),
            ("accepted", sum(asked.accepted for asked in self.asked)),
            ("answered whole", sum(asked.answer is not None for asked in self.asked)),
            ("all settled after", f"{self.settled_after:.1f} s"),
            *((f"ended: {word}", count) for word, count in ends.most_common()),
        ]
        table = "\n".join(f"{name:<36} {value}" for name, value in rows)
        return f"{table}\n{self.verdict}"


def run(plan: Plan) -> Report:
    """Let the plan happen to a site of its own.

    :return: the report; the site and all its parts are gone by then
    """
    with tempfile.TemporaryDirectory(prefix="chaos-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as a user of its own when this is root
        postgres, model = Postgres(folder / "postgres"), EchoModel()
        redis = RedisServer(folder)
        settings = {
            "DATABASE_URL": postgres.url,
            "CHATBOT_REDIS_URL": redis.url,
            "CHATBOT_MAX_TURNS_PER_MINUTE": "100000",  # counted, but none is refused
            "CHATBOT_OLLAMA_URL": model.url,
            "WEB_CONCURRENCY": str(plan.workers),
            "CHATBOT_MODEL_SLOTS": "8",  # so that some wait, whose place must not be lost
        }
        try:
            with running_site(folder, **settings) as site:
                return _run(plan, site, postgres, redis)
        finally:
            redis.stop()
            postgres.cleanup()
            model.close()


def _run(plan: Plan, site: LiveSite, postgres: Postgres, redis: RedisServer) -> Report:
    stop = threading.Event()
    users = [User(number, site.url, stop) for number in range(plan.users)]
    for user in users:
        user.register()
    chance = random.Random(plan.seed)
    causes = {
        "kill": lambda: _kill_one(site, chance),
        "crash": lambda: _take_away(postgres, chance),
        "outage": lambda: _take_away(redis, chance),
    }
    with _in_threads([user.chat for user in users], stop):
        faults = _cause_faults(plan, causes, chance)
    settled_after = _settle(site, postgres)
    asked = [asked for user in users for asked in user.asked]
    return Report(judge(asked, postgres), asked, faults, settled_after)


@contextmanager
def _in_threads(actions: list[object], stop: threading.Event) -> Iterator[None]:
    threads = [threading.Thread(target=action) for action in actions]  # type: ignore[arg-type]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _cause_faults(
    plan: Plan, causes: Mapping[str, Callable[[], None]], chance: random.Random
) -> Counter[str]:
    """Do what the plan says, one after the other, each at a moment of its own.

    :param causes: what to do, by the word for it
    :return: how often what was done
    """
    wanted = {"kill": plan.kills, "crash": plan.crashes, "outage": plan.outages}
    faults = [
        (chance.uniform(0, plan.seconds), word)
        for word, count in wanted.items()
        for _ in range(count)
    ]
    began = time.monotonic()
    done: Counter[str] = Counter()
    for moment, word in sorted(faults):
        time.sleep(max(0.0, began + moment - time.monotonic()))
        causes[word]()
        done[word] += 1
    return done


def _take_away(server: Postgres | RedisServer, chance: random.Random) -> None:
    server.stop()
    time.sleep(chance.uniform(*AWAY))
    server.start()


def _kill_one(site: LiveSite, chance: random.Random) -> None:
    """Kill a worker; wait for one to be there."""
    while not ((workers := workers_of(site)) and kill(chance.choice(workers))):
        time.sleep(0.05)


def _settle(site: LiveSite, postgres: Postgres) -> float:
    """Sweep until nothing is left to settle; return the seconds that it took, at most as many as
    it may."""
    began = time.monotonic()
    sweep = [sys.executable, "-m", "flask", "--app", "run", "chatbot", "sweep"]
    while (took := time.monotonic() - began) < SETTLED_WITHIN:
        if not postgres.rows(UNSETTLED):
            break
        subprocess.run(sweep, cwd=ROOT, env=site.environment, check=True, capture_output=True)
        time.sleep(0.5)
    return took
