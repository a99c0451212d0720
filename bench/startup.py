"""How long a fresh process takes until the app is there, and what it has imported by then."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from .figures import Figure

ROOT = Path(__file__).parent.parent
RUNS = 7

_CREATE_APP = """
import json, sys, time
began = time.perf_counter()
from app import create_app
create_app()
took = time.perf_counter() - began
heavy = [name for name in sys.modules if name.partition(".")[0] in ("langchain", "langchain_core")]
print(json.dumps([took * 1000, len(heavy)]))
"""


# A host as small as can be, with and without the plugin.
_HOST = """
import json, time
began = time.perf_counter()
from flask import Flask
from flask_jwt_extended import JWTManager
from flask_smorest import Api
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

db = SQLAlchemy(model_class=type("Base", (DeclarativeBase,), {}))


class User(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)


app = Flask("host")
app.config.update(
    SQLALCHEMY_DATABASE_URI="sqlite://", JWT_SECRET_KEY="a-secret-of-more-than-32-bytes-in-all",
    API_TITLE="Host", API_VERSION="v1", OPENAPI_VERSION="3.0.3",
)
db.init_app(app)
JWTManager(app)
api = Api(app)
PLUGIN
took = time.perf_counter() - began
with open("/proc/self/status") as status:
    resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
print(json.dumps([took * 1000, resident / 1024]))
"""
_PLUGIN = """
from flask_smorest_chatbot import Chatbot
Chatbot(db, user_model=User).init_app(app, api)
"""


def measure(quick: bool = False) -> list[Figure]:
    """Return what starting takes: of the site, and by the plugin of any host."""
    rounds = range(1 if quick else RUNS)
    runs = [_run(_CREATE_APP) for _ in rounds]
    without, plugin = _HOST.replace("PLUGIN", ""), _HOST.replace("PLUGIN", _PLUGIN)
    hosts = [(_run(without), _run(plugin)) for _ in rounds]
    return [
        Figure("create_app() in a fresh process", [took for took, _ in runs], "ms", 700),
        Figure("LangChain modules imported by then", [heavy for _, heavy in runs], "modules", 0),
        Figure(
            "time that the plugin adds to a host's start",
            [after[0] - before[0] for before, after in hosts],
            "ms",
            100,
        ),
        Figure(
            "memory that the plugin adds to a host",
            [after[1] - before[1] for before, after in hosts],
            "MB",
            8,
        ),
    ]


def _run(code: str) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    took, heavy = json.loads(done.stdout)
    return took, heavy
