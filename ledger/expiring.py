"""Expiry: what nobody spent until its date leaves what is available.

One transfer per lot whose date has come, in chunks that commit for themselves: a run that is
interrupted goes on where it stopped, and several workers share the work. On PostgreSQL a member who
is just spending is passed over and found by the next run, so nobody waits for the sweep.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from foundation.doors import dialect, reading, writing
from foundation.jobs import Job, Summary
from foundation.words import lazy
from ledger import posting, transfers
from ledger.accounts import account_many
from ledger.models import account as accounts
from ledger.models import lot as lots
from ledger.posting import Draft

#: Lots per transaction: SQLite has one writer, and nobody should wait for it long.
CHUNK = 500

FREE = """
select account_id from ledger_balance where account_id = any(%(accounts)s)
 order by account_id for update skip locked"""

#: Seconds between two chunks on SQLite: who waits there to write asks now and then, and would find
#: the next chunk at it each time.
PAUSE = 0.02

Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class Due:
    """A lot whose date has come: where it lies in the order of the sweep, and whose it is."""

    expires_at: datetime
    account: int
    owner: str
    commodity: str


@dataclass(frozen=True)
class Soon:
    """What of an owner's units will expire at a moment, unless it is spent before."""

    owner: str
    commodity: str
    expires_at: datetime
    amount: int


def expire(now: datetime, tell: Tell = lambda done, total: None) -> int:
    """Let everything expire whose date is `now` or before, chunk by chunk; how many lots did.

    `tell(done, total)` hears how many lots were looked at, for a progress bar.
    """
    with reading() as session:
        total = count_due(session, now)
    looked_at = expired = 0
    place: Due | None = None
    while True:
        with reading() as session:
            due = _due(session, now, place)
        if not due:
            tell(total, total)
            return expired
        with writing() as session:
            expired += expire_some(session, due, now)
        looked_at += len(due)
        place = due[-1]
        tell(min(max(looked_at, expired), total), total)
        if len(due) == CHUNK and dialect() == "sqlite":
            time.sleep(PAUSE)


def expire_some(session: Session, due: Sequence[Due], now: datetime) -> int:
    """Let these lots expire, those aside whose owner is busy in another transaction."""
    ours = _lock(session, due, now)
    drafts = [
        Draft(
            source=source,
            target=ours[source],
            amount=remaining,
            # A lot can be filled again by a reversal, and then expires again: so its number.
            key=f"expire:{source}:{expires_at:%Y%m%dT%H%M%S.%f}:{seq}",
            kind="expire",
        )
        for source, expires_at, remaining, seq in _left(session, due, now)
        if source in ours
    ]
    if drafts:
        transfers.transfer_many(session, drafts, now)
    return len(drafts)


def expiring_soon(
    session: Session,
    since: datetime,
    until: datetime,
    *,
    limit: int = 500,
    after: Soon | None = None,
) -> list[Soon]:
    """What will expire from `since` on and before `until`, soonest first, page by page."""
    statement = (
        select(accounts.c.owner, accounts.c.commodity, lots.c.expires_at, lots.c.remaining)
        .join(accounts, accounts.c.id == lots.c.account)
        .where(lots.c.remaining > 0, lots.c.expires_at >= since, lots.c.expires_at < until)
        .order_by(lots.c.expires_at, accounts.c.owner, accounts.c.commodity)
        .limit(limit)
    )
    if after is not None:
        place = tuple_(lots.c.expires_at, accounts.c.owner, accounts.c.commodity)
        statement = statement.where(place > (after.expires_at, after.owner, after.commodity))
    return [Soon(*row) for row in session.execute(statement)]


def count_due(session: Session, now: datetime) -> int:
    """How many lots wait for the sweep."""
    query = select(func.count()).where(lots.c.remaining > 0, lots.c.expires_at <= now)
    return session.execute(query).scalar_one()


def run(now: datetime) -> str:
    """The periodic job."""
    return Summary("Lots expired: %(count)s", count=expire(now))


JOB = Job("ledger.expire", timedelta(hours=1), run, lazy("Let expire what is past its date"))


def _due(session: Session, now: datetime, place: Due | None) -> list[Due]:
    statement = (
        select(lots.c.expires_at, lots.c.account, accounts.c.owner, accounts.c.commodity)
        .join(accounts, accounts.c.id == lots.c.account)
        .where(lots.c.remaining > 0, lots.c.expires_at <= now)
        .order_by(lots.c.expires_at, lots.c.account)
        .limit(CHUNK)
    )
    if place is not None:
        statement = statement.where(
            tuple_(lots.c.expires_at, lots.c.account) > (place.expires_at, place.account)
        )
    return [Due(*row) for row in session.execute(statement)]


def _lock(session: Session, due: Sequence[Due], now: datetime) -> dict[int, int]:
    """Where each of the accounts expires to; only those that nobody else has locked."""
    targets: dict[int, int] = {}
    for commodity in {each.commodity for each in due}:
        owners = {each.account: each.owner for each in due if each.commodity == commodity}
        found = account_many(session, owners.values(), "expired", commodity, now)
        targets |= {number: found[owner] for number, owner in owners.items()}
    both = {*targets, *targets.values()}
    if posting.dialect_of(session) == "sqlite":
        return targets  # it has one writer
    locked = {number for (number,) in posting.run(session, FREE, {"accounts": list(both)})}
    return {source: target for source, target in targets.items() if {source, target} <= locked}


def _left(
    session: Session, due: Sequence[Due], now: datetime
) -> list[tuple[int, datetime, int, int]]:
    """What is left of all due lots of these accounts, in the order in which it is taken."""
    rows = session.execute(
        select(lots.c.account, lots.c.expires_at, lots.c.remaining, lots.c.seq)
        .where(
            lots.c.account.in_({each.account for each in due}),
            lots.c.remaining > 0,
            lots.c.expires_at <= now,
        )
        .order_by(lots.c.account, lots.c.expires_at)
    )
    return [(number, expires_at, left, seq) for number, expires_at, left, seq in rows]
