"""Expiry: what nobody spent until its date leaves what is available.

One transfer per lot whose date has come, in chunks that commit for themselves: a run that is
interrupted goes on where it stopped, and several workers share the work. On PostgreSQL a member who
is just spending is passed over and found by the next run, so nobody waits for the sweep.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session, aliased

from foundation.doors import dialect, reading, writing
from foundation.jobs import Job, Summary
from foundation.tables import new_ids
from foundation.words import lazy
from ledger import driver, posting_on_sqlite, prepared
from ledger.accounts import account_many
from ledger.models import account as accounts
from ledger.models import lot as lots

#: Lots per transaction; SQLite has one writer, and nobody should wait for it long.
CHUNK = {"sqlite": 300, "postgresql": 500}

# On PostgreSQL: those pairs of accounts that nobody else has locked, how many lots are due there,
# and their transfers by one statement. Between the two nobody else moves these lots.
FREE = """
with free as materialized (
select b.account_id
  from (select id from unnest(%(source)s::bigint[] || %(target)s::bigint[]) id order by id) o
 cross join lateral (select account_id from ledger_balance
         where account_id = o.id for update skip locked) b)
select source, target from unnest(%(source)s::bigint[], %(target)s::bigint[]) o(source, target)
 where source in (select account_id from free) and target in (select account_id from free)"""
LOTS = """
from unnest(%(source)s::bigint[], %(target)s::bigint[]) o(source, target)
 cross join lateral (select * from ledger_lot
         where account = o.source and remaining > 0 and expires_at <= %(until)s offset 0) l"""
COUNT = f"select count(*) {LOTS}"
EXPIRE = f"""
insert into ledger_transfer (id, key, source, target, commodity, amount, kind, at)
select ids.id, due.key, due.source, due.target, due.commodity, due.remaining, 'expire', %(now)s
  from (select o.source, o.target, b.commodity, l.remaining,
               concat_ws(':', 'expire', o.source, to_char(l.expires_at at time zone 'UTC',
                         'YYYYMMDD"T"HH24MISS.US'), l.seq) as key,
               row_number() over (order by o.source, l.expires_at) as place {LOTS}
         cross join lateral (select commodity from ledger_balance
                 where account_id = o.source offset 0) b) due
  join unnest(%(id)s::text[]) with ordinality ids(id, place) on ids.place = due.place
 order by due.place"""  # noqa: S608 - constants

# On SQLite: what is left of these accounts' lots, in the order in which it is taken.
LEFT = """
select l.account, l.expires_at, l.remaining, l.seq
  from json_each(:accounts) a
 cross join ledger_lot l
    on l.account = a.value and l.remaining > 0 and l.expires_at <= :until
 order by l.account, l.expires_at"""

#: Seconds between two chunks on SQLite: who waits there to write asks every 0.002 s
#: (foundation/write_lock.py), and would find the next chunk at it each time.
PAUSE = 0.003

Tell = Callable[[int, int], None]
#: On SQLite: account, date, what remains and the number of its last use.
Left = tuple[int, str, int, int]


@dataclass(frozen=True)
class Due:
    """A lot whose date has come: where it lies in the order of the sweep, and whose it is.

    `target` is the account it expires to, None when there is none yet.
    """

    expires_at: datetime
    account: int
    owner: str
    commodity: str
    target: int | None = None


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
        if len(due) == CHUNK["sqlite"] and dialect() == "sqlite":
            time.sleep(PAUSE)


def expire_some(session: Session, due: Sequence[Due], now: datetime) -> int:
    """Let these lots expire, those aside whose owner is busy in another transaction.

    And what was put back meanwhile into older ones of the same accounts: these are taken first.
    """
    ours = _lock(session, due, now)
    until = max(each.expires_at for each in due)
    if driver.dialect_of(session) == "postgresql":
        return _expire_as_a_set(session, ours, until, now)
    left = _left(session, ours, until)
    if left and not posting_on_sqlite.post_drafted(session, _drafted(left, ours, now)):
        # Nothing goes into lots here and each key is new, so it always is one.
        raise RuntimeError("what expires is no set")
    return len(left)


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
    target = aliased(accounts)
    mine = (target.c.owner == accounts.c.owner) & (target.c.commodity == accounts.c.commodity)
    statement = (
        select(
            lots.c.expires_at,
            lots.c.account,
            accounts.c.owner,
            accounts.c.commodity,
            target.c.id,
        )
        .select_from(lots)
        .join(accounts, accounts.c.id == lots.c.account)
        .outerjoin(target, mine & (target.c.kind == "expired"))
        .where(lots.c.remaining > 0, lots.c.expires_at <= now)
        .order_by(lots.c.expires_at, lots.c.account)
        .limit(CHUNK[driver.dialect_of(session)])
    )
    if place is not None:
        statement = statement.where(
            tuple_(lots.c.expires_at, lots.c.account) > (place.expires_at, place.account)
        )
    return [Due(*row) for row in session.execute(statement)]


def _lock(session: Session, due: Sequence[Due], now: datetime) -> dict[int, int]:
    """Where each of the accounts expires to; only those that nobody else has locked."""
    targets = {each.account: each.target for each in due if each.target is not None}
    new = [each for each in due if each.account not in targets]
    for commodity in {each.commodity for each in new}:
        owners = {each.account: each.owner for each in new if each.commodity == commodity}
        found = account_many(session, owners.values(), "expired", commodity, now)
        targets |= {number: found[owner] for number, owner in owners.items()}
    if driver.dialect_of(session) == "sqlite":
        return targets  # it has one writer
    return dict(driver.run(session, FREE, _pairs(targets)).fetchall())


def _expire_as_a_set(
    session: Session, ours: Mapping[int, int], until: datetime, now: datetime
) -> int:
    """The lots until then of the accounts in `ours`, which are locked, at once; how many."""
    said = _pairs(ours) | {"until": until, "now": now}
    [(many,)] = driver.run(session, COUNT, said)
    if many:
        ids = prepared.array(new_ids(now, many))
        driver.run(session, EXPIRE, said | {"id": ids})
    return int(many)


def _pairs(targets: Mapping[int, int]) -> dict[str, object]:
    """Accounts and where each of them expires to, as two arrays."""
    return {
        "source": prepared.array(list(targets)),
        "target": prepared.array(list(targets.values())),
    }


def _left(session: Session, ours: Mapping[int, int], until: datetime) -> list[Left]:
    said = {
        "accounts": json.dumps(list(ours)),
        "until": driver.moment_for(session, until),
    }
    return list(driver.run(session, LEFT, said))


def _drafted(
    left: Sequence[Left], ours: Mapping[int, int], now: datetime
) -> dict[str, Sequence[Any]]:
    """The columns of `ledger_draft`, a row for each lot; made without a record in between."""
    many = len(left)
    return {
        "place": range(many),
        "id": new_ids(now, many),
        "key": [_key(source, expires_at, seq) for source, expires_at, _, seq in left],
        "source": [source for source, *_ in left],
        "target": [ours[source] for source, *_ in left],
        "amount": [remaining for _, _, remaining, _ in left],
        "kind": ["expire"] * many,
        "at": [driver.text_of(now)] * many,
    }


def _key(source: int, expires_at: str, seq: int) -> str:
    """A lot can be filled again by a reversal, and then expires again: so its number."""
    day = expires_at.replace("-", "").replace(":", "").replace(" ", "T")
    return f"expire:{source}:{day}:{seq}"
