"""Clawing back: when an order is refunded, its share of every grant that rested on it goes back.

After refunds of `refunded_total` of `total`, floor(amount × refunded_total / total) of a grant must
be back; each refund takes what is missing to that, so any order of partial refunds ends alike.
The reward of a stamp card rests on all of its orders and goes back whole once one of them gives up
its stamp.

Of vouchers that a rule gave those go back that were not used.

A friend's order is rewarded once it is clear that it counts, which may be after part of it went
back: that share is taken back at once.

What is still held is voided. What was released is taken from what the member can spend, and what
she spent already is owed: the next she earns of the same commodity pays it off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from foundation import facts
from foundation.facts import Fact, FactDraft
from foundation.tables import new_id
from ledger import clawbacks, holds
from notifications.telling import tell
from rewards import notices, programme
from rewards.budgets import committing
from rewards.cards import stamps
from rewards.happenings import CARD_FILLED, REFERRED
from rewards.locking import lock_first, lock_members
from rewards.models import Clawback, Grant
from rewards.rules import VOUCHER, month_of, order_reference, share_taken_back
from rewards.vouchers import earned

#: Orders, or grants, asked about in one statement.
CHUNK = 500


def hear(session: Session, heard: Sequence[Fact], now: datetime) -> None:
    """Take back what each refund asks for; orders that earned nothing cost little."""
    refunds = [fact for fact in heard if fact.kind == "order.refunded"]
    if refunds:
        lock_first(session, (fact.at for fact in refunds), lambda: _concerned(session, refunds))
        full = stamps.full_cards_losing(session, refunds)
        take_back(session, refunds, full, now)


def hear_late(session: Session, heard: Sequence[Fact], now: datetime) -> None:
    """Take back at once what went back of an order before it was rewarded."""
    refunds = _told_before(session, [fact for fact in heard if fact.kind == REFERRED])
    if refunds:
        take_back(session, refunds, {}, now)


def _told_before(session: Session, rewarded: Sequence[Fact]) -> list[Fact]:
    """The refunds of these friends' orders."""
    buyers = sorted({str(fact.details["friend"]) for fact in rewarded})
    orders = {order_reference(str(fact.details["order"])) for fact in rewarded}
    found: list[Fact] = []
    for start in range(0, len(buyers), CHUNK):
        among = Fact.member_id.in_(buyers[start : start + CHUNK])
        found.extend(session.scalars(select(Fact).where(among, Fact.kind == "order.refunded")))
    return [fact for fact in found if order_reference(str(fact.details["order"])) in orders]


def _concerned(session: Session, refunds: Sequence[Fact]) -> set[str]:
    """The buyers, and who was given something for these orders or for cards they are stamped on."""
    buyers = {fact.member_id for fact in refunds if fact.member_id is not None}
    collectors, _months = stamps.touched(session, refunds)
    full = stamps.full_cards_losing(session, refunds)
    bases = {order_reference(str(fact.details["order"])) for fact in refunds}.union(*full.values())
    given = _grants_resting_on(session, sorted(bases))
    return buyers | collectors | {member_id for _id, member_id, _at in given}


def take_back(
    session: Session,
    refunds: Sequence[Fact],
    cards: Mapping[str, Sequence[str]],
    now: datetime,
) -> None:
    """Take back what rests on the refunded orders, and all that rests on `cards`, which are named
    by the fact of the refund; what is back already stays so."""
    orders = {order_reference(str(fact.details["order"])) for fact in refunds}
    orders.update(*cards.values())
    found = _grants_resting_on(session, sorted(orders))
    if not found:
        return
    counts = committing.lock(session, (), {month_of(at) for _id, _member, at in found})
    lock_members(session, (member_id for _id, member_id, _at in found))
    grants = _lock_grants(session, [grant_id for grant_id, _member, _at in found])
    resting = [grant for of_order in grants.values() for grant in of_order]
    before = {grant.id: grant.clawed for grant in resting}
    for fact in sorted(refunds, key=lambda fact: (fact.at, fact.id)):
        for basis in (order_reference(str(fact.details["order"])), *cards.get(fact.id, ())):
            for grant in grants.get(basis, ()):
                _take_back(session, grant, fact, now)
    taken = [(g.rule, g.commodity, month_of(g.fact_at), g.clawed - before[g.id]) for g in resting]
    committing.give_back(session, counts, taken)


def _grants_resting_on(session: Session, orders: Sequence[str]) -> list[tuple[str, str, datetime]]:
    """Grants of these orders: id, member, moment of the fact. Only looked at: whoever locks a grant
    has locked its member before."""
    found: list[tuple[str, str, datetime]] = []
    for start in range(0, len(orders), CHUNK):
        among = Grant.basis.in_(orders[start : start + CHUNK])
        rows = session.execute(select(Grant.id, Grant.member_id, Grant.fact_at).where(among))
        found.extend((row.id, row.member_id, row.fact_at) for row in rows)
    return found


def _lock_grants(session: Session, grant_ids: Sequence[str]) -> dict[str, list[Grant]]:
    """These grants by order, as they are now, locked until commit."""
    found: dict[str, list[Grant]] = {}
    ids = sorted(grant_ids)
    for start in range(0, len(ids), CHUNK):
        among = Grant.id.in_(ids[start : start + CHUNK])
        query = select(Grant).where(among).order_by(Grant.id).with_for_update()
        for grant in session.scalars(query.execution_options(populate_existing=True)):
            found.setdefault(grant.basis or "", []).append(grant)
    return found


def _take_back(session: Session, grant: Grant, refund: Fact, now: datetime) -> None:
    amount = _due(grant, refund.details) - grant.clawed
    if amount <= 0:
        return
    key = f"grant:{grant.id}:{refund.subject.removeprefix('refund:')}"
    was_released = grant.released_at is not None
    if grant.commodity == VOUCHER:
        amount = earned.take_back(session, grant, amount, now)
        if not amount:  # all were used
            return
    else:
        _move(session, grant, amount, key, now)
    session.execute(insert(Clawback), [_row(grant, refund, amount, now)])
    grant.clawed += amount
    if grant.clawed == grant.amount and not was_released:
        grant.voided_at = now
    session.flush()
    facts.record_many(session, [_fact(grant, refund, amount, key, now)], now)
    tell(
        session,
        grant.member_id,
        notices.CLAWED_BACK,
        now,
        link=f"/me/rewards/{grant.id}",
        about=f"grant:{grant.id}",
        amount=amount,
        granted=grant.amount,
        left=grant.amount - grant.clawed,
        commodity=grant.commodity,
        rule=_name_of(session, grant),
        was_released=was_released,
        is_card=grant.fact_kind == CARD_FILLED,
    )


def _due(grant: Grant, details: Mapping[str, Any]) -> int:
    if grant.fact_kind == CARD_FILLED:
        return grant.amount
    return share_taken_back(grant.amount, int(details["refunded_total"]), int(details["total"]))


def _move(session: Session, grant: Grant, amount: int, key: str, now: datetime) -> None:
    about = f"grant:{grant.id}"
    if grant.released_at is None:
        holds.void(session, grant.transfer_id, amount, key=key, about=about, now=now)
    else:
        clawbacks.claw_back(
            session,
            owner=grant.member_id,
            commodity=grant.commodity,
            amount=amount,
            key=key,
            about=about,
            of=grant.transfer_id,
            now=now,
        )


def _row(grant: Grant, refund: Fact, amount: int, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(now),
        "grant_id": grant.id,
        "fact_id": refund.id,
        "subject": refund.subject,
        "amount": amount,
        "at": now,
    }


def _fact(grant: Grant, refund: Fact, amount: int, key: str, now: datetime) -> FactDraft:
    details = {
        "rule": grant.rule,
        "version": grant.version,
        "amount": amount,
        "commodity": grant.commodity,
        "order": refund.details["order"],
        "refund": refund.subject,
    }
    return FactDraft("reward.clawed_back", grant.member_id, key, now, details)


def _name_of(session: Session, grant: Grant) -> dict[str, str]:
    version = programme.version(session, grant.version)
    rule = version.rules.rule(grant.rule) if version else None
    return rule.name if rule else {}
