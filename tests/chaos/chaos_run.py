"""Chats of many users, while workers are killed and the database is stopped and started."""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chaos_ledger import UNSETTLED, Verdict, judge
from chaos_parts import EchoModel, Postgres, kill, running_site, workers_of
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
    :param seconds: how long the users chat
    """

    kills: int = 200
    crashes: int = 10
    seconds: float = 200
    users: int = 24
    workers: int = 4
    seed: int = 1


@dataclass(frozen=True)
class Report:
    """What happened, and what came of it."""

    verdict: Verdict
    asked: list[Asked]
    kills: int
    crashes: int
    settled_after: float

    def __str__(self) -> str:
        ends = Counter(end for asked in self.asked for end in asked.ends)
        rows = [
            ("workers killed", self.kills),
            ("database crashes", self.crashes),
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
        settings = {
            "DATABASE_URL": postgres.url,
            "CHATBOT_OLLAMA_URL": model.url,
            "WEB_CONCURRENCY": str(plan.workers),
        }
        try:
            with running_site(folder, **settings) as site:
                return _run(plan, site, postgres)
        finally:
            postgres.cleanup()
            model.close()


def _run(plan: Plan, site: LiveSite, postgres: Postgres) -> Report:
    stop = threading.Event()
    users = [User(number, site.url, stop) for number in range(plan.users)]
    for user in users:
        user.register()
    chance = random.Random(plan.seed)
    with _in_threads([user.chat for user in users], stop):
        kills, crashes = _cause_faults(plan, site, postgres, chance)
    settled_after = _settle(site, postgres)
    asked = [asked for user in users for asked in user.asked]
    return Report(judge(asked, postgres), asked, kills, crashes, settled_after)


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
    plan: Plan, site: LiveSite, postgres: Postgres, chance: random.Random
) -> tuple[int, int]:
    """Do what the plan says, one after the other, each at a moment of its own.

    :return: how many workers were killed, and how often the database was
    """
    began = time.monotonic()
    faults = [(chance.uniform(0, plan.seconds), "kill") for _ in range(plan.kills)]
    faults += [(chance.uniform(0, plan.seconds), "crash") for _ in range(plan.crashes)]
    kills = crashes = 0
    for moment, fault in sorted(faults):
        time.sleep(max(0.0, began + moment - time.monotonic()))
        if fault == "crash":
            postgres.stop()
            time.sleep(chance.uniform(*AWAY))
            postgres.start()
            crashes += 1
        else:
            kills += _kill_one(site, chance)
    return kills, crashes


def _kill_one(site: LiveSite, chance: random.Random) -> bool:
    """Kill a worker; wait for one to be there."""
    while not (workers := workers_of(site)):
        time.sleep(0.05)
    return kill(chance.choice(workers))


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
