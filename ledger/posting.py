"""Writing transfers: the one way into the book, on the driver's own cursor.

Everything the ledger does ends here. No objects are loaded or tracked: on PostgreSQL a transfer is
one round trip (the trigger does the rest on the server), on SQLite one statement. The statements
are those of posting_on_sqlite.py and posting_on_postgresql.py. They take the commodity from the
source, and look at its floor as the trigger does, which decides: so that asking for too much is
found before it raises and, on PostgreSQL, spoils the transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NoReturn

import psycopg
from sqlalchemy import ColumnElement, String, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from foundation.tables import new_id, new_ids
from foundation.writing import driver_of
from ledger import posting_on_postgresql, posting_on_sqlite, refusals
from ledger.drafts import Columns, Draft, Transfer, columns_of, drafts_of, transfers_of
from ledger.driver import dialect_of, run, told_of
from ledger.models import balance as balances
from ledger.models import transfer as transfers

SQLITE_COMMODITIES = """
select account_id, commodity from ledger_balance
 where account_id in (select value from json_each(:accounts))"""
POSTGRESQL_COMMODITIES = """
select account_id, commodity from ledger_balance where account_id = any(%(accounts)s)"""

#: Transfers per statement of `write_many`.
CHUNK = 20_000


def write(session: Session, draft: Draft, now: datetime, *, id: str | None = None) -> Transfer:
    """Make the transfer, or give back the one its key made before (see `Transfer.replayed`).

    A replay is not compared with the draft; `transfers.same_request` does that. Refused in a
    sentence when a law of the database says no.
    """
    id = id or new_id(now)
    commodity = _write_one(session, draft, id, now)
    if commodity is not None:
        return _made(draft, id, commodity, now)
    return read_key(session, draft.key) or _why_not(session, draft)


def write_many(
    session: Session, drafts: Sequence[Draft], now: datetime, *, ids: Sequence[str] | None = None
) -> list[Transfer]:
    """Make many transfers in few statements; each is made or found by its key, like `write`."""
    if not drafts:
        return []
    return write_columns(session, columns_of(drafts), now, ids=ids)


def write_columns(
    session: Session, columns: Columns, now: datetime, *, ids: Sequence[str] | None = None
) -> list[Transfer]:
    """`write_many` of transfers that stand in columns."""
    many = len(columns["key"])
    ids = ids or new_ids(now, many)
    if dialect_of(session) == "postgresql":
        posting_on_postgresql.lock(session, columns)
    made: list[Transfer] = []
    for start in range(0, many, CHUNK):
        end = start + CHUNK
        chunk = {name: each[start:end] for name, each in columns.items()}
        made += _write_chunk(session, chunk, ids[start:end], now)
    return made


def read_key(session: Session, key: str) -> Transfer | None:
    """The transfer made under `key`, marked as a replay."""
    row = session.execute(select(transfers).where(transfers.c.key == key)).first()
    return None if row is None else transfer_of(row, replayed=True)


def transfer_of(row: Any, *, replayed: bool = False) -> Transfer:
    """A row of `select(ledger_transfer)`, whose columns stand in the order of `Transfer`'s."""
    return Transfer(*(*row, replayed))


def read_keys(session: Session, keys: Sequence[str]) -> dict[str, Transfer]:
    """The transfers made under any of `keys`, by key, marked as replays."""
    found: dict[str, Transfer] = {}
    for start in range(0, len(keys), CHUNK):
        found |= _read_keys(session, keys[start : start + CHUNK])
    return found


def _write_one(session: Session, draft: Draft, id: str, now: datetime) -> str | None:
    """The commodity of the transfer; None when nothing was written."""
    connection = driver_of(session)
    try:
        if isinstance(connection, sqlite3.Connection):
            return posting_on_sqlite.insert_one(connection, draft, id, now)
        return posting_on_postgresql.insert_one(connection, draft, id, now)
    except (sqlite3.Error, psycopg.Error) as error:
        raise told_of("insert into ledger_transfer", error) from error


def _write_chunk(
    session: Session, columns: Columns, ids: Sequence[str], now: datetime
) -> list[Transfer]:
    if dialect_of(session) == "sqlite":
        all_new = posting_on_sqlite.insert_many(session, columns, ids, now)
    else:
        all_new = posting_on_postgresql.insert_many(session, columns, ids, now)
    if all_new:
        commodities = _commodities(session, set(columns["source"]))
        return transfers_of(columns, ids, [commodities[each] for each in columns["source"]], now)
    known = _read_keys(session, columns["key"])
    return [
        replace(known[d.key], replayed=known[d.key].id != id)
        if d.key in known
        else _why_not(session, d)
        for d, id in zip(drafts_of(columns), ids, strict=True)
    ]


def _read_keys(session: Session, keys: Sequence[str]) -> dict[str, Transfer]:
    """`read_keys` of a chunk.

    One parameter for all keys: thousands of them would be compiled anew each time.
    """
    if dialect_of(session) == "sqlite":
        wanted = func.json_each(json.dumps(keys)).table_valued("value")
        among: ColumnElement[bool] = transfers.c.key.in_(select(wanted.c.value))
    else:
        among = transfers.c.key == func.any(cast(list(keys), ARRAY(String)))
    rows = session.execute(select(transfers).where(among))
    return {row.key: transfer_of(row, replayed=True) for row in rows}


def _commodities(session: Session, accounts: set[int]) -> dict[int, str]:
    on_sqlite = dialect_of(session) == "sqlite"
    rows = run(
        session,
        SQLITE_COMMODITIES if on_sqlite else POSTGRESQL_COMMODITIES,
        {"accounts": json.dumps(list(accounts)) if on_sqlite else list(accounts)},
    )
    return dict(rows.fetchall())


def _why_not(session: Session, draft: Draft) -> NoReturn:
    """Nothing was written, the key is free: an account is missing, or its floor in the way."""
    row = session.execute(
        select(balances.c.posted, balances.c.floor).where(balances.c.account_id == draft.source)
    ).first()
    if row is None:
        raise refusals.refused("ledger_account")
    raise refusals.too_little(row.posted - (row.floor or 0), draft.amount)


def _made(draft: Draft, id: str, commodity: str, now: datetime) -> Transfer:
    # By place: naming sixteen values takes as long again as keeping them.
    return Transfer(
        id,
        draft.key,
        draft.source,
        draft.target,
        commodity,
        draft.amount,
        draft.kind,
        draft.about,
        draft.memo,
        now,
        draft.until,
        draft.resolves,
        draft.reverses,
        draft.linked,
        draft.expires_at,
        draft.takes,
    )
