"""Telling members that free prepaid units will expire: once for what each order brought."""

from __future__ import annotations

from datetime import datetime, timedelta

from foundation.doors import reading, writing
from foundation.jobs import Job, Summary
from foundation.words import lazy
from notifications.telling import Telling, tell_once
from rewards.expiring import AHEAD, PAGE
from rewards.topups import left, notices
from rewards.topups.left import Left
from rewards.topups.rules import TopUp


def tell_soon(now: datetime) -> str:
    """Tell of free units that expire within AHEAD, as far as they are not used."""
    with reading() as session:
        due = left.expiring(session, now, now + AHEAD)
        offers = left.offers_of(session, [each.purchase for each in due])
    tellings = [_telling(each, offers[each.purchase.id]) for each in due]
    told = 0
    for start in range(0, len(tellings), PAGE):
        with writing() as session:
            chunk = tellings[start : start + PAGE]
            told += len(tell_once(session, notices.EXPIRING, chunk, now))
    return Summary("Told that free units expire: %(count)s", count=told)


def _telling(each: Left, offer: TopUp) -> Telling:
    purchase = each.purchase
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
