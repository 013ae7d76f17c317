"""Lots: what expires is spent first, and no date is ever lost, changed or invented."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from foundation.doors import reading, writing
from foundation.refusal import Refused
from ledger import clawbacks, holds, spending, statements, transfers
from ledger.drafts import Transfer
from ledger.statements import Balances
from tests.ledger.conftest import Book

SAID = {"owner": "ada", "commodity": "points"}


def day(book: Book, number: int) -> datetime:
    return book.now + timedelta(days=number)


def give(book: Book, amount: int, days: int | None, owner: str = "ada") -> str:
    """Points that expire in so many days; None: never."""
    return book.give(
        amount,
        owner=owner,
        key=f"gift {amount} {days} {owner}",
        expires_at=None if days is None else day(book, days),
    )


def spend(book: Book, amount: int, key: str = "tea") -> Transfer:
    with writing() as session:
        return spending.spend(session, amount=amount, key=key, now=book.now, **SAID)


def back(book: Book, transfer: str, amount: int | None = None, key: str = "back") -> Transfer:
    with writing() as session:
        return transfers.reverse(session, transfer, amount=amount, key=key, now=book.now)


def claw(book: Book, amount: int, of: str | None = None, key: str = "claw") -> list[Transfer]:
    with writing() as session:
        return clawbacks.claw_back(session, amount=amount, key=key, of=of, now=book.now, **SAID)


def lots(book: Book, owner: str = "ada") -> dict[int | None, int]:
    """What is left by days from now; None: what never expires."""
    with reading() as session:
        dated = statements.expiring(session, owner, "points")
    found: dict[int | None, int] = {
        (each.expires_at - book.now).days: each.amount for each in dated
    }
    rest = book.balances(owner).available - sum(found.values())
    return found | ({None: rest} if rest else {})


def test_it_works(book: Book) -> None:
    give(book, 100, 30)
    give(book, 50, None)
    assert lots(book) == {30: 100, None: 50}
    assert book.balances() == Balances(available=150)


def test_the_soonest_date_is_spent_first_and_what_never_expires_last(book: Book) -> None:
    for days in (None, 60, 10, 30):
        give(book, 10, days)
    spend(book, 15)
    assert lots(book) == {30: 5, 60: 10, None: 10}
    spend(book, 16, key="cake")
    assert lots(book) == {None: 9}


def test_points_of_one_date_are_one_lot(book: Book) -> None:
    give(book, 10, 30)
    give(book, 5, 30)
    assert lots(book) == {30: 15}


def test_what_a_spending_took_comes_back_with_its_dates(book: Book) -> None:
    for days in (None, 60, 30):
        give(book, 10, days)
    spent = spend(book, 25)
    assert lots(book) == {None: 5}
    back(book, spent.id)
    assert lots(book) == {30: 10, 60: 10, None: 10}


def test_parts_come_back_as_if_less_had_been_spent(book: Book) -> None:
    for days in (None, 60, 30):
        give(book, 10, days)
    spent = spend(book, 25)
    back(book, spent.id, 7, key="one")
    assert lots(book) == {60: 2, None: 10}
    back(book, spent.id, 10, key="two")
    assert lots(book) == {30: 2, 60: 10, None: 10}
    back(book, spent.id, key="three")
    assert lots(book) == {30: 10, 60: 10, None: 10}


def test_a_refund_does_not_launder_a_date(book: Book) -> None:
    """New points do not take over the date of old ones that come back."""
    give(book, 10, 30)
    spent = spend(book, 10)
    give(book, 10, 90)
    back(book, spent.id)
    assert lots(book) == {30: 10, 90: 10}


def test_a_hold_keeps_its_date_until_it_is_posted(book: Book) -> None:
    with writing() as session:
        held = holds.hold(
            session,
            amount=100,
            key="grant",
            until=day(book, 14),
            expires_at=day(book, 379),
            now=book.now,
            **SAID,
        )
    assert lots(book) == {}
    with writing() as session:
        assert holds.read(session, held.id).expires_at == day(book, 379)
        holds.post(session, held.id, 60, key="post", now=book.now)
        holds.void(session, held.id, key="void", now=book.now)
    assert lots(book) == {379: 60}


def test_a_debt_is_paid_before_anything_gets_a_date(book: Book) -> None:
    claw(book, 30)
    give(book, 100, 30)
    assert book.balances() == Balances(available=70, clawed_back=30)
    assert lots(book) == {30: 70}


def test_what_is_taken_back_is_the_grants_own_first(book: Book) -> None:
    give(book, 10, 10)
    own = give(book, 10, 60)
    give(book, 10, None)
    claw(book, 7, of=own)
    assert lots(book) == {10: 10, 60: 3, None: 10}
    claw(book, 5, of=own, key="more")
    assert lots(book) == {10: 8, None: 10}


def test_what_is_taken_back_of_a_gift_for_ever_leaves_dated_points(book: Book) -> None:
    give(book, 10, 10)
    own = give(book, 10, None)
    claw(book, 12, of=own)
    assert lots(book) == {10: 8}


def test_a_clawback_undone_gives_back_the_dates(book: Book) -> None:
    give(book, 10, 10)
    own = give(book, 10, 60)
    [taken] = claw(book, 15, of=own)
    back(book, taken.id, 8)
    assert lots(book) == {10: 8, 60: 5} or lots(book) == {10: 5, 60: 8}
    back(book, taken.id, key="rest")
    assert lots(book) == {10: 10, 60: 10}


def test_a_credit_undone_takes_its_own_points(book: Book) -> None:
    give(book, 10, 10)
    own = give(book, 10, 60)
    back(book, own, 6)
    assert lots(book) == {10: 10, 60: 4}


def test_dates_go_with_points_to_another_member(book: Book) -> None:
    give(book, 10, 30)
    give(book, 10, None)
    give(book, 5, 10, owner="ben")
    ours, bens = book.id("available"), book.id("available", "ben")
    with writing() as session:
        paid = transfers.transfer(
            session, source=ours, target=bens, amount=12, key="pay", kind="pay", now=book.now
        )
    assert lots(book) == {None: 8}
    assert lots(book, "ben") == {10: 5, 30: 10, None: 2}
    back(book, paid.id)
    assert lots(book) == {30: 10, None: 10}
    assert lots(book, "ben") == {30: 3, None: 2}


@pytest.mark.parametrize("dated", [True, False])
def test_spent_points_come_back_by_a_reversal_only(book: Book, dated: bool) -> None:
    give(book, 10, 30)
    spend(book, 10)
    draft = transfers.Draft(
        book.id("redeemed"),
        book.id("available"),
        10,
        "back",
        "gift",
        expires_at=day(book, 900) if dated else None,
    )
    with pytest.raises(Refused) as refused, writing() as session:
        transfers.make(session, draft, book.now)
    assert refused.value.code == "expiry"
    assert "reversing" in refused.value.sentence


def test_the_same_key_with_another_date_is_another_request(book: Book) -> None:
    book.give(10, expires_at=day(book, 30))
    book.give(10, expires_at=day(book, 30))
    assert lots(book) == {30: 10}
    with pytest.raises(Refused) as refused:
        book.give(10, expires_at=day(book, 31))
    assert (refused.value.code, refused.value.field) == ("idempotency_conflict", "expires_at")


def test_points_spent_before_there_were_lots_come_back_for_ever(book: Book) -> None:
    """As everything had that was there when lots were introduced."""
    book.give(10)
    spent = spend(book, 10)
    give(book, 10, 30)
    back(book, spent.id)
    assert lots(book) == {30: 10, None: 10}


@pytest.mark.parametrize("amount", [0, -1, True, 1.5, float("nan"), float("inf"), 2**63, None, "5"])
def test_amounts_that_are_none_are_refused_in_a_sentence(book: Book, amount: Any) -> None:
    with pytest.raises(Refused) as refused:
        book.give(amount, expires_at=day(book, 30))
    assert refused.value.code == "amount"
    assert refused.value.sentence.endswith(".")


def test_a_lot_cannot_grow_beyond_64_bits(book: Book) -> None:
    give(book, 2**63 - 1, 30)
    with pytest.raises(Refused) as refused:
        give(book, 1, 30)
    assert refused.value.code == "overflow"
    assert lots(book) == {30: 2**63 - 1}


def test_what_comes_back_pays_what_is_owed(book: Book) -> None:
    """A gift spent, taken back and then returned is worth nothing twice over."""
    gift = give(book, 100, None)
    spent = spend(book, 80)
    claw(book, 100, of=gift)
    assert (book.balances().available, book.balances().negative) == (0, 80)
    for _again in (1, 2):
        for amount, key in ((30, "a part"), (50, "the rest")):
            with writing() as session:
                spending.give_back(session, spent.id, amount=amount, key=key, now=book.now, **SAID)
    assert (book.balances().available, book.balances().negative) == (0, 0)


def test_what_comes_back_beyond_a_debt_can_be_spent(book: Book) -> None:
    give(book, 100, 30)
    spent = spend(book, 100)
    claw(book, 40)
    with writing() as session:
        spending.give_back(session, spent.id, key="back", now=book.now, **SAID)
    assert (book.balances().available, book.balances().negative) == (60, 0)
    assert lots(book) == {30: 60}
