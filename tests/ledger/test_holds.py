"""Two-phase credits: hold, post, void, in parts, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from foundation.doors import reading, writing
from foundation.refusal import Refused
from ledger import clawbacks, holds, spending, statements, transfers
from ledger.drafts import Transfer
from ledger.holds import HoldDraft
from ledger.statements import Balances
from tests.ledger.conftest import Book


def hold(book: Book, amount: Any = 100, key: str = "grant:1", **changed: Any) -> Transfer:
    said = {
        "owner": "ada",
        "commodity": "points",
        "until": book.now + timedelta(days=30),
        "about": "order:1",
        "memo": {"rule": "purchase"},
    }
    with writing() as session:
        return holds.hold(session, amount=amount, key=key, now=book.now, **(said | changed))


def post(book: Book, held: Transfer, amount: Any = None, key: str = "post:1") -> list[Transfer]:
    with writing() as session:
        return holds.post(session, held.id, amount, key=key, now=book.now)


def void(book: Book, held: Transfer, amount: Any = None, key: str = "void:1") -> Transfer:
    with writing() as session:
        return holds.void(session, held.id, amount, key=key, now=book.now)


def owe(book: Book, amount: int, key: str = "debt") -> None:
    with writing() as session:
        clawbacks.claw_back(
            session, owner="ada", commodity="points", amount=amount, key=key, now=book.now
        )


def test_it_works(book: Book) -> None:
    held = hold(book)
    assert book.balances() == Balances(pending=100)
    [posted] = post(book, held, 60)
    assert (posted.kind, posted.amount, posted.resolves) == ("post", 60, held.id)
    voided = void(book, held)
    assert (voided.kind, voided.amount, voided.resolves) == ("void", 40, held.id)
    assert book.balances() == Balances(available=60)
    assert book.on(book.id("issued", None)) == -60


def test_a_hold_says_what_is_left(book: Book) -> None:
    held = hold(book)
    post(book, held, 60)
    void(book, held, 10)
    with reading() as session:
        found = holds.read(session, held.id)
    assert (found.owner, found.amount, found.posted, found.voided) == ("ada", 100, 60, 10)
    assert (found.left, found.until) == (30, book.now + timedelta(days=30))


def test_a_hold_is_made_once(book: Book) -> None:
    assert hold(book) == hold(book)
    assert book.balances().pending == 100


def test_a_hold_with_another_date_is_another_request(book: Book) -> None:
    hold(book)
    with pytest.raises(Refused) as refused:
        hold(book, until=book.now + timedelta(days=31))
    assert (refused.value.code, refused.value.field) == ("idempotency_conflict", "until")


def test_posting_and_voiding_happen_once(book: Book) -> None:
    held = hold(book)
    assert post(book, held, 60) == post(book, held, 60)
    assert void(book, held) == void(book, held)
    assert book.balances() == Balances(available=60)


def test_posting_all_that_is_left_happens_once(book: Book) -> None:
    held = hold(book)
    first = post(book, held)
    assert post(book, held) == first
    assert book.balances() == Balances(available=100)


def test_a_key_of_another_posting_is_refused(book: Book) -> None:
    held, other = hold(book), hold(book, key="grant:2")
    post(book, held, 60)
    with pytest.raises(Refused) as refused:
        post(book, held, 50)
    assert refused.value.field == "amount"
    with pytest.raises(Refused) as refused:
        post(book, other, 60)
    assert refused.value.field == "resolves"
    with pytest.raises(Refused) as refused:
        void(book, held, key="post:1")
    assert refused.value.code == "idempotency_conflict"


def test_no_more_is_resolved_than_was_held(book: Book) -> None:
    held = hold(book)
    hold(book, key="grant:2")  # so that pending itself would have enough
    for settle in (post, void):
        with pytest.raises(Refused) as refused:
            settle(book, held, 101)
        assert refused.value.code == "hold_exceeded"
    post(book, held, 60)
    with pytest.raises(Refused) as refused:
        void(book, held, 41)
    assert refused.value.code == "hold_exceeded"


def test_a_settled_hold_is_settled(book: Book) -> None:
    held = hold(book)
    post(book, held)
    for settle in (post, void):
        with pytest.raises(Refused) as refused:
            settle(book, held, key="late")
        assert refused.value.code == "hold_settled"


def test_resolving_what_was_never_held_is_refused(book: Book) -> None:
    with writing() as session, pytest.raises(Refused) as refused:
        holds.post(session, "nothing", key="post:1", now=book.now)
    assert refused.value.status == 404


def test_a_hold_is_voided_not_reversed(book: Book) -> None:
    held = hold(book)
    with pytest.raises(Refused) as refused, writing() as session:
        transfers.reverse(session, held.id, key="back", now=book.now)
    assert refused.value.code == "held"


@pytest.mark.parametrize("amount", [0, -1, True, 1.5, float("nan")])
def test_amounts_are_positive_and_whole(book: Book, amount: Any) -> None:
    held = hold(book)
    for act in (hold, lambda b, a: post(b, held, a), lambda b, a: void(b, held, a)):
        with pytest.raises(Refused) as refused:
            act(book, amount)
        assert refused.value.code == "amount"


def test_what_is_due_is_found_in_order_page_by_page(book: Book) -> None:
    late = hold(book, key="late", until=book.now - timedelta(days=1))
    first = hold(book, key="first", until=book.now - timedelta(days=3))
    same = hold(book, key="same", until=book.now - timedelta(days=3))
    hold(book, key="not yet", until=book.now + timedelta(seconds=1))
    settled = hold(book, key="settled", until=book.now - timedelta(days=9))
    void(book, settled)
    with reading() as session:
        page = holds.due(session, book.now, limit=2)
        rest = holds.due(session, book.now, after=page[-1])
    assert [each.id for each in page] == sorted([first.id, same.id])
    assert [each.id for each in rest] == [late.id]


def test_many_are_held_at_once_and_once(book: Book) -> None:
    drafts = [
        HoldDraft(owner, "points", 10, f"grant:{owner}", book.now, memo={"rule": "lead"})
        for owner in ("ada", "ben", "cleo")
    ]
    with writing() as session:
        first = holds.hold_many(session, drafts, book.now)
    with writing() as session:
        assert holds.hold_many(session, drafts, book.now) == first
    with reading() as session:
        found = statements.balances_of(session, ["ada", "ben", "cleo", "dora"], "points")
    assert [each.pending for each in found.values()] == [10, 10, 10, 0]


# Debts


def test_what_is_taken_back_after_it_was_spent_is_owed(book: Book) -> None:
    book.give(100)
    with writing() as session:
        spending.spend(session, owner="ada", commodity="points", amount=70, key="tea", now=book.now)
        taken = clawbacks.claw_back(
            session, owner="ada", commodity="points", amount=100, key="refund", now=book.now
        )
    assert [part.amount for part in taken] == [30, 70]
    assert taken[0].linked == taken[1].linked == taken[0].id
    assert book.balances() == Balances(spent=70, clawed_back=100, negative=70)


def test_a_debt_is_paid_from_later_credits_first(book: Book) -> None:
    owe(book, 70)
    book.give(50)
    assert book.balances() == Balances(clawed_back=70, negative=20)
    book.give(50, key="another")
    assert book.balances() == Balances(available=30, clawed_back=70)


def test_a_debt_is_paid_when_a_hold_is_posted(book: Book) -> None:
    held = hold(book)
    owe(book, 70)
    parts = post(book, held)
    assert [part.amount for part in parts] == [70, 30]
    assert book.balances() == Balances(available=30, clawed_back=70)
    assert post(book, held) == parts


def test_a_replay_gives_back_the_split_of_its_day(book: Book) -> None:
    owe(book, 70)
    with writing() as session:
        said = {"owner": "ada", "commodity": "points", "amount": 100, "now": book.now}
        first = clawbacks.claw_back(session, key="first", **said)
    book.give(500)
    with writing() as session:
        again = clawbacks.claw_back(session, key="first", **said)
    assert again == first
    assert all(part.replayed for part in again)
    assert book.balances().available == 330


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("amount", {"amount": 99}),
        ("owner", {"owner": "ben"}),
        ("about", {"about": "refund:2"}),
        ("memo", {"memo": {"why": "other"}}),
    ],
)
def test_the_same_key_for_another_clawback_names_the_field(
    book: Book, field: str, changed: dict[str, Any]
) -> None:
    book.give(60)
    said = {
        "owner": "ada",
        "commodity": "points",
        "amount": 100,
        "key": "refund",
        "now": book.now,
        "about": "refund:1",
        "memo": {"why": "returned"},
    }
    with writing() as session:
        clawbacks.claw_back(session, **said)
    with pytest.raises(Refused) as refused, writing() as session:
        clawbacks.claw_back(session, **(said | changed))
    assert (refused.value.code, refused.value.field) == ("idempotency_conflict", field)


def test_a_debt_never_turns_into_a_credit(book: Book) -> None:
    owe(book, 10)
    issued, owed = book.id("issued", None), book.id("owed")
    with pytest.raises(Refused) as refused, writing() as session:
        transfers.transfer(
            session,
            source=issued,
            target=owed,
            amount=11,
            key="too good",
            kind="gift",
            now=book.now,
        )
    assert refused.value.code == "ceiling"
