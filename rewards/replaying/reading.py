"""Which facts a replay must hear of, and in which order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from foundation.facts import Fact
from foundation.tables import table_of
from rewards import programme
from rewards.cards import past as past_gifts
from rewards.happenings import FACTS
from rewards.rules import Happened, Programme
from rewards.standing import past as standing_past

FACT = table_of(Fact)
#: A fact as the engine sees it.
COLUMNS = [FACT.c[name] for name in Happened._fields]
Told = tuple[Happened, datetime]

REFUND = "order.refunded"
#: Facts between two reports of progress, and rows fetched at a time.
STEP = 5_000

#: In what order kinds heard in one instant are worked off, as they are live: what follows from an
#: order comes after it.
ORDER = case({kind: place for place, kind in enumerate(FACTS)}, value=FACT.c.kind, else_=len(FACTS))


def kinds_of(rules: Programme) -> set[str]:
    """The facts that a replay of `rules` must read."""
    earning = {rule.fact for rule in rules.earning}
    return earning | {REFUND, *standing_past.kinds(rules), *past_gifts.kinds(rules)}


def count(session: Session, kinds: set[str], start: datetime, end: datetime) -> int:
    """How many facts of `kinds` happened in the period."""
    return extent(session, kinds, start, end)[0]


def extent(
    session: Session, kinds: set[str], start: datetime, end: datetime
) -> tuple[int, datetime]:
    """How many facts of `kinds` happened in the period, and when the last of them was told: not
    before its end."""
    inside = (Fact.kind.in_(kinds), Fact.at >= start, Fact.at < end)
    last = func.max(programme.told(session, start))
    found, told = session.execute(select(func.count(), last).where(*inside)).one()
    return found, max(told or end, end)


def stream(
    session: Session, kinds: set[str], start: datetime, end: datetime
) -> Iterator[list[Told]]:
    """The facts of the period in the order in which they were heard, some thousand at a time."""
    told = programme.told(session, start)
    query = (
        select(*COLUMNS, told)
        .where(FACT.c.kind.in_(kinds), FACT.c.at >= start, FACT.c.at < end)
        .order_by(told, ORDER, FACT.c.at, FACT.c.id)
    )
    rows = session.execute(query, execution_options={"yield_per": STEP})
    for some in rows.partitions():
        yield [(Happened(*row[:-1]), row[-1]) for row in some]
