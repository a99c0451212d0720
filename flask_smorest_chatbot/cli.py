"""``flask chatbot ...``: for operators and developers of a host."""

from __future__ import annotations

import json
import re
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa
from flask import current_app
from flask.cli import AppGroup

from .errors import ChatbotError, ConflictError, InputError
from .models import parse_user_key, user_key_column, utc_now
from .schemas import chat_request_schema
from .values import TurnPlan

chatbot_cli = AppGroup("chatbot", help="Check the chatbot, or talk to it.")


@chatbot_cli.command("doctor")
def doctor() -> None:
    """Check configuration, tables, model, loaders and what the host adds; exit status 1 if anything
    fails."""
    from .services.doctor import examine

    state = current_app.extensions["chatbot"]
    failed = False
    services, models = state.turn_services, state.models
    for finding in examine(services, current_app.config, models, state.doctor_checks):
        mark = ("ok  " if finding.applies else "--  ") if finding.ok else "FAIL"
        remedy = f" -> {finding.remedy}" if finding.remedy else ""
        one_line = " ".join(f"{finding.name}: {finding.detail}{remedy}".split())
        click.echo(f"{mark} {one_line}")
        failed = failed or not finding.ok
    if failed:
        raise SystemExit(1)


@chatbot_cli.command("warm-up")
@click.option(
    "--wait",
    default=60.0,
    show_default=True,
    help="Seconds to wait for a model server that does not answer yet.",
)
def warm_up_command(wait: float) -> None:
    """Load the model before the first user comes; exit status 1 if it does not answer."""
    from .services.warming import warm_up

    services = current_app.extensions["chatbot"].turn_services
    try:
        for server, seconds in warm_up(services, wait):
            name = services.chat_model.name
            click.echo(f"{name} is loaded; first token of {server} after {seconds:.1f} s")
    except ChatbotError as error:
        raise click.ClickException(str(error)) from error


@chatbot_cli.command("chat")
@click.option("--user", "given_key", help="Key of the user to chat as (default: the first).")
@click.option("--session", "session_id", help="Session to continue (default: a new one).")
def chat(given_key: str | None, session_id: str | None) -> None:
    """Talk to the assistant in the terminal; an empty line or Ctrl-D ends.

    The conversation is stored as the user's, as if it came from the site.
    """
    user_key = _find_user_key(given_key)
    session_id = session_id or str(uuid.uuid4())
    click.echo(f"Chatting as user {user_key} in session {session_id}.")
    all_answered = True
    while message := _ask():
        all_answered = _say_answer(user_key, session_id, message) and all_answered
    if not all_answered:
        raise SystemExit(1)


@chatbot_cli.command("sweep")
def sweep() -> None:
    """End the turns that a lost worker left open; what was said in them stays."""
    settled = current_app.extensions["chatbot"].turn_services.conversations.settle_lost_turns(
        unclaimed=True
    )
    click.echo(f"{settled} turns settled as interrupted")


@chatbot_cli.command("purge")
@click.option(
    "--older-than",
    "age",
    metavar="AGE",
    callback=lambda _context, _option, given: _days(given),
    help="How long nothing was said, such as 90d (default: CHATBOT_RETENTION_DAYS).",
)
@click.option("--dry-run", is_flag=True, help="Say what would be deleted, and delete nothing.")
def purge(age: int | None, dry_run: bool) -> None:
    """Delete the conversations in which nothing was said for long."""
    state = current_app.extensions["chatbot"]
    days = age or state.config.retention_days
    if not days:
        click.echo("CHATBOT_RETENTION_DAYS is 0: everything is kept.")
        return
    before = utc_now() - timedelta(days=days)
    state.account_data.adopt_all()
    if dry_run:
        found, done = state.account_data.count_idle(before), "would be deleted"
    else:
        state.turn_services.conversations.settle_lost_turns()
        found, done = state.account_data.purge(before), "deleted"
    click.echo(
        f"older than {days} days: {found.sessions} sessions, {found.messages} messages {done}"
    )


def _days(given: str | None) -> int | None:
    if given is None:
        return None
    if not re.fullmatch("[1-9][0-9]{0,4}d", given):
        raise click.BadParameter("write days, such as 90d")
    return int(given[:-1])


@chatbot_cli.command("evaluate")
@click.option(
    "--cases",
    default="tests/data",
    show_default=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of the labelled cases.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--failed", is_flag=True, help="Name the cases that went wrong.")
def evaluate_command(cases: Path, as_json: bool, failed: bool) -> None:
    """Measure on labelled cases how answers, requests and calendars are read."""
    from .services.evaluation import evaluate  # an app that serves has no use for it

    try:
        scores = evaluate(cases)
    except InputError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        told = {name: {kind: score.as_json() for kind, score in by_kind.items()}
                for name, by_kind in scores.items()}  # fmt: skip
        click.echo(json.dumps(told, indent=2))
        return
    click.echo(
        _ROW.format("set", "kind", "cases", "precision", "recall", "grounding", "ungrounded")
    )
    for name, by_kind in scores.items():
        for kind, score in by_kind.items():
            shares = (f"{share:.3f}" for share in (score.precision, score.recall, score.grounding))
            click.echo(_ROW.format(name, kind, score.cases, *shares, score.ungrounded))
        if failed and (wrong := by_kind["all"].failed):
            click.echo(f"  failed: {', '.join(wrong)}")


_ROW = "{:<10} {:<16} {:>6} {:>10} {:>8} {:>10} {:>11}"


def _ask() -> str:
    try:
        return input("> ").strip()
    except EOFError:
        return ""


def _say_answer(user_key: Any, session_id: str, message: str) -> bool:
    """Answer under the same limits as ``POST /chat``; tell whether there was a whole answer."""
    state = current_app.extensions["chatbot"]
    services = state.turn_services
    from .services.events import Delta, Failed, Recommended
    from .services.turn import Turn

    said = {"message": message, "session_id": session_id}
    if wrong := chat_request_schema(state.config, True)().validate(said):
        click.echo(" ".join(text for texts in wrong.values() for text in texts), err=True)
        return False
    try:
        opened = services.conversations.open_turn(user_key, session_id, message)
    except ConflictError as conflict:
        raise click.ClickException(str(conflict)) from conflict
    for event in Turn(services, TurnPlan(message=message), opened).events():
        match event:
            case Delta(content):
                click.echo(content, nl=False)
            case Recommended(recommendations):
                click.echo()
                for item in recommendations:
                    click.echo(f"  * {item['name']}: {item['reason']} {item['url'] or ''}")
            case Failed(error):
                click.echo(f"\n{error}", err=True)
                return False
    return True


def _find_user_key(given: str | None) -> Any:
    state = current_app.extensions["chatbot"]
    users = sa.select(state.user_model).limit(1)
    try:
        if given is not None:
            key = parse_user_key(state.user_model, given)
            users = users.where(user_key_column(state.user_model) == key)
        user = state.db.session.scalar(users)
    except ValueError:
        user = None
    if user is None:
        raise click.ClickException("There is no such user: create one first, or give --user.")
    return sa.inspect(user).identity[0]
