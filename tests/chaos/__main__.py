"""``make chaos``: kill workers and the database under load; print what came of it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from chaos_run import Plan, run


def main() -> int:
    """Run the plan that the environment names; exit status 1 if anything was lost."""
    seconds = float(os.environ.get("SECONDS", "200"))
    plan = Plan(
        seconds=seconds,
        kills=int(os.environ.get("KILLS", "200")),
        crashes=int(os.environ.get("CRASHES", str(int(seconds // 20)))),
        seed=int(os.environ.get("SEED", "1")),
    )
    report = run(plan)
    print(report)
    return 0 if report.verdict.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
