"""Seals: what the book said cannot be changed afterwards without a trace."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from foundation.doors import reading, writing
from ledger import sealing, spending
from ledger.audit import audit
from tests.ledger.conftest import Book
from tests.ledger.test_audit import tampering
from tests.threads import at_once
from transparency import verifying


def broken() -> sealing.Broken | None:
    with reading() as session:
        return sealing.first_broken(session)


def give(book: Book, many: int) -> list[str]:
    return [book.give(10, key=f"gift:{number}") for number in range(many)]


def test_it_works(book: Book) -> None:
    give(book, 5)
    with reading() as session:
        assert sealing.count_waiting(session) == 5
    assert sealing.seal_all(book.now) == 5
    assert sealing.seal_all(book.now) == 0
    assert broken() is None
    with reading() as session:
        assert sealing.head(session).size == 5
        assert sealing.count_waiting(session) == 0


def test_seals_follow_from_each_other(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 2)
    give(book, 5)
    assert sealing.seal_all(book.now) == 5
    with reading() as session:
        sizes = session.execute(text("select size from ledger_seal order by size")).scalars().all()
    assert sizes == [2, 4, 5]
    assert broken() is None


def test_what_does_not_belong_there_keeps_nothing_from_being_sealed(book: Book) -> None:
    [sealed] = give(book, 1)
    sealing.seal_all(book.now)
    with writing() as session:
        for transfer in ("0nothing", sealed):
            session.execute(text("insert into ledger_unsealed values (:id)"), {"id": transfer})
    later = replace(book, now=book.now + timedelta(seconds=1))  # so that its id is larger
    later.give(10, key="later")
    assert sealing.seal_all(book.now) == 1
    assert broken() is None


def by_parts(session: Session) -> list[sealing.Broken]:
    """What is found first when the leaves are looked at in three parts, as by several readers."""
    parts = sealing.parts(session, 3)
    return [found for part in parts if (found := sealing.first_broken(session, part))][:1]


def test_parts_end_at_seals_and_miss_nothing(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 2)
    with reading() as session:
        assert sealing.parts(session, 2) == [(0, None)]
    give(book, 9)
    sealing.seal_all(book.now)
    with reading() as session:
        assert sealing.parts(session, 2) == [(0, 6), (6, None)]
        assert by_parts(session) == []


@pytest.mark.parametrize(
    "change",
    [
        "update ledger_transfer set about = 'order:2' where id = :id",
        "update ledger_transfer set at = '2020-01-01 00:00:00.000000' where id = :id",
        "update ledger_entry set balance_after = 99 where transfer = :id and side = 1",
        "update ledger_lot_use set expires_at = '2036-01-01 00:00:00.000000' where transfer = :id",
        "delete from ledger_transfer where id = :id",
    ],
)
def test_the_first_changed_transfer_is_named(
    book: Book, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "BATCH", 2)
    expires = book.now.replace(year=2027)
    ids = [book.give(10, key=f"gift:{n}", expires_at=expires) for n in range(6)]
    sealing.seal_all(book.now)
    first = sorted(ids)[2]
    with tampering() as session:
        for each in sorted(ids)[:1:-1]:
            session.execute(text(change), {"id": each})
        found = sealing.first_broken(session)
        assert found is not None
        assert found.row == first
        assert first in found.sentence
        assert by_parts(session) == [found]
        assert "seals" in {finding.check for finding in audit(session)}


GIVEN_AWAY = {
    "update ledger_account set owner = 'eve' where owner = 'ada'": "available",
    "update ledger_account set kind = 'owed' where kind = 'available'": "available",
    "update ledger_balance set floor = -99 where account_id = :id": "available",
    "update ledger_balance set lots = false where account_id = :id": "available",
    "update commodity set scale = 2": "available",  # the first of many
    "delete from ledger_account where id = :id": "available",
    "update ledger_account set owner = 'eve' where id = :id": "redeemed",
}


@pytest.mark.parametrize("change", GIVEN_AWAY)
def test_an_account_that_is_given_away_is_named(book: Book, change: str) -> None:
    give(book, 2)
    sealing.seal_all(book.now)
    with writing() as session:
        spending.spend(  # opens an account
            session, owner="ada", commodity="points", amount=5, key="tea", now=book.now
        )
    sealing.seal_all(book.now)
    whose = book.id(GIVEN_AWAY[change])
    assert broken() is None
    with tampering() as session:
        session.execute(text(change), {"id": whose})
        found = sealing.first_broken(session)
        assert found == sealing.Broken(
            str(whose), f"Account {whose} is not what it was when it was sealed."
        )
        assert by_parts(session) == [found]


def test_accounts_of_before_are_sealed_with_what_comes_next(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(sealing, "_seal_accounts", lambda *_: [])
        give(book, 2)
        sealing.seal_all(book.now)
    book.give(5, owner="ben", key="gift for ben")
    sealing.seal_all(book.now)
    assert broken() is None
    with reading() as session:
        sealed = session.scalars(text("select account from ledger_account_leaf")).all()
        known = session.scalars(text("select id from ledger_account order by id")).all()
        assert (sealing.head(session).accounts, sealed) == (len(known), known)


def test_a_leaf_made_to_fit_breaks_its_seal(book: Book) -> None:
    ids = give(book, 4)
    sealing.seal_all(book.now)
    with tampering() as session:
        session.execute(
            text("update ledger_transfer set memo = null, about = 'x' where id = :id"),
            {"id": ids[1]},
        )
        session.execute(text("insert into ledger_unsealed values (:id)"), {"id": ids[1]})
        [fitting] = sealing._hashes(session, [ids[1]]).values()
        session.execute(
            text("update ledger_leaf set hash = :hash where transfer = :id"),
            {"hash": fitting, "id": ids[1]},
        )
        found = sealing.first_broken(session)
        assert found is not None
        assert "seal of 4 transfers" in found.sentence


def test_accounts_that_a_seal_only_claims_are_missed(book: Book) -> None:
    give(book, 2)
    sealing.seal_all(book.now)
    with tampering() as session:
        session.execute(text("update ledger_seal set accounts = accounts + 1"))
        found = sealing.first_broken(session)
        assert found is not None
        assert "seal of 2 transfers" in found.sentence


def test_leaves_cut_off_are_missed(book: Book) -> None:
    give(book, 4)
    sealing.seal_all(book.now)
    with tampering() as session:
        session.execute(text("delete from ledger_leaf where number > 2"))
        found = sealing.first_broken(session)
        assert found is not None
        assert "end at 2" in found.sentence
        assert by_parts(session) == [found]


def test_the_log_tells_of_the_newest_seal(book: Book) -> None:
    give(book, 3)
    sealing.run(book.now)
    with reading() as session:
        events = session.execute(text("select event, subject from log_leaf")).all()
        assert [tuple(each) for each in events] == [("ledger.sealed", "ledger:3")]
        assert verifying.verify(session).findings == []
    sealing.run(book.now)
    with reading() as session:
        assert session.execute(text("select count(*) from log_leaf")).scalar_one() == 1


def test_several_sealers_make_one_chain(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 5)
    give(book, 40)
    assert sum(at_once([partial(sealing.seal_all, book.now)] * 4)) == 40
    assert broken() is None
    with writing() as session:
        assert sealing.head(session).size == 40
