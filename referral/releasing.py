"""Releasing: the return period is over, the referral has held."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import facts
from foundation.doors import reading, writing
from foundation.facts import FactDraft
from foundation.jobs import Summary
from referral import stepping
from referral.models import Referral
from rewards.locking import keep_programme, lock_members

#: Referrals per transaction: SQLite has one writer, and nobody should wait for it long.
BATCH = 200


def release_due(now: datetime) -> str:
    """Release every referral whose time has come; a sentence of what was done.

    Doubted ones are not among them, however long they wait: a person decides first. Several
    workers may do this at once.
    """
    released = 0
    while waiting := _due(now):
        with writing() as session:
            done = _release(session, waiting, now)
        released += done
        if not done:  # another worker is at them
            break
    return Summary("Referrals released: %(count)s", count=released)


def _due(now: datetime) -> dict[str, str]:
    """The next referrals to release, and who brought the friend."""
    query = (
        select(Referral.id, Referral.referrer_id)
        .where(Referral.state == "pending", Referral.release_at <= now)
        .order_by(Referral.release_at)
        .limit(BATCH)
    )
    with reading() as session:
        return {row.id: row.referrer_id for row in session.execute(query)}


def _release(session: Session, waiting: Mapping[str, str], now: datetime) -> int:
    keep_programme(session)  # standing hears of it, and asks for it before it locks members
    lock_members(session, waiting.values())  # before their referrals, as refunds do
    moved = [each for each in waiting if stepping.step(session, each, "released", now)]
    found = session.scalars(select(Referral).where(Referral.id.in_(moved))).all()
    facts.record_many(session, [_fact(referral, now) for referral in found], now)
    return len(moved)


def _fact(referral: Referral, now: datetime) -> FactDraft:
    details = {
        "friend": referral.friend_id,
        "order": referral.order_id,
        "total": referral.total,
        "currency": referral.currency,
        "channel": referral.channel,
    }
    subject = f"referral:{referral.id}"
    return FactDraft("referral.qualified", referral.referrer_id, subject, now, details)
