"""Committing: the counters of budgets, moved with what is granted and what refunds take back.

Whoever grants or takes back first locks the counters of the months in question, in one order, and
before anything else it locks: a budget read by two at once would be crossed. Without any budget
there is no counter, and this is one small question. A counter is made when a budget first needs it,
from the grants there are; from then on it counts everything, also while no version asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from foundation.once import insert_once
from foundation.tables import table_of
from members.models import Member
from notifications.telling import Telling, tell_many
from rewards.budgets import notices
from rewards.budgets.granted import granted
from rewards.budgets.models import BudgetCount
from rewards.budgets.rules import ALL, EVER, Budget, level, points_limit
from rewards.engine import Award
from rewards.rules import Programme

COUNT = table_of(BudgetCount)


@dataclass
class Count:
    """One counter, as it is under our lock."""

    committed: int
    told: int
    told_limit: int


#: Counters by period and scope.
Counts = dict[tuple[str, str], Count]
Deltas = dict[tuple[str, str], int]


def lock(session: Session, programme: Programme | None, months: Iterable[str]) -> Counts:
    """The counters of `months` and of all time, locked until commit."""
    wanted = sorted(set(months))
    periods = [*wanted, EVER]
    counts = _locked(session, periods)
    needed = {
        (budget.period_of(month), budget.scope)
        for budget in (programme.budgets if programme else ())
        for month in wanted
    }
    missing = sorted(needed - counts.keys())
    if not missing:
        return counts
    for period, scope in missing:
        row = {"period": period, "scope": scope, "ceiling": None, "told": 0, "told_limit": 0}
        row["committed"] = granted(session, scope, period)
        insert_once(session, BudgetCount, row)
    return _locked(session, periods)


def _locked(session: Session, periods: Sequence[str]) -> Counts:
    columns = COUNT.c
    rows = session.execute(
        select(columns.period, columns.scope, columns.committed, columns.told, columns.told_limit)
        .where(columns.period.in_(periods))
        .order_by(columns.period, columns.scope)
        .with_for_update()
    )
    return {(row.period, row.scope): Count(row[2], row[3], row[4]) for row in rows}


def deltas(counts: Counts, amounts: Iterable[tuple[str, str, int]]) -> Deltas:
    """How far (rule, month, points) move each of `counts`."""
    found: Deltas = {}
    for rule, month, points in amounts:
        for key in ((month, rule), (month, ALL), (EVER, rule), (EVER, ALL)):
            if key in counts:
                found[key] = found.get(key, 0) + points
    return found


def write(
    session: Session,
    programme: Programme,
    counts: Counts,
    given: Sequence[tuple[Award, str]],
    now: datetime,
) -> None:
    """Count awards, each with its month, and tell the owners what budgets are (nearly) used up."""
    if not counts:
        return
    moved = deltas(counts, ((award.rule, month, award.amount) for award, month in given))
    limits = _limits(programme, counts)
    for key, delta in sorted(moved.items()):
        budget, limit = limits.get(key, (None, 0))
        hard = max(limit, counts[key].committed) if budget is not None and budget.is_hard else None
        if delta:
            _write(session, key, delta, hard)
            counts[key].committed += delta
    stopped = {award.cause for award, _month in given if award.cause}
    for key, (budget, limit) in sorted(limits.items(), key=lambda each: each[0]):
        count = counts[key]
        reached = 100 if f"budget:{budget.key}" in stopped else level(count.committed, limit)
        if reached > (count.told if count.told_limit == limit else 0):
            _tell_owners(session, programme, key, budget, count, (reached, limit), now)


def _limits(programme: Programme, counts: Counts) -> dict[tuple[str, str], tuple[Budget, int]]:
    """The budget of each counter, with its limit in points."""
    return {
        (period, scope): (budget, points_limit(budget, programme.worth_of_100))
        for period, scope in counts
        for budget in programme.budgets
        if budget.scope == scope and (budget.period == "ever") == (period == EVER)
    }


def _write(session: Session, key: tuple[str, str], delta: int, ceiling: int | None) -> None:
    period, scope = key
    session.execute(
        update(COUNT)
        .where(COUNT.c.period == period, COUNT.c.scope == scope)
        .values(committed=COUNT.c.committed + delta, ceiling=ceiling)
    )


def give_back(session: Session, counts: Counts, amounts: Iterable[tuple[str, str, int]]) -> None:
    """Let refunds make room again: (rule, month of the grant's fact, points taken back)."""
    for (period, scope), points in sorted(deltas(counts, amounts).items()):
        session.execute(
            update(COUNT)
            .where(COUNT.c.period == period, COUNT.c.scope == scope)
            .values(committed=COUNT.c.committed - points)
        )


def _tell_owners(
    session: Session,
    programme: Programme,
    key: tuple[str, str],
    budget: Budget,
    count: Count,
    told: tuple[int, int],
    now: datetime,
) -> None:
    """Tell every owner how far a budget is used up, and that he was told of this limit."""
    (period, scope), (percent, limit) = key, told
    session.execute(
        update(COUNT)
        .where(COUNT.c.period == period, COUNT.c.scope == scope)
        .values(told=percent, told_limit=limit)
    )
    rule = programme.rule(budget.rule) if budget.rule else None
    params = {
        "percent": percent,
        "limit": limit,
        "committed": count.committed,
        "month": None if period == EVER else period,
        "at_cap": budget.at_cap,
        "rule": rule.name if rule else None,
    }
    about = f"budget:{scope}:{period}"
    owners = session.scalars(select(Member.id).where(Member.role == "owner").order_by(Member.id))
    tellings = [Telling(each, "/programme/budgets", about, params) for each in owners]
    tell_many(session, notices.USED_UP, tellings, now)
