"""Figures: sums whose counting takes longer as the house grows, for pages that must not.

While counting is quick a page counts anew each time. Once it is not, what was counted is kept and
shown with its hour, and a job counts anew before it is a day old.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from foundation.doors import reading, writing
from foundation.jobs import Job, Summary
from foundation.once import insert_once, put
from foundation.tables import Base, Json, Moment, Number, table_of
from foundation.words import lazy

#: A page may take this many milliseconds to count for itself.
QUICK = 20
#: The milliseconds of what was forgotten: less than anything takes.
FORGOTTEN = -1
#: How old kept figures may be. The job runs more often, so that no reader has to wait for it.
KEPT = timedelta(days=1)
EVERY = timedelta(hours=6)

#: Counts; says it in what JSON can hold.
Count = Callable[[Session, datetime], dict[str, Any]]


class Figures(Base):
    """What was counted last under a name, and how long that took; only where it took long."""

    __tablename__ = "figures"

    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[Moment]
    milliseconds: Mapped[Number]
    document: Mapped[Json]


@dataclass(frozen=True)
class Counted:
    """What was counted, and when if that was not just now."""

    document: Mapping[str, Any]
    at: datetime | None = None


def counted(name: str, count: Count, now: datetime) -> Counted:
    """What `count` counts now, or what it counted last when that takes too long for a page."""
    with reading() as session:
        last = session.get(Figures, name)
    if last is not None and last.milliseconds > QUICK and now - last.at < KEPT:
        return Counted(last.document, last.at)
    return Counted(_count(name, count, now))


def forget(session: Session, name: str, now: datetime) -> None:
    """What was counted under a name holds no more: the next reader counts anew, and who is
    counting just now does not keep it."""
    nothing = {"at": now, "milliseconds": FORGOTTEN, "document": {}}
    put(session, Figures, "name", {"name": name}, nothing)


def job(counts: Mapping[str, Count]) -> Job:
    """The job that counts anew what pages would take too long for; `counts` by name."""

    def run(now: datetime) -> str:
        with reading() as session:
            kept = session.scalars(select(Figures.name).order_by(Figures.name)).all()
        names = [name for name in kept if name in counts]
        for name in names:
            _count(name, counts[name], now)
        return Summary("Figures counted: %(count)s", count=len(names))

    return Job("foundation.figures", EVERY, run, lazy("Count what takes long"))


def _count(name: str, count: Count, now: datetime) -> dict[str, Any]:
    """Count, and keep what takes long, unless somebody kept or forgot it meanwhile."""
    with reading() as session:
        last = session.get(Figures, name)
        started = time.perf_counter()
        document = count(session, now)
        milliseconds = round((time.perf_counter() - started) * 1000)
    if milliseconds > QUICK or (last is not None and last.milliseconds > QUICK):
        with writing() as session:
            said = {"at": now, "milliseconds": milliseconds, "document": document}
            _keep(session, name, last, said)
    return document


def _keep(session: Session, name: str, last: Figures | None, said: Mapping[str, Any]) -> None:
    columns = table_of(Figures).c
    if last is None:
        insert_once(session, Figures, {"name": name, **said})
        return
    is_last = (columns.at == last.at, columns.milliseconds == last.milliseconds)
    session.execute(update(table_of(Figures)).where(columns.name == name, *is_last).values(said))
