"""Taking store credit for an order: exactly what is asked, once for each order and member.

Whoever takes waits for whoever else takes from the same member, so that of tills that ask at once
for more than there is, some get all they asked for and the others nothing; the ledger's floor
would refuse them as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foundation import facts
from foundation.money import LARGEST, format_amount, is_currency
from foundation.refusal import Refused
from foundation.tables import new_id
from ledger import spending
from notifications.notices import Notice
from notifications.telling import tell
from rewards.credit import notices, purse
from rewards.credit.models import CreditReturn, CreditTaking
from rewards.locking import lock_members


@dataclass(frozen=True)
class Taking:
    """Who pays how much of which order, in minor units.

    `key` is the staff's form. With one, an order that was paid by another press is refused; a till
    asks without, and gets the taking there is.
    """

    member_id: str
    order: str
    amount: int
    currency: str
    key: str | None = None
    by_id: str | None = None  # of the staff
    by_key: str | None = None  # the till's key


def take(session: Session, taking: Taking, now: datetime) -> CreditTaking:
    """Take it; the taking there is when this order was paid so before.

    Refused when there is less, naming what is there, and when another amount or currency was taken
    for the order, naming the field.
    """
    check_currency(taking.currency)
    check_amount(taking.amount)
    if not taking.order:
        raise Refused("Say for which order or receipt it is.", code="order", field="order")
    lock_members(session, [taking.member_id])
    known = session.scalars(
        select(CreditTaking).where(
            CreditTaking.reference == taking.order, CreditTaking.member_id == taking.member_id
        )
    ).first()
    if known is not None:
        return _same(session, known, taking)
    _refuse_beyond(session, taking, now)
    purse.let_expire(session, taking.member_id, taking.currency, now)
    made = _write(session, taking, now)
    said = {"order": made.reference, "amount": made.amount, "currency": made.currency}
    facts.record(session, "credit.used", made.member_id, f"credit_taking:{made.id}", now, **said)
    tell_of(session, made, notices.USED, made.amount, now)
    return made


def returned(session: Session, taking_id: str) -> int:
    """How much of a taking was given back so far."""
    total = select(func.coalesce(func.sum(CreditReturn.amount), 0))
    return int(session.scalar(total.where(CreditReturn.taking_id == taking_id)) or 0)


def check_amount(amount: int) -> None:
    """Refused unless it is something, and no more than the book can count."""
    if amount <= 0:
        raise Refused("It must be more than nothing.", code="amount", field="amount")
    if amount > LARGEST:
        raise Refused("That is more than the book can count.", code="amount", field="amount")


def check_currency(currency: str) -> None:
    """Refused for a currency that nobody knows."""
    if not is_currency(currency):
        raise Refused(
            "There is no currency called %(currency)s. Write three letters, as in USD.",
            code="unknown_currency",
            field="currency",
            currency=currency,
        )


def tell_of(
    session: Session, taking: CreditTaking, notice: Notice, amount: int, now: datetime
) -> None:
    """Tell the member what moved and what she has now."""
    tell(
        session,
        taking.member_id,
        notice,
        now,
        link="/me/credit",
        about=f"credit_taking:{taking.id}",
        order=taking.reference,
        amount=amount,
        currency=taking.currency,
        left=purse.purse(session, taking.member_id, taking.currency, now).available,
    )


def _same(session: Session, known: CreditTaking, taking: Taking) -> CreditTaking:
    if returned(session, known.id) == known.amount:
        raise Refused(
            "What was taken for order %(order)s was given back. To take it again, use another"
            " reference.",
            code="given_back",
            field="order",
            status=409,
            order=known.reference,
        )
    for name in ("currency", "amount"):
        if getattr(known, name) != getattr(taking, name):
            raise _taken_before(known, name)
    if taking.key and taking.key != known.request_key:
        raise _taken_before(known, "order")
    return known


def _taken_before(known: CreditTaking, field: str) -> Refused:
    return Refused(
        "For order %(order)s %(amount)s of credit was taken before. Give that back first, or use"
        " another reference.",
        code="taken_before",
        field=field,
        status=409,
        order=known.reference,
        amount=format_amount(known.amount, known.currency),
    )


def _refuse_beyond(session: Session, taking: Taking, now: datetime) -> None:
    """Refuse more than there is, and money that is not the credit's."""
    there = purse.purse(session, taking.member_id, taking.currency, now).available
    if taking.amount <= there:
        return
    figures = {"available": there, "currency": taking.currency}
    has = [each for each in purse.purses(session, taking.member_id, now) if each.available]
    if has and not there:
        raise Refused(
            "This credit is %(credit)s: it cannot be taken in another currency.",
            code="other_currency",
            field="currency",
            status=409,
            figures=figures,
            credit=", ".join(format_amount(each.available, each.currency) for each in has),
        )
    raise Refused(
        "There is %(available)s of credit; %(asked)s was asked for.",
        code="not_enough",
        field="amount",
        status=409,
        figures=figures,
        available=format_amount(there, taking.currency),
        asked=format_amount(taking.amount, taking.currency),
    )


def _write(session: Session, taking: Taking, now: datetime) -> CreditTaking:
    taking_id = new_id(now)
    spent = spending.spend(
        session,
        owner=taking.member_id,
        commodity=taking.currency,
        amount=taking.amount,
        key=f"credit_taking:{taking_id}",
        about=f"credit_taking:{taking_id}",
        now=now,
    )
    made = CreditTaking(
        id=taking_id,
        member_id=taking.member_id,
        reference=taking.order,
        amount=taking.amount,
        currency=taking.currency,
        request_key=taking.key,
        by_id=taking.by_id,
        by_key=taking.by_key,
        at=now,
        transfer_id=spent.id,
    )
    session.add(made)
    session.flush()
    return made
