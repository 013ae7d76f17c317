"""What members had been granted, and what refunds had taken back, when the period began."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from foundation.facts import Fact
from foundation.tables import table_of
from rewards import programme, tallies
from rewards.happenings import REFERRED, Happened
from rewards.models import Clawback, Grant
from rewards.replaying.points import Lot
from rewards.rules import VOUCHER, month_of

FACT = table_of(Fact)
#: Of each grant of vouchers (fact, rule, member) how many went back, by the refund's fact.
Back = dict[tuple[str, str, str], dict[str, int]]


def lots(
    session: Session, start: datetime, window: timedelta, *, is_all: bool, has_vouchers: bool
) -> Iterator[tuple[Lot, str | None]]:
    """Grants of before `start`, with what each rests on: those that may still count
    for standing, and (`is_all`) whatever a refund may take back, vouchers where they count."""
    taken = _taken_back(session, start)
    columns = (Grant.id, Grant.member_id, Grant.rule, Grant.commodity, Grant.amount)
    counts = Grant.granted_at >= start - window
    if is_all:
        counts = or_(counts, Grant.basis.is_not(None))
    if not has_vouchers:
        counts = and_(counts, Grant.commodity != VOUCHER)
    query = (
        select(*columns, Grant.granted_at, Grant.fact_at, Grant.basis, Grant.fact_id)
        .where(Grant.granted_at < start, counts)
        .order_by(Grant.granted_at, Grant.id)
    )
    for row in session.execute(query):
        back, month = taken.get(row.id, 0), month_of(row.fact_at)
        given = (row.member_id, row.rule, row.commodity, row.amount, row.granted_at)
        yield Lot(*given, month, back, back, in_period=False, fact_id=row.fact_id), row.basis


def vouchers_back(session: Session, end: datetime) -> Back:
    """How many vouchers each refund really took back, by what they were granted for until `end`.

    Which of them were used before it, no programme can change.
    """
    found: Back = {}
    rows = session.execute(
        select(Grant.fact_id, Grant.rule, Grant.member_id, Clawback.fact_id, Clawback.amount)
        .outerjoin(Clawback, Clawback.grant_id == Grant.id)
        .where(Grant.commodity == VOUCHER, Grant.basis.is_not(None), Grant.fact_at < end)
    )
    for fact_id, rule, member_id, refund, amount in rows:
        back = found.setdefault((fact_id, rule, member_id), {})
        if refund is not None:
            back[refund] = int(amount)
    return found


def refunds(session: Session, start: datetime) -> Iterator[Happened]:
    """Refunds told before `start`, in their order, of friends who are rewarded later for orders."""
    told = programme.told(session, start)
    rewarded = select(Fact.details["friend"].as_string()).where(Fact.kind == REFERRED)
    friends = sorted({str(who) for who in session.scalars(rewarded.where(told >= start))})
    query = select(*(FACT.c[name] for name in Happened._fields)).order_by(FACT.c.at, FACT.c.id)
    query = query.where(FACT.c.kind == "order.refunded", FACT.c.at < start, told < start)
    for chunk in range(0, len(friends), tallies.CHUNK):
        among = FACT.c.member_id.in_(friends[chunk : chunk + tallies.CHUNK])
        for row in session.execute(query.where(among)):
            yield Happened(*row)


def _taken_back(session: Session, start: datetime) -> dict[str, int]:
    query = (
        select(Clawback.grant_id, func.sum(Clawback.amount))
        .where(Clawback.at < start)
        .group_by(Clawback.grant_id)
    )
    return {grant_id: int(total) for grant_id, total in session.execute(query)}


def given(
    session: Session, start: datetime, rules: Mapping[str, str], span: str | None
) -> Iterator[tuple[str, str, int]]:
    """Member, rule and amount of each grant of before `start`, for what happened in `span`, of the
    commodity that each of `rules` gives."""
    if not rules:
        return
    # In the order of `fact_at` rather than grouped: SQLite would look up every grant.
    query = select(Grant.member_id, Grant.rule, Grant.commodity, Grant.amount).where(
        Grant.granted_at < start, Grant.rule.in_(rules)
    )
    if span is not None:
        query = query.where(Grant.fact_at >= tallies.bounds(span)[0])
    for member_id, rule, commodity, amount in session.execute(query.order_by(Grant.fact_at)):
        if commodity == rules[rule]:
            yield member_id, rule, amount


def net(
    session: Session, start: datetime, since: datetime | None
) -> Iterator[tuple[str, str, int]]:
    """What was granted before `start` for what happened from `since` on, less what was back then:
    rule, commodity, amount."""
    inside = [Grant.granted_at < start]
    if since is not None:
        inside.append(Grant.fact_at >= since)
    by = (Grant.rule, Grant.commodity)
    granted = select(*by, func.sum(Grant.amount)).where(*inside).group_by(*by)
    for rule, commodity, amount in session.execute(granted):
        yield rule, commodity, int(amount)
    taken = (
        select(*by, func.sum(Clawback.amount))
        .join(Clawback, Clawback.grant_id == Grant.id)
        .where(*inside, Clawback.at < start)
        .group_by(*by)
    )
    for rule, commodity, amount in session.execute(taken):
        yield rule, commodity, -int(amount)
