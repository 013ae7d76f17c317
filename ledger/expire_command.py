"""`bellmouth ledger expire`: the sweep by hand, with a bar."""

from __future__ import annotations

import click
from rich.console import Console
from rich.progress import Progress

from foundation import clock
from ledger import expiring


@click.command()
def expire() -> None:
    """Let expire what nobody spent until its date. The worker does so every hour."""
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Lots", total=None)
        count = expiring.expire(
            clock.now(), lambda done, total: bar.update(task, completed=done, total=total)
        )
    click.echo(f"{count:,} lot{'' if count == 1 else 's'} expired.")
