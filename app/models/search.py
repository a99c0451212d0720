"""What searching the catalogue needs of the database beside what its tables declare.

PostgreSQL gets indexes over expressions, SQLite a full-text table that triggers keep in step with
``instruments``; other databases do without. Alembic cannot compare these, and leaves them alone.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import DDL, String, Table, event
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

#: SQLite's full-text table: ``rowid`` is the instrument's id. FTS5 keeps further tables under
#: names that begin like this one.
SEARCH_TABLE = "instruments_search"

# PostgreSQL's text parser would take "P-125" for a number and "500/1" for a path: it is shown
# words without any marks. A model counts without its marks and spaces, too, so that "P-125" is
# found by "p", by "125" and by "p125". Words of the name have weight A, to be found as such.
_MARKS = r"\u0021-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007e\u2010-\u201f"
_DETAILS = " || ' ' || ".join(
    f"instruments.{column}" for column in ("category", "brand", "description", "model")
)

#: The words of an instrument, on PostgreSQL.
SEARCH_VECTOR = (
    f"(setweight(to_tsvector('simple', regexp_replace(instruments.name, '[{_MARKS}]+', ' ', 'g')"
    rf" || ' ' || regexp_replace(instruments.model, '[\u0020{_MARKS}]+', '', 'g')), 'A') || "
    f"to_tsvector('simple', regexp_replace({_DETAILS}, '[{_MARKS}]+', ' ', 'g')))"
)

_TOWN = "lower(split_part(listings.location, ',', 1))"
_POSTGRESQL_INDEXES = {
    "ix_instruments_search": f"instruments USING gin ({SEARCH_VECTOR})",
    "ix_listings_instrument_id_is_available_town_daily_rate": (
        f"listings (instrument_id, is_available, {_TOWN}, daily_rate, id)"
    ),
    "ix_listings_is_available_town_daily_rate": (
        f"listings (is_available, {_TOWN}, daily_rate, id)"
    ),
}

_COMPACT_MODEL = "new.model"
for _mark in (" ", "-", "/", "."):
    _COMPACT_MODEL = f"replace({_COMPACT_MODEL}, '{_mark}', '')"
_NAME = f"new.name || ' ' || {_COMPACT_MODEL}"
_DETAILS_OF_NEW = _DETAILS.replace("instruments.", "new.")
_SQLITE_STATEMENTS = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS {search} USING fts5(name, details)",
    "CREATE TRIGGER {search}_insert AFTER INSERT ON instruments BEGIN "
    "INSERT INTO {search} (rowid, name, details) VALUES (new.id, {name}, {details}); END",
    "CREATE TRIGGER {search}_update AFTER UPDATE ON instruments BEGIN "
    "UPDATE {search} SET name = {name}, details = {details} WHERE rowid = new.id; END",
    "CREATE TRIGGER {search}_delete AFTER DELETE ON instruments BEGIN "
    "DELETE FROM {search} WHERE rowid = old.id; END",
)


class TownOf(FunctionElement[str]):
    """The town of a location, in lower case: what is before the comma in "Austin, TX"."""

    type = String()
    name = "town_of"
    inherit_cache = True


@compiles(TownOf)
def _town(element: TownOf, compiler: Any, **kwargs: Any) -> str:
    return f"lower(substring_index({compiler.process(element.clauses, **kwargs)}, ',', 1))"


@compiles(TownOf, "postgresql")
def _town_on_postgresql(element: TownOf, compiler: Any, **kwargs: Any) -> str:
    return f"lower(split_part({compiler.process(element.clauses, **kwargs)}, ',', 1))"


@compiles(TownOf, "sqlite")
def _town_on_sqlite(element: TownOf, compiler: Any, **kwargs: Any) -> str:
    location = compiler.process(element.clauses, **kwargs)
    return f"lower(substr({location}, 1, instr({location} || ',', ',') - 1))"


def add_search(model: type[Any]) -> None:
    """Make what searches a model's table whenever the table is made."""
    table: Table = model.__table__
    for name, what in _POSTGRESQL_INDEXES.items():
        if what.startswith(table.name):
            _after(table, "create", f"CREATE INDEX {name} ON {what}", "postgresql")
    if table.name == "instruments":
        for statement in _SQLITE_STATEMENTS:
            words = {"name": _NAME, "details": _DETAILS_OF_NEW}
            made = statement.format(search=SEARCH_TABLE, **words)
            _after(table, "create", made, "sqlite")
        _after(table, "drop", f"DROP TABLE IF EXISTS {SEARCH_TABLE}", "sqlite")


def _after(table: Table, what: str, statement: str, dialect: str) -> None:
    ddl: Any = DDL  # untyped
    event.listen(table, f"after_{what}", ddl(statement).execute_if(dialect=dialect))


def is_compared(name: str | None, kind: str, _parents: Any) -> bool:
    """Tell whether Alembic should look at a table or an index: not at those of this module."""
    if kind == "table":
        return not (name or "").startswith(SEARCH_TABLE)
    return kind != "index" or name not in _POSTGRESQL_INDEXES
