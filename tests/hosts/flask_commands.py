"""Run several ``flask`` commands in one process, each as the shell would: ``-c`` saves imports.

Usage: ``python flask_commands.py "db init" "db migrate" ...`` with ``FLASK_APP`` set.
"""

from __future__ import annotations

import shlex
import sys

from flask.cli import cli

for line in sys.argv[1:]:
    print(f"$ flask {line}", flush=True)
    cli.main(args=shlex.split(line), standalone_mode=False)
