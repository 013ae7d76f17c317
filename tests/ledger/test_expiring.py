"""The sweep: what nobody spent until its date expires, once, in chunks, by any worker."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from click.testing import CliRunner

from foundation.doors import reading
from ledger import commands, expiring
from ledger.statements import Balances
from tests.ledger.conftest import Book
from tests.ledger.test_lots import back, day, give, lots, spend


def at(book: Book, days: int) -> datetime:
    return day(book, days)


def test_it_works(book: Book) -> None:
    give(book, 10, 10)
    give(book, 20, 20)
    give(book, 5, None)
    assert expiring.expire(at(book, 9)) == 0
    assert expiring.expire(at(book, 10)) == 1
    assert book.balances() == Balances(available=25, expired=10)
    assert lots(book) == {20: 20, None: 5}


def test_twice_is_once(book: Book) -> None:
    give(book, 10, 10)
    assert [expiring.expire(at(book, 30)) for _ in range(2)] == [1, 0]
    assert book.balances() == Balances(expired=10)


def test_only_what_is_left_expires(book: Book) -> None:
    give(book, 10, 10)
    spend(book, 4)
    expiring.expire(at(book, 30))
    assert book.balances() == Balances(spent=4, expired=6)


def test_what_comes_back_after_its_date_expires_with_the_next_sweep(book: Book) -> None:
    give(book, 10, 10)
    spent = spend(book, 10)
    expiring.expire(at(book, 30))
    back(book, spent.id, 6)
    assert book.balances() == Balances(available=6, spent=4)
    assert expiring.expire(at(book, 30)) == 1
    back(book, spent.id, key="rest")
    assert expiring.expire(at(book, 31)) == 1
    assert book.balances() == Balances(expired=10)


def test_many_expire_in_chunks(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiring, "CHUNK", dict.fromkeys(expiring.CHUNK, 4))
    for number in range(6):
        give(book, 10, 10, owner=f"member{number}")
        give(book, 5, 11 + number, owner=f"member{number}")
    told: list[tuple[int, int]] = []
    assert expiring.expire(at(book, 40), lambda done, total: told.append((done, total))) == 12
    assert told[:3] == [(4, 12), (8, 12), (12, 12)]  # no chunk is larger, whosever lots they are
    assert book.balances("member3") == Balances(expired=15)


def test_what_will_expire_is_found_page_by_page(book: Book) -> None:
    for number, days in enumerate((12, 10, 10, 40)):
        give(book, 10, days, owner=f"member{number}")
    since, until = at(book, 5), at(book, 40)
    with reading() as session:
        first = expiring.expiring_soon(session, since, until, limit=2)
        rest = expiring.expiring_soon(session, since, until, after=first[-1])
    assert [each.owner for each in (*first, *rest)] == ["member1", "member2", "member0"]
    assert rest[0].expires_at == book.now + timedelta(days=12)
    assert rest[0].amount == 10


def test_the_command_says_how_many(book: Book) -> None:
    give(book, 10, -400)
    shown = CliRunner().invoke(commands.expire)
    assert shown.exit_code == 0, shown.output
    assert "1 lot expired" in shown.output
    assert book.balances() == Balances(expired=10)
