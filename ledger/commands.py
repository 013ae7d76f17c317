"""`bellmouth ledger …`: the bookkeeper's commands."""

from __future__ import annotations

import sys

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from foundation.doors import reading
from ledger import audit as auditing
from ledger import statements
from ledger.expire_command import expire
from ledger.export_command import export

commands = click.Group("ledger", help="The book of everything members were given.")


@commands.command()
def audit() -> None:
    """Recompute every balance, chain, hold and sum. Exit 1 when a row is wrong."""
    console = Console()
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("Checks", total=None)
        findings = auditing.audit_by_two(
            lambda name, done, total: bar.update(
                task, completed=done, total=total, description=name.capitalize() or "Done"
            ),
        )
    for finding in findings:
        more = f" ({finding.count} rows)" if finding.count > 1 else ""
        console.print(f"[red]{finding.check}[/]: {finding.sentence}{more}", highlight=False)
    if findings:
        sys.exit(1)
    console.print(f"[green]The book is whole: {len(auditing.CHECKS) + 1} laws checked.[/]")


@commands.command(name="trial-balance")
def trial_balance() -> None:
    """Show what is on all accounts of each kind together; every commodity sums to zero."""
    with reading() as session:
        rows = statements.trial_balance(session)
    table = Table("commodity", "accounts of kind", "how many", "debit", "credit")
    for row in rows:
        debit, credit = (f"{each:,}" if each else "" for each in (row.debit, row.credit))
        table.add_row(row.commodity, row.kind, f"{row.accounts:,}", debit, credit)
    Console().print(table)


commands.add_command(export)
commands.add_command(expire)
