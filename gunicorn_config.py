"""How gunicorn serves the site: ``gunicorn -c gunicorn_config.py run:app``.

Chats are long streams that mostly wait, so workers are gevent's: thousands of them share a few
processes. Everything can be set by the environment; ``-b`` and other options override it.
"""

from __future__ import annotations

import os

# Before anything else is imported: what waits must let others run.
from gevent import monkey

monkey.patch_all()

from psycogreen.gevent import patch_psycopg  # noqa: E402

patch_psycopg()

bind = f"127.0.0.1:{os.environ.get('PORT', '5000')}"
worker_class = "gevent"
# One worker a core keeps answers flowing; SQLite has one writer anyway.
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_connections = int(os.environ.get("WORKER_CONNECTIONS", "2000"))
backlog = 2048
preload_app = True  # workers share the memory of what the master imported
# A worker that is silent for so long is stuck: streams do not count, they wait elsewhere.
timeout = 60
# After SIGTERM, how long running answers may take to end (seconds).
graceful_timeout = int(os.environ.get("GRACEFUL_TIMEOUT", "30"))
keepalive = 5
control_socket_disable = True
accesslog = os.environ.get("ACCESS_LOG") or None
errorlog = "-"
loglevel = os.environ.get("LOG_LEVEL", "info")
