"""Top-up offers in a replay: what they would have given over what really happened.

The orders of the period go through `rules.bought`, as live ones do. Refunds are left out on both
sides of the comparison: what they take depends on what members had used.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foundation.facts import Fact
from rewards.happenings import Happened
from rewards.rules import Programme
from rewards.topups.models import TopUpPurchase
from rewards.topups.rules import bought

STEP = 5_000


@dataclass
class UnitsGiven:
    """What one offer brought: how often it was bought, and how many units of each sort."""

    times: int = 0
    paid: int = 0
    free: int = 0


def replayed(
    session: Session, rules: Programme, start: datetime, end: datetime
) -> dict[str, UnitsGiven]:
    """What the offers of `rules` would have given for orders from `start` until before `end`."""
    given = {offer.key: UnitsGiven() for offer in rules.topups}
    if not given:
        return given
    columns = (Fact.id, Fact.kind, Fact.subject, Fact.member_id, Fact.at, Fact.details)
    query = select(*columns).where(Fact.kind == "order.paid", Fact.at >= start, Fact.at < end)
    for row in session.execute(query, execution_options={"yield_per": STEP}):
        for each in bought(rules.topups, Happened(*row)):
            sums = given[each.offer.key]
            sums.times += 1
            sums.paid += each.paid
            sums.free += each.free
    return given


def really(session: Session, start: datetime, end: datetime) -> dict[str, UnitsGiven]:
    """What offers really gave for orders of the period."""
    rows = session.execute(
        select(
            TopUpPurchase.offer,
            func.count(),
            func.sum(TopUpPurchase.paid),
            func.sum(TopUpPurchase.free),
        )
        .where(TopUpPurchase.at >= start, TopUpPurchase.at < end)
        .group_by(TopUpPurchase.offer)
    )
    return {key: UnitsGiven(times, int(paid), int(free)) for key, times, paid, free in rows}
