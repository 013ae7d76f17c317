"""The book's speed through the verbs the rooms call, all guards on, beside others in the same run.

Ours is `with writing() as session: transfers.transfer(...)`, one commit for each, every connection
a process of its own. Contenders take turns of under a second, so that a busy machine slows them
alike; a row has ours as `value` and the other as `floor`. Then what is larger than one transfer:
awards and redemptions mixed, sets, the sweep of what expired, seals and the audit.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import text

from benchmarks import ledger_hordak, ledger_rivals
from benchmarks.ledger_pace import SLICE, Contender, Pace, forked, in_turns, meanwhile
from benchmarks.ledger_rivals import Connect, Pay
from foundation import clock
from foundation.doors import Database, reading, writing
from foundation.tables import new_id
from ledger import accounts, audit, bulk, earning, expiring, folding, sealing, spending, transfers
from ledger.bulk import CreditDraft
from ledger.drafts import Draft

#: Their first credits are 10,000 entries.
MEMBERS = 5_000
#: hordak opens accounts slowly, and keeps no balance that many transfers could meet at.
HORDAK_MEMBERS = 1_000
BULK = 100_000
#: Points of one lot, how many lots each member has, and what a redemption takes: two or three.
LOT, LOTS, REDEEMED = 60, 10, 120
FILL = 10_000
SETTLE_SQLITE = ("pragma wal_checkpoint(truncate)",)
SETTLE_POSTGRESQL = ("vacuum analyze", "checkpoint")


@dataclass(frozen=True)
class Asked:
    """What to measure: existing entries, connections, and against whom."""

    entries: Sequence[int] = (10_000,)
    connections: Sequence[int] = (1, 2, 8)
    parts: Sequence[str] = ("single", "mixed", "sets", "audit")
    pgledger: Sequence[Path] = ()
    with_hordak: bool = False
    fills_rivals: bool = False


@dataclass
class Bench:
    """A database with members in it, and the rows found so far."""

    database: Database
    asked: Asked
    members: list[int] = field(default_factory=list)
    issued: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, name: str, value: float, unit: str, **more: Any) -> None:
        self.rows.append(
            {
                "name": f"ledger: {name}",
                "value": round(value) if value >= 100 else round(value, 2),
                "unit": unit,
                "floor": None,
                "ratio": None,
                "backend": self.database.dialect,
                "scale": 1,
                **more,
            }
        )

    def compare(self, name: str, ours: Pace, floor: float | None, **more: Any) -> None:
        """A row of transfers per second, beside another rate if there is one."""
        self.add(
            name,
            ours.rate,
            "transfers/s",
            floor=None if floor is None else round(floor),
            ratio=None if floor is None else round(ours.rate / floor, 2),
            p50_ms=ours.at(0.5),
            p99_ms=ours.at(0.99),
            **more,
        )


def rows(database: Database, asked: Asked | None = None) -> list[dict[str, Any]]:
    """The table of this benchmark, of a migrated and empty database."""
    bench = Bench(database, asked or Asked())
    _open(bench)
    if "single" in bench.asked.parts:
        _singles(bench)
    if "mixed" in bench.asked.parts:
        _mixed(bench)
    if "sets" in bench.asked.parts:
        _sets(bench)
    if "audit" in bench.asked.parts:
        _audit(bench)
    return bench.rows


def _open(bench: Bench) -> None:
    now = clock.now()
    owners = [_owner(each) for each in range(MEMBERS)]
    with writing() as session:
        found = accounts.account_many(session, owners, "available", "points", now)
        bench.issued = accounts.account(session, None, "issued", "points", now)
        drafts = [Draft(bench.issued, n, 10**9, new_id(now), "credit") for n in found.values()]
        transfers.transfer_many(session, drafts, now)
    bench.members = list(found.values())


def _owner(number: int) -> str:
    return f"bench:{number}"


# Single transfers


def _singles(bench: Bench) -> None:
    empty: dict[tuple[str, int], float] = {}
    for entries in bench.asked.entries:
        _fill(bench, entries)
        with _rivals(bench, entries) as rivals:
            for connections in bench.asked.connections:
                for kind in ("random", "hot"):
                    ours = forked(partial(_moving, partial(_connect, bench), MEMBERS, kind))
                    paces = in_turns({"": ours, **rivals[kind]}, connections)
                    name = f"transfer, {kind}, {connections} conn., {_short(entries)} entries"
                    first = empty.setdefault((kind, connections), paces[""].rate)
                    for rival in rivals[kind]:
                        theirs = paces[rival]
                        bench.compare(
                            f"{name}, beside {rival}",
                            paces[""],
                            theirs.rate,
                            floor_p50_ms=theirs.at(0.5),
                            floor_p99_ms=theirs.at(0.99),
                        )
                    if not rivals[kind]:
                        bench.compare(f"{name}, beside {_short(bench.asked.entries[0])}",
                                      paces[""], first)  # fmt: skip


def _fill(bench: Bench, entries: int) -> None:
    """Random transfers, ten thousand at a time, until there are so many entries."""
    with writing() as session:
        count = session.execute(text("select count(*) from ledger_entry")).scalar_one()
    while count < entries:
        now = clock.now()
        many = min(FILL, (entries - count + 1) // 2)
        pairs = [random.sample(bench.members, 2) for _ in range(many)]
        drafts = [Draft(source, target, 1, new_id(now), "pay") for source, target in pairs]
        with writing() as session:
            transfers.transfer_many(session, drafts, now)
        count += 2 * many
    _settle(bench)


def _settle(bench: Bench) -> None:
    """What autovacuum and checkpoints would do sooner or later is done before measuring."""
    with writing() as session:
        folding.fold(session)
    on_sqlite = bench.database.dialect == "sqlite"
    connection = ledger_rivals.own(bench.database)
    if not on_sqlite:
        connection.autocommit = True
    for statement in SETTLE_SQLITE if on_sqlite else SETTLE_POSTGRESQL:
        connection.execute(statement)
    connection.close()


@contextmanager
def _rivals(bench: Bench, entries: int) -> Iterator[dict[str, dict[str, Contender]]]:
    """Who else pays, by the accounts they pay between.

    With empty books beside our first one only, or each time with as many entries as we have.
    """
    found: dict[str, dict[str, Contender]] = {"random": {}, "hot": {}}
    theirs = entries if bench.asked.fills_rivals else 0
    with ExitStack() as stack:
        if theirs or entries == bench.asked.entries[0]:
            for name, connect in _raw(bench, stack, theirs).items():
                for kind in found:
                    found[kind][name] = forked(partial(_moving, connect, MEMBERS, kind))
            if bench.asked.with_hordak and bench.database.dialect == "postgresql":
                ask = stack.enter_context(_hordak(bench, theirs))
                for kind in found:
                    found[kind]["django-hordak"] = partial(_asking, ask, kind)
            if theirs:
                _settle(bench)
        yield found


def _raw(bench: Bench, stack: ExitStack, entries: int) -> dict[str, Connect]:
    database, many = bench.database, MEMBERS + 1
    found = {"bare SQL": stack.enter_context(ledger_rivals.bare(database, many, entries))}
    if database.dialect == "sqlite":
        rival = ledger_rivals.guarded(database, many, entries)
        found["guarded SQL"] = stack.enter_context(rival)
    elif bench.asked.pgledger:
        rival = ledger_rivals.pgledger(database, many, bench.asked.pgledger, entries)
        found["pgledger with a key"] = stack.enter_context(rival)
    return found


@contextmanager
def _hordak(bench: Bench, entries: int) -> Iterator[Any]:
    with tempfile.TemporaryDirectory(prefix="bellmouth-hordak-") as folder:
        python = ledger_hordak.environment(Path(folder))
        url = bench.database.url.replace("postgresql+psycopg", "postgresql")
        with ledger_hordak.running(python, url, HORDAK_MEMBERS, entries) as ask:
            yield ask


def _asking(ask: Any, kind: str, connections: int) -> Pace:
    return Pace(*ask(kind, connections, SLICE))


def _moving(connect: Connect, members: int, kind: str) -> Any:
    """The act of one connection: one unit between two members, or from the busiest account."""
    pay = connect()

    def random_accounts() -> None:
        pay(*random.sample(range(members), 2))

    def hot_account() -> None:
        pay(members, random.randrange(members))

    random.seed()
    return hot_account if kind == "hot" else random_accounts


def _connect(bench: Bench) -> Pay:
    numbers = [*bench.members, bench.issued]

    def pay(source: int, target: int) -> None:
        now = clock.now()
        with writing() as session:
            transfers.transfer(
                session,
                source=numbers[source],
                target=numbers[target],
                amount=1,
                key=new_id(now),
                kind="pay",
                now=now,
            )

    return pay


# Awards and redemptions


def _mixed(bench: Bench) -> None:
    """Two awards that expire for each redemption, which takes from two or three lots."""
    now = clock.now()
    drafts = [
        CreditDraft(_owner(n), "points", LOT, new_id(now), expires_at=now + timedelta(days=lot))
        for n in range(MEMBERS)
        for lot in range(1, LOTS + 1)
    ]
    with writing() as session:
        bulk.credit_many(session, drafts, now)
        owners = [_owner(n) for n in range(MEMBERS)]
        accounts.account_many(session, owners, "redeemed", "points", now)
    _settle(bench)
    for connections in bench.asked.connections:
        paces = in_turns({"": forked(_awarding_and_redeeming)}, connections)
        bench.compare(f"2 awards : 1 redemption, {connections} conn.", paces[""], None)


def _awarding_and_redeeming() -> Any:
    random.seed()

    def act() -> None:
        now = clock.now()
        said: dict[str, Any] = {
            "owner": _owner(random.randrange(MEMBERS)),
            "commodity": "points",
            "key": new_id(now),
            "now": now,
        }
        with writing() as session:
            if random.randrange(3):
                expires_at = (now + timedelta(days=random.randint(1, LOTS))).replace(microsecond=0)
                earning.credit(session, amount=LOT, expires_at=expires_at, **said)
            else:
                spending.spend(session, amount=REDEEMED, **said)

    return act


# Sets


def _sets(bench: Bench) -> None:
    """Awards to 100,000 members who are there, each with a key of its own, in one transaction.

    Beside bare SQL, which makes as many transfers as a set, each under its own key as well.
    """
    owners = [f"set:{each}" for each in range(BULK)]
    now = clock.now()
    with writing() as session:
        accounts.account_many(session, owners, "available", "points", now)
    _settle(bench)
    for expires_at in (None, now + timedelta(days=30)):
        run, said = new_id(now), "that expire" if expires_at else "that never expire"
        drafts = [
            CreditDraft(each, "points", 10, f"{run}:{each}", "campaign:1", expires_at=expires_at)
            for each in owners
        ]
        floor = ledger_rivals.bare_set(bench.database, BULK)
        seconds = _credit(drafts)
        more = {"floor": round(floor, 2), "ratio": round(seconds / floor, 2)}
        bench.add(f"{BULK:,} awards {said}", seconds, "s", **more)
        _settle(bench)
    bench.add(f"{BULK:,} awards sent again", _credit(drafts), "s")
    _sweep(bench)


def _credit(drafts: Sequence[CreditDraft]) -> float:
    """The seconds of one set, commit included."""
    started = time.perf_counter()
    with writing() as session:
        bulk.credit_many(session, drafts, clock.now())
    return time.perf_counter() - started


def _sweep(bench: Bench) -> None:
    """All those lots expire, while a member asks for a transfer now and then."""
    with meanwhile(partial(_spending_now_and_then, bench), pause=0.02) as waits:
        started = time.perf_counter()
        expired = expiring.expire(clock.now() + timedelta(days=31))
        seconds = time.perf_counter() - started
    name = f"{expired:,} lots expire"
    bench.add(name, seconds, "s")
    pace = Pace(0, waits.seconds)
    bench.add(f"{name}: a transfer meanwhile, p99", pace.at(0.99), "ms", p50_ms=pace.at(0.5))
    bench.add(f"{name}: a transfer meanwhile, longest", pace.at(1), "ms")


def _spending_now_and_then(bench: Bench) -> Any:
    return _moving(partial(_connect, bench), MEMBERS, "random")


# Seals and audit


def _audit(bench: Bench) -> None:
    started = time.perf_counter()
    sealed = sealing.seal_all(clock.now())
    bench.add("seals", sealed / (time.perf_counter() - started), "transfers/s")
    _settle(bench)
    with reading() as session:
        entries = session.execute(text("select count(*) from ledger_entry")).scalar_one()
    started = time.perf_counter()
    findings = audit.audit_by_two()
    seconds = time.perf_counter() - started
    assert not findings, findings
    bench.add(f"full audit of {entries:,} entries", seconds, "s")
    bench.add("full audit", entries / seconds, "entries/s")


def _short(entries: int) -> str:
    return f"{entries // 10**6} M" if entries >= 10**6 else f"{entries // 1000} k"
