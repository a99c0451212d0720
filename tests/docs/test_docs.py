"""The documents say what is so: nothing is missing from them, and nothing in them is missing."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import click
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.cli import cli
from flask_jwt_extended import JWTManager, create_access_token
from flask_migrate.cli import db as migrations
from flask_smorest import Api
from flask_sqlalchemy import SQLAlchemy
from pages import ROOT, Page, all_pages, read
from reasons import reason_words
from scripted_model import ScriptedModel
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from tables import TABLES, written_table

import flask_smorest_chatbot
from app import create_app
from app.config import Settings
from flask_smorest_chatbot import (
    CatalogItem,
    CatalogQuery,
    Chatbot,
    ChatbotConfig,
    TurnPlan,
    UserProfile,
    Vocabulary,
)
from flask_smorest_chatbot.routes import streaming
from flask_smorest_chatbot.routes.documentation import _REFUSALS
from flask_smorest_chatbot.routes.errors import status_of
from flask_smorest_chatbot.schemas import ChatMessageSchema
from flask_smorest_chatbot.services import following

PAGES = list(all_pages())
README, API, ADOPT = read("README.md"), read("docs/api.md"), read("docs/adopt.md")
SECURITY = read("docs/security.md")
COMMANDS, CONFIGURATION = read("docs/commands.md"), read("docs/configuration.md")
MINIMAL = (ROOT / "examples/minimal/app.py").read_text(encoding="utf-8")
PACKAGE = Path(flask_smorest_chatbot.__file__).parent
by_name: dict[str, Any] = {"ids": lambda page: page.name}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The rental site, with nothing but its settings."""
    folder = tmp_path_factory.mktemp("site")
    return create_app({"DATABASE_URL": f"sqlite:///{folder}/site.db"})


# -- settings ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TABLES)
def test_tables_of_settings_are_those_of_the_code(name: str) -> None:
    assert written_table(CONFIGURATION.text, name) == TABLES[name](), (
        "run `python -m tests.docs.tables` to write the tables anew"
    )


@pytest.mark.parametrize("page", PAGES, **by_name)
def test_every_chatbot_key_named_exists(page: Page) -> None:
    known = {f"CHATBOT_{item.name.upper()}" for item in fields(ChatbotConfig)}
    assert set(re.findall(r"CHATBOT_[A-Z_]*[A-Z]", page.text)) <= known


def test_environment_of_the_server_is_documented() -> None:
    documented = dict(
        re.findall(
            r"^\| `(\w+)` \| (?:`(\w+)`|not set) \|", CONFIGURATION.section("## The server"), re.M
        )
    )
    assert documented == _environment_of(ROOT / "gunicorn_config.py")


def _environment_of(path: Path) -> dict[str, str]:
    """Return the variables that a module reads by ``os.environ.get``, with their defaults."""
    found = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "os.environ.get":
            texts = [part.value for part in node.args if isinstance(part, ast.Constant)]
            found[str(texts[0])] = str(texts[1]) if len(texts) > 1 else ""
    return found


@pytest.mark.parametrize("page", PAGES, **by_name)
def test_every_variable_that_a_command_sets_exists(page: Page) -> None:
    known = {item.name.upper() for item in fields(Settings)}
    known |= {f"CHATBOT_{item.name.upper()}" for item in fields(ChatbotConfig)}
    known |= {*_environment_of(ROOT / "gunicorn_config.py"), "PYTHON", "ARGS", "SITE", "TOKEN"}
    commands = "\n".join(page.blocks("bash"))
    assert set(re.findall(r"(?:^|\s)([A-Z_]{3,})=", commands)) <= known


# -- commands ----------------------------------------------------------------------------------


def test_every_make_target_is_documented_and_exists() -> None:
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert phony
    targets = set(phony[1].split())
    documented = {cell.split()[1] for cell in COMMANDS.first_cells("## make")}
    assert documented == targets


@pytest.mark.parametrize("page", PAGES, **by_name)
def test_every_make_target_named_exists(page: Page) -> None:
    targets = {cell.split()[1] for cell in COMMANDS.first_cells("## make")}
    lines = re.findall(r"^\W*(?:\w+=\S+ )*make((?: [a-z][\w-]*)+)", page.code, re.M)
    assert {target for line in lines for target in line.split()} <= targets


def test_every_flask_command_is_documented_with_its_options(site: Flask) -> None:
    own = {"chatbot", "create-admin-user", "seed-demo", "db"}
    assert own <= set(site.cli.commands)
    for words, command in _commands(site.cli.commands):
        if words[0] in own - {"db"}:
            section = COMMANDS.section(f"### {' '.join(words)}")
            assert f"`flask {' '.join(words)}`" in section
            for option in command.params:
                assert f"`{option.opts[0]}`" in section


@pytest.mark.parametrize("page", PAGES, **by_name)
def test_every_flask_command_named_exists(page: Page, site: Flask) -> None:
    own = dict.fromkeys(re.findall(r'cli.command\("([\w-]+)"', MINIMAL))
    commands = {**cli.commands, **site.cli.commands, **own, "db": migrations}
    for line in re.findall(r"\bflask (?:--app \S+ )?([a-z][^\n#]*)", page.code):
        name, _, rest = line.partition(" ")
        assert name in commands, line
        group, word = commands[name], re.match(r"[a-z][\w-]*", rest)
        if isinstance(group, click.Group) and word:
            assert word[0] in group.commands, line


def _commands(
    commands: Mapping[str, click.Command], above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command.commands, (*above, name))
        else:
            yield (*above, name), command


# -- the HTTP API ------------------------------------------------------------------------------


def _operations(site: Flask) -> set[str]:
    document = site.test_client().get("/api/openapi.json").get_json()
    verbs = ("get", "post", "put", "patch", "delete")
    return {
        f"{verb.upper()} {path}"
        for path, methods in document["paths"].items()
        for verb in methods
        if verb in verbs
    }


def test_every_endpoint_is_documented_and_exists(site: Flask) -> None:
    documented = set(re.findall(r"`((?:GET|POST|PUT|PATCH|DELETE) /[^`\s]*)`", API.text))
    pages = {"GET /", "GET /listings/{listing_id}"}
    assert documented - pages == _operations(site)
    for page in pages:
        rule = page.removeprefix("GET ").replace("{listing_id}", "1")
        assert site.url_map.bind("").test(rule, method="GET")


@pytest.mark.parametrize("page", PAGES, **by_name)
def test_every_endpoint_named_elsewhere_exists(page: Page, site: Flask) -> None:
    map_of_site = site.url_map.bind("")
    for verb, path in re.findall(r"\b(GET|POST|PUT|PATCH|DELETE) (/api/[\w/-]+)", page.prose):
        if "{" not in path and not path.endswith(("/", "/history", "/messages")):
            assert map_of_site.test(path, method=verb) or f"{verb} {path}/{{" in page.prose, path


def test_every_event_is_documented_and_exists() -> None:
    source = Path(streaming.__file__).read_text(encoding="utf-8")
    names = set(re.findall(r'encode\("(\w+)"', source))
    assert len(names) == 6
    section = API.section("## The event stream")
    assert API.first_cells("## The event stream") == names
    assert set(re.findall(r"^ {4}event: (\w+)$", section, re.M)) <= names


def test_every_reason_is_documented_and_exists() -> None:
    words = reason_words(PACKAGE)
    assert {"model_unreachable", "profile_error", "worker_lost", "session_cleared"} <= words
    assert API.first_cells("### Reasons") == words


def test_statuses_of_reasons_are_those_of_who_follows_an_answer() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d{3}) \|", API.section("### Reasons"), re.M)
    # These are refusals: no answer is begun, so none ends with them.
    begun = {word: int(code) for word, code in rows if code not in ("403", "429")}
    assert len(begun) > 20
    assert begun == {word: status_of(following._error_of(word)) for word in begun}


def test_every_state_of_a_message_is_documented_and_exists() -> None:
    states = ChatMessageSchema().fields["status"].metadata["enum"]
    assert API.first_cells("### States of a message") == set(states)


def test_every_status_of_the_chat_is_documented() -> None:
    documented = set(re.findall(r"^\| (\d{3}) \|", API.section("## Errors"), re.M))
    assert documented == {str(status) for status in (*_REFUSALS, 422)}


def test_every_field_of_an_answer_is_documented(site: Flask) -> None:
    schemas = site.test_client().get("/api/openapi.json").get_json()["components"]["schemas"]
    for name in (
        "ChatResponse", "Recommendation", "ChatMessage", "ChatSession", "SessionList", "NewApiKey",
        "Usage", "DayOfUse",
    ):  # fmt: skip
        for field_name in schemas[name]["properties"]:
            assert re.search(rf'["`]{field_name}["`]', API.text), f"{name}.{field_name}"


# -- the guide for hosts -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "cls"),
    [
        ("## Say who the user is", UserProfile),
        ("## Add chat endpoints of your own", TurnPlan),
    ],
)
def test_every_field_of_a_value_is_documented(heading: str, cls: type[Any]) -> None:
    assert is_dataclass(cls)
    assert ADOPT.first_cells(heading) == {item.name for item in fields(cls)}


def test_every_field_of_the_catalogue_is_documented() -> None:
    names = {item.name for cls in (CatalogQuery, CatalogItem) for item in fields(cls)}
    assert ADOPT.first_cells("## Offer your catalogue") == names
    words = {item.name for item in fields(Vocabulary)}
    assert ADOPT.first_cells("## Tell the words of your catalogue") == words


def test_every_column_is_documented() -> None:
    host = Host()
    chatbot = Chatbot(host.db, user_model=host.user_model)
    section = ADOPT.section("## Read and write the tables yourself")
    for model in (chatbot.ChatSession, chatbot.ChatMessage, chatbot.ChatApiKey, chatbot.ChatUsage):
        for column in sa.inspect(model).columns:
            assert f"`{column.name}`" in section, column


# -- security ----------------------------------------------------------------------------------


def test_every_test_that_the_threat_model_names_exists() -> None:
    rows = re.findall(r"^\| .+ \| .+ \| (.+) \|$", SECURITY.section("## Threats"), re.M)[1:]
    assert len(rows) > 20
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)
        assert named, row
        for path, name in named:
            source = (ROOT / path).read_text(encoding="utf-8")
            assert re.search(rf"^def {name}\(", source, re.M), f"{path}::{name}"


def test_all_of_both_owasp_lists_are_answered() -> None:
    section = SECURITY.section("## The OWASP lists")
    risks = set(re.findall(r"^\| ((?:LLM|API)\d+) \w", section, re.M))
    llm = {f"LLM{number:02}" for number in range(1, 11)}
    assert risks == llm | {f"API{number}" for number in range(1, 11)}


# -- code --------------------------------------------------------------------------------------


class Host:
    """The app that the code in the documents is added to."""

    def __init__(self) -> None:
        class Base(DeclarativeBase):
            pass

        self.db: Any = SQLAlchemy(model_class=Base)
        self.user_model = type(
            "User",
            (self.db.Model,),
            {
                "__tablename__": "users",
                "__annotations__": {"id": Mapped[int], "name": Mapped[str]},
                "id": mapped_column(primary_key=True),
                "name": mapped_column(default="Ann"),
            },
        )
        self.bike_model = type(
            "Bike",
            (self.db.Model,),
            {
                "__tablename__": "bikes",
                "__annotations__": {"id": Mapped[int], "name": Mapped[str]},
                "id": mapped_column(primary_key=True),
                "name": mapped_column(),
                "price": mapped_column(sa.Numeric(6, 2)),
            },
        )

    def make_app(self) -> tuple[Flask, Api]:
        app = Flask("host")
        app.config.update(
            SQLALCHEMY_DATABASE_URI="sqlite://",
            JWT_SECRET_KEY="a-test-secret-of-more-than-32-bytes",
            API_TITLE="Host",
            API_VERSION="v1",
            OPENAPI_VERSION="3.0.3",
        )
        self.db.init_app(app)
        JWTManager(app)
        return app, Api(app)

    def names(self) -> dict[str, Any]:
        """Return what the documents say that a reader has."""
        app, api = self.make_app()
        models = {"User": self.user_model, "Bike": self.bike_model}
        return {"db": self.db, "app": app, "api": api, "__name__": "host", **models}

    def store(self) -> Any:
        """Make the tables, a bike and a user; return the user's key."""
        self.db.create_all()
        user = self.user_model()
        self.db.session.add_all([user, self.bike_model(id=1, name="city bike", price="15.00")])
        self.db.session.commit()
        return user.id


@pytest.fixture
def run_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """A function that runs a block of code as its reader would, and returns its names."""
    monkeypatch.chdir(tmp_path)
    host = Host()
    names = host.names()
    with names["app"].app_context():

        def run(code: str, **more: Any) -> tuple[Host, dict[str, Any]]:
            names.update(more)
            if re.search(r"\bchatbot\b", code) and "chatbot = " not in code:
                names["chatbot"] = Chatbot(host.db, user_model=host.user_model)
            host.db.create_all()
            exec(compile(code, "documents", "exec", dont_inherit=True), names)
            return host, names

        yield run
        host.db.session.remove()
        host.db.engine.dispose()


def _python_blocks() -> list[Any]:
    return [
        pytest.param(block, id=f"{page.name}-{number}")
        for page in PAGES
        for number, block in enumerate(page.blocks("python"), start=1)
    ]


@pytest.mark.parametrize("code", _python_blocks())
def test_python_code_runs(code: str, run_block: Callable[..., Any]) -> None:
    run_block(code)


def _ten_lines(page: Page) -> str:
    return next(block for block in page.blocks("python") if "chatbot.init_app(app, api)" in block)


def test_ten_lines_are_ten() -> None:
    code = _ten_lines(README)
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    assert _ten_lines(ADOPT) == code


def test_ten_lines_make_a_chat(run_block: Callable[..., Any]) -> None:
    block = '<recommendations>[{"id": 1, "reason": "It suits you."}, {"id": 99}]</recommendations>'
    model = ScriptedModel(scripts=[["Take the ", "city bike. ", block]])
    code = _ten_lines(README).replace("user_model=User", "user_model=User, chat_model=model")
    host, names = run_block(code, model=model)
    token = create_access_token(identity=str(host.store()))
    answer = (
        names["app"]
        .test_client()
        .post(
            "/api/chatbot/chat",
            json={"message": "Which bike?"},
            headers={"Authorization": f"Bearer {token}"},
        )
    )
    assert answer.status_code == 200, answer.text
    assert answer.json["assistant_response"] == "Take the city bike."
    price = {"amount": "15.00", "currency": "USD", "unit": "day"}
    assert [(item["id"], item["price"]) for item in answer.json["recommendations"]] == [(1, price)]
    assert answer.json["context"]["user_profile"]["name"] == "Ann"


# -- the text itself ---------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, **by_name)
def test_links_lead_somewhere(page: Page) -> None:
    for link in page.links:
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.path.parent / path).resolve() if path else page.path
        assert target.exists(), link
        if anchor:
            assert anchor in read(target.relative_to(ROOT).as_posix()).anchors, link


def test_every_page_is_reached_from_the_readme() -> None:
    linked = {(README.path.parent / link.partition("#")[0]).resolve() for link in README.links}
    assert {page.path for page in PAGES if page.name.startswith("docs/")} <= linked


@pytest.mark.parametrize("page", PAGES, **by_name)
def test_json_is_json(page: Page) -> None:
    for block in page.blocks("json"):
        json.loads(block)


@pytest.mark.parametrize("page", PAGES, **by_name)
def test_shell_commands_are_well_formed(page: Page) -> None:
    for block in page.blocks("bash"):
        checked = subprocess.run(["bash", "-n"], input=block, text=True, capture_output=True)
        assert checked.returncode == 0, checked.stderr


def test_version_of_the_changes_is_the_plugins() -> None:
    changes = read("CHANGES.md")
    newest = re.search(r"^## (\S+)", changes.text, re.M)
    assert newest
    assert newest[1] == flask_smorest_chatbot.__version__
    assert "### Schema changes" in changes.text
