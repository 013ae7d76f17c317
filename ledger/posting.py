"""The one statement that writes a transfer, on the driver's own cursor.

Everything the ledger does ends here. No objects are loaded or tracked: on PostgreSQL a transfer is
one round trip (the trigger does the rest on the server), on SQLite one statement.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NoReturn

import psycopg
from sqlalchemy import ColumnElement, String, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from foundation.tables import new_id, new_ids
from foundation.writing import driver_of, told
from ledger import prepared, refusals
from ledger.models import balance as balances
from ledger.models import transfer as transfers


# Neither of the two is frozen, and nobody changes them: setting a frozen field takes three times as
# long, which is a thirtieth of a transfer.
@dataclass(slots=True)
class Draft:
    """A transfer about to be made; `key` makes it happen once.

    `expires_at`: what it makes available (or holds, to be made available later) expires then; None:
    never. `takes`: the credit or hold whose own units this takes first, before the soonest expiry.
    """

    source: int
    target: int
    amount: int
    key: str
    kind: str
    about: str | None = None
    memo: Mapping[str, Any] | None = None
    until: datetime | None = None
    resolves: str | None = None
    reverses: str | None = None
    linked: str | None = None
    expires_at: datetime | None = None
    takes: str | None = None


@dataclass(slots=True)
class Transfer:
    """One movement of `amount` units of `commodity` from account `source` to account `target`.

    `replayed` tells that the transfer had been made before and this call did nothing.
    """

    id: str
    key: str
    source: int
    target: int
    commodity: str
    amount: int
    kind: str
    about: str | None
    memo: Mapping[str, Any] | None
    at: datetime
    until: datetime | None = None
    resolves: str | None = None
    reverses: str | None = None
    linked: str | None = None
    expires_at: datetime | None = None
    takes: str | None = None
    replayed: bool = field(default=False, compare=False)


def _numbered(statement: str, names: Sequence[str], named: str, sign: str) -> str:
    """Placeholders by name as the database counts them: `named` is how one is written, `sign` what
    stands before its number."""
    for place, name in enumerate(names, 1):
        statement = re.sub(re.escape(named.format(name)) + r"\b", f"{sign}{place}", statement)
    return statement


#: What a single transfer binds, in this order.
BOUND = (
    *("id", "key", "source", "target", "amount", "kind", "about", "memo", "at", "until"),
    *("resolves", "reverses", "linked", "expires_at", "takes"),
)

# The commodity is the source's. The floor is looked at here too, so that asking for too much is
# found before the trigger raises and, on PostgreSQL, spoils the transaction; the trigger decides.
#
# On SQLite by place, as its driver makes a text of each name each time; and 0 stands for nothing,
# which takes it longer to bind than all the rest.
SQLITE_INSERT = _numbered(
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
SQLITE_INSERT_ONE = f"{SQLITE_INSERT} returning commodity"

POSTGRESQL_INSERT_ONE = """
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
POSTGRESQL_FIRST = _numbered(POSTGRESQL_INSERT_ONE, BOUND, "%({})s", "$")

POSTGRESQL_INSERT_MANY = """
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

POSTGRESQL_LOCK = """
select count(*) from (select 1 from ledger_balance where account_id = any(%(accounts)s)
                         and not deferred order by account_id for update) locked"""

# The trigger of the row that goes into ledger_set posts the set (migrations/sets_on_sqlite.py);
# what it refuses by the word ledger_set is posted row by row.
SQLITE_DRAFT = "insert into ledger_draft ({columns}) values ({values})"
SQLITE_SET = "insert into ledger_set (number) values (1)"
SQLITE_NO_DRAFTS = "delete from ledger_draft"
#: What tells that the set is not one: by this law, or because a key is known.
NO_SET = ("ledger_set", "UNIQUE constraint failed: ledger_transfer.key")
#: Transfers from which on a set is faster than one by one.
SET = 10

SQLITE_COMMODITIES = """
select account_id, commodity from ledger_balance
 where account_id in (select value from json_each(:accounts))"""
POSTGRESQL_COMMODITIES = """
select account_id, commodity from ledger_balance where account_id = any(%(accounts)s)"""

#: Transfers per statement of `write_many`.
CHUNK = 5_000


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
    ids = ids or new_ids(now, len(drafts))
    if dialect_of(session) == "postgresql":
        touched = {d.source for d in drafts} | {d.target for d in drafts}
        run(session, POSTGRESQL_LOCK, {"accounts": sorted(touched)})
    made: list[Transfer] = []
    for start in range(0, len(drafts), CHUNK):
        end = start + CHUNK
        made += _write_chunk(session, drafts[start:end], ids[start:end], now)
    return made


def read_key(session: Session, key: str) -> Transfer | None:
    """The transfer made under `key`, marked as a replay."""
    row = session.execute(select(transfers).where(transfers.c.key == key)).first()
    return None if row is None else replace(transfer_of(row), replayed=True)


def transfer_of(row: Any) -> Transfer:
    """A row of `select(ledger_transfer)` as a `Transfer`."""
    return Transfer(**row._mapping)


def read_keys(session: Session, keys: Sequence[str]) -> dict[str, Transfer]:
    """The transfers made under any of `keys`, by key, marked as replays."""
    found: dict[str, Transfer] = {}
    for start in range(0, len(keys), CHUNK):
        found |= _read_keys(session, keys[start : start + CHUNK])
    return {key: replace(made, replayed=True) for key, made in found.items()}


def _write_one(session: Session, draft: Draft, id: str, now: datetime) -> str | None:
    """The commodity of the transfer; None when nothing was written."""
    connection = driver_of(session)
    on_sqlite = isinstance(connection, sqlite3.Connection)
    statement = SQLITE_INSERT_ONE if on_sqlite else POSTGRESQL_INSERT_ONE
    try:
        if on_sqlite:
            row = connection.execute(statement, _bound_on_sqlite(draft, id, now)).fetchone()
        elif prepared.is_first(connection):
            bound = _bound(draft, id, now)
            return prepared.begin_with(connection, POSTGRESQL_FIRST, bound)
        else:
            named = dict(zip(BOUND, _bound(draft, id, now), strict=True))
            row = connection.execute(statement, named).fetchone()
    except (sqlite3.Error, psycopg.Error) as error:
        raise _told(statement, error) from error
    return row[0] if row else None


def _write_chunk(
    session: Session, drafts: Sequence[Draft], ids: Sequence[str], now: datetime
) -> list[Transfer]:
    if dialect_of(session) == "sqlite":
        all_new = _many_on_sqlite(session, drafts, ids, now)
    else:
        all_new = _many_on_postgresql(session, drafts, ids, now)
    if all_new:
        commodities = _commodities(session, {d.source for d in drafts})
        return [_made(d, id, commodities[d.source], now) for d, id in zip(drafts, ids, strict=True)]
    known = _read_keys(session, [d.key for d in drafts])
    return [
        replace(known[d.key], replayed=known[d.key].id != id)
        if d.key in known
        else _why_not(session, d)
        for d, id in zip(drafts, ids, strict=True)
    ]


def _many_on_sqlite(
    session: Session, drafts: Sequence[Draft], ids: Sequence[str], now: datetime
) -> bool:
    if len(drafts) >= SET and _set_on_sqlite(session, drafts, ids, now):
        return True
    rows = [_bound_on_sqlite(d, id, now) for d, id in zip(drafts, ids, strict=True)]
    with _refusing(SQLITE_INSERT):
        cursor = driver_of(session).cursor().executemany(SQLITE_INSERT, rows)
    return bool(cursor.rowcount == len(rows))


def _set_on_sqlite(
    session: Session, drafts: Sequence[Draft], ids: Sequence[str], now: datetime
) -> bool:
    """Post all of them by one statement; False when they are not a set, and nothing was done."""
    if any(d.reverses or d.takes for d in drafts):
        return False
    return post_drafted(session, _drafts_on_sqlite(drafts, ids, now))


def post_drafted(session: Session, columns: Mapping[str, Iterable[Any]]) -> bool:
    """On SQLite, post rows of `ledger_draft` as a set; False when they are none.

    Columns of which no row says anything are better left out: to bind nothing takes the driver
    four times as long as to bind something.
    """
    statement = SQLITE_DRAFT.format(
        columns=", ".join(columns), values=", ".join("?" for _ in columns)
    )
    cursor = driver_of(session).cursor()
    with _refusing(SQLITE_SET):
        cursor.executemany(statement, zip(*columns.values(), strict=True))
        try:
            cursor.execute(SQLITE_SET)
        except sqlite3.IntegrityError as error:
            cursor.execute(SQLITE_NO_DRAFTS)
            if str(error) in NO_SET:
                return False
            raise
    return True


def _drafts_on_sqlite(
    drafts: Sequence[Draft], ids: Sequence[str], now: datetime
) -> dict[str, Sequence[Any]]:
    """The columns of `ledger_draft` that say something."""
    columns: dict[str, Sequence[Any]] = {
        "place": range(len(drafts)),
        "id": ids,
        "key": [d.key for d in drafts],
        "source": [d.source for d in drafts],
        "target": [d.target for d in drafts],
        "amount": [d.amount for d in drafts],
        "kind": [d.kind for d in drafts],
        "about": [d.about for d in drafts],
        "memo": [_memo(d) for d in drafts],
        "at": [text_of(_aware(now))] * len(drafts),
        "until": _texts_of([d.until for d in drafts]),
        "resolves": [d.resolves for d in drafts],
        "linked": [d.linked for d in drafts],
        "expires_at": _texts_of([d.expires_at for d in drafts]),
    }
    return {name: each for name, each in columns.items() if each.count(None) < len(drafts)}


def _texts_of(moments: Sequence[datetime | None]) -> list[str | None]:
    texts = {each: None if each is None else text_of(each) for each in set(moments)}
    return [texts[each] for each in moments]


def _many_on_postgresql(
    session: Session, drafts: Sequence[Draft], ids: Sequence[str], now: datetime
) -> bool:
    columns: dict[str, Sequence[object]] = {
        "id": ids,
        "key": [d.key for d in drafts],
        "source": [d.source for d in drafts],
        "target": [d.target for d in drafts],
        "amount": [d.amount for d in drafts],
        "kind": [d.kind for d in drafts],
        "about": [d.about for d in drafts],
        "memo": [_memo(d) for d in drafts],
        "until": [d.until for d in drafts],
        "resolves": [d.resolves for d in drafts],
        "reverses": [d.reverses for d in drafts],
        "linked": [d.linked for d in drafts],
        "expires_at": [d.expires_at for d in drafts],
        "takes": [d.takes for d in drafts],
    }
    values: dict[str, Any] = {name: prepared.array(each) for name, each in columns.items()}
    cursor = run(session, POSTGRESQL_INSERT_MANY, values | {"at": _aware(now)})
    return bool(cursor.rowcount == len(drafts))


def _bound(draft: Draft, id: str, now: datetime) -> tuple[Any, ...]:
    """What a transfer binds on PostgreSQL, in the order of `BOUND`."""
    return (
        id,
        draft.key,
        draft.source,
        draft.target,
        draft.amount,
        draft.kind,
        draft.about,
        _memo(draft),
        _aware(now),
        draft.until,
        draft.resolves,
        draft.reverses,
        draft.linked,
        draft.expires_at,
        draft.takes,
    )


def _bound_on_sqlite(draft: Draft, id: str, now: datetime) -> tuple[Any, ...]:
    """The same for SQLite: moments are texts, and what there is none of is 0."""
    return (
        id,
        draft.key,
        draft.source,
        draft.target,
        draft.amount,
        draft.kind,
        0 if draft.about is None else draft.about,
        0 if draft.memo is None else _memo(draft),
        text_of(_aware(now)),
        0 if draft.until is None else text_of(draft.until),
        draft.resolves or 0,
        draft.reverses or 0,
        draft.linked or 0,
        0 if draft.expires_at is None else text_of(draft.expires_at),
        draft.takes or 0,
    )


def _aware(now: datetime) -> datetime:
    if now.tzinfo is None:
        raise ValueError("moments are aware: pass a datetime in UTC")
    return now


def _memo(draft: Draft) -> str | None:
    return None if draft.memo is None else json.dumps(draft.memo, allow_nan=False)


def _read_keys(session: Session, keys: Sequence[str]) -> dict[str, Transfer]:
    """One parameter for all keys: thousands of them would be compiled anew each time."""
    if dialect_of(session) == "sqlite":
        wanted = func.json_each(json.dumps(keys)).table_valued("value")
        among: ColumnElement[bool] = transfers.c.key.in_(select(wanted.c.value))
    else:
        among = transfers.c.key == func.any(cast(list(keys), ARRAY(String)))
    rows = session.execute(select(transfers).where(among))
    return {row.key: transfer_of(row) for row in rows}


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


def run(session: Session, statement: str, values: Mapping[str, Any]) -> Any:
    """Execute on the driver's own cursor; the laws' words become sentences."""
    with _refusing(statement):
        return driver_of(session).execute(statement, values)


def stream(session: Session, query: str) -> Iterator[Any]:
    """The rows of a long answer as they come, plain tuples: millions of them are read here."""
    if dialect_of(session) == "sqlite":
        yield from driver_of(session).execute(query)
        return
    # All rows will be read: without this the server plans for the first ones.
    driver_of(session).execute("set local cursor_tuple_fraction = 1")
    with driver_of(session).cursor(name="ledger_stream") as cursor:
        cursor.itersize = 10_000
        yield from cursor.execute(query)


@contextmanager
def _refusing(statement: str) -> Iterator[None]:
    """Turn the laws' words into sentences, and other errors into those of the rest of the house."""
    try:
        yield
    except (sqlite3.Error, psycopg.Error) as error:
        raise _told(statement, error) from error


def _told(statement: str, error: sqlite3.Error | psycopg.Error) -> BaseException:
    return refusals.of(error) or told(error, statement)


def dialect_of(session: Session) -> str:
    """`sqlite` or `postgresql`."""
    return session.get_bind().dialect.name


def moment_for(session: Session, at: datetime) -> datetime | str:
    """A moment as the driver of this session wants it."""
    return text_of(_aware(at)) if dialect_of(session) == "sqlite" else _aware(at)


def text_of(at: datetime) -> str:
    """A moment as the rest of the house writes it on SQLite."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
