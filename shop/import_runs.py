"""One run over a file: a thousand orders per transaction, so that it can be broken off and resumed.

Orders that cannot be taken in go to a file of rejects with a column `why`; mend it and import it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO

from sqlalchemy import select

from foundation.doors import reading, writing
from foundation.refusal import Refused
from foundation.rejects import Problem, Rejects
from shop import importing
from shop.models import Order
from shop.order_files import Group, OrderFile

#: Orders per transaction: long enough to be quick, short enough to let other writers in between.
CHUNK = 1_000
#: Problems kept to be shown; all of them stand in the file of rejects.
SHOWN = 100


@dataclass
class Tally:
    """What a run did, in orders; `at` bytes of the file are read."""

    new: int = 0
    known: int = 0
    rejected: int = 0
    rows: int = 0
    at: int = 0
    problems: list[Problem] = field(default_factory=list)


def run(
    source: OrderFile,
    now: datetime,
    *,
    rejects: Path | None = None,
    dry_run: bool = False,
    watch: Callable[[Tally], None] = lambda tally: None,
) -> Tally:
    """Import the file; `watch` sees the tally after every chunk. Raises Refused for a broken file.

    With `dry_run` nothing is written but the file of rejects.
    """
    tally = Tally()
    bin_ = Rejects(rejects, source.columns.headings) if rejects else None
    try:
        with (
            source.open() as file,
            io.TextIOWrapper(file, encoding=source.manners.encoding, newline="") as text,
        ):
            for chunk in _chunks(source, text):
                _take(chunk, now, tally, bin_, dry_run)
                tally.at = file.tell()
                watch(tally)
    finally:
        if bin_:
            bin_.close()
    return tally


def _chunks(source: OrderFile, text: IO[str]) -> Iterator[list[Group]]:
    """Chunks of orders; a file that breaks off raises only after what was read before."""
    seen: set[str] = set()
    chunk: list[Group] = []
    groups = source.groups(text)
    broken: Refused | None = None
    while True:
        try:
            group = next(groups, None)
        except Refused as refusal:
            broken, group = refusal, None
        if group is None:
            break
        if group.number in seen:
            group.order = None
            group.problems.append(Problem(group.rows[0][0], None, _apart(group.number)))
        seen.add(group.number)
        chunk.append(group)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
    if broken is not None:
        raise broken


def _apart(number: str) -> Refused:
    return Refused(
        "Order %(number)s stands further up already. Keep the rows of an order together.",
        code="apart",
        number=number,
    )


def _take(
    chunk: list[Group], now: datetime, tally: Tally, rejects: Rejects | None, dry_run: bool
) -> None:
    readable = [group for group in chunk if group.order is not None]
    if dry_run:
        outcome = _rehearse(readable)
    else:
        with writing() as session:
            outcome = importing.take_in(session, readable, now)
    tally.new += outcome.new
    tally.known += outcome.known
    tally.rows += sum(len(group.rows) for group in chunk)
    differing = {id(group) for group in outcome.differing}
    for group in chunk:
        if group.order is None or id(group) in differing:
            tally.rejected += 1
            tally.problems += group.problems[: max(0, SHOWN - len(tally.problems))]
            if rejects:
                _reject(rejects, group)


def _rehearse(groups: list[Group]) -> importing.Outcome:
    with reading() as session:
        numbers = [group.number for group in groups]
        known = len(session.scalars(select(Order.id).where(Order.number.in_(numbers))).all())
    return importing.Outcome(new=len(groups) - known, known=known)


def _reject(rejects: Rejects, group: Group) -> None:
    """Write every row of an order; half an order would later look like another one."""
    for row, cells in group.rows:
        why = " ".join(str(problem) for problem in group.problems if problem.row == row)
        rejects.add(cells, why)
