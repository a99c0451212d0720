"""What ``gunicorn_config.py`` makes of the server."""

from __future__ import annotations

import resource

import psutil
from servers import start_site, stop_site


def test_workers_may_open_as_many_files_as_the_system_allows(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        site = start_site(tmp_path, WEB_CONCURRENCY="1")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    try:
        [worker] = psutil.Process(site.process.pid).children()
        assert worker.rlimit(resource.RLIMIT_NOFILE) == (hard, hard)
    finally:
        stop_site(site)
