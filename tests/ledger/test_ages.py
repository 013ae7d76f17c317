"""How old what is outstanding is, and what past cohorts spent: first in, first out."""

from __future__ import annotations

from datetime import datetime, timedelta

from foundation.doors import reading, writing
from ledger import ages, clawbacks, earning, holds, spending, transfers
from tests.ledger.conftest import Book


def give(book: Book, amount: int, days_ago: int, owner: str = "ada") -> None:
    at = book.now - timedelta(days=days_ago)
    with writing() as session:
        earning.credit(
            session,
            owner=owner,
            commodity="points",
            amount=amount,
            key=f"{owner}:{days_ago}",
            now=at,
        )


def spend(book: Book, amount: int, key: str = "tea") -> str:
    with writing() as session:
        return spending.spend(
            session, owner="ada", commodity="points", amount=amount, key=key, now=book.now
        ).id


def by_age(now: datetime) -> dict[tuple[str, int], tuple[int, int]]:
    with reading() as session:
        found = list(ages.outstanding_by_age(session, now))
    return {(each.owner, each.age): (each.available, each.pending) for each in found}


def test_it_works(book: Book) -> None:
    for days_ago in (0, 30, 31, 90, 91, 180, 181, 365, 366, 4_000):
        give(book, 1, days_ago)
    assert by_age(book.now) == {("ada", age): (2, 0) for age in range(5)}


def test_the_oldest_is_spent_first(book: Book) -> None:
    give(book, 100, 400)
    give(book, 50, 100)
    give(book, 7, 5, owner="ben")
    spend(book, 120)
    assert by_age(book.now) == {("ada", 2): (30, 0), ("ben", 0): (7, 0)}


def test_what_was_given_back_is_as_old_as_it_was(book: Book) -> None:
    give(book, 100, 400)
    give(book, 50, 100)
    tea = spend(book, 120)
    with writing() as session:
        transfers.reverse(session, tea, key="back", now=book.now)
    assert by_age(book.now) == {("ada", 4): (100, 0), ("ada", 2): (50, 0)}


def test_a_released_hold_is_as_old_as_the_promise(book: Book) -> None:
    then = book.now - timedelta(days=200)
    with writing() as session:
        said = {"owner": "ada", "commodity": "points", "until": book.now, "now": then}
        held = holds.hold(session, amount=40, key="one", **said)
        holds.hold(session, amount=5, key="two", **said)
        holds.post(session, held.id, 30, key="release", now=book.now)
    with reading() as session:
        each = list(ages.outstanding_by_age(session, book.now))
    assert sorted((x.age, x.available, x.pending) for x in each) == [(3, 0, 15), (3, 30, 0)]


def test_nothing_is_outstanding_of_an_empty_book(book: Book) -> None:
    assert by_age(book.now) == {}
    with reading() as session:
        assert ages.matured(session, book.now) == []


def test_what_became_of_what_was_earned_long_ago(book: Book) -> None:
    give(book, 100, 500)
    give(book, 60, 10)
    spend(book, 30)
    with writing() as session:
        clawbacks.claw_back(
            session, owner="ada", commodity="points", amount=20, key="refund", now=book.now
        )
    tea = spend(book, 90, "late tea")  # 50 of what is old, 40 of what is young
    with reading() as session:
        [found] = ages.matured(session, book.now - timedelta(days=365))
    assert (found.earned, found.taken_back, found.spent) == (100, 20, 80)
    assert found.never_spent == 0
    assert found.since == book.now - timedelta(days=500)
    with writing() as session:
        transfers.reverse(session, tea, amount=60, key="back", now=book.now)
    with reading() as session:
        [found] = ages.matured(session, book.now - timedelta(days=365))
    assert (found.earned, found.taken_back, found.spent) == (100, 20, 60)
    assert found.never_spent == 20


def test_what_expires_soonest_is_gone_first_however_young(book: Book) -> None:
    """An offer of ten days, earned yesterday, is spent before what never expires."""
    give(book, 100, 400)
    yesterday = book.now - timedelta(days=1)
    with writing() as session:
        said = {"owner": "ada", "commodity": "points", "now": yesterday}
        soon, late = (book.now + timedelta(days=days) for days in (10, 300))
        earning.credit(session, amount=30, key="offer", expires_at=soon, **said)
        earning.credit(session, amount=20, key="order", expires_at=late, **said)
    spend(book, 40)
    assert {(each.age, each.available) for each in _aged(book.now)} == {(4, 100), (0, 10)}
    tea = spend(book, 50, "more tea")
    assert {(each.age, each.available) for each in _aged(book.now)} == {(4, 60)}
    with writing() as session:
        transfers.reverse(session, tea, key="back", now=book.now)
    assert {(each.age, each.available) for each in _aged(book.now)} == {(4, 100), (0, 10)}


def _aged(now: datetime) -> list[ages.Aged]:
    with reading() as session:
        return list(ages.outstanding_by_age(session, now))
