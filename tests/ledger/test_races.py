"""Real threads against PostgreSQL: whatever the order, the book is right and nobody waits for ever.

SQLite has one writer at a time; the same races run there to show that nothing is lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from foundation.doors import database as open_database
from foundation.doors import reading, writing
from ledger import (
    accounts,
    clawbacks,
    earning,
    expiring,
    folding,
    holds,
    spending,
    statements,
    transfers,
)
from ledger.statements import Balances
from tests.ledger.conftest import Book
from tests.threads import at_once, outcome

THREADS = 12


def race(acts: list[Callable[[], Any]]) -> list[Any]:
    """Run all acts at once; what each returned, or the code it was refused with."""

    def run(place: int) -> list[Any]:
        return [outcome(act) for act in acts[place::THREADS]]

    parts = at_once([partial(run, place) for place in range(THREADS)])
    return [each for part in parts for each in part]


def spend(book: Book, key: str, amount: int = 10, owner: str = "ada") -> str:
    with writing() as session:
        return spending.spend(
            session, owner=owner, commodity="points", amount=amount, key=key, now=book.now
        ).id


def test_one_balance_is_spent_exactly_once(book: Book) -> None:
    book.give(100)
    outcomes = Counter(
        each if each == "insufficient" else "spent"
        for each in race([lambda n=n: spend(book, f"tea:{n}") for n in range(24)])
    )
    assert outcomes == {"spent": 10, "insufficient": 14}
    assert book.balances() == Balances(spent=100)


def test_one_key_makes_one_transfer(book: Book) -> None:
    book.give(100)
    assert len(set(race([lambda: spend(book, "tea") for _ in range(24)]))) == 1
    assert book.balances() == Balances(available=90, spent=10)


def test_one_account_is_opened_once(book: Book) -> None:
    def open_one() -> int:
        with writing() as session:
            return accounts.account(session, "fay", "available", "points", book.now)

    assert len(set(race([open_one for _ in range(24)]))) == 1


def test_transfers_in_opposite_directions_do_not_deadlock(book: Book) -> None:
    with writing() as session:
        ours, theirs = (
            accounts.account(session, owner, "available", "points", book.now)
            for owner in ("ada", "ben")
        )
    book.give(1_000)
    book.give(1_000, owner="ben", key="gift for ben")

    def pay(source: int, target: int, key: str) -> str:
        with writing() as session:
            return transfers.transfer(
                session, source=source, target=target, amount=1, key=key, kind="pay", now=book.now
            ).kind

    outcomes = race(
        [
            lambda n=n: pay(*((ours, theirs) if n % 2 else (theirs, ours)), f"pay:{n}")
            for n in range(120)
        ]
    )
    assert outcomes == ["pay"] * 120
    assert book.balances() == book.balances("ben") == Balances(available=1_000)
    assert deadlocks() == 0


def test_sets_in_opposite_order_do_not_deadlock(book: Book) -> None:
    owners = [f"member{each}" for each in range(30)]
    with writing() as session:
        found = accounts.account_many(session, owners, "available", "points", book.now)
        issued = accounts.account(session, None, "issued", "points", book.now)

    def award(run: int) -> int:
        wanted = [
            transfers.Draft(issued, found[owner], 1, f"{run}:{owner}", "credit")
            for owner in (owners if run % 2 else reversed(owners))
        ]
        with writing() as session:
            return len(transfers.transfer_many(session, wanted, book.now))

    assert race([lambda n=n: award(n) for n in range(24)]) == [30] * 24
    assert book.balances("member7").available == 24
    assert deadlocks() == 0


def test_everything_at_once_on_one_member(book: Book) -> None:
    """Credits, clawbacks, posts and spends of one member: the sum is what it must be."""
    said = {"owner": "ada", "commodity": "points", "amount": 10, "now": book.now}
    with writing() as session:
        held = [
            holds.hold(session, key=f"grant:{n}", until=book.now + timedelta(days=1), **said).id
            for n in range(24)
        ]

    def act(number: int) -> str:
        kind, key = ("credit", "claw", "post", "spend")[number % 4], f"act:{number}"
        with writing() as session:
            if kind == "credit":
                earning.credit(session, key=key, **said)
            elif kind == "claw":
                clawbacks.claw_back(session, key=key, **said)
            elif kind == "post":
                holds.post(session, held[number // 4], key=key, now=book.now)
            else:
                spending.spend(session, key=key, **said)
        return kind

    outcomes = Counter(race([lambda n=n: act(n) for n in range(96)]))
    found = book.balances()
    assert outcomes["credit"] == outcomes["claw"] == outcomes["post"] == 24
    assert found.pending == 0
    assert found.clawed_back == 240
    assert found.spent == 10 * outcomes["spend"]
    assert found.available - found.negative == 240 - found.spent
    assert found.available == 0 or found.negative == 0
    assert deadlocks() == 0


def test_a_hold_is_settled_by_one(book: Book) -> None:
    with writing() as session:
        for number in range(2):
            held = holds.hold(
                session,
                owner="ada",
                commodity="points",
                amount=100,
                key=f"grant:{number}",
                until=book.now,
                now=book.now,
            )

    def settle(number: int) -> str:
        with writing() as session:
            if number % 2:
                holds.post(session, held.id, 30, key=f"settle:{number}", now=book.now)
            else:
                holds.void(session, held.id, 30, key=f"settle:{number}", now=book.now)
        return "settled"

    outcomes = Counter(race([lambda n=n: settle(n) for n in range(24)]))
    assert outcomes == {"settled": 3, "hold_exceeded": 21}


def test_a_transfer_is_reversed_by_one(book: Book) -> None:
    """Between two deferred accounts no balance is locked, so the transfer itself must be."""
    with writing() as session:
        issued, bank = (
            accounts.account(session, None, kind, "points", book.now, accounts.PROGRAMME["issued"])
            for kind in ("issued", "bank")
        )
        made = transfers.transfer(
            session, source=issued, target=bank, amount=100, key="made", kind="x", now=book.now
        )

    def reverse(number: int) -> str:
        with writing() as session:
            transfers.reverse(session, made.id, amount=40, key=f"back:{number}", now=book.now)
        return "reversed"

    outcomes = Counter(race([lambda n=n: reverse(n) for n in range(24)]))
    assert outcomes == {"reversed": 2, "reversal_exceeded": 22}


def test_folding_while_grants_are_made_loses_none(book: Book) -> None:
    issued = book.id("issued", None)

    def act(number: int) -> None:
        if number % 4:
            book.give(1, owner=f"member{number % 7}", key=f"gift:{number}")
        else:
            with writing() as session:
                folding.fold(session)

    race([lambda n=n: act(n) for n in range(120)])
    assert book.on(issued) == -90
    with writing() as session:
        folding.fold(session)
    assert book.on(issued) == -90


def deadlocks() -> int:
    if open_database().dialect != "postgresql":
        return 0
    with reading() as session:
        return int(
            session.connection()
            .exec_driver_sql(
                "select deadlocks from pg_stat_database where datname = current_database()"
            )
            .scalar_one()
        )


def test_spending_expiring_and_clawing_back_at_once(book: Book) -> None:
    """Whoever comes first: every point goes one way, and every lot adds up."""
    names = [f"member{number}" for number in range(6)]
    late = book.now + timedelta(days=20)
    for name in names:
        for days in (1, 5, 30):
            date = book.now + timedelta(days=days)
            book.give(40, owner=name, key=f"{name}:{days}", expires_at=date)

    def act(number: int) -> str:
        name = names[number % 6]
        kind = ("spend", "claw", "expire", "spend")[number // 6 % 4]
        said = {"owner": name, "commodity": "points", "amount": 7, "now": late}
        if kind == "expire":
            expiring.expire(late)
            return kind
        with writing() as session:
            if kind == "spend":
                spending.spend(session, key=f"act:{number}", **said)
            else:
                clawbacks.claw_back(session, key=f"act:{number}", **said)
        return kind

    outcomes = Counter(race([lambda n=n: act(n) for n in range(96)]))
    expiring.expire(late)
    found = [book.balances(name) for name in names]
    assert outcomes["claw"] == 24
    assert sum(each.spent for each in found) == 7 * outcomes["spend"]
    for each in found:
        assert each.available - each.negative + each.spent + each.expired + each.clawed_back == 120
    with reading() as session:
        left = [statements.expiring(session, name, "points") for name in names]
    assert [sum(lot.amount for lot in lots) for lots in left] == [each.available for each in found]
    assert all(lot.expires_at > late for lots in left for lot in lots)
    assert deadlocks() == 0


def test_several_sweeps_expire_every_lot_once(book: Book) -> None:
    for number in range(60):
        book.give(10, owner=f"member{number}", key=f"gift:{number}", expires_at=book.now)
    expired = race([lambda: expiring.expire(book.now) for _ in range(THREADS)])
    assert sum(expired) + expiring.expire(book.now) == 60
    assert book.balances("member7") == Balances(expired=10)
