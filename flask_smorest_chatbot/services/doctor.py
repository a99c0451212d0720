"""Find out what keeps the chatbot from working, and what to do about it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

import sqlalchemy as sa

from ..catalog import CatalogItem, CatalogQuery, CatalogResult, Fact, Offered, Vocabulary
from ..config import PREFIX, ChatbotConfig, unknown_keys
from ..errors import ChatbotError
from ..profile import UserProfile
from ..values import Finding, HostCheck
from .host import TurnServices
from .model.status import ModelStatus, model_statuses


def examine(
    services: TurnServices,
    settings: Mapping[str, Any],
    models: Sequence[type[Any]],
    host_checks: Iterable[HostCheck] = (),
) -> Iterator[Finding]:
    """Run all checks and yield what each finds, in an order in which the first failure matters.

    :param settings: the app's config
    :param models: the mapped classes of the plugin's tables
    :param host_checks: what the host wants checked as well; these come last
    """
    yield _check_config(services.config, unknown_keys(settings))
    yield from _check_tables(services, models)
    yield from _check_model(services)
    yield from _check_loaders(services)
    for check in host_checks:
        yield from _run(check)


def _run(check: HostCheck) -> Iterator[Finding]:
    try:
        yield from check()
    except Exception as error:  # a host's code may raise anything
        name = check.__name__.replace("_", " ")
        yield Finding(name, f"raised {type(error).__name__}: {error}", "Mend the host's check.")


def _check_config(config: ChatbotConfig, unknown: Sequence[str]) -> Finding:
    if unknown:
        remedy = "Correct the spelling, or remove them."
        return Finding("configuration", f"nothing reads {', '.join(unknown)}", remedy)
    return Finding("configuration", f"{PREFIX}* is valid; model {config.model}")


def _check_tables(services: TurnServices, models: Sequence[type[Any]]) -> Iterator[Finding]:
    conversations = services.conversations
    remedy = "Run `flask db migrate` and `flask db upgrade`."
    for model in models:
        table = model.__table__
        try:
            with conversations.transaction():
                columns = sa.inspect(conversations.db.session.get_bind(model)).get_columns(
                    table.name, schema=table.schema
                )
        except sa.exc.NoSuchTableError:
            yield Finding("tables", f"{table.name} does not exist", remedy)
            continue
        except sa.exc.SQLAlchemyError as error:
            detail = f"the database does not answer ({type(error).__name__})"
            yield Finding("tables", detail, "Check the database's address and that it runs.")
            return
        missing = {column.name for column in table.columns} - {column["name"] for column in columns}
        if missing:
            yield Finding("tables", f"{table.name} lacks {', '.join(sorted(missing))}", remedy)
        else:
            yield Finding("tables", f"{table.name} is there")


def _check_model(services: TurnServices) -> Iterator[Finding]:
    if not services.chat_model.is_configured_ollama:
        yield _check_answer(services, 0)
        return
    for number, (where, status) in enumerate(model_statuses(services.config).items()):
        yield from _check_status(where, status, services.config)
        if status.present:
            yield _check_answer(services, number)


def _check_status(where: str, status: ModelStatus, config: ChatbotConfig) -> Iterator[Finding]:
    if not status.reachable:
        remedy = f"Start Ollama (`ollama serve`), or set {PREFIX}OLLAMA_URL."
        yield Finding("model server", status.detail, remedy)
        return
    yield Finding("model server", f"Ollama answers at {where}")
    remedy = "" if status.present else f"Run `ollama pull {config.ollama_name}`."
    yield Finding("model", status.detail, remedy)


def _check_answer(services: TurnServices, number: int) -> Finding:
    """Let one server say something.

    :param number: which one, as configured
    """
    from .model.generation import Generation  # a start must not wait for what only turns need

    began = time.monotonic()
    try:
        server = services.chat_model.servers()[number]
        generation = Generation([server], [("human", "Say yes.")], services.config)
        with closing(generation.pieces(began + services.config.turn_timeout)) as pieces:
            answered = any(pieces)
    except ChatbotError as error:
        remedy = "Mend what it says; see the model server's log."
        return Finding("answer", str(error.__cause__ or error), remedy)
    took = time.monotonic() - began
    if not answered:
        return Finding("answer", "the model said nothing", "Try another model.")
    return Finding("answer", f"first token after {took:.1f} s")


def _check_loaders(services: TurnServices) -> Iterator[Finding]:
    db = services.conversations.db
    try:
        user = db.session.scalar(sa.select(services.user_model).limit(1))
    except sa.exc.SQLAlchemyError:
        yield Finding("loaders", "the users cannot be read", "Run `flask db upgrade`.")
        return
    profile = UserProfile()
    if user is not None:
        yield _check_loader("profile loader", lambda: services.load_profile(user), UserProfile)
    query = CatalogQuery(text="", profile=profile, limit=services.config.catalog_limit)
    yield _check_loader("catalogue loader", lambda: _items_of(services.load_catalog(query)), list)
    yield _check_loader("vocabulary loader", services.load_vocabulary, Vocabulary)
    yield _check_loader("facts loader", lambda: list(services.load_facts(query)), list)
    db.session.rollback()


def _check_loader(name: str, load: Callable[[], Any], kind: type[Any]) -> Finding:
    try:
        loaded = load()
    except Exception as error:  # a host's code may raise anything
        return Finding(name, f"raised {type(error).__name__}: {error}", "Mend the host's loader.")
    if isinstance(loaded, list):
        strange = [part for part in loaded if not isinstance(part, CatalogItem | Fact)]
        detail = f"{len(loaded)} items"
    else:
        strange = [] if isinstance(loaded, kind) else [loaded]
        detail = f"returns a {kind.__name__}"
    if strange:
        returned = type(strange[0]).__name__
        return Finding(name, f"returned {returned}", "Return what its documentation says.")
    return Finding(name, detail)


def _items_of(offered: Offered) -> list[Any]:
    return list(offered.items if isinstance(offered, CatalogResult) else offered)
