"""`bellmouth papers …`: where a mark leads."""

from __future__ import annotations

import click

from foundation.doors import reading
from foundation.refusal import Refused
from foundation.words import text_in
from rewards.papers import copies

commands = click.Group("papers", help="Papers for members only.")


@commands.command()
@click.argument("mark")
def whose(mark: str) -> None:
    """Show whose copy carries MARK, and when it was read or downloaded."""
    try:
        with reading() as session:
            trail = copies.whose(session, mark)
    except Refused as refusal:
        raise click.ClickException(str(refusal)) from None
    reader = trail.reader
    click.echo(f"{trail.mark}: {reader.name} (@{reader.handle}, {reader.email or 'no address'})")
    click.echo(f"Paper: {text_in(trail.paper.title, 'en')} ({trail.paper.id})")
    for at, kind in trail.readings:
        click.echo(f"  {at:%Y-%m-%d %H:%M} UTC  {kind}")
