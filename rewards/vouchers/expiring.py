"""Telling members that a voucher will expire, once for each that can still be used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, tuple_

from foundation.doors import reading, writing
from foundation.jobs import Job, Summary
from foundation.words import lazy
from notifications.telling import Telling, tell_once
from rewards.catalogue import notices
from rewards.expiring import AHEAD, PAGE
from rewards.models import Voucher


def tell_soon(now: datetime) -> str:
    """Tell of vouchers that expire within AHEAD and are in the second half of their time.

    One that is good for ten days is no news on the day it comes: its own letter said until when.
    """
    told, place = 0, (now, "")
    while page := _page(now, place):
        tellings = [_telling(each) for each in page if _is_late(each, now)]
        if tellings:
            with writing() as session:
                told += len(tell_once(session, notices.VOUCHER_EXPIRING, tellings, now))
        assert page[-1].expires_at is not None  # it was asked for by that date
        place = (page[-1].expires_at, page[-1].id)
    return Summary("Told that vouchers expire: %(count)s", count=told)


def _page(now: datetime, place: tuple[datetime, str]) -> Sequence[Voucher]:
    """The next ones behind `place`, soonest first."""
    query = (
        select(Voucher)
        .where(
            Voucher.expires_at <= now + AHEAD,
            tuple_(Voucher.expires_at, Voucher.id) > place,
            Voucher.used < Voucher.uses,
            Voucher.revoked_at.is_(None),
        )
        .order_by(Voucher.expires_at, Voucher.id)
        .limit(PAGE)
    )
    with reading() as session:
        return session.scalars(query).all()


def _is_late(voucher: Voucher, now: datetime) -> bool:
    assert voucher.expires_at is not None
    return now - voucher.issued_at >= voucher.expires_at - now


def _telling(voucher: Voucher) -> Telling:
    assert voucher.expires_at is not None
    params = {
        "code": voucher.code,
        "value": voucher.value,
        "currency": voucher.currency,
        "left": voucher.uses - voucher.used,
        "order_min": voucher.order_min,
        "until": voucher.expires_at.isoformat(),
    }
    link = "/me/rewards#vouchers"
    return Telling(voucher.member_id, link, f"voucher:{voucher.id}", params)


JOB = Job(
    "rewards.vouchers_expiring",
    timedelta(hours=12),
    tell_soon,
    lazy("Tell of vouchers that expire"),
)
