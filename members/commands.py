"""`bellmouth members …`: people and their roles from the command line."""

from __future__ import annotations

import sys

import click

from foundation import clock
from foundation.doors import writing
from foundation.refusal import Refused
from foundation.words import LANGUAGES
from members import joining, passwords, roles
from members.joining import SignUp, clean_name

commands = click.Group("members", help="People and their roles.")


@commands.command()
@click.option("--email", required=True)
@click.option("--name", required=True)
@click.option("--role", default="member", show_default=True, type=click.Choice(roles.ROLES))
@click.option("--language", default="en", show_default=True, type=click.Choice(list(LANGUAGES)))
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add(email: str, name: str, role: str, language: str, password_stdin: bool) -> None:
    """Make a member whose address counts as confirmed."""
    try:
        passwords.check(password := _password(password_stdin), name=name, email=email)
        draft = SignUp(clean_name(name), email, passwords.hashed(password), language, consents={})
        with writing() as session:
            joining.add(session, draft, clock.now(), role=role)
    except Refused as refusal:
        raise click.ClickException(str(refusal)) from None
    click.echo(f"{email} is a member ({role}).")


@commands.command()
@click.argument("email")
@click.argument("role", type=click.Choice(roles.ROLES))
def grant(email: str, role: str) -> None:
    """Give the member with EMAIL a ROLE."""
    try:
        with writing() as session:
            roles.grant(session, None, email, role, clock.now())
    except Refused as refusal:
        raise click.ClickException(str(refusal)) from None
    click.echo(f"{email} is {role} now.")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
