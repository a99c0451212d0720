"""``make chaos`` and ``make fuzz``: what CI does for a minute, for as long as one likes."""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from chaos_run import Plan, run
from fuzzing import fuzz


def kill_and_count() -> bool:
    """Kill workers, the database and Redis under load; tell whether nothing was lost by it."""
    seconds = float(os.environ.get("SECONDS", "200"))
    plan = Plan(
        seconds=seconds,
        kills=int(os.environ.get("KILLS", "200")),
        crashes=int(os.environ.get("CRASHES", str(int(seconds // 20)))),
        outages=int(os.environ.get("OUTAGES", str(int(seconds // 20)))),
        seed=int(os.environ.get("SEED", "1")),
    )
    report = run(plan)
    print(report)
    return report.verdict.is_clean


def fuzz_and_tell() -> bool:
    """Send what the OpenAPI document allows and forbids; tell whether all was answered so.

    In several rounds, each on a site of its own and in another role, until there were enough.
    """
    examples = int(os.environ.get("EXAMPLES", "250"))
    wanted, sent = int(os.environ.get("CASES", "20000")), 0
    roles = itertools.cycle(("renter", "admin", "owner"))
    while sent < wanted:
        fuzzed = fuzz(examples, role=(role := next(roles)))
        sent += fuzzed.cases
        print(fuzzed.output)
        print(f"{sent} of at least {wanted} requests checked, the last as {role}", flush=True)
        if not fuzzed.is_clean or not fuzzed.cases:
            return False
    return True


if __name__ == "__main__":
    action = fuzz_and_tell if sys.argv[1:] == ["fuzz"] else kill_and_count
    sys.exit(0 if action() else 1)
