"""`bellmouth log …`: the auditor's commands."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import IO

import click
from rich.console import Console
from rich.progress import Progress

from foundation.doors import reading
from transparency import receipts, verifying
from transparency.verifying import Report

console = Console()

#: Findings printed before the rest is only counted; a rewritten log finds one at every leaf.
SHOWN = 20

commands = click.Group("log", help="The public log of what was published and moderated.")


@commands.command()
@click.option(
    "--remember",
    metavar="SIZE:ROOT",
    multiple=True,
    help="A root you kept elsewhere; the log must have had it at that size. Repeatable.",
)
def verify(remember: tuple[str, ...]) -> None:
    """Recompute the whole log and hold it against what the site serves. Exit 1 on findings."""
    remembered = dict(_remembered(each) for each in remember)
    with Progress(console=console, transient=True) as bar, reading() as session:
        task = bar.add_task("Leaves", total=None)
        report = verifying.verify(
            session,
            remembered=remembered,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    _tell(report)
    sys.exit(0 if report.fine else 1)


@commands.command()
@click.argument("receipt", type=click.File(encoding="utf-8"))
@click.option(
    "--content",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The text as JSON, to check that it is what was logged.",
)
def check(receipt: IO[str], content: Path | None) -> None:
    """Check a receipt by itself, without the database. Exit 1 when it proves nothing."""
    try:
        given = json.load(receipt)
        text = json.loads(content.read_text("utf-8")) if content else None
    except ValueError as error:
        raise click.BadParameter(
            f"This is not JSON: {error}. Pass the file as you got it."
        ) from error
    fine = isinstance(given, dict) and receipts.holds(given, text)
    console.print("The receipt holds." if fine else "[red]The receipt does not hold.[/]")
    sys.exit(0 if fine else 1)


def _remembered(text: str) -> tuple[int, bytes]:
    size, _, root = text.partition(":")
    try:
        return int(size), bytes.fromhex(root)
    except ValueError:
        raise click.BadParameter(f"Write SIZE:ROOT, as in 120:9f86d0…, not {text!r}.") from None


def _tell(report: Report) -> None:
    console.print(f"{report.size} leaves, root {report.root.hex()}", highlight=False)
    console.print(
        f"{report.checkpoints} checkpoints compared. {report.served} subjects are served as logged,"
        f" {report.withdrawn} withdrawn, {report.unwitnessed} leaves without a witness."
    )
    if report.first is None:
        console.print("[green]The log and the site agree.[/]")
        return
    console.print(
        f"[red]{len(report.findings)} findings; the first bad leaf is {report.first.index}.[/]"
    )
    for finding in sorted(report.findings)[:SHOWN]:
        what = f"{finding.subject} {finding.detail}".strip()
        console.print(f"  leaf {finding.index}: {what} ({finding.check})", highlight=False)
    if len(report.findings) > SHOWN:
        console.print(f"  … and {len(report.findings) - SHOWN} more")
