"""A file looked at before anything is given: for whom, how much, what is wrong, what it adds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.rejects import Problem, Rejects
from ledger import statements
from rewards import programme
from rewards.awarding import giving, recipients, starting
from rewards.awarding.award_files import AwardFile, Row
from rewards.awarding.models import Award, AwardSet
from rewards.awarding.starting import Terms
from rewards.book.liability import worth_of
from rewards.rules import POINTS

MEMBERS = 5_000


@dataclass
class Check:
    """What giving the file now would do; `worth` in minor units of the programme's currency."""

    members: int = 0
    repeated: int = 0  # members with more than one row
    rows: int = 0
    points: int = 0
    known: int = 0
    rejected: int = 0
    pays_off: int = 0  # of the points, what members owe
    outstanding: int = 0  # before
    worth: int | None = None
    currency: str = ""
    problems: list[Problem] = field(default_factory=list)

    @property
    def added(self) -> int:
        """What it adds to the liability."""
        return self.points - self.pays_off

    def document(self) -> Mapping[str, Any]:
        """The numbers and problems to be kept with the set, for readers of any language."""
        numbers = {name: value for name, value in vars(self).items() if name != "problems"}
        return numbers | {"added": self.added, "problems": [each.kept() for each in self.problems]}


def check(
    session: Session,
    source: AwardFile,
    terms: Terms,
    now: datetime,
    *,
    rejects: Path | None = None,
) -> Check:
    """Read all of the file and write nothing but the file of rejects.

    Refused when the name belongs to another set.
    """
    begun = starting.named(session, source, terms)
    found, points = Check(), Counter[str]()
    times = Counter[str]()
    bin_ = Rejects(rejects, source.headings) if rejects else None
    with source.open() as file:
        rows = source.read(file)
        while chunk := list(islice(rows, giving.CHUNK)):
            known = _known(session, begun, chunk)
            fresh = [row for row in chunk if row.row not in known and not row.problems]
            members = recipients.resolve(session, source, fresh)
            for row in fresh:
                giving.expiry(source, row, begun.at if begun else now, terms.expires_in_days, now)
                if not row.problems:
                    points[members[row.row]] += row.amount
                    times[members[row.row]] += 1
            found.known += len(known)
            found.rejected += giving.reject(chunk, known, found.problems, bin_)
    if bin_:
        bin_.close()
    found.members, found.rows, found.points = len(points), times.total(), points.total()
    found.repeated = sum(count > 1 for count in times.values())
    _add_up(session, found, points)
    return found


def _known(session: Session, begun: AwardSet | None, chunk: list[Row]) -> set[int]:
    if begun is None:
        return set()
    return set(
        session.scalars(
            select(Award.row).where(
                Award.set_id == begun.id, Award.row.between(chunk[0].row, chunk[-1].row)
            )
        )
    )


def _add_up(session: Session, found: Check, points: Mapping[str, int]) -> None:
    """What of it pays off debts, and what the rest adds to what is outstanding."""
    ids = sorted(points)
    for start in range(0, len(ids), MEMBERS):
        has = statements.balances_of(session, ids[start : start + MEMBERS], POINTS)
        found.pays_off += sum(min(each.negative, points[owner]) for owner, each in has.items())
    outstanding = {each.commodity: each for each in statements.outstanding(session)}
    if (mine := outstanding.get(POINTS)) is not None:
        found.outstanding = mine.available + mine.pending
    rules = programme.current(session)
    if rules is not None:
        found.worth, found.currency = worth_of(rules, found.added), rules.currency
