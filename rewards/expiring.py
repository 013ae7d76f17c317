"""Telling members that points or store credit will expire, some days before: in one letter,
however many lots there are, and seldom twice in as many days.

A letter says everything that ends within AHEAD, and notes what it was. What comes later and ends
before the next letter would be due, or just after, is told some days before it does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
#: Days before it expires on which the owner is told after all of what no letter spoke of.
LAST_CALL = timedelta(days=3)
PAGE = 1_000
#: An owner and a commodity.
Whose = tuple[str, str]
#: How much of it ends when; in letters the moments are texts.
Ends = dict[datetime, int]


def tell_soon(now: datetime) -> str:
    """Tell everybody with something that expires within AHEAD who had no letter within that time,
    or none about something that is gone in LAST_CALL."""
    told = 0
    owners: dict[Whose, Ends] = {}
    for lot in _lots(now):
        ends = owners.setdefault((lot.owner, lot.commodity), {})
        ends[lot.expires_at] = ends.get(lot.expires_at, 0) + lot.amount
    everybody = sorted(owners)
    for start in range(0, len(everybody), PAGE):
        chunk = everybody[start : start + PAGE]
        with writing() as session:
            letters = _told_lately(session, chunk, now)
            fresh = [
                whose
                for whose in chunk
                if whose not in letters
                or any(at < now + LAST_CALL for at in _untold(owners[whose], letters[whose]))
            ]
            tellings = [_telling(whose, owners[whose]) for whose in fresh]
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


def _told_lately(
    session: Session, owners: Sequence[Whose], now: datetime
) -> dict[Whose, Mapping[str, int] | None]:
    """What the last letters said would end when; None: one of before they noted it."""
    query = (
        select(Notification.member_id, Notification.params)
        .where(
            Notification.member_id.in_({owner for owner, _commodity in owners}),
            Notification.kind == budget_notices.EXPIRING.kind,
            Notification.created_at > now - AHEAD,
        )
        .order_by(Notification.created_at)
    )
    rows = session.execute(query)
    return {(owner, said.get("commodity", POINTS)): said.get("ends") for owner, said in rows}


def _untold(ends: Ends, said: Mapping[str, int] | None) -> Ends:
    """What the last letter did not speak of."""
    if said is None:
        return {}
    return {at: amount for at, amount in ends.items() if amount > said.get(at.isoformat(), 0)}


def _telling(whose: Whose, ends: Ends) -> Telling:
    owner, commodity = whose
    params = {
        "amount": sum(ends.values()),
        "commodity": commodity,
        "on": min(ends).isoformat(),
        "days": AHEAD.days,
        "ends": {at.isoformat(): amount for at, amount in ends.items()},
    }
    return Telling(owner, "/me/rewards" if commodity == POINTS else "/me/credit", None, params)


JOB = Job("rewards.expiring", timedelta(hours=12), tell_soon, lazy("Tell of points that expire"))
