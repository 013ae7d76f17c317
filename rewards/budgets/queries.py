"""How far the budgets of the programme in force are used up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from rewards import programme
from rewards.budgets.granted import granted
from rewards.budgets.models import BudgetCount, Withheld
from rewards.budgets.rules import Budget, cost, points_limit
from rewards.happenings import month_of
from rewards.programme import Version
from rewards.rules import EarningRule
from rewards.tallies import bounds


@dataclass(frozen=True)
class Used:
    """A budget and what it has committed in the present period, in points."""

    budget: Budget
    rule: EarningRule | None
    limit: int
    committed: int
    withheld: int  # points it kept back in this period
    cost: int | None  # minor units of the programme's currency
    limit_cost: int | None

    @property
    def percent(self) -> float:
        return self.committed / self.limit

    @property
    def tone(self) -> str:
        """How it is going: `good`, `warn` from 80 per cent on, `bad` when it is used up."""
        return "bad" if self.percent >= 1 else "warn" if self.percent >= 0.8 else "good"


def used(session: Session, now: datetime) -> tuple[Version, list[Used]] | None:
    """Every budget in force; None before the first programme."""
    version = programme.latest(session)
    if version is None:
        return None
    rules, month = version.rules, month_of(now)
    places = [(each.period_of(month), each.scope) for each in rules.budgets]
    key = tuple_(BudgetCount.period, BudgetCount.scope)
    known = session.execute(
        select(BudgetCount.period, BudgetCount.scope, BudgetCount.committed).where(key.in_(places))
    )
    counted = {(period, scope): int(committed) for period, scope, committed in known}
    rows = []
    for each, place in zip(rules.budgets, places, strict=True):
        committed = counted.get(place)
        if committed is None:  # nothing was earned since it was published
            committed = granted(session, each.scope, place[0])
        limit = points_limit(each, rules.worth_of_100)
        rows.append(
            Used(
                each,
                rules.rule(each.rule) if each.rule else None,
                limit,
                committed,
                _withheld(session, each, place[0]),
                cost(committed, rules.worth_of_100),
                each.limit if each.unit == "money" else cost(limit, rules.worth_of_100),
            )
        )
    return version, rows


def _withheld(session: Session, budget: Budget, period: str) -> int:
    query = select(func.sum(Withheld.amount)).where(Withheld.cause == f"budget:{budget.key}")
    if budget.period == "month":
        first, after = bounds(period)
        query = query.where(Withheld.fact_at >= first, Withheld.fact_at < after)
    return int(session.scalar(query) or 0)
