"""What happened outside a period and is told within it, or before the last of it is told: as it
really went.

An order of the days before may be told of late, and one of the days after before the last order of
the period. The programme that is replayed does not decide what these earn; but from the moment they
were told they count for caps, budgets, cards and standing, as they did then.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, and_, or_, select
from sqlalchemy.orm import Session

from rewards import programme
from rewards.happenings import FACTS, Happened, month_of
from rewards.models import Grant
from rewards.replaying.points import Lot
from rewards.replaying.reading import COLUMNS, FACT, ORDER, REFUND, STEP
from rewards.standing.rules import KINDS

#: What something rests on beside what was given: "order:<id>", "card:<id>".
Given = tuple[Lot, str | None]
NEVER = datetime.max.replace(tzinfo=UTC)
_PLACES = {kind: place for place, kind in enumerate(FACTS)}


class Told(NamedTuple):
    """A fact of another time, the version it happened in (None: before the first), and what it
    really earned."""

    fact: Happened
    heard_at: datetime
    version: int | None
    given: list[Given]


class Outside:
    """These facts, in the order in which they were told; `heard_at` is that of the next one."""

    def __init__(self, session: Session, start: datetime, end: datetime, until: datetime) -> None:
        self._dated = programme.timeline(session)
        self._facts = _facts(session, start, end, until)
        self._grants = _grants(session, start, end, until)
        self._grant: Row[Any] | None = None
        self._given: dict[str, list[Given]] = {}
        self._next = next(self._facts, None)
        self.heard_at = self._next[1] if self._next is not None else NEVER
        if self.is_any:
            self._grant = next(self._grants, None)

    @property
    def is_any(self) -> bool:
        """Whether there is one to come."""
        return self._next is not None

    def before(self, fact: Happened, heard_at: datetime) -> Iterator[Told]:
        """Those that were told before a fact of the period."""
        while self._next is not None and _key(*self._next) < _key(fact, heard_at):
            yield self._take(*self._next)

    def rest(self) -> Iterator[Told]:
        """Those that were told after the last fact of the period."""
        while self._next is not None:
            yield self._take(*self._next)

    def _take(self, fact: Happened, heard_at: datetime) -> Told:
        while self._grant is not None and self._grant.granted_at <= heard_at:
            self._keep(self._grant)
            self._grant = next(self._grants, None)
        self._next = next(self._facts, None)
        self.heard_at = self._next[1] if self._next is not None else NEVER
        version = programme.in_force(self._dated, fact.at)
        return Told(fact, heard_at, version, self._given.pop(fact.id, []))

    def _keep(self, grant: Row[Any]) -> None:
        of = (grant.member_id, grant.rule, grant.commodity)
        month = month_of(grant.fact_at)
        lot = Lot(
            *of, grant.amount, grant.granted_at, month, in_period=False, fact_id=grant.fact_id
        )
        self._given.setdefault(grant.fact_id, []).append((lot, grant.basis))


def _key(fact: Happened, heard_at: datetime) -> tuple[datetime, int, datetime, str]:
    """In which order facts are heard (`reading.stream`)."""
    return heard_at, _PLACES.get(fact.kind, len(_PLACES)), fact.at, fact.id


def _facts(
    session: Session, start: datetime, end: datetime, until: datetime
) -> Iterator[tuple[Happened, datetime]]:
    told = programme.told(session, start)
    query = (
        select(*COLUMNS, told)
        .where(FACT.c.kind.in_({*FACTS, REFUND, *KINDS}), told >= start, told <= until)
        .where(or_(FACT.c.at < start, and_(FACT.c.at >= end, FACT.c.at <= until)))
        .order_by(told, ORDER, FACT.c.at, FACT.c.id)
    )
    for row in session.execute(query, execution_options={"yield_per": STEP}):
        yield Happened(*row[:-1]), row[-1]


def _grants(
    session: Session, start: datetime, end: datetime, until: datetime
) -> Iterator[Row[Any]]:
    columns = (Grant.member_id, Grant.rule, Grant.commodity, Grant.amount, Grant.granted_at)
    query = (
        select(*columns, Grant.fact_at, Grant.fact_id, Grant.basis)
        .where(Grant.granted_at >= start, Grant.granted_at <= until)
        .where(or_(Grant.fact_at < start, and_(Grant.fact_at >= end, Grant.fact_at <= until)))
        .order_by(Grant.granted_at, Grant.id)
    )
    return iter(session.execute(query, execution_options={"yield_per": STEP}))
