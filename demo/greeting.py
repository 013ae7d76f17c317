"""The first start: load the demo with a progress bar, then say where to look and who to be."""

from __future__ import annotations

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import select

from demo import loading, people
from foundation import clock
from foundation.doors import reading
from foundation.settings import Settings, Unusable
from foundation.web import postbox
from members.models import Member

#: Stands in the data folder while the demo is loaded.
UNFINISHED = "demo.unfinished"


def first_start(settings: Settings) -> str:
    """Fill an empty database if the settings want the demo; what to print.

    Unusable when an earlier first start was broken off: half a demo is told, never served.
    """
    unfinished = settings.data / UNFINISHED
    if settings.demo and loading.is_empty():
        unfinished.touch()
        load_with_progress()
        unfinished.unlink()
    elif settings.demo and unfinished.exists():
        database = settings.database_url and "the PostgreSQL database (dropdb, createdb)"
        raise Unusable(
            "The first start was broken off, and the demo is half loaded. Remove"
            f" {database or settings.data / 'bellmouth.sqlite3*'} and {unfinished}, then start again."
        )
    return greeting(settings)


def load_with_progress(scale: int = 1) -> None:
    """Load the demo and show how far it is."""
    columns = (
        TextColumn("Living through eight months of a tea merchant"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns) as bar:
        task = bar.add_task("", total=None)
        loading.load(
            clock.now(), scale, lambda done, total: bar.update(task, completed=done, total=total)
        )


def greeting(settings: Settings) -> str:
    """The site's address, and the demo's log-ins when the demo is what is in the database."""
    lines = ["", f"  {settings.site_name} is at {settings.public_url}", ""]
    if _is_demo():
        lines += [f"  {role:<10} {email}" for role, email in loading.log_ins()]
        lines += [f"  password   {people.PASSWORD}", ""]
        if postbox.serves(settings):
            lines += [f"  letters    {settings.public_url}{postbox.PATH}", ""]
    return "\n".join(lines)


def _is_demo() -> bool:
    with reading() as session:
        owner = people.HOUSE[0].email
        return session.scalar(select(Member.id).where(Member.email == owner)) is not None
