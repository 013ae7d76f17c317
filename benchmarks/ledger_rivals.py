"""What our transfers are measured against: hand-written SQL, and pgledger's published function.

*Bare SQL* is what nobody would put into production: tables without a single guard, one statement
per transfer (PostgreSQL: a function that makes it one round trip; SQLite: five statements).
*Guarded SQL* (SQLite) is the smallest schema that keeps the same laws for transfers without holds,
lots, reversals and seals, written to by hand on the driver's own connection. Its index on `sealed`
is not in the schema it was taken from: without it each seal reads all transfers there are, so that
its rate falls as it is measured.
*pgledger with a key* is its `pgledger_create_transfer` after a row in a table of keys, in one
transaction: it has no keys of its own. Its files are not ours and are given (`--pgledger`).

Their books are empty, or hold `entries` of their own, which they made by the same calls between
random accounts, without waiting for the disk.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import text

from foundation import clock
from foundation.doors import Database
from foundation.tables import new_id, new_ids
from foundation.write_lock import BUSY_TIMEOUT

#: Pays one unit between two accounts, by their places; with a connection of its own.
Pay = Callable[[int, int], None]
Connect = Callable[[], Pay]

BARE_ON_SQLITE = """
create table bare_balance (account integer primary key, posted integer not null);
create table bare_transfer (id text primary key, key text not null unique, at text not null);
create table bare_entry (transfer text not null, account integer not null,
  amount integer not null, balance_after integer not null, primary key (transfer, account))
  without rowid;
create index bare_entry_account on bare_entry (account, transfer)
"""
BARE_ON_POSTGRESQL = """
create table bare_balance (account bigint primary key, posted bigint not null)
  with (fillfactor = 60);
create table bare_transfer (id text collate "C" primary key,
  key text collate "C" not null unique, at timestamptz not null);
create table bare_entry (transfer text collate "C" not null, account bigint not null,
  amount bigint not null, balance_after bigint not null, primary key (transfer, account));
create index on bare_entry (account, transfer);
create function bare_pay(p_id text, p_source bigint, p_target bigint)
returns void language plpgsql as $$
declare low bigint := least(p_source, p_target); one bigint; two bigint;
begin
  insert into bare_transfer values (p_id, p_id, now());
  update bare_balance set posted = posted + case account when p_source then -1 else 1 end
    where account = low returning posted into one;
  update bare_balance set posted = posted + case account when p_source then -1 else 1 end
    where account = greatest(p_source, p_target) returning posted into two;
  insert into bare_entry values
    (p_id, p_source, -1, case low when p_source then one else two end),
    (p_id, p_target, 1, case low when p_source then two else one end);
end $$
"""
GUARDED = """
create table guarded_balance (account integer primary key, posted integer not null default 0,
  seq integer not null default 0, floor integer,
  seq_ref integer generated always as (nullif(seq, 0)) virtual,
  check (floor is null or posted >= floor), check (seq > 0 or posted = 0),
  foreign key (account, seq_ref, posted)
    references guarded_entry (account, seq, balance_after) deferrable initially deferred) strict;
create table guarded_transfer (id text primary key, key text not null unique, at text not null,
  sealed text not null generated always as (id) virtual
    references guarded_seal (transfer) deferrable initially deferred) strict;
create index guarded_transfer_sealed on guarded_transfer (sealed);
create table guarded_seal (transfer text primary key references guarded_transfer (id)) strict;
create table guarded_entry (transfer text not null references guarded_transfer (id),
  side integer not null, account integer not null, amount integer not null check (amount <> 0),
  balance_after integer not null, seq integer not null check (seq > 0),
  primary key (transfer, side), unique (account, seq, balance_after)) strict, without rowid;
create trigger guarded_entry_apply after insert on guarded_entry begin
  select raise(abort, 'sealed') where exists
    (select 1 from guarded_seal where transfer = new.transfer);
  update guarded_balance set posted = posted + new.amount, seq = seq + 1
   where account = new.account;
  select raise(abort, 'broken') where not exists (select 1 from guarded_balance
    where account = new.account and posted = new.balance_after and seq = new.seq);
end;
create trigger guarded_entry_keep before update on guarded_entry
  begin select raise(abort, 'append-only'); end;
create trigger guarded_balance_step before update on guarded_balance
  when new.seq <> old.seq + 1 or new.account <> old.account
  begin select raise(abort, 'one entry at a time'); end;
create trigger guarded_seal_check before insert on guarded_seal begin
  select raise(abort, 'unbalanced')
   where (select count(*) from guarded_entry where transfer = new.transfer) < 2
      or (select sum(amount) from guarded_entry where transfer = new.transfer) <> 0;
end
"""
# Bare SQL as a set: one unit from account 0 to so many others, each transfer with its own key.
BARE_SET_ON_SQLITE = (
    """insert into bare_entry
       select x.id, x.account, x.amount, b.posted + sum(x.amount) over chain
         from (select id, 0 as account, -1 as amount, place from temp.draft
               union all select id, account, 1, place from temp.draft) x
         cross join bare_balance b on b.account = x.account
       window chain as (partition by x.account order by x.place rows unbounded preceding)""",
    """update bare_balance set posted = (select balance_after from bare_entry e
            where e.account = bare_balance.account order by e.transfer desc limit 1)
        where account = 0 or account in (select account from temp.draft)""",
    "insert into bare_transfer select id, key, at from temp.draft order by place",
    "drop table temp.draft",
)
BARE_SET_ON_POSTGRESQL = """
with draft as (select * from unnest(%s::text[], %s::text[], %s::bigint[]) with ordinality
                      d(id, key, account, place)),
     made as (insert into bare_transfer select id, key, now() from draft),
     moved as (update bare_balance b set posted = b.posted + m.amount
                 from (select account, 1 as amount from draft
                       union all select 0, -count(*) from draft) m
                where b.account = m.account returning b.account, b.posted - m.amount as before)
insert into bare_entry
select x.id, x.account, x.amount, b.before + sum(x.amount) over chain
  from (select id, 0 as account, -1 as amount, place from draft
        union all select id, account, 1, place from draft) x
  join moved b on b.account = x.account
window chain as (partition by x.account order by x.place rows unbounded preceding)"""
TABLES = {
    "bare": ("bare_entry", "bare_transfer", "bare_balance"),
    "guarded": ("guarded_balance", "guarded_entry", "guarded_seal", "guarded_transfer"),
}


@contextmanager
def bare(database: Database, many: int, entries: int = 0) -> Iterator[Connect]:
    """Bare SQL between `many` accounts; its tables are dropped afterwards."""
    on_sqlite = database.dialect == "sqlite"
    pay = _bare_on_sqlite if on_sqlite else _bare_on_postgresql
    _drop(database, "bare")
    with database.writer.begin() as connection:
        for table in BARE_ON_SQLITE.split(";") if on_sqlite else [BARE_ON_POSTGRESQL]:
            connection.exec_driver_sql(table)
        opened = text("insert into bare_balance values (:account, 1000000000)")
        connection.execute(opened, [{"account": each} for each in range(many)])
    _fill(_paying(own(database, hurries=True), pay), many, entries)
    try:
        yield lambda: _paying(own(database), pay)
    finally:
        _drop(database, "bare")


@contextmanager
def guarded(database: Database, many: int, entries: int = 0) -> Iterator[Connect]:
    """Guarded SQL between `many` accounts of SQLite; its tables are dropped afterwards."""
    _drop(database, "guarded")
    connection = own(database)
    connection.executescript(GUARDED)
    connection.execute("begin")
    connection.executemany(
        "insert into guarded_balance (account) values (?)", [(each,) for each in range(many)]
    )
    connection.execute("commit")
    _fill(_paying(own(database, hurries=True), _guarded), many, entries)
    try:
        yield lambda: _paying(own(database), _guarded)
    finally:
        connection.close()
        _drop(database, "guarded")


@contextmanager
def pgledger(
    database: Database, many: int, files: Sequence[Path], entries: int = 0
) -> Iterator[Connect]:
    """pgledger with a key between `many` accounts, in a schema of its own, which is dropped."""
    connection = own(database)
    connection.execute("drop schema if exists pgledger cascade; create schema pgledger")
    connection.execute("set search_path = pgledger")
    for file in files:
        connection.execute(file.read_text())
    connection.execute('create table key (key text collate "C" primary key, transfer text)')
    made = connection.execute(
        "select (pgledger_create_account('a' || n, 'USD')).id from generate_series(1, %s) n",
        (many,),
    ).fetchall()
    connection.commit()
    ids = [id for (id,) in made]
    _fill(_pgledger(own(database, hurries=True), ids), many, entries)
    try:
        yield lambda: _pgledger(own(database), ids)
    finally:
        connection.execute("drop schema pgledger cascade")
        connection.commit()
        connection.close()


def bare_set(database: Database, many: int) -> float:
    """The seconds of bare SQL for a set of so many transfers, commit included."""
    with bare(database, many + 1):
        connection = own(database)
        now = clock.now()
        ids, accounts = new_ids(now, many), list(range(1, many + 1))
        keys = [f"{ids[0]}:set:{account}" for account in accounts]
        started = time.perf_counter()
        if database.dialect == "sqlite":
            _bare_set_on_sqlite(connection, ids, keys, accounts)
        else:
            connection.execute(BARE_SET_ON_POSTGRESQL, (ids, keys, accounts))
            connection.commit()
        seconds = time.perf_counter() - started
        connection.close()
    return seconds


def _bare_set_on_sqlite(
    connection: Any, ids: Sequence[str], keys: Sequence[str], accounts: Sequence[int]
) -> None:
    at = str(clock.now())
    connection.execute("begin immediate")
    connection.execute(
        "create temp table draft (place integer primary key, id text, key text, account integer,"
        " at text)"
    )
    rows = zip(range(len(ids)), ids, keys, accounts, [at] * len(ids), strict=True)
    connection.executemany("insert into temp.draft values (?, ?, ?, ?, ?)", rows)
    for statement in BARE_SET_ON_SQLITE:
        connection.execute(statement)
    connection.execute("commit")


def own(database: Database, *, hurries: bool = False) -> Any:
    """A driver's connection that is nobody else's; one that `hurries` never waits for the disk."""
    checked_out = database.writer.raw_connection()
    connection = checked_out.driver_connection
    checked_out.detach()
    if database.dialect == "sqlite":
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT}")  # it waits as SQLite itself does
        connection.execute(f"PRAGMA synchronous={'off' if hurries else 'normal'}")
    elif hurries:
        connection.execute("set synchronous_commit = off")
        connection.commit()
    return connection


def _paying(connection: Any, pay: Callable[[Any, int, int], None]) -> Pay:
    return lambda source, target: pay(connection, source, target)


def _fill(pay: Pay, many: int, entries: int) -> None:
    for _ in range(entries // 2):
        pay(*random.sample(range(many), 2))


def _drop(database: Database, name: str) -> None:
    with database.writer.begin() as connection:
        for table in TABLES[name]:
            connection.exec_driver_sql(f"drop table if exists {table}")
        if database.dialect == "postgresql":
            connection.exec_driver_sql("drop function if exists bare_pay")


def _bare_on_sqlite(connection: Any, source: int, target: int) -> None:
    now = clock.now()
    id = new_id(now)
    run = connection.execute
    run("begin immediate")
    run("insert into bare_transfer values (?, ?, ?)", (id, id, str(now)))
    for account, amount in ((source, -1), (target, 1)):
        [(after,)] = run(
            "update bare_balance set posted = posted + ? where account = ? returning posted",
            (amount, account),
        ).fetchall()
        run("insert into bare_entry values (?, ?, ?, ?)", (id, account, amount, after))
    run("commit")


def _bare_on_postgresql(connection: Any, source: int, target: int) -> None:
    connection.execute("select bare_pay(%s, %s, %s)", (new_id(clock.now()), source, target))
    connection.commit()


def _guarded(connection: Any, source: int, target: int) -> None:
    now = clock.now()
    id = new_id(now)
    run = connection.execute
    run("begin immediate")
    run("insert into guarded_transfer (id, key, at) values (?, ?, ?)", (id, id, str(now)))
    for side, account, amount in ((0, source, -1), (1, target, 1)):
        run(
            "insert into guarded_entry select ?, ?, account, ?, posted + ?, seq + 1"
            " from guarded_balance where account = ?",
            (id, side, amount, amount, account),
        )
    run("insert into guarded_seal values (?)", (id,))
    run("commit")


def _pgledger(connection: Any, ids: Sequence[str]) -> Pay:
    connection.execute("set search_path = pgledger")
    connection.commit()

    def pay(source: int, target: int) -> None:
        connection.execute(
            "with made as (select id from pgledger_create_transfer(%s, %s, 1))"
            " insert into key select %s, id from made",
            (ids[source], ids[target], new_id(clock.now())),
        )
        connection.commit()

    return pay
