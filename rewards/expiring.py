"""Telling members that points will expire, some days before: once, however many lots there are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.doors import reading, writing
from foundation.jobs import Job, Summary
from foundation.words import lazy
from ledger import expiring
from ledger.expiring import Soon
from notifications.models import Notification
from notifications.telling import Telling, tell_many
from rewards.budgets import notices as budget_notices
from rewards.rules import POINTS

#: Days before points expire on which their owner is told; then not again for as long.
AHEAD = timedelta(days=14)
PAGE = 1_000


def tell_soon(now: datetime) -> str:
    """Tell everybody whose points expire within AHEAD and who was not told within that time."""
    told = 0
    owners: dict[str, tuple[int, datetime]] = {}
    for lot in _lots(now):
        amount, first = owners.get(lot.owner, (0, lot.expires_at))
        owners[lot.owner] = (amount + lot.amount, first)
    everybody = sorted(owners)
    for start in range(0, len(everybody), PAGE):
        chunk = everybody[start : start + PAGE]
        with writing() as session:
            fresh = sorted(set(chunk) - _told_lately(session, chunk, now))
            tellings = [_telling(owner, *owners[owner]) for owner in fresh]
            told += len(tell_many(session, budget_notices.EXPIRING, tellings, now))
    return Summary("Told that points expire: %(count)s", count=told)


def _lots(now: datetime) -> list[Soon]:
    found: list[Soon] = []
    after: Soon | None = None
    with reading() as session:
        while page := expiring.expiring_soon(session, now, now + AHEAD, limit=PAGE, after=after):
            found += [lot for lot in page if lot.owner is not None and lot.commodity == POINTS]
            after = page[-1]
    return found


def _told_lately(session: Session, owners: Sequence[str], now: datetime) -> set[str]:
    query = select(Notification.member_id).where(
        Notification.member_id.in_(owners),
        Notification.kind == budget_notices.EXPIRING.kind,
        Notification.created_at > now - AHEAD,
    )
    return set(session.scalars(query))


def _telling(owner: str, amount: int, first: datetime) -> Telling:
    params = {"amount": amount, "on": first.isoformat(), "days": AHEAD.days}
    return Telling(owner, "/me/rewards", None, params)


JOB = Job("rewards.expiring", timedelta(hours=12), tell_soon, lazy("Tell of points that expire"))
