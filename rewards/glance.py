"""The programme at a glance, for its owner: what it gave, by rule and month; who is in which tier.

Counting reads every grant of months and every member, so a large house sees what was counted last
(`foundation.figures`). Names and months are put into the reader's words afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from babel import dates
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foundation import words
from foundation.words import text_in
from members.models import Member
from rewards import programme, tallies
from rewards.bars import Bar, in_order
from rewards.models import Grant
from rewards.programme import Version
from rewards.replaying import actual, read_cost_key
from rewards.rules import POINTS, VOUCHER, Programme
from rewards.standing import tiers

#: What the figures are kept under.
FIGURES = "programme"
#: How far back costs by rule go.
LATELY = timedelta(days=90)
MONTHS = 6


# Counting: what JSON can hold, for readers of every language.


def count(session: Session, now: datetime) -> dict[str, Any]:
    """Costs by rule and commodity, what was granted by month, members by tier."""
    version = programme.latest(session)
    costs = actual(session, now - LATELY, now)
    return {
        "costs": {key: spent.net for key, spent in costs.items()},
        "months": _granted_by_month(session, now),
        "members": _members_by_tier(session, version.rules, now) if version else {},
    }


def _granted_by_month(session: Session, now: datetime) -> list[tuple[str, dict[str, int]]]:
    """What was granted, less what was taken back, in the last months, oldest first."""
    first, found = tallies.bounds(f"{now:%Y-%m}")[0], list[tuple[str, dict[str, int]]]()
    for _ in range(MONTHS):
        month = f"{first:%Y-%m}"
        rows = session.execute(
            select(Grant.commodity, func.sum(Grant.amount - Grant.clawed))
            .where(Grant.granted_at >= first, Grant.granted_at < tallies.bounds(month)[1])
            .where(Grant.commodity != VOUCHER)
            .group_by(Grant.commodity)
        )
        found.append((month, {code: int(total) for code, total in rows}))
        first = tallies.bounds(f"{first - timedelta(days=1):%Y-%m}")[0]
    return found[::-1]


def _members_by_tier(session: Session, rules: Programme, now: datetime) -> dict[str, int]:
    """How many members are in each tier; those who never did anything count in the first."""
    counts = {tier.key: 0 for tier in rules.tiers}
    placed = tiers.tiers_of(session, rules, None, now)
    for key in placed.values():
        counts[key] += 1
    everybody = session.scalar(select(func.count()).select_from(Member)) or 0
    counts[rules.tiers[0].key] += everybody - len(placed)
    return counts


# In the reader's words.


def costs(
    session: Session, counted: Mapping[str, int], version: Version | None
) -> dict[str, list[Bar]]:
    """What each rule gave, by commodity, dearest first."""
    keys = [read_cost_key(key)[0] for key in counted]
    known = programme.naming(session, keys, [version.rules] if version else [])
    found: dict[str, list[Bar]] = {}
    for key, net in counted.items():
        rule_key, commodity = read_cost_key(key)
        rule = next((rule for each in known if (rule := each.rule(rule_key))), None)
        name = text_in(rule.name) if rule else rule_key
        found.setdefault(commodity, []).append(Bar.of(name, net, commodity))
    return {code: sorted(found[code], key=lambda bar: -bar.amount) for code in in_order(found)}


def months(counted: Iterable[tuple[str, Mapping[str, int]]]) -> dict[str, list[Bar]]:
    """What was granted in each month, by commodity, always of points."""
    given = list(counted)
    codes = in_order({POINTS, *(code for _month, totals in given for code in totals)})
    return {
        code: [Bar.of(_called(month), totals.get(code, 0), code) for month, totals in given]
        for code in codes
    }


def _called(month: str) -> str:
    """A month as the reader's language writes it."""
    locale = words.locale(words.language())
    return str(dates.format_skeleton("yMMM", tallies.bounds(month)[0], locale=locale))
