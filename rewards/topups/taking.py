"""Taking a prepaid unit at the till, and giving it back when that was a mistake.

Whoever takes waits for whoever else takes from the same member, so that of eight tills that ask at
once for the last unit one gets it; the ledger's floor would refuse the others as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import facts
from foundation.refusal import Refused
from foundation.tables import new_id
from ledger import spending
from notifications.notices import Notice
from notifications.telling import tell
from rewards.locking import lock_members
from rewards.topups import left, notices
from rewards.topups.left import Left, offer_of
from rewards.topups.models import TopUpUse
from rewards.topups.rules import free_in, paid_in


@dataclass(frozen=True)
class Taking:
    """Who takes a unit of which offer; `key` makes it happen once, `reference` is the receipt."""

    member_id: str
    offer: str
    key: str
    reference: str = ""
    by_id: str | None = None  # of the staff
    by_key: str | None = None  # the till's key


def take(session: Session, taking: Taking, now: datetime) -> TopUpUse:
    """Take one unit; the same one when the same key asked before. Refused when none is left."""
    lock_members(session, [taking.member_id])
    known = session.scalars(select(TopUpUse).where(TopUpUse.request_key == taking.key)).first()
    if known is not None:
        return _same(known, taking)
    lefts = left.of_member(session, taking.member_id, now, taking.offer)
    unit = left.next_of(lefts)
    if unit is None:
        raise _none(has_bought=bool(lefts))
    use = _write(session, taking, unit, now)
    subject = f"topup_use:{use.id}"
    said = {"offer": use.offer, "is_free": use.is_free}
    facts.record(session, "prepaid.used", use.member_id, subject, now, **said)
    _tell(session, use, notices.USED, now, is_free=use.is_free)
    return use


def give_back(session: Session, use_id: str, now: datetime) -> TopUpUse:
    """The unit was taken by mistake: it is hers again, less what she owes of its kind. Again, it
    changes nothing.

    Refused when there is no such use, and when a refund of its order asked it back meanwhile.
    """
    use = session.get(TopUpUse, use_id)
    if use is None:
        raise Refused("There is no such use.", code="unknown_use", field="use", status=404)
    lock_members(session, [use.member_id])
    session.refresh(use)
    if use.given_back_at is not None:
        return use
    _refuse_refunded(session, use, now)
    subject = f"topup_use:{use.id}"
    spending.give_back(
        session,
        use.transfer_id,
        owner=use.member_id,
        commodity=(free_in if use.is_free else paid_in)(use.offer),
        key=f"{subject}:back",
        about=subject,
        now=now,
    )
    use.given_back_at = now
    session.flush()
    facts.record(session, "prepaid.given_back", use.member_id, subject, now, offer=use.offer)
    gone = expired_at(session, use, now)
    _tell(session, use, notices.GIVEN_BACK, now, expired_at=gone.isoformat() if gone else None)
    return use


def expired_at(session: Session, use: TopUpUse, now: datetime) -> datetime | None:
    """When the unit expired, if giving it back came too late; None when it is good."""
    of = _left_of(session, use, now)
    return of.purchase.free_expires_at if use.is_free and of.has_expired else None


def _write(session: Session, taking: Taking, unit: left.Next, now: datetime) -> TopUpUse:
    use_id, commodity = new_id(now), (free_in if unit.is_free else paid_in)(taking.offer)
    bought = unit.of.purchase
    spent = spending.spend(
        session,
        owner=taking.member_id,
        commodity=commodity,
        amount=1,
        key=f"topup_use:{use_id}",
        about=f"topup_use:{use_id}",
        now=now,
        of=bought.free_transfer_id if unit.is_free else bought.paid_transfer_id,
    )
    use = TopUpUse(
        id=use_id,
        member_id=taking.member_id,
        purchase_id=bought.id,
        offer=taking.offer,
        is_free=unit.is_free,
        request_key=taking.key,
        reference=taking.reference,
        by_id=taking.by_id,
        by_key=taking.by_key,
        at=now,
        transfer_id=spent.id,
        given_back_at=None,
    )
    session.add(use)
    session.flush()
    return use


def _same(known: TopUpUse, taking: Taking) -> TopUpUse:
    if (known.member_id, known.offer) != (taking.member_id, taking.offer):
        raise Refused(
            "This key took something else before. Take a new one.", code="idempotency_conflict"
        )
    return known


def _refuse_refunded(session: Session, use: TopUpUse, now: datetime) -> None:
    of = _left_of(session, use, now)
    missing = of.free_asked - of.free_back if use.is_free else of.paid_asked - of.paid_back
    if missing > 0:
        raise Refused(
            "The money for it was given back with a refund, so it cannot be given back as well.",
            code="refunded",
            field="use",
            status=409,
        )


def _none(*, has_bought: bool) -> Refused:
    if not has_bought:
        return Refused(
            "The member never prepaid anything of this offer. Ask what is left: the answer names"
            " the offers.",
            code="none_left",
            field="offer",
            status=409,
        )
    return Refused(
        "None of these is left. The member can prepay again in the shop.",
        code="none_left",
        field="offer",
        status=409,
    )


def _left_of(session: Session, use: TopUpUse, now: datetime) -> Left:
    all_of_it = left.of_member(session, use.member_id, now, use.offer)
    return next(each for each in all_of_it if each.purchase.id == use.purchase_id)


def _tell(session: Session, use: TopUpUse, notice: Notice, now: datetime, **more: Any) -> None:
    lefts = left.of_member(session, use.member_id, now, use.offer)
    offer = offer_of(session, next(x.purchase for x in lefts if x.purchase.id == use.purchase_id))
    tell(
        session,
        use.member_id,
        notice,
        now,
        link="/me/prepaid",
        about=f"topup_use:{use.id}",
        offer=offer.name,
        unit=offer.unit,
        left=sum(each.units for each in lefts),
        **more,
    )
