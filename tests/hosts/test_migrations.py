"""A host adds the plugin, and its own Flask-Migrate does the rest: up, check, chat, down."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from servers import ROOT

HERE = Path(__file__).parent
# Flask-Migrate's own env.py still uses the name that Flask-SQLAlchemy is to drop.
WARNINGS = ("-W", "error", "-W", "ignore:'get_engine' is deprecated:DeprecationWarning")


@dataclass(frozen=True)
class Case:
    """One host: what ``migrating_host/host.py`` reads from the environment."""

    database_url: str = ""
    key: str = "integer"
    user_table: str = "user"  # a reserved word on PostgreSQL
    user_table_args: dict[str, str] = field(default_factory=dict)
    session_table: str = "chat_sessions"
    message_table: str = "chat_messages"
    api_key_table: str = "chat_api_keys"
    usage_table: str = "chat_usage"
    convention: bool = False
    modern_base: bool = False
    mixins: bool = False
    bind_key: str | None = None
    binds: dict[str, str] = field(default_factory=dict)
    migrate: dict[str, Any] = field(default_factory=dict)

    @property
    def chat_url(self) -> str:
        """Where the users and so the chats are."""
        return self.binds.get(self.bind_key or "", self.database_url)


PLAIN = Case()
SUBCLASSED = Case(
    key="uuid",
    user_table="club_members",
    session_table="conversations",
    message_table="utterances",
    convention=True,
    modern_base=True,
    mixins=True,
    migrate={"compare_server_default": True},
)
LONG_NAMES = Case(
    key="string",
    user_table="people_who_have_registered_with_the_second_hand_shop",
    # Strings of a foreign key must agree in these, where the database knows them.
    user_table_args={"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_ci"},
    session_table="conversations_of_registered_people_with_the_sales_assistant",
    message_table="conversations_of_registered_people_with_the_assistant_msgs",
    api_key_table="keys_of_programs_of_registered_people_for_the_sales_assistant",
    usage_table="daily_use_of_the_assistant_by_registered_people_of_the_shop",
    modern_base=True,
    migrate={"render_as_batch": False},
)
OTHER_SCHEMA = Case(
    key="big",
    user_table_args={"schema": "accounts"},
    convention=True,
    modern_base=True,
    migrate={"include_schemas": True},
)
OTHER_BIND = Case(bind_key="accounts", convention=True)


class MigratedHost:
    """A host in a folder of its own, driven by ``flask`` commands."""

    def __init__(self, case: Case, folder: Path) -> None:
        self.case, self.folder = case, folder

    def flask(self, *commands: str, with_chatbot: bool = True) -> str:
        """Run commands, all in one process of their own; return what they printed."""
        environment = {
            **os.environ,
            "HOST": json.dumps(asdict(self.case)),
            "WITH_CHATBOT": str(int(with_chatbot)),
            "FLASK_APP": str(HERE / "migrating_host" / "host.py"),
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests" / "plugin")]),
        }
        done = subprocess.run(
            [sys.executable, *WARNINGS, HERE / "flask_commands.py", *commands],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def schema(self) -> dict[str, Any]:
        """Describe all tables of all databases of the host."""
        found: dict[str, Any] = {}
        for url in {self.case.database_url, *self.case.binds.values()}:
            with inspected(url) as inspector:
                for name in self.schema_names(inspector):
                    for table in inspector.get_table_names(name):
                        found[f"{url} {name} {table}"] = describe(inspector, table, name)
        return found

    def schema_names(self, inspector: sa.Inspector) -> list[str | None]:
        return [None, *filter(None, [self.case.user_table_args.get("schema")])]

    @property
    def revision(self) -> str:
        """The revision that adds the plugin."""
        (path,) = (self.folder / "migrations" / "versions").glob("0002_*.py")
        return path.read_text()


@contextlib.contextmanager
def inspected(url: str) -> Iterator[sa.Inspector]:
    """Yield an inspector of a database."""
    engine = sa.create_engine(url)
    try:
        yield sa.inspect(engine)
    finally:
        engine.dispose()


def describe(inspector: sa.Inspector, table: str, schema: str | None = None) -> dict[str, Any]:
    """Return everything that the database says of a table, comparable by ``==``."""
    columns = [
        {**column, "type": repr(column["type"])} for column in inspector.get_columns(table, schema)
    ]
    return {
        "columns": columns,
        "pk": inspector.get_pk_constraint(table, schema),
        "fk": sorted(inspector.get_foreign_keys(table, schema), key=str),
        "uq": sorted(inspector.get_unique_constraints(table, schema), key=str),
        "ck": sorted(inspector.get_check_constraints(table, schema), key=str),
        "ix": sorted(inspector.get_indexes(table, schema), key=str),
    }


def names_of(table: dict[str, Any]) -> set[str | None]:
    """Return the names of a described table's constraints and indexes."""
    listed = [item for kind in ("fk", "uq", "ck", "ix") for item in table[kind]]
    return {item["name"] for item in [table["pk"], *listed]}


@pytest.fixture
def migrate(tmp_path: Path, new_database: Callable[[str], str]) -> Callable[..., MigratedHost]:
    """A function that makes a host with its own first revision applied, without the plugin."""

    def start(case: Case, system: str) -> MigratedHost:
        case = replace(case, database_url=new_database(system))
        if case.bind_key:
            case = replace(case, binds={case.bind_key: new_database(system)})
        if schema := case.user_table_args.get("schema"):
            create_schema(case.database_url, schema)
        host = MigratedHost(case, tmp_path)
        init = "db init --multidb" if case.bind_key else "db init"
        first = "db migrate --rev-id 0001 -m host"
        host.flask(init, first, "db upgrade", "db check", with_chatbot=False)
        return host

    return start


def create_schema(url: str, name: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.schema.CreateSchema(name))
    engine.dispose()


def calls_in(revision: str) -> Iterator[tuple[str, str | None]]:
    """Yield method and first argument of the calls on ``op`` and ``batch_op`` in ``upgrade``."""
    for function in ast.walk(ast.parse(revision)):
        if isinstance(function, ast.FunctionDef) and function.name.startswith("upgrade"):
            for call in ast.walk(function):
                match call:
                    case ast.Call(ast.Attribute(ast.Name("op" | "batch_op"), method), arguments):
                        first = arguments[0] if arguments else None
                        yield method, first.value if isinstance(first, ast.Constant) else None


def imports_of(revision: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(revision)):
        if isinstance(node, ast.Import):
            found.update(name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.update(f"{node.module}.{name.name}" for name in node.names)
    return found


def assert_revision_is_clean(host: MigratedHost) -> None:
    """Only our tables are made, nothing else is touched, and nothing of ours is imported."""
    calls = list(calls_in(host.revision))
    tables = set(tables_of(host.case))
    assert {name for method, name in calls if method == "create_table"} == tables
    assert {method for method, _ in calls} <= {
        "create_table", "batch_alter_table", "create_index", "f"
    }  # fmt: skip
    assert {name for method, name in calls if method == "batch_alter_table"} <= tables
    assert imports_of(host.revision) <= {
        "alembic.op", "sqlalchemy", "sqlalchemy.dialects.mysql"
    }  # fmt: skip
    for path in (host.folder / "migrations").rglob("*"):
        if path.is_file() and path.suffix != ".pyc":
            assert "flask_smorest_chatbot" not in path.read_text()


#: These stand in the hosts' own revisions: they must never change.
SESSION_NAMES = (
    "pk_{table}",
    "fk_{table}_user_id_{users}",
    "uq_{table}_user_id_session_id",
    "ix_{table}_user_id_last_message_at",
)
MESSAGE_NAMES = (
    "pk_{table}",
    "fk_{table}_user_id_{users}",
    "fk_{table}_chat_session_id",
    "ck_{table}_message_type",
    "uq_{table}_chat_session_id_id",
    "uq_{table}_user_id_chat_session_id_id",
)
API_KEY_NAMES = (
    "pk_{table}",
    "fk_{table}_user_id_{users}",
    "uq_{table}_prefix",
    "uq_{table}_user_id_id",
)
USAGE_NAMES = ("pk_{table}", "fk_{table}_user_id_{users}", "ix_{table}_day")


def tables_of(case: Case) -> dict[str, tuple[str, ...]]:
    """Return our tables, and how their constraints and indexes are called."""
    return {
        case.session_table: SESSION_NAMES,
        case.message_table: MESSAGE_NAMES,
        case.api_key_table: API_KEY_NAMES,
        case.usage_table: USAGE_NAMES,
    }


ALL = ("sqlite", "postgresql", "mariadb")
CASES = [
    *(pytest.param(PLAIN, system, id=f"plain-{system}") for system in ALL),
    *(pytest.param(SUBCLASSED, system, id=f"subclassed-{system}") for system in ALL),
    *(pytest.param(LONG_NAMES, system, id=f"long-names-{system}") for system in ALL),
    pytest.param(OTHER_SCHEMA, "postgresql", id="other-schema-postgresql"),
    pytest.param(OTHER_BIND, "sqlite", id="other-bind-sqlite"),
]


def assert_all_is_named(case: Case, system: str) -> None:
    """Every constraint and index of our tables has a name, and ours have those that they had."""
    with inspected(case.chat_url) as inspector:
        for table, patterns in tables_of(case).items():
            described = describe(inspector, table)
            names, expected = names_of(described), set(patterns)
            if system == "mariadb":  # which calls every primary key PRIMARY
                names.remove(None)
                expected.remove("pk_{table}")
            assert all(names), described
            if case.user_table != LONG_NAMES.user_table:  # whose names each database cuts
                ours = {name.format(table=table, users=case.user_table) for name in expected}
                assert ours <= names
            first = "user_id" if table == case.usage_table else "id"
            assert described["columns"][0]["name"] == first


@pytest.mark.parametrize(("case", "system"), CASES)
def test_a_host_migrates_up_and_down_by_its_own_means(
    migrate: Callable[..., MigratedHost], case: Case, system: str
) -> None:
    host = migrate(case, system)
    before = host.schema()
    host.flask("db migrate --rev-id 0002 -m chat", "db upgrade", "db check", "talk")
    assert_revision_is_clean(host)
    assert_all_is_named(host.case, system)
    host.flask("db downgrade")
    assert host.schema() == before
