"""Sets: the same as one by one, in few statements, all or none, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from foundation.doors import reading, writing
from foundation.refusal import Refused
from ledger import bulk, clawbacks, holds, statements, transfers
from ledger.accounts import account_many
from ledger.bulk import CreditDraft, Resolution
from ledger.holds import HoldDraft
from ledger.statements import Balances
from tests.ledger.conftest import Book
from tests.ledger.test_lots import day, lots
from tests.ledger.test_races import deadlocks, race

OWNERS = [f"member{number}" for number in range(40)]


def award(book: Book, owners: list[str], run: str = "1", days: int | None = 30) -> Any:
    expires = None if days is None else day(book, days)
    drafts = [
        CreditDraft(owner, "points", 10, f"{run}:{owner}", expires_at=expires) for owner in owners
    ]
    with writing() as session:
        return bulk.credit_many(session, drafts, book.now)


def hold(book: Book, owners: list[str]) -> list[str]:
    until = day(book, 14)
    drafts = [
        HoldDraft(owner, "points", 10, f"grant:{owner}", until, expires_at=day(book, 90))
        for owner in owners
    ]
    with writing() as session:
        return [made.id for made in holds.hold_many(session, drafts, book.now)]


def owe(book: Book, owner: str, amount: int) -> None:
    with writing() as session:
        clawbacks.claw_back(
            session, owner=owner, commodity="points", amount=amount, key=f"debt {owner}",
            now=book.now,
        )  # fmt: skip


def test_it_works(book: Book) -> None:
    made = award(book, OWNERS)
    assert [part.amount for [part] in made] == [10] * 40
    assert lots(book, "member7") == {30: 10}


def test_the_same_set_again_does_nothing(book: Book) -> None:
    first = award(book, OWNERS[:30])
    again = award(book, OWNERS)
    assert again[:30] == first
    assert book.balances("member0") == book.balances("member39") == Balances(available=10)


def test_one_owner_may_stand_in_a_set_often(book: Book) -> None:
    drafts = [
        CreditDraft(OWNERS[n % 3], "points", n + 1, f"gift:{n}", expires_at=day(book, 1 + n % 2))
        for n in range(60)
    ]
    with writing() as session:
        bulk.credit_many(session, drafts, book.now)
    expected = {1: sum(range(1, 61, 6)), 2: sum(range(4, 61, 6))}
    assert lots(book, OWNERS[0]) == expected


def test_a_set_pays_debts_in_its_order(book: Book) -> None:
    owe(book, OWNERS[0], 15)
    drafts = [CreditDraft(OWNERS[0], "points", 10, f"gift:{n}") for n in range(3)]
    with writing() as session:
        made = bulk.credit_many(session, drafts, book.now)
    assert [[part.amount for part in parts] for parts in made] == [[10], [5, 5], [10]]
    assert made[1][0].linked == made[1][1].linked == made[1][0].id
    assert book.balances(OWNERS[0]) == Balances(available=15, clawed_back=15)
    with writing() as session:
        assert bulk.credit_many(session, drafts, book.now) == made


def test_one_key_for_two_requests_is_refused(book: Book) -> None:
    drafts = [CreditDraft(owner, "points", 10, "the same") for owner in OWNERS[:2]]
    with pytest.raises(Refused) as refused, writing() as session:
        bulk.credit_many(session, drafts, book.now)
    assert refused.value.code == "idempotency_conflict"


def test_a_key_of_another_set_is_refused_and_nothing_is_given(book: Book) -> None:
    award(book, OWNERS[:1])
    with pytest.raises(Refused) as refused:
        award(book, OWNERS, days=31)
    assert refused.value.field == "expires_at"
    assert book.balances("member5") == Balances()


def test_a_set_with_one_wrong_amount_gives_nothing(book: Book) -> None:
    drafts = [CreditDraft(owner, "points", 10, owner) for owner in OWNERS[:30]]
    drafts.append(CreditDraft("ben", "points", -1, "wrong"))
    with pytest.raises(Refused) as refused, writing() as session:
        bulk.credit_many(session, drafts, book.now)
    assert refused.value.code == "amount"
    assert book.balances("member0") == Balances()


@pytest.mark.parametrize("many", [3, 40])
def test_holds_are_posted_as_a_set(book: Book, many: int) -> None:
    owe(book, OWNERS[1], 4)
    ids = hold(book, OWNERS[:many])
    resolutions = [Resolution(id, f"post:{id}") for id in ids]
    with writing() as session:
        made = bulk.post_many(session, resolutions, book.now)
    assert [part.amount for part in made[1]] == [4, 6]
    assert lots(book, OWNERS[0]) == {90: 10}
    assert book.balances(OWNERS[1]) == Balances(available=6, clawed_back=4)
    with writing() as session:
        assert bulk.post_many(session, resolutions, book.now) == made
    late = [Resolution(ids[0], "late")]
    with pytest.raises(Refused) as refused, writing() as session:
        bulk.post_many(session, late, book.now)
    assert refused.value.code == "hold_settled"


def test_holds_are_voided_as_a_set(book: Book) -> None:
    ids = hold(book, OWNERS)
    with writing() as session:
        bulk.void_many(session, [Resolution(id, f"part:{id}", 4) for id in ids], book.now)
        made = bulk.void_many(session, [Resolution(id, f"rest:{id}") for id in ids], book.now)
    assert {each.amount for each in made} == {6}
    assert book.balances(OWNERS[0]) == Balances()
    with reading() as session:
        assert statements.balance(session, book.id("issued", None)) == 0


def test_a_hold_cannot_be_resolved_beyond_itself_by_a_set(book: Book) -> None:
    ids = hold(book, OWNERS)
    twice = [Resolution(id, f"{n}:{id}", 6) for id in ids for n in range(2)]
    with pytest.raises(Refused) as refused, writing() as session:
        bulk.post_many(session, twice, book.now)
    assert refused.value.code in ("hold_exceeded", "insufficient")  # pending had no more either
    assert book.balances(OWNERS[0]) == Balances(pending=10)


def test_many_spendings_in_a_set_take_the_soonest_first(book: Book) -> None:
    """What a set takes is what one by one would have taken."""
    for days in (5, 3, None, 9):
        award(book, OWNERS, run=f"{days}", days=days)
    spend_all(book, (4, 13, 6), "one")
    assert lots(book, OWNERS[3]) == {9: 7, None: 10}
    with pytest.raises(Refused) as refused:
        spend_all(book, (9, 9), "two")
    assert refused.value.code == "insufficient"
    assert lots(book, OWNERS[3]) == {9: 7, None: 10}


def spend_all(book: Book, amounts: tuple[int, ...], key: str) -> None:
    """Everybody spends these amounts, in one statement."""
    with writing() as session:
        sources = account_many(session, OWNERS, "available", "points", book.now)
        targets = account_many(session, OWNERS, "redeemed", "points", book.now)
        drafts = [
            transfers.Draft(
                sources[owner], targets[owner], amount, f"{key}:{part}:{owner}", "spend"
            )
            for owner in OWNERS
            for part, amount in enumerate(amounts)
        ]
        transfers.transfer_many(session, drafts, book.now)


def test_sets_that_meet_in_another_order_do_not_deadlock(book: Book) -> None:
    award(book, OWNERS, run="first")

    def act(number: int) -> int:
        owners = OWNERS if number % 2 else OWNERS[::-1]
        return len(award(book, owners, run=f"run {number}"))

    assert race([lambda n=n: act(n) for n in range(12)]) == [40] * 12
    assert book.balances("member7").available == 130
    assert deadlocks() == 0


def test_a_period_counts_from_the_release(book: Book) -> None:
    """As `HoldDraft` says: until + period, whenever it is really posted."""
    until = day(book, 14)
    with writing() as session:
        made = holds.hold(
            session, owner="ada", commodity="points", amount=5, key="grant", until=until,
            expires_at=until + timedelta(days=365), now=book.now,
        )  # fmt: skip
    with writing() as session:
        bulk.post_many(session, [Resolution(made.id, "post")], until + timedelta(days=3))
    assert lots(book) == {379: 5}


def test_the_work_of_a_set_grows_with_the_set_only(book: Book) -> None:
    """PostgreSQL keeps the plans it made while there were no lots; none may read all of them."""
    read = """select coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)
                from pg_stat_xact_user_tables where relname like 'ledger_lot%'"""
    for run in range(3):
        with writing() as session:
            drafts = [
                CreditDraft(f"m{n}", "points", 10, f"{run}:{n}", expires_at=day(book, 30 + run))
                for n in range(400)
            ]
            bulk.credit_many(session, drafts, book.now)
            if session.get_bind().dialect.name == "postgresql":
                assert session.scalar(text(read)) < 400 * 10
