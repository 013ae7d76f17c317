"""Telling members that points or store credit will expire, some days before: once for each,
however many lots there are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.doors import reading, writing
from foundation.jobs import Job, Summary
from foundation.money import is_currency
from foundation.words import lazy
from ledger import expiring
from ledger.expiring import Soon
from notifications.models import Notification
from notifications.telling import Telling, tell_many
from rewards.budgets import notices as budget_notices
from rewards.rules import POINTS

#: Days before something expires on which its owner is told; then not again for as long.
AHEAD = timedelta(days=14)
PAGE = 1_000
#: An owner and a commodity.
Whose = tuple[str, str]


def tell_soon(now: datetime) -> str:
    """Tell everybody with something that expires within AHEAD who was not told within that time."""
    told = 0
    owners: dict[Whose, tuple[int, datetime]] = {}
    for lot in _lots(now):
        whose = (lot.owner, lot.commodity)
        amount, first = owners.get(whose, (0, lot.expires_at))
        owners[whose] = (amount + lot.amount, first)
    everybody = sorted(owners)
    for start in range(0, len(everybody), PAGE):
        chunk = everybody[start : start + PAGE]
        with writing() as session:
            fresh = sorted(set(chunk) - _told_lately(session, chunk, now))
            tellings = [_telling(whose, *owners[whose]) for whose in fresh]
            told += len(tell_many(session, budget_notices.EXPIRING, tellings, now))
    return Summary("Told that points expire: %(count)s", count=told)


def _lots(now: datetime) -> list[Soon]:
    found: list[Soon] = []
    after: Soon | None = None
    with reading() as session:
        while page := expiring.expiring_soon(session, now, now + AHEAD, limit=PAGE, after=after):
            found += [lot for lot in page if lot.owner is not None and _is_told_of(lot.commodity)]
            after = page[-1]
    return found


def _is_told_of(commodity: str) -> bool:
    return commodity == POINTS or is_currency(commodity)


def _told_lately(session: Session, owners: Sequence[Whose], now: datetime) -> set[Whose]:
    query = select(Notification.member_id, Notification.params).where(
        Notification.member_id.in_({owner for owner, _commodity in owners}),
        Notification.kind == budget_notices.EXPIRING.kind,
        Notification.created_at > now - AHEAD,
    )
    rows = session.execute(query)
    return {(member_id, params.get("commodity", POINTS)) for member_id, params in rows}


def _telling(whose: Whose, amount: int, first: datetime) -> Telling:
    owner, commodity = whose
    params = {"amount": amount, "commodity": commodity, "on": first.isoformat(), "days": AHEAD.days}
    return Telling(owner, "/me/rewards" if commodity == POINTS else "/me/credit", None, params)


JOB = Job("rewards.expiring", timedelta(hours=12), tell_soon, lazy("Tell of points that expire"))
