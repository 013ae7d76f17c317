"""Transfers: once, between like accounts, in whole units, and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from foundation.doors import reading, writing
from foundation.refusal import Refused
from ledger import accounts, posting, spending, statements, transfers
from ledger.drafts import Draft, Transfer
from tests.ledger.conftest import Book


def move(book: Book, amount: Any = 30, key: str = "move", **changed: Any) -> Transfer:
    """Ada's available points to her redeemed ones, unless `changed`."""
    said = {
        "source": book.id("available"),
        "target": book.id("redeemed"),
        "kind": "spend",
        "about": "redemption:1",
        "memo": {"rule": "voucher", "step": 2},
        "now": book.now,
    }
    with writing() as session:
        return transfers.transfer(session, amount=amount, key=key, **(said | changed))


def test_it_works(book: Book) -> None:
    book.give(100)
    made = move(book)
    assert (made.amount, made.commodity, made.about) == (30, "points", "redemption:1")
    assert book.balances() == statements.Balances(available=70, spent=30)
    with reading() as session:
        assert transfers.read(session, made.id) == made


def test_the_same_request_again_is_the_same_transfer(book: Book) -> None:
    book.give(100)
    first, again = move(book), move(book)
    assert again == first
    assert again.replayed
    assert not first.replayed
    assert book.balances().available == 70


def test_the_same_request_again_succeeds_when_nothing_is_left_by_now(book: Book) -> None:
    book.give(30)
    assert move(book) == move(book)


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("amount", {"amount": 31}),
        ("kind", {"kind": "expire"}),
        ("about", {"about": "redemption:2"}),
        ("about", {"about": None}),
        ("memo", {"memo": {"rule": "voucher", "step": 3}}),
        ("memo", {"memo": None}),
        ("target", {"target": "expired"}),
        ("source", {"source": "redeemed", "target": "available"}),
    ],
)
def test_the_same_key_for_another_request_is_refused_and_names_the_field(
    book: Book, field: str, changed: dict[str, Any]
) -> None:
    book.give(100)
    move(book)
    other = changed | {
        each: book.id(changed[each]) for each in ("source", "target") if each in changed
    }
    with pytest.raises(Refused, match=field) as refused:
        move(book, **other)
    assert (refused.value.code, refused.value.status) == ("idempotency_conflict", 409)
    assert refused.value.field == field
    assert book.balances().available == 70


@pytest.mark.parametrize(
    "amount",
    [0, -1, True, False, 1.0, 0.5, float("nan"), float("inf"), "5", None, 2**63, 2**70],
)
def test_an_amount_is_a_positive_whole_number(book: Book, amount: Any) -> None:
    with pytest.raises(Refused, match="amount") as refused:
        move(book, amount=amount)
    assert (refused.value.code, refused.value.field) == ("amount", "amount")


@pytest.mark.parametrize("key", ["", None, 7, "x" * 201])
def test_a_key_is_a_text(book: Book, key: Any) -> None:
    with pytest.raises(Refused) as refused:
        move(book, key=key)
    assert refused.value.field == "key"


def test_the_largest_amount_can_be_given_once(book: Book) -> None:
    book.give(2**63 - 1)
    assert book.balances().available == 2**63 - 1
    with pytest.raises(Refused) as refused:
        book.give(1, key="one more")
    assert refused.value.code == "overflow"
    assert book.balances().available == 2**63 - 1


def test_nobody_spends_more_than_there_is(book: Book) -> None:
    book.give(100)
    with pytest.raises(Refused, match="100") as refused:
        move(book, amount=101)
    assert refused.value.code == "insufficient"
    assert refused.value.params == {"available": 100, "amount": 101}


def test_a_refusal_for_too_little_does_not_spoil_the_transaction(book: Book) -> None:
    book.give(100)
    with writing() as session:
        spend = {"owner": "ada", "commodity": "points", "now": book.now}
        with pytest.raises(Refused):
            spending.spend(session, amount=101, key="too much", **spend)
        spending.spend(session, amount=99, key="enough", **spend)
    assert book.balances().available == 1


def test_an_account_must_exist(book: Book) -> None:
    book.give(100)
    for changed in ({"source": 999_999}, {"target": 999_999}):
        with pytest.raises(Refused) as refused:
            move(book, **changed)
        assert refused.value.code == "unknown_account"


def test_an_account_is_not_paid_from_itself(book: Book) -> None:
    with pytest.raises(Refused) as refused:
        move(book, target=book.id("available"))
    assert refused.value.code == "same_account"


def test_commodities_do_not_mix(book: Book) -> None:
    book.give(100)
    with writing() as session:
        accounts.define(session, "USD", 2)
    with pytest.raises(Refused) as refused:
        move(book, target=book.id("cash", "ada", "USD"))
    assert refused.value.code == "commodity"


def test_a_commodity_is_defined_before_it_is_used(book: Book) -> None:
    with pytest.raises(Refused, match="EUR") as refused:
        book.id("cash", "ada", "EUR")
    assert refused.value.code == "unknown_commodity"


def test_a_scale_stays(book: Book) -> None:
    with writing() as session:
        accounts.define(session, "JPY", 0)
        accounts.define(session, "JPY", 0)
        with pytest.raises(Refused) as refused:
            accounts.define(session, "JPY", 2)
    assert refused.value.field == "scale"


def test_pending_is_only_moved_by_holds(book: Book) -> None:
    with pytest.raises(Refused) as refused:
        move(book, source=book.id("issued", None), target=book.id("pending"))
    assert refused.value.code == "held"


def test_moments_carry_their_zone(book: Book) -> None:
    with pytest.raises(ValueError, match="aware"):
        move(book, now=datetime(2026, 3, 3))


def test_an_account_is_opened_once(book: Book) -> None:
    assert book.id("available") == book.id("available")
    assert book.id("available") != book.id("available", "ben")
    with writing() as session:
        found = accounts.account_many(
            session, ["ada", "ben", "mo"], "available", "points", book.now
        )
    assert found["ada"] == book.id("available")
    assert set(found) == {"ada", "ben", "mo"}


# Reversals


def reverse(book: Book, of: Transfer, amount: int | None = None, key: str = "back") -> Transfer:
    with writing() as session:
        return transfers.reverse(session, of.id, amount=amount, key=key, now=book.now)


def test_a_transfer_is_reversed_by_another(book: Book) -> None:
    book.give(100)
    spent = move(book)
    back = reverse(book, spent)
    assert (back.source, back.target, back.amount) == (spent.target, spent.source, 30)
    assert back.reverses == spent.id
    assert book.balances() == statements.Balances(available=100)


def test_a_reversal_happens_once(book: Book) -> None:
    book.give(100)
    spent = move(book)
    first = reverse(book, spent)
    assert reverse(book, spent) == first
    with pytest.raises(Refused) as refused:
        reverse(book, spent, key="again")
    assert refused.value.code == "reversal_exceeded"
    with pytest.raises(Refused) as refused:
        reverse(book, spent, amount=30, key="and again")
    assert refused.value.code == "reversal_exceeded"
    assert book.balances().available == 100


def test_parts_of_a_reversal_never_exceed_the_transfer(book: Book) -> None:
    book.give(100)
    spent = move(book)
    reverse(book, spent, 10, key="first")
    reverse(book, spent, 15, key="second")
    with pytest.raises(Refused) as refused:
        reverse(book, spent, 6, key="third")
    assert refused.value.code == "reversal_exceeded"
    assert reverse(book, spent, key="rest").amount == 5


def test_a_reversal_is_not_reversed(book: Book) -> None:
    book.give(100)
    back = reverse(book, move(book))
    with pytest.raises(Refused) as refused:
        reverse(book, back, key="to and fro")
    assert refused.value.code == "not_reversible"


def test_reversing_what_is_not_there_is_refused(book: Book) -> None:
    with writing() as session, pytest.raises(Refused) as refused:
        transfers.reverse(session, "nothing", key="back", now=book.now)
    assert refused.value.status == 404


def test_a_key_used_otherwise_does_not_pass_for_a_reversal(book: Book) -> None:
    book.give(100)
    spent = move(book)
    reverse(book, spent)
    with pytest.raises(Refused) as refused:
        reverse(book, spent, key="move")
    assert refused.value.code == "idempotency_conflict"


# Many at once


def drafts(book: Book, many: int) -> list[Draft]:
    with writing() as session:
        owners = [f"member{each}" for each in range(many)]
        found = accounts.account_many(session, owners, "available", "points", book.now)
    issued = book.id("issued", None)
    return [
        Draft(issued, found[owner], 10 + place, f"bulk:{place}", "credit", memo={"place": place})
        for place, owner in enumerate(owners)
    ]


def test_many_are_made_at_once_and_once(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "CHUNK", 7)
    wanted = drafts(book, 20)
    with writing() as session:
        first = transfers.transfer_many(session, wanted[:12], book.now)
    with writing() as session:
        second = transfers.transfer_many(session, [*wanted, wanted[0]], book.now)
    assert second[:12] == first
    assert [each.replayed for each in second] == [True] * 12 + [False] * 8 + [True]
    assert [each.amount for each in second[:20]] == [10 + place for place in range(20)]
    assert book.on(book.id("issued", None)) == -sum(10 + place for place in range(20))


def test_many_are_all_or_none(book: Book) -> None:
    wanted = drafts(book, 5)
    empty = replace(wanted[0], source=wanted[3].target, target=wanted[4].target, amount=999)
    with pytest.raises(Refused) as refused, writing() as session:
        transfers.transfer_many(session, [*wanted, replace(empty, key="too much")], book.now)
    assert refused.value.code == "insufficient"
    assert book.balances("member0").available == 0


def test_many_with_a_key_used_otherwise_are_refused(book: Book) -> None:
    wanted = drafts(book, 5)
    with writing() as session:
        transfers.transfer_many(session, wanted, book.now)
    with pytest.raises(Refused) as refused, writing() as session:
        transfers.transfer_many(session, [replace(wanted[2], amount=1)], book.now)
    assert (refused.value.code, refused.value.field) == ("idempotency_conflict", "amount")


def test_none_at_once_is_nothing(book: Book) -> None:
    with writing() as session:
        assert transfers.transfer_many(session, [], book.now) == []
