"""Withholding: what a cap or a budget kept back is a row, so that a member can see why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from foundation.tables import new_id
from rewards import explaining_rules, programme
from rewards.budgets.models import Withheld
from rewards.budgets.rules import Budget
from rewards.engine import Award
from rewards.programme import Version
from rewards.rules import EarningRule, Happened


def write(
    session: Session, version: Version, stopped: Sequence[tuple[Happened, Award]], now: datetime
) -> None:
    """Keep what limits withheld of these awards."""
    rows = [
        {
            "id": new_id(now),
            "member_id": award.member_id,
            "rule": award.rule,
            "version": version.number,
            "fact_id": fact.id,
            "fact_kind": fact.kind,
            "fact_at": fact.at,
            "subject": fact.subject,
            "commodity": award.commodity,
            "amount": award.capped,
            "given": award.amount,
            "cause": award.cause or "month",
            "at": now,
        }
        for fact, award in stopped
        if award.capped
    ]
    if rows:
        session.execute(insert(Withheld), rows)


@dataclass(frozen=True)
class Explained:
    """Something that was not given, with the rule and the limit that say why."""

    row: Withheld
    rule: EarningRule | None
    budget: Budget | None
    again_on: date | None  # from when there is room again; None: not by itself
    limit: str  # in words


def of_member(session: Session, member_id: str, limit: int = 10) -> list[Explained]:
    """What was withheld from a member, newest first."""
    rows = session.scalars(
        select(Withheld)
        .where(Withheld.member_id == member_id)
        .order_by(Withheld.fact_at.desc(), Withheld.id.desc())
        .limit(limit)
    ).all()
    known = programme.numbered(session, (row.version for row in rows))
    return [_explained(row, known.get(row.version)) for row in rows]


def of_grant(
    session: Session, version: Version, fact_id: str, rule: str, member_id: str
) -> Explained | None:
    """What was withheld of a grant that was given in part."""
    row = session.scalar(
        select(Withheld).where(
            Withheld.fact_id == fact_id, Withheld.rule == rule, Withheld.member_id == member_id
        )
    )
    return _explained(row, version) if row is not None else None


def _explained(row: Withheld, version: Version | None) -> Explained:
    rules = version.rules if version else None
    key = row.cause.partition("budget:")[2]
    budget = next((each for each in rules.budgets if each.key == key), None) if rules else None
    rule = rules.rule(row.rule) if rules else None
    limit = explaining_rules.cause(row.cause, rule, rules) if rule and rules else row.cause
    return Explained(row, rule, budget, _again(row, budget), limit)


def _again(row: Withheld, budget: Budget | None) -> date | None:
    day = row.fact_at.date()
    if row.cause == "day":
        return day + timedelta(days=1)
    if row.cause == "month" or (budget is not None and budget.period == "month"):
        return date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return None
