"""The audit finds what somebody did who could switch the guards off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy.orm import Session

from foundation.doors import reading, writing
from ledger import bulk, commands, folding, holds, sealing, spending, statements, transfers
from ledger.audit import CHECKS, audit
from tests.ledger.conftest import Book


@pytest.fixture
def full(book: Book) -> Book:
    """A book with something in every corner."""
    book.give(100)
    with writing() as session:
        said = {"owner": "ada", "commodity": "points", "now": book.now}
        spent = spending.spend(session, amount=40, key="tea", **said)
        transfers.reverse(session, spent.id, amount=10, key="tea back", now=book.now)
        held = holds.hold(session, amount=30, key="grant", until=book.now, **said)
        holds.post(session, held.id, 10, key="post", now=book.now)
        folding.fold(session)
    book.give(5, owner="ben", key="gift for ben")
    book.give(20, key="dated", expires_at=book.now + timedelta(days=30))
    with writing() as session:
        some = spending.spend(session, amount=5, key="dated tea", **said)
        transfers.reverse(session, some.id, amount=2, key="dated tea back", now=book.now)
    sealing.seal_all(book.now)
    return book


def test_a_whole_book_has_no_findings(full: Book) -> None:
    with reading() as session:
        assert audit(session) == []


def test_the_command_says_so(full: Book) -> None:
    shown = CliRunner().invoke(commands.audit)
    assert shown.exit_code == 0
    assert "whole" in shown.output


TAMPERING = {
    "sides": "update ledger_entry set amount = amount - 1 where side = 1",
    "chain": "update ledger_entry set balance_after = balance_after + 7 where seq = 1",
    "balances": "update ledger_balance set posted = posted + 7 where seq > 0 and not deferred",
    "limits": "update ledger_balance set posted = -1 where floor is not null",
    "zero": "update ledger_balance set posted = posted + 7 where floor is null",
    "holds": "update ledger_hold set posted = posted + 1",
    "pending": "update ledger_hold set voided = voided + 1",
    "reversals": "update ledger_transfer set amount = 9 where kind = 'spend'",
    "commodities": "update ledger_transfer set commodity = 'USD' where kind = 'spend'",
    "orphans": "delete from ledger_transfer where kind = 'credit'",
    "lots": "update ledger_lot set remaining = remaining + 1",
    "lot chain": "update ledger_lot_use set remaining_after = remaining_after + 1 where seq = 2",
    "expiring": "update ledger_balance set expiring = expiring - 1 where expiring > 0",
    "uses": "update ledger_lot_use set amount = amount - 1 where side = 0",
    "dates": "update ledger_lot_use set expires_at = '2036-01-01 00:00:00.000000' where side = 1",
    "sealing": "insert into ledger_unsealed select max(transfer) from ledger_leaf",
    "seals": "update ledger_transfer set memo = '{\"why\": \"no reason\"}' where kind = 'credit'",
}


@pytest.mark.parametrize("check", TAMPERING)
def test_tampering_is_found(full: Book, check: str) -> None:
    with tampering() as session:
        session.connection().exec_driver_sql(TAMPERING[check])
        found = {finding.check: finding for finding in audit(session)}
    assert check in found
    assert found[check].row in found[check].sentence


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_wrong_fold_is_found(full: Book) -> None:
    with tampering() as session:
        session.connection().exec_driver_sql(
            "update ledger_balance set posted = posted + 1 where deferred"
        )
        found = {finding.check for finding in audit(session)}
    assert {"folds", "zero"} <= found


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("many", [1, 30])
def test_a_book_restored_into_a_younger_server_loses_nothing(full: Book, many: int) -> None:
    """Transactions are numbered from the start there, and folds have seen higher numbers."""
    with writing() as session:
        folding.fold(session)
    with tampering() as session:
        run = session.connection().exec_driver_sql
        run("update ledger_balance set folded = folded + 1000000 where deferred")
        run("set local session_replication_role = origin")
        issued = full.id("issued", None)
        before = statements.balance(session, issued)
        drafts = [bulk.CreditDraft(f"m{n}", "points", 10, f"restored:{n}") for n in range(many)]
        bulk.credit_many(session, drafts, full.now)
        folding.fold(session)
        assert statements.balance(session, issued) == before - 10 * many
        assert not {"zero", "folds"} & {finding.check for finding in audit(session)}


def test_the_first_bad_row_is_named(full: Book) -> None:
    with tampering() as session:
        session.connection().exec_driver_sql(
            "update ledger_entry set amount = amount + 1 where side = 1"
        )
        first = session.connection().exec_driver_sql("select min(id) from ledger_transfer").scalar()
        [sides] = [finding for finding in audit(session) if finding.check == "sides"]
    assert sides.row == first
    assert sides.count == 9


def test_a_missing_guard_is_found(full: Book) -> None:
    with suppress(Undo), writing() as session:
        on = " on ledger_transfer" if session.get_bind().dialect.name == "postgresql" else ""
        session.connection().exec_driver_sql(f"drop trigger ledger_transfer_post{on}")
        [finding] = audit(session)
        raise Undo
    assert (finding.check, finding.row) == ("guards", "ledger_transfer_post")


def test_the_command_names_what_it_found(full: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    from ledger import audit as auditing

    wrong = auditing.Check("chain", "Row %s is wrong.", "select 'abc' union all select 'def'")
    monkeypatch.setattr(auditing, "CHECKS", (wrong,))
    shown = CliRunner().invoke(commands.audit)
    assert shown.exit_code == 1
    assert "Row abc is wrong. (2 rows)" in shown.output


def test_two_readers_find_what_one_finds(full: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    from ledger import audit as auditing

    wrong = [
        auditing.Check(name, "Row %s is wrong.", f"select '{name}' where 1 = {is_broken:d}")
        for name, is_broken in (("chain", True), ("zero", False), ("lots", True))
    ]
    monkeypatch.setattr(auditing, "CHECKS", tuple(wrong))
    with reading() as session:
        found = audit(session)
    assert [each.check for each in found] == ["chain", "lots"]
    assert auditing.audit_by_two() == found


def test_every_law_is_tampered_with() -> None:
    assert {check.name for check in CHECKS} | {"seals"} == set(TAMPERING) | {"folds"}


class Undo(Exception):
    """Ends a tampering without a trace."""


@contextmanager
def tampering() -> Iterator[Session]:
    """The database without its guards, as its superuser may have it; undone afterwards."""
    with suppress(Undo), writing() as session:
        run = session.connection().exec_driver_sql
        if session.get_bind().dialect.name == "postgresql":
            run("set local session_replication_role = replica")
            for table, name in _checks(session):
                run(f"alter table {table} drop constraint {name}")
        else:
            run("pragma ignore_check_constraints = on")
            run("pragma defer_foreign_keys = on")
            for (name,) in run("select name from sqlite_master where type = 'trigger'").all():
                run(f"drop trigger {name}")
        yield session
        raise Undo


def _checks(session: Session) -> list[Any]:
    return list(
        session.connection().exec_driver_sql(
            "select conrelid::regclass, conname from pg_constraint"
            " where contype = 'c' and conrelid::regclass::text ~ '^ledger'"
        )
    )
