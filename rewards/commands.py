"""`bellmouth rewards …`: rows held against the book."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

import click
from sqlalchemy.orm import Session

from foundation.doors import reading
from rewards.budgets import auditing as budgets
from rewards.catalogue import auditing as catalogue
from rewards.catalogue import stock
from rewards.papers import auditing as papers
from rewards.perks import auditing as perks
from rewards.vouchers import auditing as vouchers

commands = click.Group("rewards", help="What members were given, beside the book.")

AUDITS: Mapping[str, Callable[[Session], list[str]]] = {
    "budgets": budgets.audit,
    "stock": stock.audit,
    "redemptions": catalogue.audit,
    "vouchers": vouchers.audit,
    "perks": perks.audit,
    "papers": papers.audit,
}


@commands.command()
def audit() -> None:
    """Hold budgets, stock, redemptions, vouchers, perks and papers against what they add up to.

    Exit 1 when rows and book disagree.
    """
    with reading() as session:
        findings = [f"{name}: {each}" for name, hold in AUDITS.items() for each in hold(session)]
    for finding in findings:
        click.echo(finding)
    if findings:
        sys.exit(1)
    click.echo(f"Rows and book agree: {', '.join(AUDITS)}.")
