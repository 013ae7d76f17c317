"""Telling members that free prepaid units will expire: once for what each order brought."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from foundation.doors import reading, writing
from foundation.jobs import Job, Summary
from foundation.words import lazy
from notifications.telling import Telling, tell_once
from rewards.expiring import AHEAD, PAGE
from rewards.topups import left, notices
from rewards.topups.left import Left, offer_of


def tell_soon(now: datetime) -> str:
    """Tell of free units that expire within AHEAD, as far as they are not used."""
    with reading() as session:
        tellings = [_telling(session, each) for each in left.expiring(session, now, now + AHEAD)]
    told = 0
    for start in range(0, len(tellings), PAGE):
        with writing() as session:
            chunk = tellings[start : start + PAGE]
            told += len(tell_once(session, notices.EXPIRING, chunk, now))
    return Summary("Told that free units expire: %(count)s", count=told)


def _telling(session: Session, each: Left) -> Telling:
    purchase, offer = each.purchase, offer_of(session, each.purchase)
    assert purchase.free_expires_at is not None  # it was asked for by that date
    params = {
        "offer": offer.name,
        "unit": offer.unit,
        "free": each.free,
        "expires_at": purchase.free_expires_at.isoformat(),
    }
    return Telling(purchase.member_id, "/me/prepaid", f"topup:{purchase.id}", params)


JOB = Job(
    "rewards.topups_expiring",
    timedelta(hours=12),
    tell_soon,
    lazy("Tell of free units that expire"),
)
