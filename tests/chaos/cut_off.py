"""Ask a database whose machine vanishes without a word; ``test_database_faults.py`` runs this.

In a network of its own, ``unshare --net``, of which it takes the only interface down.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from app.config import load_config


def set_loopback(state: str) -> None:
    subprocess.run(["ip", "link", "set", "lo", state], check=True)


def forward(path: str) -> int:
    """Forward connections to a unix socket; return the port, which the network stands between."""
    listener = socket.create_server(("127.0.0.1", 0))

    def pump(one: socket.socket, other: socket.socket) -> None:
        while data := one.recv(65536):
            other.sendall(data)

    def accept() -> None:
        while True:
            near, _ = listener.accept()
            far = socket.socket(socket.AF_UNIX)
            far.connect(path)
            for pair in ((near, far), (far, near)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return int(listener.getsockname()[1])


def ask(connection: sa.Connection, statement: str) -> str:
    try:
        connection.execute(sa.text(statement))
    except sa.exc.OperationalError:
        return "told"
    return "answered"


def main(given: str) -> None:
    """Print what who asks, and who waits for an answer, is told."""
    set_loopback("up")
    url = sa.make_url(given)
    port = forward(f"{url.query['host']}/.s.PGSQL.5432")
    near = url.set(host="127.0.0.1", port=port, query={}).render_as_string(hide_password=False)
    config = load_config({"DATABASE_URL": near}, {})
    engine = sa.create_engine(near, **config["SQLALCHEMY_ENGINE_OPTIONS"])
    with ThreadPoolExecutor(2) as pool, engine.connect() as asking, engine.connect() as waiting:
        assert ask(asking, "SELECT 1") == "answered"
        late = pool.submit(ask, waiting, "SELECT pg_sleep(2)")
        time.sleep(0.5)
        set_loopback("down")
        print(ask(asking, "SELECT 1"), late.result(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
