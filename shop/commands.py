"""`bellmouth import orders` and `bellmouth webhooks …`."""

from __future__ import annotations

import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Column, Table
from rich.text import Text
from standardwebhooks.webhooks import Webhook

from foundation import clock
from foundation.refusal import Refused
from foundation.settings import Settings
from foundation.tables import new_id
from foundation.words import _
from shop import import_runs, order_files, webhook_bodies, webhook_runs
from shop.import_runs import Tally
from shop.order_files import OrderFile

# What a file says (a name, a heading) is never taken for rich's markup: `markup=False`.
screen = Console(stderr=True, highlight=False, markup=False)

#: What a refused file may need, by the refusal's field.
OPTIONS = {
    "columns": "--map FIELD=COLUMN",
    "currency": "--currency",
    "date_format": "--date-format",
    "encoding": "--encoding",
}

imports = click.Group("import", help="Bring in what your shop knows.")


@imports.command(name="orders")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--map", "said", multiple=True, metavar="FIELD=COLUMN", help="order_id=InvoiceNo")
@click.option("--currency", help="Where no column says it; else BELLMOUTH_CURRENCY.")
@click.option("--date-format", help="As strptime writes it: '%d.%m.%Y %H:%M'.")
@click.option("--encoding", help="utf-8, utf-16, gb18030, cp1252 … (found out by itself)")
@click.option("--time-zone", default="UTC", show_default=True, help="Of dates that name none.")
@click.option("--rejects", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Read and check everything, import nothing.")
def import_orders(
    file: Path,
    said: tuple[str, ...],
    currency: str | None,
    date_format: str | None,
    encoding: str | None,
    time_zone: str,
    rejects: Path | None,
    dry_run: bool,
) -> None:
    """Import a CSV of orders. Safe to run again: known orders are counted and left alone."""
    rejects = rejects or file.with_suffix(".rejects.csv")
    started = time.monotonic()
    try:
        source = order_files.look_at(
            file,
            currency=(currency or Settings().currency).upper(),
            said=dict(_pair(each) for each in said),
            encoding=encoding,
            date_format=date_format,
            zone=_zone(time_zone),
        )
        tally = _watched(source, rejects, dry_run)
    except Refused as refusal:
        raise click.ClickException(_with_option(refusal)) from None
    _sum_up(tally, time.monotonic() - started, rejects, dry_run)
    sys.exit(1 if tally.rejected else 0)


def _with_option(refusal: Refused) -> str:
    """The sentence, and the option that says what the file does not."""
    sentence = _(refusal.sentence, **refusal.params)
    if refusal.field not in OPTIONS:
        return sentence
    return f"{sentence} ({OPTIONS[refusal.field]})"


def _pair(text: str) -> tuple[str, str]:
    field, equals, heading = text.partition("=")
    if not equals:
        raise click.BadParameter("write FIELD=COLUMN, for example order_id=InvoiceNo")
    return field.strip(), heading.strip()


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise click.BadParameter(f"“{name}” is no time zone; one is Asia/Shanghai") from None


def _watched(source: OrderFile, rejects: Path, dry_run: bool) -> Tally:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[orders]:,} orders · {task.fields[rate]:,.0f}/s"),
        TimeRemainingColumn(),
    )
    started = time.monotonic()
    with Progress(*columns, console=screen) as progress:
        size = source.path.stat().st_size
        task = progress.add_task(source.path.name, total=size, orders=0, rate=0)

        def watch(tally: Tally) -> None:
            orders = tally.new + tally.known + tally.rejected
            rate = orders / max(time.monotonic() - started, 0.001)
            progress.update(task, completed=tally.at, orders=orders, rate=rate)

        return import_runs.run(source, clock.now(), rejects=rejects, dry_run=dry_run, watch=watch)


def _sum_up(tally: Tally, seconds: float, rejects: Path, dry_run: bool) -> None:
    for problem in tally.problems[:20]:
        screen.print(_printable(str(problem)), soft_wrap=True)
    if tally.rejected:
        told = f"All rejected rows and the reasons are in {rejects}; mend it and import it."
        screen.print(told, soft_wrap=True)
    orders = tally.new + tally.known + tally.rejected
    table = Table(title="Rehearsed, nothing written" if dry_run else "Imported", show_header=False)
    table.add_row("new orders", f"{tally.new:,}")
    table.add_row("known already", f"{tally.known:,}")
    table.add_row("rejected", f"{tally.rejected:,}")
    table.add_row("rows read", f"{tally.rows:,}")
    table.add_row("seconds", f"{seconds:,.1f}")
    table.add_row("orders per second", f"{orders / max(seconds, 0.001):,.0f}")
    Console().print(table)


hooks = click.Group("webhooks", help="What the shop tells us, and trying it out.")


@hooks.command(name="list")
def list_events() -> None:
    """Show webhooks that could not be processed yet."""
    table = Table(Column("id", no_wrap=True), "event", "order", "received", "tries", "why")
    events = webhook_runs.unprocessed()
    for event in events:
        received = event.received_at.isoformat(timespec="seconds")
        tries, why = str(event.attempts), event.error or ""
        cells = (event.id, event.kind, event.order_number, received, tries, why)
        table.add_row(*(Text(_printable(cell)) for cell in cells))
    Console().print(table if events else "Every webhook has been processed.")


@hooks.command()
@click.argument("event_id", required=False)
def replay(event_id: str | None) -> None:
    """Process one webhook, or all that wait, now."""
    done, failed = webhook_runs.replay(clock.now(), event_id)
    click.echo(f"{done} processed, {failed} still waiting.")
    sys.exit(1 if failed else 0)


@hooks.command()
@click.option("--url", help="The site's address; else this site's own.")
@click.option(
    "--event",
    type=click.Choice([f"order.{kind}" for kind in webhook_bodies.KINDS]),
    default="order.paid",
    show_default=True,
)
@click.option("--order", default="1001", show_default=True, help="The order's number.")
@click.option("--email", help="The buyer's address.")
@click.option("--total", help="For example 42.00")
@click.option("--amount", help="Of a refund, for example 14.00")
def send(
    url: str | None,
    event: str,
    order: str,
    email: str | None,
    total: str | None,
    amount: str | None,
) -> None:
    """Sign an example webhook as your shop would, and post it."""
    settings, now = Settings(), clock.now()
    given = {"customer": {"email": email} if email else None, "total": total, "amount": amount}
    try:
        body = webhook_bodies.example(event, order, now, **{k: v for k, v in given.items() if v})
    except ValueError as unknown:
        raise click.UsageError(str(unknown)) from None
    webhook_id = f"msg_{new_id(now)}"
    request = urllib.request.Request(  # noqa: S310 - the operator types the address
        f"{(url or settings.public_url).rstrip('/')}/webhooks/shop",
        data=body.encode(),
        headers={
            "Content-Type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(settings.shop_secret()).sign(webhook_id, now, body),
        },
    )
    click.echo(body)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            click.echo(f"{answer.status} {answer.read().decode()}")
    except urllib.error.HTTPError as problem:
        raise click.ClickException(f"{problem.code} {problem.read().decode()}") from None
    except OSError as problem:
        raise click.ClickException(f"nobody answers: {problem}") from None


def _printable(text: str) -> str:
    """Without control characters: what a shop sent never steers the terminal."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)
