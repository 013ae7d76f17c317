"""What a set writes is, row for row, what its transfers would have written one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from foundation.doors import reading, writing
from foundation.refusal import Refused
from ledger import posting_on_sqlite, transfers
from ledger.accounts import account, account_many
from ledger.drafts import Draft
from tests.ledger.conftest import Book
from tests.ledger.test_lots import day

MEMBERS = posting_on_sqlite.SMALLEST + 2
#: Days until what is given expires; 0: never.
DAYS = st.sampled_from([0, 3, 5, 9])
#: Of awards and of gifts, so that most members can give and some cannot.
MUCH, LITTLE = st.integers(15, 60), st.integers(1, 4)
ANYBODY = st.integers(0, MEMBERS - 1)
EVERYBODY = st.permutations(range(MEMBERS))
worlds = count()


@dataclass(frozen=True)
class Wish:
    """A transfer between the accounts of members, before anybody has an account."""

    source: tuple[str, int]
    target: tuple[str, int]
    amount: int
    days: int = 0


@st.composite
def awards(draw: Any) -> list[Wish]:
    """Out of the programme's account: into each member's once, or into some more often."""
    who = draw(st.one_of(EVERYBODY, st.lists(ANYBODY, min_size=10, max_size=20)))
    return [Wish(("issued", 0), ("available", each), draw(MUCH), draw(DAYS)) for each in who]


@st.composite
def gifts(draw: Any) -> list[Wish]:
    """Out of what one member or several have, dated and not, into accounts that know no dates."""
    one = draw(ANYBODY)
    givers = draw(st.one_of(st.just(st.just(one)), st.just(ANYBODY)))
    who = draw(st.one_of(EVERYBODY, st.lists(ANYBODY, min_size=10, max_size=20)))
    return [Wish(("available", draw(givers)), ("redeemed", each), draw(LITTLE)) for each in who]


sets = st.tuples(awards(), gifts(), st.one_of(awards(), gifts()), gifts())


@pytest.mark.usefixtures("database")
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25
)
@given(sets)
def test_a_set_writes_what_one_by_one_would(book: Book, wished: Sequence[list[Wish]]) -> None:
    together = lived(book, wished, transfers.transfer_many)
    apart = lived(book, wished, one_by_one)
    assert together == apart


def one_by_one(session: Session, drafts: Sequence[Draft], now: Any) -> None:
    for draft in drafts:
        transfers.make(session, draft, now)


def lived(book: Book, wished: Sequence[list[Wish]], move: Callable[..., Any]) -> list[Any]:
    """What was refused, and all that stands in the book of a world of its own afterwards."""
    world = f"world{next(worlds):06}"
    owners = [f"{world}:{each:02}" for each in range(MEMBERS)]
    with writing() as session:
        ids = {("issued", 0): account(session, None, "issued", "points", book.now)}
        for kind in ("available", "redeemed"):
            opened = account_many(session, owners, kind, "points", book.now)
            ids |= {(kind, place): opened[owner] for place, owner in enumerate(owners)}
    refused = []
    for number, wishes in enumerate(wished):
        drafts = [
            Draft(
                ids[wish.source],
                ids[wish.target],
                wish.amount,
                f"{world}:{number}:{place}",
                "move",
                expires_at=day(book, wish.days) if wish.days else None,
            )
            for place, wish in enumerate(wishes)
        ]
        try:
            with writing() as session:
                move(session, drafts, book.now)
        except Refused as no:
            refused.append((number, no.code))
    with reading() as session:
        return [refused, *(session.execute(text(sql), {"world": world}).all() for sql in WRITTEN)]


#: Everything of a world's accounts, without what differs between worlds.
WRITTEN = (
    """select substr(a.owner, 12), a.kind, b.posted, b.seq, b.expiring
         from ledger_balance b join ledger_account a on a.id = b.account_id
        where a.owner like :world || ':%' order by 1, 2""",
    """select substr(a.owner, 12), a.kind, e.side, e.amount, e.balance_after, e.seq,
               e.expiring_after, substr(t.key, 12)
         from ledger_entry e join ledger_account a on a.id = e.account
         join ledger_transfer t on t.id = e.transfer
        where a.owner like :world || ':%' order by 1, 2, e.seq""",
    """select substr(a.owner, 12), u.side, u.amount, u.remaining_after, u.seq, substr(t.key, 12),
               l.remaining, l.seq
         from ledger_lot_use u join ledger_account a on a.id = u.account
         join ledger_transfer t on t.id = u.transfer
         join ledger_lot l on l.account = u.account and l.expires_at = u.expires_at
        where a.owner like :world || ':%' order by 1, u.expires_at, u.seq""",
)
