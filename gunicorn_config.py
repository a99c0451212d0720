"""How gunicorn serves the site: ``gunicorn -c gunicorn_config.py run:app``.

Chats are long streams that mostly wait, so workers are gevent's: thousands of them share a few
processes. Everything can be set by the environment; ``-b`` and other options override it.

Under systemd (``deploy/systemd/rental.service``) the socket comes from a socket unit, the watchdog
is told that workers live, and USR2 hands the service over to a new master without a gap.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import json
import os
import re
import resource
import shutil
import signal
import tempfile
import time
import uuid
from http import HTTPStatus
from typing import Any

# Before anything else is imported: what waits must let others run.
from gevent import monkey

monkey.patch_all()

import gevent  # noqa: E402
import gunicorn.util  # noqa: E402
from gunicorn.glogging import Logger  # noqa: E402
from gunicorn.systemd import SD_LISTEN_FDS_START, sd_notify  # noqa: E402
from psycogreen.gevent import patch_psycopg  # noqa: E402

patch_psycopg()

# Where each greenlet was spawned is never asked, and a chat has several: it takes time and memory.
gevent.config.track_greenlet_tree = False

# An open chat takes two descriptors, the client's and the model's, and shells often allow 1,024.
_soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
if _soft != _hard:
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (_hard, _hard))

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
# As nginx takes by default; what is longer gets 414 from gunicorn itself.
limit_request_line = 8190
control_socket_disable = True
accesslog = os.environ.get("ACCESS_LOG") or None
errorlog = "-"
loglevel = os.environ.get("LOG_LEVEL", "info")


class SiteLogger(Logger):
    """gunicorn's log, in the site's format, and without what a client sent.

    What is no HTTP may be the rest of somebody's message, or a header with a token.
    """

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        if os.environ.get("LOG_FORMAT", "text") == "json":
            # Late: prometheus_client, which the site imports, reads its folder below when imported.
            from app.observability.logs import JsonFormatter

            for handler in self.error_log.handlers:
                handler.setFormatter(JsonFormatter())

    def warning(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        if str(msg).startswith("Invalid request"):
            msg = re.split("['\"]", msg, maxsplit=1)[0]  # it quotes
        super().warning(msg, *args, **kwargs)

    def debug(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        if str(msg).startswith("Ignored premature client disconnection"):
            msg, args = "Ignored premature client disconnection.", ()  # it quotes, too
        super().debug(msg, *args, **kwargs)


logger_class = SiteLogger


def _write_error(client: Any, status: int, _reason: str, _details: str) -> None:
    """Answer a request that gunicorn refuses (too long, or no HTTP) as the site answers errors."""
    from app.api import error_body
    from app.security_headers import HEADERS

    payload = {"code": status, "status": HTTPStatus(status).phrase}
    body = error_body(payload, uuid.uuid4().hex)
    headers = {
        **HEADERS,
        "Cache-Control": "no-store",
        "Connection": "close",
        "Content-Type": "application/json",
        "Content-Length": len(text := json.dumps(body)),
        "X-Request-ID": body["request_id"],
    }
    lines = [f"HTTP/1.1 {status} {body['status']}", *(f"{k}: {v}" for k, v in headers.items())]
    gunicorn.util.write_nonblock(client, "\r\n".join([*lines, "", text]).encode())


# There is no hook for it. Gunicorn's own answer is a page that repeats what was sent.
gunicorn.util.write_error = _write_error

# The workers' counts meet in a folder. It must be known before prometheus_client is imported, and
# be a new one with each start: the numbers of processes come again.
_own_folder = ""
if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    _own_folder = os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="site-metrics-")


def when_ready(server: Any) -> None:
    """Load the rest, take over from an old master, if there is one, and feed the watchdog."""
    _preload(server.app.wsgi())
    if server.master_pid:
        _take_over(server)
    else:
        _forget_counts(server.app.wsgi())
    if usec := int(os.environ.get("WATCHDOG_USEC", "0")):
        gevent.spawn(_feed_watchdog, server, usec / 2_000_000)


def _preload(app: Any) -> None:
    """Load what turns need before workers are forked: they share it, and no first user waits.

    What is there by now stays, so the collector need not look at it again: that would stop all
    chats for an eighth of a second, and unshare the memory, as it writes to each object.
    """
    from app.routes.chatbot import preload

    preload(app)
    gc.collect()
    gc.freeze()


def _forget_counts(app: Any) -> None:
    """Let a start begin the limits anew. A worker that ends or a reload must not: that can be
    brought about from outside."""
    from app.routes.chatbot import chatbot

    chatbot.forget_counts(app)


def _take_over(server: Any) -> None:
    """Become the service's main process; the old master stops accepting and ends its answers.

    The app has been loaded by now. When that fails, the old master is still there and serves on.

    :raises SystemExit: when nobody waits for this any more: the old master has gone, and systemd
        has started another one, or ``reload.sh`` has said that the old one serves on
    """
    if not _is_awaited(server.master_pid):
        server.log.error("It took too long to take over; this master ends.")
        raise SystemExit(1)
    sd_notify(f"MAINPID={os.getpid()}", server.log)
    os.kill(server.master_pid, signal.SIGTERM)
    # Not to wait until the old one has gone: else the next USR2 would be ignored until then.
    server.master_pid = 0
    server.master_name = "Master"
    os.environ.pop("GUNICORN_PID", None)


def _is_awaited(old_master: int) -> bool:
    if time.monotonic() > float(os.environ.pop("TAKE_OVER_UNTIL", "inf")):
        return False
    try:
        os.kill(old_master, 0)
    except ProcessLookupError:
        return False
    return True


def _feed_watchdog(server: Any, interval: float) -> None:
    """Tell systemd that the service is well while at least one worker gives signs of life.

    :param interval: seconds between two signs; half of what systemd waits for
    """
    master = os.getpid()
    # After a fork the worker has a copy of this; and a master that drains has no listeners.
    while os.getpid() == master and server.LISTENERS:
        now = time.monotonic()
        if any(now - worker.tmp.last_update() < timeout for worker in server.WORKERS.values()):
            sd_notify("WATCHDOG=1", server.log)
        gevent.sleep(interval)


def pre_exec(server: Any) -> None:
    """Prepare the exec of a new master, which USR2 asks for.

    If the program that started the service is known, start by that: it finds the newest release,
    where gunicorn itself would start the same one again.
    """
    if launcher := os.environ.get("SITE_LAUNCHER"):
        server.START_CTX[0] = launcher
        server.START_CTX["args"] = [launcher, "gunicorn", *server.START_CTX["args"][2:]]
        server.START_CTX["cwd"] = "/"
    if server.systemd:
        # The clock is the same for all processes. reload.sh waits a little longer.
        within = float(os.environ.get("RELOAD_WITHIN", "30"))
        server.cfg.env_orig["TAKE_OVER_UNTIL"] = str(time.monotonic() + within)
        if os.fork():
            os._exit(0)  # so that the new master is systemd's child, whose end it notices
        # gunicorn says that the sockets begin at 3, as systemd has it, but has moved them.
        _move_sockets_to(SD_LISTEN_FDS_START, [listener.fileno() for listener in server.LISTENERS])


def _move_sockets_to(first: int, numbers: list[int]) -> None:
    """Make the descriptors ``numbers`` known as ``first`` and onwards, for the next program."""
    copies = [fcntl.fcntl(number, fcntl.F_DUPFD, first + len(numbers)) for number in numbers]
    for wanted, copy in enumerate(copies, start=first):
        os.dup2(copy, wanted)
        os.close(copy)


def post_worker_init(worker: Any) -> None:
    """Settle what lost workers left open, and end this one's answers before it ends itself."""
    _collect_less_often()
    gevent.spawn(_settle_lost_turns, worker)
    gevent.spawn(_drain_when_told_to_stop, worker)


def _collect_less_often() -> None:
    """Look through all objects twenty times less often than Python does by itself.

    With 500 open chats that takes an eighth of a second, in which none of them gets on; it came
    several times while they began. What lives shortly is collected as ever.
    """
    young, middle, old = gc.get_threshold()
    gc.set_threshold(young, middle, 20 * old)


def _settle_lost_turns(worker: Any) -> None:
    from sqlalchemy.exc import SQLAlchemyError

    from app.routes.chatbot import chatbot

    try:
        chatbot.settle_lost_turns(worker.wsgi)
    except SQLAlchemyError as error:  # the next read of each conversation does it, too
        worker.log.warning("lost turns were not settled: %s", type(error).__name__)


def _drain_when_told_to_stop(worker: Any) -> None:
    """Give running answers most of the time that there is, and the rest to store their end."""
    from app.routes.chatbot import chatbot

    while worker.alive:  # gunicorn has no hook for SIGTERM in a worker
        gevent.sleep(0.1)
    seconds = worker.cfg.graceful_timeout
    chatbot.drain(worker.wsgi, seconds - min(5, seconds / 2))


def child_exit(_server: Any, worker: Any) -> None:
    """Forget what a worker said of its present state; what it counted stays."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)


def on_exit(_server: Any) -> None:
    """Remove the folder of the counts that was made above."""
    if _own_folder:
        shutil.rmtree(_own_folder, ignore_errors=True)
