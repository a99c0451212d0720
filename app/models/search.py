"""What searching the catalogue needs of the database beside its tables.

PostgreSQL gets indexes over expressions, SQLite a full-text table that triggers keep in step with
``instruments``. Other databases do without.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import DDL, String, Table, event
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

#: SQLite's full-text table: ``rowid`` is the instrument's id. FTS5 keeps further tables under
#: names that begin like this one.
SEARCH_TABLE = "instruments_search"

# Punctuation, as PostgreSQL's text parser would take "P-125" for a number and "500/1" for a path.
_MARKS = r"[\u0021-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007e\u2010-\u201f]+"
_MARKS_AND_SPACES = _MARKS.replace(r"\u0021", r"\u0020")


class TownOf(FunctionElement[str]):
    """The town of a location, in lower case: what is before the comma in "Austin, TX"."""

    type = String()
    name = "town_of"
    inherit_cache = True


@compiles(TownOf)
def _town(element: TownOf, compiler: Any, **kwargs: Any) -> str:
    location = compiler.process(element.clauses, **kwargs)
    return f"lower(substr({location}, 1, instr(concat({location}, ','), ',') - 1))"


@compiles(TownOf, "sqlite")
def _town_on_sqlite(element: TownOf, compiler: Any, **kwargs: Any) -> str:
    location = compiler.process(element.clauses, **kwargs)
    return f"lower(substr({location}, 1, instr({location} || ',', ',') - 1))"


@compiles(TownOf, "postgresql")
def _town_on_postgresql(element: TownOf, compiler: Any, **kwargs: Any) -> str:
    return f"lower(split_part({compiler.process(element.clauses, **kwargs)}, ',', 1))"


class SearchVector(FunctionElement[Any]):
    """The words of some columns, PostgreSQL only. The last column's count without marks, too.

    So a model "P-125" is found by "p", "125" and "p125".
    """

    name = "search_vector"
    inherit_cache = True


@compiles(SearchVector, "postgresql")
def _vector(element: SearchVector, compiler: Any, **kwargs: Any) -> str:
    columns = [compiler.process(column, **kwargs) for column in element.clauses]
    text = " || ' ' || ".join(columns)
    return (
        f"to_tsvector('simple', regexp_replace({text}, '{_MARKS}', ' ', 'g') || ' ' || "
        f"regexp_replace({columns[-1]}, '{_MARKS_AND_SPACES}', '', 'g'))"
    )


_WORDS = " || ' ' || ".join(
    f"new.{column}" for column in ("name", "category", "brand", "description", "model")
)
_COMPACT_MODEL = "new.model"
for _mark in (" ", "-", "/", "."):
    _COMPACT_MODEL = f"replace({_COMPACT_MODEL}, '{_mark}', '')"
_ROW = f"{_WORDS} || ' ' || {_COMPACT_MODEL}"

CREATE_SEARCH_TABLE = (
    f"CREATE VIRTUAL TABLE IF NOT EXISTS {SEARCH_TABLE} USING fts5(words)",
    f"CREATE TRIGGER {SEARCH_TABLE}_insert AFTER INSERT ON instruments BEGIN "
    f"INSERT INTO {SEARCH_TABLE} (rowid, words) VALUES (new.id, {_ROW}); END",
    f"CREATE TRIGGER {SEARCH_TABLE}_update AFTER UPDATE ON instruments BEGIN "
    f"UPDATE {SEARCH_TABLE} SET words = {_ROW} WHERE rowid = new.id; END",
    f"CREATE TRIGGER {SEARCH_TABLE}_delete AFTER DELETE ON instruments BEGIN "
    f"DELETE FROM {SEARCH_TABLE} WHERE rowid = old.id; END",
)


def add_search_table(instruments: Table) -> None:
    """Make SQLite's full-text table whenever the table of instruments is made."""
    for statement in CREATE_SEARCH_TABLE:
        event.listen(instruments, "after_create", DDL(statement).execute_if(dialect="sqlite"))
    event.listen(
        instruments,
        "after_drop",
        DDL(f"DROP TABLE IF EXISTS {SEARCH_TABLE}").execute_if(dialect="sqlite"),
    )
