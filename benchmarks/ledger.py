"""Ledger transfers per second through the verbs the rooms call, beside bare SQL in the same run.

The floor is what nobody would put into production: hand-written tables without a single guard,
one statement per transfer on the driver's own connection (PostgreSQL: a function that makes it one
round trip; SQLite: five statements). Ours is `with writing() as session: transfer(...)`, all
guards on. Both commit each transfer, and both alternate in short slices, so that a busy machine
slows them alike.
"""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from sqlalchemy import text

from foundation import clock
from foundation.doors import Database, writing
from foundation.tables import new_id
from ledger import accounts, audit, earning, folding, transfers
from ledger.posting import Draft

MEMBERS = 1_000
SLICE = 0.7  # seconds; the two sides take turns
TURNS = 3
BULK = 20_000

Act = Callable[[], None]
Pay = Callable[[int, int], None]
Pick = Callable[[], Sequence[int]]


def rows(database: Database) -> list[dict[str, Any]]:
    """The table of this benchmark; leaves members of its own in the (migrated) database."""
    backend, run = database.dialect, new_id(clock.now())[:13]
    members, issued = _members(run)

    def pairs() -> Sequence[int]:
        return random.sample(members, 2)

    def hot() -> Sequence[int]:
        return issued, random.choice(members)

    with _bare(database, [*members, issued]) as bare:
        found = [
            _compare(name, backend, threads, pick, bare)
            for threads in ((1,) if backend == "sqlite" else (1, 8))
            for name, pick in (("random accounts", pairs), ("one hot account", hot))
        ]
    return [*found, _credit(backend, run), _bulk(backend, members, issued), _audit(backend)]


def _members(run: str) -> tuple[Sequence[int], int]:
    now = clock.now()
    owners = [f"{run}:{each}" for each in range(MEMBERS)]
    with writing() as session:
        found = accounts.account_many(session, owners, "available", "points", now)
        issued = accounts.account(session, None, "issued", "points", now)
        drafts = [Draft(issued, each, 10**9, new_id(now), "credit") for each in found.values()]
        transfers.transfer_many(session, drafts, now)
    return list(found.values()), issued


def _transfer(source: int, target: int) -> None:
    now = clock.now()
    with writing() as session:
        transfers.transfer(
            session,
            source=source,
            target=target,
            amount=1,
            key=new_id(now),
            kind="pay",
            now=now,
        )


def _credit(backend: str, run: str) -> dict[str, Any]:
    """The verb that hearers call: it finds the accounts, looks for a debt, and credits."""

    def act() -> None:
        now = clock.now()
        with writing() as session:
            earning.credit(
                session,
                owner=f"{run}:{random.randrange(MEMBERS)}",
                commodity="points",
                amount=1,
                key=new_id(now),
                now=now,
            )

    return _row("earning.credit, 1 connection", backend, _rate(act, 1), None)


def _bulk(backend: str, members: Sequence[int], issued: int) -> dict[str, Any]:
    now = clock.now()
    drafts = [Draft(issued, random.choice(members), 1, new_id(now), "credit") for _ in range(BULK)]
    started = time.perf_counter()
    with writing() as session:
        transfers.transfer_many(session, drafts, now)
    rate = BULK / (time.perf_counter() - started)
    return _row(f"transfer_many, {BULK:,} in one transaction", backend, rate, None)


def _audit(backend: str) -> dict[str, Any]:
    with writing() as session:
        folding.fold(session)
        entries = session.execute(text("select count(*) from ledger_entry")).scalar_one()
        started = time.perf_counter()
        findings = audit.audit(session)
    assert not findings, findings
    rate = entries / (time.perf_counter() - started)
    return _row("audit", backend, rate, None, unit="entries/s")


def _compare(name: str, backend: str, threads: int, pick: Pick, bare: Pay) -> dict[str, Any]:
    ours, floor = [], []
    for _ in range(TURNS):
        ours.append(_rate(lambda: _transfer(*pick()), threads))
        floor.append(_rate(lambda: bare(*pick()), threads))
    name = f"transfer, {name}, {threads} connection{'s' if threads > 1 else ''}"
    return _row(name, backend, statistics.median(ours), statistics.median(floor))


def _rate(act: Act, threads: int) -> float:
    """How often per second `act` is done by that many threads for one slice."""
    end = time.perf_counter() + SLICE

    def work(_: int) -> int:
        done = 0
        while time.perf_counter() < end:
            act()
            done += 1
        return done

    started = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        done = sum(pool.map(work, range(threads)))
    return done / (time.perf_counter() - started)


def _row(
    name: str, backend: str, value: float, floor: float | None, unit: str = "transfers/s"
) -> dict[str, Any]:
    return {
        "name": f"ledger: {name}",
        "value": round(value),
        "unit": unit,
        "floor": None if floor is None else round(floor),
        "ratio": None if floor is None else round(value / floor, 2),
        "backend": backend,
        "scale": 1,
    }


SQLITE_TABLES = """
create table bare_balance (account integer primary key, posted integer not null);
create table bare_transfer (id text primary key, key text not null unique, at text not null);
create table bare_entry (transfer text not null, account integer not null,
  amount integer not null, balance_after integer not null, primary key (transfer, account))
  without rowid;
create index bare_entry_account on bare_entry (account, transfer)
"""
POSTGRESQL_TABLES = """
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


@contextmanager
def _bare(database: Database, accounts: Sequence[int]) -> Iterator[Pay]:
    """Pays one unit between two accounts on unguarded tables, which are dropped afterwards."""
    on_sqlite = database.dialect == "sqlite"
    tables = SQLITE_TABLES.split(";") if on_sqlite else [POSTGRESQL_TABLES]
    connections = threading.local()

    def pay(source: int, target: int) -> None:
        if not hasattr(connections, "mine"):
            checked_out = database.writer.raw_connection()
            connections.mine = checked_out.driver_connection
            checked_out.detach()  # ours alone, closed with its thread
        (_pay_on_sqlite if on_sqlite else _pay_on_postgresql)(connections.mine, source, target)

    _drop(database)
    with database.writer.begin() as connection:
        for table in tables:
            connection.exec_driver_sql(table)
        connection.execute(
            text("insert into bare_balance values (:account, 1000000000)"),
            [{"account": each} for each in accounts],
        )
    try:
        yield pay
    finally:
        _drop(database)


def _drop(database: Database) -> None:
    with database.writer.begin() as connection:
        for table in ("bare_balance", "bare_transfer", "bare_entry"):
            connection.exec_driver_sql(f"drop table if exists {table}")
        if database.dialect == "postgresql":
            connection.exec_driver_sql("drop function if exists bare_pay")


def _pay_on_sqlite(connection: Any, source: int, target: int) -> None:
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


def _pay_on_postgresql(connection: Any, source: int, target: int) -> None:
    now = clock.now()
    connection.execute("select bare_pay(%s, %s, %s)", (new_id(now), source, target))
    connection.commit()
