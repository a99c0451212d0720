"""The help desk: an older thing that took the name ``chatbot`` first."""

from __future__ import annotations

import click
from flask import Blueprint, render_template

helpdesk = Blueprint(
    "chatbot", __name__, template_folder="templates", url_prefix="/help", cli_group="helpdesk"
)


@helpdesk.get("/chat")
def chat() -> str:
    return render_template("helpdesk/chat.html")


@helpdesk.cli.command("greet")
def greet() -> None:
    """Say who is on duty."""
    click.echo("Bob is on duty.")
