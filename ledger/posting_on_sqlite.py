"""The statements that write transfers on SQLite: one, many, and many as a set.

Moments are texts here, as everywhere on SQLite.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from foundation.writing import driver_of
from ledger.drafts import BOUND, Columns, Draft, drafts_of, memo_of, numbered
from ledger.driver import aware, refusing, text_of

# By place, as the driver makes a text of each name each time; and 0 stands for nothing, which takes
# it longer to bind than all the rest.
INSERT = numbered(
    """
insert into ledger_transfer (id, key, source, target, commodity, amount, kind, about, memo, at,
                             until, resolves, reverses, linked, expires_at, takes)
select :id, :key, s.account_id, :target, s.commodity, :amount, :kind,
       nullif(:about, 0), nullif(:memo, 0), :at, nullif(:until, 0), nullif(:resolves, 0),
       nullif(:reverses, 0), nullif(:linked, 0), nullif(:expires_at, 0), nullif(:takes, 0)
  from ledger_balance s
 where s.account_id = :source and (s.floor is null or s.posted - :amount >= s.floor)
    on conflict (key) do nothing""",
    BOUND,
    ":{}",
    "?",
)
INSERT_ONE = f"{INSERT} returning commodity"

# The trigger of the row that goes into ledger_set posts the set (migrations/sets_on_sqlite.py);
# what it refuses by the word ledger_set is posted row by row.
DRAFT = "insert into ledger_draft ({columns}) values ({values})"
SET = "insert into ledger_set (number) values (1)"
NO_DRAFTS = "delete from ledger_draft"
#: What tells that the set is not one: by this law, or because a key is known.
NO_SET = ("ledger_set", "UNIQUE constraint failed: ledger_transfer.key")
#: Transfers from which on a set is faster than one by one.
SMALLEST = 10


def insert_one(connection: sqlite3.Connection, draft: Draft, id: str, now: datetime) -> str | None:
    """The commodity of the transfer; None when nothing was written."""
    row = connection.execute(INSERT_ONE, _bound(draft, id, now)).fetchone()
    return row[0] if row else None


def insert_many(session: Session, columns: Columns, ids: Sequence[str], now: datetime) -> bool:
    """Whether all of them were written; those whose key is known or whose floor says no are not."""
    if len(ids) >= SMALLEST and _insert_set(session, columns, ids, now):
        return True
    rows = [_bound(draft, id, now) for draft, id in zip(drafts_of(columns), ids, strict=True)]
    with refusing(INSERT):
        cursor = driver_of(session).cursor().executemany(INSERT, rows)
    return bool(cursor.rowcount == len(rows))


def _insert_set(session: Session, columns: Columns, ids: Sequence[str], now: datetime) -> bool:
    """Post all of them by one statement; False when they are not a set, and nothing was done."""
    if any(columns.get("reverses") or ()) or any(columns.get("takes") or ()):
        return False
    return post_drafted(session, _drafted(columns, ids, now))


def post_drafted(session: Session, columns: Mapping[str, Iterable[Any]]) -> bool:
    """Post rows of `ledger_draft` as a set; False when they are none.

    Columns of which no row says anything are better left out: to bind nothing takes the driver
    four times as long as to bind something.
    """
    statement = DRAFT.format(columns=", ".join(columns), values=", ".join("?" for _ in columns))
    cursor = driver_of(session).cursor()
    with refusing(SET):
        cursor.executemany(statement, zip(*columns.values(), strict=True))
        try:
            cursor.execute(SET)
        except sqlite3.IntegrityError as error:
            cursor.execute(NO_DRAFTS)
            if str(error) in NO_SET:
                return False
            raise
    return True


def _drafted(columns: Columns, ids: Sequence[str], now: datetime) -> Columns:
    """The columns of `ledger_draft` that say something."""
    many = len(ids)
    said = {name: each for name, each in columns.items() if each.count(None) < many}
    said |= {name: _texts_of(said[name]) for name in ("until", "expires_at") if name in said}
    if "memo" in said:
        said["memo"] = [memo_of(each) for each in said["memo"]]
    return said | {"place": range(many), "id": ids, "at": [text_of(aware(now))] * many}


def _texts_of(moments: Sequence[datetime | None]) -> list[str | None]:
    texts = {each: None if each is None else text_of(each) for each in set(moments)}
    return [texts[each] for each in moments]


def _bound(draft: Draft, id: str, now: datetime) -> tuple[Any, ...]:
    """What a transfer binds, in the order of `BOUND`; what there is none of is 0."""
    return (
        id,
        draft.key,
        draft.source,
        draft.target,
        draft.amount,
        draft.kind,
        0 if draft.about is None else draft.about,
        0 if draft.memo is None else memo_of(draft.memo),
        text_of(aware(now)),
        0 if draft.until is None else text_of(draft.until),
        draft.resolves or 0,
        draft.reverses or 0,
        draft.linked or 0,
        0 if draft.expires_at is None else text_of(draft.expires_at),
        draft.takes or 0,
    )
