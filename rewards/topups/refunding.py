"""Refunds of orders that brought prepaid units: what was not used goes back, nothing is ever owed.

What a refund asks back is `rules.asked_back`; of that, as much is taken as is left. How much was
asked stays on record, so that a unit whose money was given back cannot be given back as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from foundation import facts
from foundation.facts import Fact
from foundation.tables import new_id
from ledger import clawbacks
from notifications.telling import tell
from rewards.locking import lock_members
from rewards.rules import order_reference
from rewards.topups import left, notices
from rewards.topups.left import Left, offer_of
from rewards.topups.models import TopUpRefund
from rewards.topups.rules import Back, TopUp, asked_back, free_in, paid_in


def hear(session: Session, heard: Sequence[Fact], now: datetime) -> None:
    """Take back what each refund asks for; orders that brought nothing cost one statement."""
    refunds = sorted(heard, key=lambda fact: (fact.at, fact.id))
    orders = sorted({_order(fact) for fact in refunds})
    buyers = {each.purchase.member_id for each in left.of_orders(session, orders, now)}
    lock_members(session, buyers)
    for refund in refunds if buyers else ():
        for bought in left.of_orders(session, [_order(refund)], now):
            _take_back(session, bought, refund, now)


def _order(refund: Fact) -> str:
    return order_reference(str(refund.details["order"]))


def _take_back(session: Session, of: Left, refund: Fact, now: datetime) -> None:
    purchase, told = of.purchase, refund.details
    offer = offer_of(session, purchase)
    refunded, total = int(told["refunded_total"]), int(told["total"])
    asked = asked_back(offer, purchase.paid, purchase.value, refunded, total)
    due = Back(asked.paid - of.paid_asked, asked.free - of.free_asked)
    if due.paid <= 0 and due.free <= 0:
        return
    taken = Back(min(max(due.paid, 0), of.paid), min(max(due.free, 0), of.free))
    _claw_back(session, of, taken, f"topup:{purchase.id}:{refund.id}", now)
    row = TopUpRefund(
        id=new_id(now),
        purchase_id=purchase.id,
        fact_id=refund.id,
        paid_asked=asked.paid,
        free_asked=asked.free,
        paid=taken.paid,
        free=taken.free,
        at=now,
    )
    session.add(row)
    session.flush()
    _tell(session, of, offer, taken, refund, now)


def _claw_back(session: Session, of: Left, taken: Back, key: str, now: datetime) -> None:
    purchase = of.purchase
    for commodity, amount, credit in (
        (paid_in(purchase.offer), taken.paid, purchase.paid_transfer_id),
        (free_in(purchase.offer), taken.free, purchase.free_transfer_id),
    ):
        if amount:
            clawbacks.claw_back(
                session,
                owner=purchase.member_id,
                commodity=commodity,
                amount=amount,
                key=f"{key}:{commodity}",
                about=f"topup:{purchase.id}",
                of=credit,
                now=now,
            )


def _tell(
    session: Session, of: Left, offer: TopUp, taken: Back, refund: Fact, now: datetime
) -> None:
    member_id = of.purchase.member_id
    subject = f"topup:{of.purchase.id}:{refund.subject.removeprefix('refund:')}"
    said = {"offer": offer.key, "paid": taken.paid, "free": taken.free}
    facts.record(session, "prepaid.taken_back", member_id, subject, now, **said)
    if not (taken.paid or taken.free):
        return  # all of it was used before: nothing changes for her
    lefts = left.of_member(session, member_id, now, offer.key)
    tell(
        session,
        member_id,
        notices.TAKEN_BACK,
        now,
        link="/me/prepaid",
        about=f"topup:{of.purchase.id}",
        offer=offer.name,
        unit=offer.unit,
        paid=taken.paid,
        free=taken.free,
        left=sum(each.units for each in lefts),
    )
