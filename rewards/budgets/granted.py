"""What the grants add up to: the truth that the counters of budgets must match."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from rewards.budgets.rules import EVER, read_scope
from rewards.models import Grant
from rewards.tallies import bounds


def granted(session: Session, scope: str, period: str) -> int:
    """What the grants themselves say a counter must be."""
    rule, commodity = read_scope(scope)
    query = select(func.sum(Grant.amount - Grant.clawed)).where(Grant.commodity == commodity)
    if rule is not None:
        query = query.where(Grant.rule == rule)
    if period != EVER:
        first, after = bounds(period)
        query = query.where(Grant.fact_at >= first, Grant.fact_at < after)
    return int(session.scalar(query) or 0)
