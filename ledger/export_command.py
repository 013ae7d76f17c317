"""`bellmouth ledger export`: the journal as a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from sqlalchemy.orm import Session

from foundation import clock
from foundation.doors import reading
from ledger import beancount, journal
from ledger.journal import Period, Tell

DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option(
    "--format",
    "kind",
    type=click.Choice(["beancount", "csv"]),
    default="beancount",
    show_default=True,
)
@click.option("--from", "first", type=DAY, help="The first day (UTC); else the beginning.")
@click.option("--to", "last", type=DAY, help="The last day (UTC); else until now.")
def export(file: Path, kind: str, first: datetime | None, last: datetime | None) -> None:
    """Write the journal: every transfer, and what stands on the accounts at the end."""
    period = Period(first.date() if first else None, last.date() if last else None)
    if period.is_empty:
        raise click.UsageError("--to is a day before --from")
    part = file.with_name(f"{file.name}.part")
    with reading() as session:
        total = _write(part, session, kind, period)
    part.replace(file)
    click.echo(f"{total:,} transfers in {file}")


def _write(part: Path, session: Session, kind: str, period: Period) -> int:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with (
        Progress(*columns, console=Console(stderr=True), transient=True) as bar,
        part.open("w", encoding="utf-8", newline="") as out,
    ):
        total = journal.size(session, period)
        task = bar.add_task("Transfers", total=total)
        tell = partial(_tell, bar, task)
        out.writelines(_pieces(session, kind, period, tell))
    return total


def _tell(bar: Progress, task: TaskID, done: int) -> None:
    bar.update(task, completed=done)


def _pieces(session: Session, kind: str, period: Period, tell: Tell) -> Iterator[str]:
    if kind == "csv":
        return journal.csv_rows(session, period, tell)
    return beancount.text(session, period, clock.now(), tell)
