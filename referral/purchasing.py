"""Purchasing: a friend's first paid order turns the lead into something to be rewarded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import facts
from foundation.facts import Fact, FactDraft
from members.models import Member, SignIn
from notifications.telling import tell
from referral import notices, refunding, rules, stepping
from referral.models import Referral
from rewards import programme

#: The return period as long as no programme says another; nothing is earned then either.
RETURN_DAYS = 14


def hear(session: Session, heard: Sequence[Fact], now: datetime) -> None:
    """Take the first paid order of each friend in a batch; one statement per 500 buyers else."""
    orders: dict[str, Fact] = {}
    for fact in sorted(heard, key=lambda fact: (fact.at, fact.id)):
        if fact.member_id is not None:
            orders.setdefault(fact.member_id, fact)
    found = leads(session, list(orders))
    for lead in sorted(found, key=lambda lead: (orders[lead.friend_id].at, lead.id)):
        _take(session, lead, orders[lead.friend_id], now)


def purchased(session: Session, referral: Referral, now: datetime) -> None:
    """Tell that a referred friend bought: what the programme rewards. Dated by the purchase."""
    details = {
        "friend": referral.friend_id,
        "order": referral.order_id,
        "total": referral.total,
        "currency": referral.currency,
        "channel": referral.channel,
        "products": _products(session, referral),
    }
    assert referral.purchased_at is not None
    draft = FactDraft(
        "referral.purchased",
        referral.referrer_id,
        f"referral:{referral.id}",
        referral.purchased_at,
        details,
    )
    facts.record_many(session, [draft], now)
    _tell_referrer(session, referral, now)


def _products(session: Session, referral: Referral) -> dict[str, int]:
    """What the friend bought, as the fact of her order says."""
    details = session.scalar(
        select(Fact.details).where(
            Fact.kind == "order.paid", Fact.subject == f"order:{referral.order_id}"
        )
    )
    products: dict[str, int] = (details or {}).get("products", {})
    return products


def leads(session: Session, member_ids: Sequence[str]) -> Iterable[Referral]:
    """Referrals of friends among these members who have not bought yet."""
    for start in range(0, len(member_ids), 500):
        chunk = member_ids[start : start + 500]
        yield from session.scalars(
            select(Referral).where(Referral.friend_id.in_(chunk), Referral.state == "lead")
        ).all()


def _take(session: Session, lead: Referral, order: Fact, now: datetime) -> None:
    """Move a lead on by this order; another order that was quicker leaves nothing to do."""
    state, reason = _judge(session, lead, order)
    moved = stepping.step(
        session,
        lead.id,
        state,
        now,
        reason=reason,
        order_id=str(order.details["order"]),
        total=int(order.details["total"]),
        currency=str(order.details["currency"]),
        purchased_at=order.at,
        release_at=order.at + _return_period(session, order.at),
    )
    if not moved:
        return
    session.refresh(lead)
    refunding.hear(session, _refunds(session, order), now)
    session.refresh(lead)
    if lead.state == "pending":
        purchased(session, lead, now)
    elif lead.state == "refused":
        subject = f"referral:{lead.id}"
        more = {"friend": lead.friend_id, "reason": reason}
        facts.record(session, "referral.refused", lead.referrer_id, subject, now, **more)


def _refunds(session: Session, order: Fact) -> list[Fact]:
    """What was given back of an order before it was her first one as a friend: she bought, and
    perhaps sent it back, before she proved her address."""
    hers = select(Fact).where(Fact.member_id == order.member_id, Fact.kind == "order.refunded")
    about = order.details["order"]
    return [fact for fact in session.scalars(hers) if fact.details["order"] == about]


def _judge(session: Session, lead: Referral, order: Fact) -> tuple[str, str | None]:
    if order.at < lead.clicked_at:  # an older order, told late: she was a customer already
        return "refused", "not_new"
    reason = rules.doubt(_places(session, lead.friend_id), _places(session, lead.referrer_id))
    return ("doubted", reason) if reason else ("pending", None)


def _places(session: Session, member_id: str) -> list[rules.Place]:
    rows = session.execute(
        select(SignIn.address, SignIn.browser).where(SignIn.member_id == member_id).distinct()
    )
    return [(address, browser) for address, browser in rows]


def _return_period(session: Session, at: datetime) -> timedelta:
    """As the programme of that day says: the same one that decides what is earned."""
    number = programme.in_force(programme.timeline(session), at)
    version = programme.version(session, number) if number is not None else None
    return timedelta(days=version.rules.return_days if version else RETURN_DAYS)


def _tell_referrer(session: Session, referral: Referral, now: datetime) -> None:
    friend = session.get_one(Member, referral.friend_id)
    assert referral.release_at is not None
    tell(
        session,
        referral.referrer_id,
        notices.PURCHASED,
        now,
        link="/me/referrals",
        about=f"referral:{referral.id}",
        friend=friend.name,
        until=referral.release_at.isoformat(),
    )
