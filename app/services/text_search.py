"""Matching of words, alike on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    column,
    func,
    literal,
    literal_column,
    or_,
    select,
    table,
    union_all,
)

from ..models import Instrument
from ..models.search import SEARCH_TABLE, SEARCH_VECTOR
from .catalog_search import Clue
from .search_words import Phrase, Word

ESCAPE = "!"  # not a backslash: MariaDB reads that inside string literals too
SEARCHED = (
    Instrument.name,
    Instrument.category,
    Instrument.brand,
    Instrument.description,
    Instrument.model,
)
#: Databases whose full-text search is used.
FULL_TEXT = ("postgresql", "sqlite")
_NUMBERS = ("tier", "score", "suits")


def contains(column: Any, words: str) -> ColumnElement[bool]:
    """Return the condition that ``column`` contains ``words``, in whatever case.

    ``%`` and ``_`` in ``words`` stand for themselves.
    """
    return func.lower(column).like(f"%{_escaped(words.lower())}%", escape=ESCAPE)


def any_contains(columns: Sequence[Any], words: str) -> ColumnElement[bool]:
    """Return the condition that at least one of ``columns`` contains ``words``."""
    return or_(*(contains(column, words) for column in columns))


def found_by(clues: Sequence[Clue], dialect: str) -> Any:
    """Select ``id``, ``tier``, ``score`` and ``suits`` of instruments: a row for each clue met.

    :param clues: not empty. On PostgreSQL and SQLite they are a parameter of the query, see
        :func:`clue_values`, and only that there are some counts; elsewhere parts of words match
    """
    if dialect == "postgresql":
        return _found_on_postgresql()
    return _found_on_sqlite() if dialect == "sqlite" else union_all(*map(_found_by_like, clues))


def clue_values(clues: Sequence[Clue], dialect: str) -> dict[str, str]:
    """Return the clues as the value of a query's parameter."""
    as_query, in_name = {
        "postgresql": (_to_tsquery, _to_tsquery_in_name),
        "sqlite": (_to_fts5, _to_fts5_in_name),
    }[dialect]
    rows = [
        {
            "query": as_query(clue.phrase, clue.without),
            "tier": clue.tier,
            "score": clue.score,
            "suits": int(clue.suits),
        }
        for clue in clues
    ]
    rows += [
        {"query": in_name(clue.phrase), "tier": clue.tier_in_name, "score": 0, "suits": 0}
        for clue in clues
        if clue.tier_in_name is not None
    ]
    return {"clues": json.dumps(rows)}


def _found_on_postgresql() -> Select[Any]:
    from sqlalchemy.dialects.postgresql import JSONB  # here, as other databases can do without

    columns: list[Any] = [column("query", String)]
    columns += [column(name, Integer) for name in _NUMBERS]
    given = cast(bindparam("clues", type_=String), JSONB)
    clue = func.jsonb_to_recordset(given).table_valued(*columns, name="clue")
    clue = clue.render_derived(with_types=True)
    vector: ColumnElement[Any] = literal_column(SEARCH_VECTOR)
    is_met = vector.bool_op("@@")(func.to_tsquery("simple", clue.c.query))
    found = select(Instrument.id, *(clue.c[name] for name in _NUMBERS))
    return found.join_from(clue, Instrument, is_met)


def _found_on_sqlite() -> Select[Any]:
    clue = func.json_each(bindparam("clues", type_=String)).table_valued("value", name="clue")
    search = table(SEARCH_TABLE, column("rowid"), column(SEARCH_TABLE))

    def given(name: str) -> Any:
        return func.json_extract(clue.c.value, f"$.{name}")

    numbers = [given(name).label(name) for name in _NUMBERS]
    is_met = search.c[SEARCH_TABLE].bool_op("MATCH")(given("query"))
    return select(search.c.rowid.label("id"), *numbers).join_from(clue, search, is_met)


def _found_by_like(clue: Clue) -> Select[Any]:
    tier: Any = literal(clue.tier)
    if clue.tier_in_name is not None:
        tier = case((_has_all([Instrument.name], clue.phrase), clue.tier_in_name), else_=clue.tier)
    found: Select[Any] = select(Instrument.id, tier.label("tier"))
    found = found.add_columns(
        literal(clue.score).label("score"), literal(int(clue.suits)).label("suits")
    )
    unwanted = (~any_contains(SEARCHED, form) for form in clue.without)
    return found.where(_has_all(SEARCHED, clue.phrase), *unwanted)


def _has_all(columns: Sequence[Any], phrase: Phrase) -> ColumnElement[bool]:
    """Return the condition that ``columns`` have all words, marks in models left out or not."""
    texts = [*columns, func.replace(func.replace(columns[-1], "-", ""), " ", "")]
    words = (
        or_(*(any_contains(texts, part) for form in word for part in (form, form.replace(" ", ""))))
        for word in (tuple(form.rstrip("*") for form in word) for word in phrase)
    )
    return and_(*words)


def _to_tsquery(phrase: Phrase, without: Word = (), weight: str = "") -> str:
    """Write a phrase in PostgreSQL's language. Forms have no marks that mean something there."""
    words = [f"({' | '.join(_tsquery_form(form, weight) for form in word)})" for word in phrase]
    return " & ".join([*words, *(f"!{_tsquery_form(form)}" for form in without)])


def _to_tsquery_in_name(phrase: Phrase) -> str:
    return _to_tsquery(phrase, weight="A")


def _tsquery_form(form: str, weight: str = "") -> str:
    mark = ("*" if form.endswith("*") else "") + weight
    suffix = f":{mark}" if mark else ""
    return " <-> ".join(f"'{token}'{suffix}" for token in form.rstrip("*").split())


def _to_fts5(phrase: Phrase, without: Word = ()) -> str:
    """Write a phrase in FTS5's language."""
    words = " AND ".join(f"({' OR '.join(map(_fts5_form, word))})" for word in phrase)
    return "".join([f"({words})", *(f" NOT {_fts5_form(form)}" for form in without)])


def _to_fts5_in_name(phrase: Phrase) -> str:
    return f"name : ({_to_fts5(phrase)})"


def _fts5_form(form: str) -> str:
    return f'"{form.rstrip("*")}"' + ("*" if form.endswith("*") else "")


def _escaped(words: str) -> str:
    for mark in (ESCAPE, "%", "_"):
        words = words.replace(mark, ESCAPE + mark)
    return words
