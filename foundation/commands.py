"""Commands of the house itself: serve, worker, migrate, outbox."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click
from rich.console import Console
from rich.table import Column, Table

from foundation import catalogues, clock, outbox, schema, serving, worker
from foundation.doors import reading, writing
from foundation.settings import Settings

Wire = Callable[[Settings], None]


def commands(wire: Wire, first_start: Callable[[Settings], str]) -> Sequence[click.Command]:
    """The house's commands, given the function that opens the database and hands out tables."""

    @click.command()
    def serve() -> None:
        """Serve the site with its worker; fills an empty database with the demo business."""
        serving.serve(_ready(), first_start)

    @click.command()
    def migrate() -> None:
        """Bring the database's schema up to date."""
        settings = _ready()
        schema.upgrade(settings.url)
        click.echo("The schema is up to date.")

    @click.command(name="worker")
    @click.option("--once", is_flag=True, help="Do what is due and stop.")
    def work(once: bool) -> None:
        """Deliver the outbox and run periodic jobs."""
        wire(_ready())
        serving.end_with_server()
        if once:
            click.echo(worker.run_once(clock.now()))
        else:
            worker.run_forever()

    @click.group(name="outbox")
    def outbox_group() -> None:
        """Messages that leave the building."""

    @outbox_group.command(name="dead")
    def dead() -> None:
        """Show messages given up on."""
        wire(_ready())
        with reading() as session:
            letters = outbox.dead_letters(session)
        table = Table(Column("id", no_wrap=True), "channel", "tries", "last error")
        for letter in letters:
            table.add_row(letter.id, letter.channel, str(letter.attempts), letter.last_error or "")
        Console().print(table if letters else "No dead letters.")

    @outbox_group.command(name="replay")
    @click.argument("message_id", required=False)
    def replay(message_id: str | None) -> None:
        """Try one dead letter, or all of them, again."""
        wire(_ready())
        with writing() as session:
            count = outbox.replay(session, clock.now(), message_id)
        click.echo(f"{count} message(s) will be tried again.")

    @click.command(name="words")
    def words() -> None:
        """Bring the message catalogues up to date with the code."""
        for code, missing in catalogues.update().items():
            click.echo(f"{code}: {missing} sentence(s) to translate")

    return serve, migrate, work, outbox_group, words


def _ready() -> Settings:
    settings = Settings()
    settings.make_folder()
    return settings
