"""Giving store credit back that was taken for an order, in part or whole.

The shop does it when the order is refunded or was a mistake. What comes back has the date it had
when it was taken, the latest first; a date that has passed meanwhile has passed. Whoever owes in
this currency pays that off with it, as with everything she is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import facts
from foundation.money import format_amount
from foundation.refusal import Refused
from foundation.tables import new_id
from ledger import spending
from rewards.credit import notices
from rewards.credit.models import CreditReturn, CreditTaking
from rewards.credit.taking import check_amount, returned, tell_of
from rewards.locking import lock_members


@dataclass(frozen=True)
class GivingBack:
    """What comes back of which taking; `amount` None is all that is left of it.

    `key` makes it happen once for the taking.
    """

    taking_id: str
    key: str
    amount: int | None = None
    by_id: str | None = None  # of the staff
    by_key: str | None = None  # the till's key


def give_back(session: Session, back: GivingBack, now: datetime) -> CreditReturn:
    """Give it back; what the same key gave back before, and then nothing more.

    Refused when it is more than is left of the taking, and when the key gave back another amount.
    """
    taking = session.get(CreditTaking, back.taking_id) or _refuse_unknown()
    lock_members(session, [taking.member_id])
    known = session.scalars(
        select(CreditReturn).where(
            CreditReturn.taking_id == taking.id, CreditReturn.request_key == back.key
        )
    ).first()
    if known is not None:
        return _same(known, back, taking.currency)
    amount = _fitting(session, taking, back.amount)
    made = _write(session, taking, back, amount, now)
    said = {"order": taking.reference, "amount": amount, "currency": taking.currency}
    facts.record(
        session, "credit.returned", taking.member_id, f"credit_return:{made.id}", now, **said
    )
    tell_of(session, taking, notices.RETURNED, amount, now)
    return made


def of_order(session: Session, order: str, member_id: str | None) -> CreditTaking:
    """What was taken for an order; `member_id` says whose, when several paid it with credit.

    Refused (404) when nothing was, or not from this member.
    """
    query = select(CreditTaking).where(CreditTaking.reference == order)
    if member_id is not None:
        query = query.where(CreditTaking.member_id == member_id)
    found = session.scalars(query.limit(2)).all()
    if len(found) > 1:
        raise Refused(
            "More than one customer paid this order with credit. Say whose to give back.",
            code="whose",
            field="customer",
            status=409,
        )
    return found[0] if found else _refuse_unknown()


def _refuse_unknown() -> NoReturn:
    raise Refused(
        "No credit was taken for this order.", code="unknown_taking", field="order", status=404
    )


def _same(known: CreditReturn, back: GivingBack, currency: str) -> CreditReturn:
    if back.amount not in (None, known.amount):
        raise Refused(
            "This key gave %(amount)s back before. Take a new one to give back more.",
            code="idempotency_conflict",
            field="amount",
            status=409,
            amount=format_amount(known.amount, currency),
        )
    return known


def _fitting(session: Session, taking: CreditTaking, asked: int | None) -> int:
    """What is to be given back; Refused when it is more than is left."""
    left = taking.amount - returned(session, taking.id)
    amount = left if asked is None else asked
    if not left:
        raise Refused(
            "All that was taken for order %(order)s was given back before.",
            code="given_back",
            field="amount",
            status=409,
            order=taking.reference,
        )
    check_amount(amount)
    if amount > left:
        raise Refused(
            "Of what was taken for order %(order)s %(left)s is left to give back; %(asked)s was"
            " asked for.",
            code="too_much_back",
            field="amount",
            status=409,
            figures={"left": left, "currency": taking.currency},
            order=taking.reference,
            left=format_amount(left, taking.currency),
            asked=format_amount(amount, taking.currency),
        )
    return amount


def _write(
    session: Session, taking: CreditTaking, back: GivingBack, amount: int, now: datetime
) -> CreditReturn:
    return_id = new_id(now)
    about = f"credit_return:{return_id}"
    reversal = spending.give_back(
        session,
        taking.transfer_id,
        owner=taking.member_id,
        commodity=taking.currency,
        key=about,
        amount=amount,
        about=about,
        now=now,
    )
    made = CreditReturn(
        id=return_id,
        taking_id=taking.id,
        request_key=back.key,
        amount=amount,
        by_id=back.by_id,
        by_key=back.by_key,
        at=now,
        transfer_id=reversal.id,
    )
    session.add(made)
    session.flush()
    return made
