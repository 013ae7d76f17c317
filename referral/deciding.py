"""Deciding: a person of the staff looks at a doubted referral and lets it go on, or refuses it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from foundation import facts
from foundation.refusal import Refused
from members.models import Member
from notifications.telling import tell
from referral import notices, purchasing, stepping
from referral.models import Referral
from rewards.locking import lock_first

#: What staff may refuse a doubted referral for (texts in statuses.REASONS).
REFUSALS = ("same_person", "same_household", "made_up")


def approve(session: Session, referral_id: str, decider_id: str, now: datetime) -> None:
    """The doubt was unfounded: the waiting goes on as if it had never been. Raises Refused.

    What the programme promises is granted as of the day of the purchase, so a decision that took
    longer than the return period delays nothing further.
    """
    referral = _doubted(session, referral_id, decider_id)
    both = (referral.referrer_id, referral.friend_id)
    lock_first(session, [referral.purchased_at or now], lambda: both)  # before it, as refunds do
    if not stepping.step(session, referral.id, "pending", now, decided_by=decider_id):
        raise _decided_already()
    session.refresh(referral)
    purchasing.purchased(session, referral, now)


def refuse(session: Session, referral_id: str, reason: str, decider_id: str, now: datetime) -> None:
    """The doubt was founded; the referrer reads why. Raises Refused."""
    if reason not in REFUSALS:
        raise Refused("Choose a reason. The member reads it.", code="reason", field="reason")
    referral = _doubted(session, referral_id, decider_id)
    if not stepping.step(
        session, referral.id, "refused", now, reason=reason, decided_by=decider_id
    ):
        raise _decided_already()
    subject = f"referral:{referral.id}"
    more = {"friend": referral.friend_id, "reason": reason}
    facts.record(session, "referral.refused", referral.referrer_id, subject, now, **more)
    tell(
        session,
        referral.referrer_id,
        notices.REFUSED,
        now,
        link="/me/referrals",
        about=subject,
        friend=session.get_one(Member, referral.friend_id).name,
        reason=reason,
    )


def _doubted(session: Session, referral_id: str, decider_id: str) -> Referral:
    referral = session.get(Referral, referral_id)
    if referral is None:
        raise Refused("There is no such referral.", code="unknown_referral", status=404)
    if decider_id in (referral.referrer_id, referral.friend_id):
        raise Refused("Somebody else must decide about your own referral.", code="own", status=403)
    if referral.state != "doubted":
        raise _decided_already()
    return referral


def _decided_already() -> Refused:
    return Refused("This referral has been decided already.", code="decided", status=409)
