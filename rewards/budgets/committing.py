"""Committing: the counters of budgets, moved with what is granted and what refunds take back.

Where anything is counted, or any programme has a budget, whoever grants or takes back first waits
for everybody else who does: a budget read by two at once would be crossed, and two who need the
counters of several months would wait for each other for ever. Without any budget there is no
counter, and this is one small question. A counter is made when a budget first needs it, from the
grants there are; from then on it counts everything, also while no version asks for it. So whoever
makes one waits for all who are granting or taking back without it, and they for him.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from foundation.once import insert_once
from foundation.tables import table_of
from members.models import Member
from notifications.telling import Telling, tell_many
from rewards.budgets import notices
from rewards.budgets.granted import granted
from rewards.budgets.models import BudgetCount
from rewards.budgets.rules import EVER, Allowance, level, scope_of
from rewards.engine import Award
from rewards.rules import Programme, allowances

COUNT = table_of(BudgetCount)
#: Of two who wait here, both go on together only while nothing is counted (PostgreSQL).
QUEUE = text("""
select case when exists (select 1 from reward_budget_count)
              or exists (select 1 from programme_version where rules -> 'budgets' <> '[]'::jsonb)
            then pg_advisory_xact_lock(hashtext('reward_budget_count'))
            else pg_advisory_xact_lock_shared(hashtext('reward_budget_count')) end""")


@dataclass
class Count:
    """One counter, as it is under our lock."""

    committed: int
    told: int
    told_limit: int


#: Counters by period and scope.
Key = tuple[str, str]
Counts = dict[Key, Count]
Deltas = dict[Key, int]
#: What somebody was given, or a refund took back: rule, commodity, month of the fact, amount.
Amount = tuple[str, str, str, int]


def lock(session: Session, programmes: Iterable[Programme], months: Iterable[str]) -> Counts:
    """The counters of `months` and of all time, locked until commit; those that budgets of
    `programmes` need are made. These are all that what follows may give something by."""
    wanted = sorted(set(months))
    periods = [*wanted, EVER]
    needed = {
        (allowance.budget.period_of(month), scope)
        for programme in programmes
        for allowance in allowances(programme)
        for scope in allowance.scopes
        for month in wanted
    }
    queue(session)
    counts = _locked(session, periods)
    missing = sorted(needed - counts.keys())
    if not missing:
        return counts
    for period, scope in missing:
        row = {"period": period, "scope": scope, "ceiling": None, "told": 0, "told_limit": 0}
        row["committed"] = granted(session, scope, period)
        insert_once(session, BudgetCount, row)
    return _locked(session, periods)


def queue(session: Session) -> None:
    """Wait for whoever counts, and let him wait for us until commit: before anything else that
    others who give or take back will lock too. SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(QUEUE)


def _locked(session: Session, periods: Sequence[str]) -> Counts:
    columns = COUNT.c
    rows = session.execute(
        select(columns.period, columns.scope, columns.committed, columns.told, columns.told_limit)
        .where(columns.period.in_(periods))
        .order_by(columns.period, columns.scope)
        .with_for_update()
    )
    return {(row.period, row.scope): Count(row[2], row[3], row[4]) for row in rows}


def deltas(counts: Counts, amounts: Iterable[Amount]) -> Deltas:
    """How far amounts move each of `counts`."""
    found: Deltas = {}
    for rule, commodity, month, amount in amounts:
        for scope in (scope_of(rule, commodity), scope_of(None, commodity)):
            for key in ((month, scope), (EVER, scope)):
                if key in counts:
                    found[key] = found.get(key, 0) + amount
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
    amounts = ((award.rule, award.commodity, month, award.amount) for award, month in given)
    moved = {key: delta for key, delta in deltas(counts, amounts).items() if delta}
    for key, delta in moved.items():
        counts[key].committed += delta
    asked = _asked(programme, counts)
    for key, delta in sorted(moved.items()):
        _write(session, key, delta, _ceiling(asked.get(key), key, counts, delta))
    stopped = {award.cause for award, _month in given if award.cause}
    for key, allowance in sorted(asked.items(), key=lambda each: each[0]):
        if key[1] == allowance.home:
            is_stopped = f"budget:{allowance.budget.key}" in stopped
            _look_at_level(session, programme, key, allowance, counts, is_stopped, now)


def _asked(programme: Programme, counts: Counts) -> dict[Key, Allowance]:
    """The budget that counts each counter; a counter is in one budget at most."""
    return {
        (period, scope): allowance
        for allowance in allowances(programme)
        for period, scope in counts
        if scope in allowance.scopes and (allowance.budget.period == "ever") == (period == EVER)
    }


def _ceiling(allowance: Allowance | None, key: Key, counts: Counts, delta: int) -> int | None:
    """What a counter may not pass: its budget, or what was there before when it was more; None:
    nothing stops it. What else is in the budget is taken as it is now."""
    if allowance is None or not allowance.budget.is_hard:
        return None
    period, scope = key
    left = allowance.room(scope, lambda asked: _committed(counts, period, asked))
    now = counts[key].committed
    return max(now + left, now - delta)


def _committed(counts: Counts, period: str, scope: str) -> int:
    count = counts.get((period, scope))
    return count.committed if count else 0


def _write(session: Session, key: Key, delta: int, ceiling: int | None) -> None:
    period, scope = key
    session.execute(
        update(COUNT)
        .where(COUNT.c.period == period, COUNT.c.scope == scope)
        .values(committed=COUNT.c.committed + delta, ceiling=ceiling)
    )


def give_back(session: Session, counts: Counts, amounts: Iterable[Amount]) -> None:
    """Let refunds make room again; months are those of the facts that were rewarded."""
    for (period, scope), amount in sorted(deltas(counts, amounts).items()):
        session.execute(
            update(COUNT)
            .where(COUNT.c.period == period, COUNT.c.scope == scope)
            .values(committed=COUNT.c.committed - amount)
        )


def _look_at_level(
    session: Session,
    programme: Programme,
    key: Key,
    allowance: Allowance,
    counts: Counts,
    is_stopped: bool,
    now: datetime,
) -> None:
    """Tell the owners once when a budget has reached a level, or first stopped something."""
    committed = allowance.committed(lambda scope: _committed(counts, key[0], scope))
    reached = 100 if is_stopped else level(committed, allowance.limit)
    count = counts[key]
    if reached > (count.told if count.told_limit == allowance.limit else 0):
        _tell_owners(session, programme, key, allowance, (reached, committed), now)


def _tell_owners(
    session: Session,
    programme: Programme,
    key: Key,
    allowance: Allowance,
    told: tuple[int, int],
    now: datetime,
) -> None:
    """Tell every owner how far a budget is used up, and that he was told of this limit."""
    (period, scope), (percent, committed) = key, told
    budget = allowance.budget
    session.execute(
        update(COUNT)
        .where(COUNT.c.period == period, COUNT.c.scope == scope)
        .values(told=percent, told_limit=allowance.limit)
    )
    rule = programme.rule(budget.rule) if budget.rule else None
    params = {
        "percent": percent,
        "limit": allowance.limit,
        "committed": committed,
        "currency": programme.currency if budget.unit == "money" else None,
        "unit": budget.unit,
        "month": None if period == EVER else period,
        "at_cap": budget.at_cap,
        "rule": rule.name if rule else None,
    }
    about = f"budget:{scope}:{period}"
    owners = session.scalars(select(Member.id).where(Member.role == "owner").order_by(Member.id))
    tellings = [Telling(each, "/programme/budgets", about, params) for each in owners]
    tell_many(session, notices.USED_UP, tellings, now)
