"""All movements over an owner's accounts: whole, in order, and every page joins the next."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from foundation.doors import reading, writing
from foundation.paging import Page
from ledger import clawbacks, holds, movements, spending, statements, transfers
from ledger.accounts import define
from ledger.movements import Held, Movement
from ledger.statements import Balances
from tests.ledger.conftest import Book


def page(size: int = 20, **asked: object) -> Page[Movement]:
    with reading() as session:
        return movements.page(session, "ada", "points", size=size, **asked)  # type: ignore[arg-type]


def cursor(address: str | None) -> str:
    assert address is not None
    return address.partition("page=")[2]


def live(book: Book) -> None:
    """Everything that can happen, each on a day of its own except for the two grants."""
    said = {"owner": "ada", "commodity": "points"}
    with writing() as session:
        held = [
            holds.hold(
                session, amount=amount, key=f"grant:{amount}", until=book.now, now=book.now, **said
            )
            for amount in (50, 70)
        ]
        other = holds.hold(session, amount=9, key="x", until=book.now, now=book.now, **said)
        now = book.now + timedelta(days=1)
        for each in held:
            holds.post(session, each.id, key=f"{each.key}:release", now=now)
        holds.void(session, other.id, key="x:void", now=now)
        now = book.now + timedelta(days=2)
        tea = spending.spend(session, amount=100, key="tea", now=now, **said)
        now = book.now + timedelta(days=3)
        clawbacks.claw_back(session, amount=45, key="refund", now=now, **said)
        now = book.now + timedelta(days=4)
        transfers.reverse(session, tea.id, amount=10, key="back", now=now)


def test_it_works(book: Book) -> None:
    live(book)
    found = page()
    told = [(each.source, each.target, each.amount) for each in found.rows]
    assert told[0] == ("redeemed", "available", 10)
    assert set(told[1:3]) == {("available", "clawed_back", 20), ("owed", "clawed_back", 25)}
    assert told[3] == ("available", "redeemed", 100)
    assert len(told) == 10
    assert (found.next, found.previous) == (None, None)


def test_nobody_has_no_movements(book: Book) -> None:
    assert page() == Page(rows=[], next=None, previous=None)
    assert page(cursor="a3.1").rows == []


def test_every_line_shows_all_numbers_after_it(book: Book) -> None:
    live(book)
    lines = page().rows
    with reading() as session:
        assert lines[0].after == statements.balances(session, "ada", "points")
    for newer, older in pairwise(lines):
        for name in Balances.__dataclass_fields__:
            moved = getattr(newer.change, name)
            assert getattr(newer.after, name) == getattr(older.after, name) + moved
    assert lines[-1].after == lines[-1].change


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pages_join_without_a_gap_in_both_directions(book: Book, size: int) -> None:
    live(book)
    everything = [each.transfer for each in page().rows]
    found, there = page(size), list[Page[Movement]]()
    while True:
        there.append(found)
        if found.next is None:
            break
        found = page(size, cursor=cursor(found.next))
    assert [each.transfer for shown in there for each in shown.rows] == everything
    back = list(found.rows)
    while found.previous is not None:
        found = page(size, cursor=cursor(found.previous))
        assert len(found.rows) == size
        back = [*found.rows, *back]
    assert [each.transfer for each in back] == everything


def test_new_movements_do_not_shift_a_page_somebody_is_reading(book: Book) -> None:
    live(book)
    second = cursor(page(3).next)
    before = page(3, cursor=second)
    later = replace(book, now=book.now + timedelta(days=5))
    later.give(1_000, key="later")  # two transfers: a debt is paid off in passing
    after = page(3, cursor=second)
    assert before.rows == after.rows
    assert before.next == after.next
    newer = page(20, cursor=cursor(after.previous))
    assert [each.transfer for each in newer.rows] == [each.transfer for each in page().rows[:5]]


def test_a_past_day_shows_what_there_was(book: Book) -> None:
    live(book)
    spent = book.now + timedelta(days=2)
    found = page(until=spent)
    assert found.rows[0].source == "available"
    assert found.rows[0].amount == 100
    assert found.previous is None
    with reading() as session:
        then = statements.balances_at(session, "ada", "points", spent)
    assert found.rows[0].after == then
    second = page(2, until=spent)
    back = page(
        2, until=spent, cursor=cursor(page(2, until=spent, cursor=cursor(second.next)).previous)
    )
    assert back.rows == second.rows
    assert back.previous is None


@pytest.mark.parametrize(
    "nonsense", ["a", "b", "ax", "a1.x", "a-1", f"a{2**70}", "c1.2", "a1.2.3.4.5.6.7.8.9"]
)
def test_nonsense_in_the_address_is_harmless(book: Book, nonsense: str) -> None:
    live(book)
    assert isinstance(page(cursor=nonsense), Page)


def test_the_whole_history_comes_in_pieces(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    live(book)
    everything = page().rows
    monkeypatch.setattr(movements, "CHUNK", 3)
    with reading() as session:
        assert list(movements.whole(session, "ada", "points")) == everything
        assert list(movements.whole(session, "nobody", "points")) == []


def test_a_page_reads_as_little_of_a_long_history_as_of_a_short_one(book: Book) -> None:
    """What is fetched is bounded by the page, whatever came before."""
    for number in range(60):
        later = replace(book, now=book.now + timedelta(minutes=number))
        later.give(1, key=f"gift:{number}")
    third = cursor(page(5, cursor=cursor(page(5).next)).next)
    found = page(5, cursor=third)
    assert [each.after.available for each in found.rows] == [50, 49, 48, 47, 46]


def test_commodities_somebody_has(book: Book) -> None:
    with writing() as session:
        define(session, "KWD", 3)
    book.give(5)
    book.id("available", commodity="KWD")
    with reading() as session:
        assert movements.commodities_of(session, "ada") == [Held("points", 0), Held("KWD", 3)]
        assert movements.commodities_of(session, "ben") == []
