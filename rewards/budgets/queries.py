"""How far the budgets of the programme in force are used up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from rewards import programme
from rewards.budgets.granted import granted
from rewards.budgets.models import BudgetCount, Withheld
from rewards.budgets.rules import Allowance, Budget, cost, read_scope
from rewards.happenings import month_of
from rewards.programme import Version
from rewards.rules import EarningRule, Programme, allowances
from rewards.tallies import bounds


@dataclass(frozen=True)
class Used:
    """A budget and what it has committed in the present period: points or vouchers where it is
    counted in them, else minor units of the programme's currency."""

    budget: Budget
    rule: EarningRule | None
    limit: int
    committed: int
    amounts: Mapping[str, int]  # what was committed, by commodity
    withheld: Mapping[str, int]  # what it kept back in this period, by commodity
    cost: int | None  # of points, where it is counted in them
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
    month = month_of(now)
    ready = [(each, each.budget.period_of(month)) for each in allowances(version.rules)]
    counted = _counted(session, {(when, scope) for each, when in ready for scope in each.scopes})
    return version, [_used(session, version.rules, each, when, counted) for each, when in ready]


def _counted(session: Session, places: set[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """What is committed by period and scope; where nothing was earned since a budget was
    published there is no counter yet."""
    key = tuple_(BudgetCount.period, BudgetCount.scope)
    rows = session.execute(
        select(BudgetCount.period, BudgetCount.scope, BudgetCount.committed).where(
            key.in_(sorted(places))
        )
    )
    known = {(period, scope): int(committed) for period, scope, committed in rows}
    return known | {place: granted(session, place[1], place[0]) for place in places - known.keys()}


def _used(
    session: Session,
    rules: Programme,
    allowance: Allowance,
    period: str,
    counted: Mapping[tuple[str, str], int],
) -> Used:
    budget = allowance.budget
    committed = allowance.committed(lambda scope: counted[period, scope])
    worth = rules.worth_of_100 if budget.unit == "points" else None
    return Used(
        budget,
        rules.rule(budget.rule) if budget.rule else None,
        allowance.limit,
        committed,
        {read_scope(scope)[1]: counted[period, scope] for scope in allowance.scopes},
        _withheld(session, budget, period),
        cost(committed, worth),
        cost(allowance.limit, worth),
    )


def _withheld(session: Session, budget: Budget, period: str) -> dict[str, int]:
    query = select(Withheld.commodity, func.sum(Withheld.amount)).where(
        Withheld.cause == f"budget:{budget.key}"
    )
    if budget.period == "month":
        first, after = bounds(period)
        query = query.where(Withheld.fact_at >= first, Withheld.fact_at < after)
    rows = session.execute(query.group_by(Withheld.commodity))
    return {commodity: int(total) for commodity, total in rows}
