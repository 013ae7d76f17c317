"""`bellmouth award …`: points to many members at once, out of a CSV file."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from sqlalchemy import select

from foundation import clock
from foundation.doors import reading, writing
from foundation.money import format_amount
from foundation.refusal import Refused
from foundation.rejects import Problem
from foundation.words import _
from rewards.awarding import award_files, checking, giving, starting, taking_back
from rewards.awarding.award_files import AwardFile
from rewards.awarding.checking import Check
from rewards.awarding.giving import Tally
from rewards.awarding.models import AwardSet
from rewards.awarding.starting import Terms

# What a file says is never taken for rich's markup: `markup=False`.
screen = Console(stderr=True, highlight=False, markup=False)

commands = click.Group("award", help="Points by the owner's hand.")


@commands.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", required=True, help="Of the set: one name, one file.")
@click.option("--reason", required=True, help="What members read; a row may have its own.")
@click.option("--expires-in-days", type=int, help="Where a row says nothing; else never.")
@click.option("--rejects", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Read and check everything, give nothing.")
@click.option("--tell/--no-tell", default=True, help="Whether members get a notice.")
def points(
    file: Path,
    name: str,
    reason: str,
    expires_in_days: int | None,
    rejects: Path | None,
    dry_run: bool,
    tell: bool,
) -> None:
    """Give the points of a CSV (member, amount, reason, expires_on). Safe to run again."""
    rejects = rejects or file.with_suffix(".rejects.csv")
    try:
        terms = starting.clean(Terms(name, reason, None, tell, expires_in_days))
        source = award_files.look_at(file)
        rejected = _check(source, terms, rejects) if dry_run else _give(source, terms, rejects)
    except Refused as refusal:
        raise click.ClickException(_(refusal.sentence, **refusal.params)) from None
    sys.exit(1 if rejected else 0)


def _check(source: AwardFile, terms: Terms, rejects: Path) -> int:
    with reading() as session:
        check = checking.check(session, source, terms, clock.now(), rejects=rejects)
    _show(check.problems, check.rejected, rejects)
    table = Table(title="Rehearsed, nothing given", show_header=False)
    table.add_row("members", f"{check.members:,}")
    table.add_row("of them with several rows", f"{check.repeated:,}")
    table.add_row("points", f"{check.points:,}")
    table.add_row("given before", f"{check.known:,} rows")
    table.add_row("rejected", f"{check.rejected:,} rows")
    table.add_row("pays off what is owed", f"{check.pays_off:,}")
    table.add_row("adds to the liability", f"{check.added:,} points{_worth(check)}")
    table.add_row("liability then", f"{check.outstanding + check.added:,} points")
    Console().print(table)
    return check.rejected


def _worth(check: Check) -> str:
    if check.worth is None:
        return ""
    return f", at most {format_amount(check.worth, check.currency)}"


def _give(source: AwardFile, terms: Terms, rejects: Path) -> int:
    now, started = clock.now(), time.monotonic()
    with writing() as session:
        set_id = starting.start(session, source, terms, "running", now).id
    tally = _watched(set_id, source, rejects, started)
    seconds = max(time.monotonic() - started, 0.001)
    _show(tally.problems, tally.rejected, rejects)
    table = Table(title=terms.name, show_header=False)
    table.add_row("given now", f"{tally.given:,} rows, {tally.points:,} points")
    table.add_row("given before", f"{tally.known:,} rows")
    table.add_row("rejected", f"{tally.rejected:,} rows")
    table.add_row("seconds", f"{seconds:,.1f}")
    table.add_row("rows per second", f"{tally.rows / seconds:,.0f}")
    Console().print(table)
    return tally.rejected


def _watched(set_id: str, source: AwardFile, rejects: Path, started: float) -> Tally:
    with _progress() as progress:
        task = progress.add_task(source.path.name, total=source.rows, rate=0)

        def watch(tally: Tally) -> None:
            rate = tally.rows / max(time.monotonic() - started, 0.001)
            progress.update(task, completed=tally.rows, rate=rate)

        return giving.give(set_id, source, clock.now(), rejects=rejects, watch=watch)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.completed:,} rows · {task.fields[rate]:,.0f}/s"),
        TimeRemainingColumn(),
        console=screen,
    )


def _show(problems: list[Problem], rejected: int, rejects: Path) -> None:
    for problem in problems[:20]:
        screen.print(_printable(str(problem)), soft_wrap=True)
    if rejected:
        told = f"All rejected rows and the reasons are in {rejects}; mend it and name it anew."
        screen.print(told, soft_wrap=True)


@commands.command(name="take-back")
@click.argument("name")
@click.option("--dry-run", is_flag=True, help="Show what would come back, take nothing.")
def back(name: str, dry_run: bool) -> None:
    """Take the set NAME back, as far as members still have it; broken off, run it again."""
    now = clock.now()
    try:
        with writing() as session:
            found = session.scalars(select(AwardSet).where(AwardSet.name == name)).one_or_none()
            if found is None:
                raise Refused("There is no set of this name.", code="unknown_set", status=404)
            there = taking_back.still_there(session, found.id, now)
            if not dry_run and found.state not in ("asked_back", "taking_back"):
                taking_back.ask(session, found.id, None, now)
    except Refused as refusal:
        raise click.ClickException(_(refusal.sentence, **refusal.params)) from None
    click.echo(f"{there.members:,} members were given {there.given:,} points.")
    if dry_run:
        click.echo(f"{there.there:,} would come back; the rest is spent or expired.")
        return
    started = time.monotonic()
    with _progress() as progress:
        task = progress.add_task(name, total=found.given, rate=0)

        def watch(done: int, came: int) -> None:
            rate = done / max(time.monotonic() - started, 0.001)
            progress.update(task, completed=done, rate=rate)

        came = taking_back.take_back(found.id, now, watch)
    click.echo(f"{came:,} came back; the rest is spent or expired.")


def _printable(text: str) -> str:
    """Without control characters: what a file says never steers the terminal."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)
