"""What can be read: numbers now and then, statements, the trial balance."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from click.testing import CliRunner

from foundation.doors import reading, writing
from ledger import clawbacks, commands, folding, holds, spending, statements
from ledger.statements import Balances, Outstanding
from tests.ledger.conftest import Book


def spend(book: Book, amount: int, key: str) -> None:
    with writing() as session:
        spending.spend(
            session, owner="ada", commodity="points", amount=amount, key=key, now=book.now
        )


def test_it_works(book: Book) -> None:
    assert book.balances("nobody") == Balances()
    book.give(100)
    spend(book, 30, "tea")
    assert book.balances() == Balances(available=70, spent=30)


def test_any_past_moment_can_be_read(book: Book) -> None:
    book.give(100)
    tomorrow = replace(book, now=book.now + timedelta(days=1))
    spend(tomorrow, 30, "tea")
    available, issued = book.id("available"), book.id("issued", None)
    for moment, numbers in (
        (book.now - timedelta(seconds=1), Balances()),
        (book.now, Balances(available=100)),
        (tomorrow.now - timedelta(seconds=1), Balances(available=100)),
        (tomorrow.now, Balances(available=70, spent=30)),
    ):
        with reading() as session:
            assert statements.balances_at(session, "ada", "points", moment) == numbers
            found = statements.balance_at(session, available, moment)
            assert found == numbers.available
    with reading() as session:
        assert statements.balance_at(session, issued, book.now) == -100


def test_a_statement_reads_backwards_with_the_balance_after_each_line(book: Book) -> None:
    book.give(100)
    for number in range(4):
        spend(book, 10, f"tea:{number}")
    with reading() as session:
        page = statements.statement(session, "ada", "points", size=3)
        assert page.next
        cursor = page.next.partition("page=")[2]
        rest = statements.statement(session, "ada", "points", size=3, cursor=cursor)
    assert [(line.amount, line.balance) for line in page.rows] == [(-10, 60), (-10, 70), (-10, 80)]
    assert [(line.amount, line.balance) for line in rest.rows] == [(-10, 90), (100, 100)]
    assert [line.other for line in rest.rows] == ["redeemed", "issued"]
    assert [line.kind for line in rest.rows] == ["spend", "credit"]
    assert rest.next is None


def test_the_trial_balance_sums_to_zero_before_and_after_folding(book: Book) -> None:
    book.give(100)
    spend(book, 30, "tea")
    with reading() as session:
        before = statements.trial_balance(session)
    with writing() as session:
        folding.fold(session)
    with reading() as session:
        after = statements.trial_balance(session)
    assert before == after
    assert {row.kind: row.balance for row in after} == {
        "available": 70,
        "issued": -100,
        "redeemed": 30,
    }
    assert sum(row.debit for row in after) == sum(row.credit for row in after) == 100


def test_what_is_outstanding_is_shown_by_commodity(book: Book) -> None:
    book.give(100)
    with writing() as session:
        said = {"owner": "ada", "commodity": "points", "now": book.now}
        holds.hold(session, amount=25, key="grant", until=book.now, **said)
        clawbacks.claw_back(session, amount=140, key="refund", **said)
    with reading() as session:
        assert statements.outstanding(session) == [
            Outstanding("points", pending=25, available=0, owed=40)
        ]


def test_folding_adds_up_what_has_settled_once(book: Book) -> None:
    """On SQLite nothing is deferred, so there is nothing to fold."""
    for number in range(5):
        book.give(10, key=f"gift:{number}")
    with writing() as session:
        folded = folding.fold(session)
        on_postgresql = session.get_bind().dialect.name == "postgresql"
    assert folded == (5 if on_postgresql else 0)
    book.give(10, key="one more")
    assert folding.run(book.now) == f"Entries added up: {int(on_postgresql)}"
    assert folding.run(book.now) == "Entries added up: 0"
    assert book.on(book.id("issued", None)) == -60


def test_the_trial_balance_is_a_command(book: Book) -> None:
    book.give(1234)
    shown = CliRunner().invoke(commands.trial_balance)
    assert shown.exit_code == 0
    assert "1,234" in shown.output
