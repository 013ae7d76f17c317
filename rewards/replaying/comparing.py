"""A replay held against what really happened: costs by rule, and who would move."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foundation.facts import Fact
from rewards.cards import past as past_gifts
from rewards.models import Clawback, Grant
from rewards.replaying.outcomes import Costs, Mover, Outcome, RuleCost, cost_key, read_cost_key
from rewards.replaying.past import Past
from rewards.replaying.points import Placed
from rewards.rules import VOUCHER, Programme, tier_of
from rewards.standing import tiers
from rewards.topups import replaying as topups


def compare(
    session: Session,
    outcome: Outcome,
    past: Past,
    rules: Programme,
    in_force: Programme,
    start: datetime,
    end: datetime,
) -> None:
    """Write into `outcome` what came of it, beside what really did."""
    for key, cost in outcome.replayed.items():
        cost.members_capped = past.capped(read_cost_key(key)[0])
    outcome.actual = actual(session, start, end)
    outcome.gifts = past.gifts.given
    outcome.actual_gifts = past_gifts.really_given(session, start, end)
    outcome.silent = [key for key, cost in outcome.replayed.items() if cost.grants == 0]
    outcome.topups = topups.replayed(session, rules, start, end)
    outcome.actual_topups = topups.really(session, start, end)
    real = tiers.really_at(session, in_force, end)
    outcome.movers = _movers(rules, in_force, real, past.placed or {})


def actual(session: Session, start: datetime, end: datetime) -> Costs:
    """What was really granted for facts of the period, and taken back within it; but for vouchers,
    which are counted where they are given away."""
    costs: Costs = {}
    by = (Grant.rule, Grant.commodity)
    granted = (
        select(
            *by,
            func.sum(Grant.amount),
            func.count(),
            func.sum(Grant.capped),
        )
        .where(Grant.fact_at >= start, Grant.fact_at < end, Grant.commodity != VOUCHER)
        .group_by(*by)
    )
    for rule, commodity, amount, grants, capped in session.execute(granted):
        cost = RuleCost(granted=int(amount), grants=grants, capped=int(capped))
        costs[cost_key(rule, commodity)] = cost
    clawed = (
        select(*by, func.sum(Clawback.amount))
        .join(Clawback, Clawback.grant_id == Grant.id)
        .join(Fact, Fact.id == Clawback.fact_id)
        .where(Grant.fact_at >= start, Grant.fact_at < end, Fact.at >= start, Fact.at < end)
        .where(Grant.commodity != VOUCHER)
        .group_by(*by)
    )
    for rule, commodity, amount in session.execute(clawed):
        costs[cost_key(rule, commodity)].clawed = int(amount)
    return costs


def _movers(rules: Programme, in_force: Programme, real: Placed, replayed: Placed) -> list[Mover]:
    movers = []
    nobody = (in_force.tiers[0].key, 0), (rules.tiers[0].key, 0)
    for member_id in real.keys() | replayed.keys():
        before, was = real.get(member_id, nobody[0])
        after, would = replayed.get(member_id, nobody[1])
        if before != after:
            is_up = _height(rules, after) > _height(in_force, before, was)
            movers.append(Mover(member_id, before, after, is_up, was, would))
    return sorted(movers, key=lambda m: (not m.is_up, -m.standing_after, m.member_id))


def _height(rules: Programme, key: str, standing: int = 0) -> tuple[int, int]:
    """How high a tier is, also beside the tiers of another programme. One that there was when the
    period ended and is no more is as high as what `standing` reaches now."""
    tier = rules.tier(key) or tier_of(rules, standing)
    return tier.earn_percent, rules.tiers.index(tier)
