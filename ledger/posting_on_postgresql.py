"""The statements that write transfers on PostgreSQL: one is one round trip, many are few."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import psycopg
from sqlalchemy.orm import Session

from ledger import prepared
from ledger.drafts import BOUND, SAID, Columns, Draft, memo_of, numbered
from ledger.driver import aware, run

INSERT_ONE = """
insert into ledger_transfer (id, key, source, target, commodity, amount, kind, about, memo, at,
                             until, resolves, reverses, linked, expires_at, takes)
select %(id)s, %(key)s, s.account_id, %(target)s::bigint, s.commodity, %(amount)s::bigint,
       %(kind)s, %(about)s, %(memo)s::jsonb, %(at)s::timestamptz,
       %(until)s::timestamptz, %(resolves)s, %(reverses)s, %(linked)s,
       %(expires_at)s::timestamptz, %(takes)s
  from ledger_balance s
 where s.account_id = %(source)s::bigint
   and (s.floor is null or s.posted - %(amount)s::bigint >= s.floor)
    on conflict (key) do nothing
returning commodity"""
FIRST = numbered(INSERT_ONE, BOUND, "%({})s", "$")

INSERT_MANY = """
insert into ledger_transfer (id, key, source, target, commodity, amount, kind, about, memo, at,
                             until, resolves, reverses, linked, expires_at, takes)
select d.id, d.key, s.account_id, d.target, s.commodity, d.amount, d.kind, d.about,
       d.memo::jsonb, %(at)s, d.until, d.resolves, d.reverses, d.linked, d.expires_at, d.takes
  from unnest(%(id)s::text[], %(key)s::text[], %(source)s::bigint[], %(target)s::bigint[],
              %(amount)s::bigint[], %(kind)s::text[], %(about)s::text[], %(memo)s::text[],
              %(until)s::timestamptz[], %(resolves)s::text[], %(reverses)s::text[],
              %(linked)s::text[], %(expires_at)s::timestamptz[], %(takes)s::text[]) with ordinality
       d(id, key, source, target, amount, kind, about, memo, until, resolves, reverses, linked,
         expires_at, takes, place)
  join ledger_balance s on s.account_id = d.source
 order by d.place
    on conflict (key) do nothing"""

LOCK = """
select count(*) from (select 1 from ledger_balance where account_id = any(%(accounts)s)
                         and not deferred order by account_id for update) locked"""


def insert_one(connection: psycopg.Connection, draft: Draft, id: str, now: datetime) -> str | None:
    """The commodity of the transfer; None when nothing was written."""
    bound = _bound(draft, id, now)
    if prepared.is_first(connection):
        return prepared.begin_with(connection, FIRST, bound)
    row = connection.execute(INSERT_ONE, dict(zip(BOUND, bound, strict=True))).fetchone()
    return row[0] if row else None


def insert_many(session: Session, columns: Columns, ids: Sequence[str], now: datetime) -> bool:
    """Whether all of them were written; those whose key is known or whose floor says no are not."""
    nothing = [None] * len(ids)
    said = {name: columns.get(name) or nothing for name in SAID} | {"id": ids}
    said["memo"] = [memo_of(each) for each in said["memo"]]
    values: dict[str, Any] = {name: prepared.array(each) for name, each in said.items()}
    cursor = run(session, INSERT_MANY, values | {"at": aware(now)})
    return bool(cursor.rowcount == len(ids))


def lock(session: Session, columns: Columns) -> None:
    """Lock the balances these transfers move, in the one order of everybody."""
    touched = {*columns["source"], *columns["target"]}
    run(session, LOCK, {"accounts": sorted(touched)})


def _bound(draft: Draft, id: str, now: datetime) -> tuple[Any, ...]:
    """What a transfer binds, in the order of `BOUND`."""
    return (
        id,
        draft.key,
        draft.source,
        draft.target,
        draft.amount,
        draft.kind,
        draft.about,
        memo_of(draft.memo),
        aware(now),
        draft.until,
        draft.resolves,
        draft.reverses,
        draft.linked,
        draft.expires_at,
        draft.takes,
    )
