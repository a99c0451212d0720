"""Commands for whoever runs the site: ``flask --app run COMMAND``."""

from __future__ import annotations

import click
import marshmallow as ma
from flask import Flask, current_app
from flask.cli import with_appcontext

from .config import PRODUCTION
from .services import accounts


def register_commands(app: Flask) -> None:
    """Add the site's commands to ``flask``."""
    app.cli.add_command(create_admin_user)
    app.cli.add_command(seed_demo)


@click.command("create-admin-user")
@with_appcontext
@click.option("--email", required=True, help="E-mail address to log in with.")
@click.option(
    "--password",
    envvar="ADMIN_PASSWORD",
    prompt=True,
    hide_input=True,
    confirmation_prompt=True,
    help="8 to 128 characters; asked for, or taken from ADMIN_PASSWORD, when left out.",
)
@click.option("--name", default="Administrator", show_default=True, help="Name to show.")
def create_admin_user(email: str, password: str, name: str) -> None:
    """Create an administrator, or make an existing user one and set their password."""
    from .schemas.accounts import RegisterSchema

    try:
        values = RegisterSchema().load({"email": email, "password": password, "name": name})
    except ma.ValidationError as error:
        found = dict(error.messages_dict)
        problems = [f"{field}: {' '.join(texts)}" for field, texts in found.items()]
        raise click.ClickException(" ".join(problems)) from None
    user, is_new = accounts.make_admin(values["email"], values["password"], values["name"])
    click.echo(f"{'Created' if is_new else 'Updated'} administrator {user.email}.")


@click.command("seed-demo")
@with_appcontext
@click.option("--yes-really", is_flag=True, help="Allow it in production, too.")
def seed_demo(yes_really: bool) -> None:
    """Load the demo catalogue and demo users; what is there already stays as it is."""
    from .demo.seed import seed

    if current_app.config["APP_ENV"] == PRODUCTION and not yes_really:
        raise click.ClickException(
            "Demo users have a public password; add --yes-really to create them in production."
        )
    for what, made in seed().items():
        click.echo(f"{what}: {made} added")
