"""Many at once, on both back ends: one member, one use of a link."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from foundation.doors import reading, writing
from members import proofs
from members.customers import Customer
from members.joining import known_customer, known_customers
from members.models import Member
from tests import people
from tests.threads import at_once, outcomes


def test_orders_that_arrive_together_make_one_customer(database: Any, now: datetime) -> None:
    def order() -> str:
        with writing() as session:
            return known_customer(session, now, email="fay@example.com", customer_ref="9")

    found = at_once([order] * 8)
    assert len(found) == 8
    assert len(set(found)) == 1


def test_two_imports_of_the_same_customers_make_each_once(database: Any, now: datetime) -> None:
    drafts = [Customer(email=f"c{n}@example.com", customer_ref=str(n)) for n in range(200)]

    def imported() -> tuple[str, ...]:
        with writing() as session:
            return tuple(known_customers(session, now, drafts).values())

    found = at_once([imported] * 4)
    assert len(set(found)) == 1
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Member)) == 200


def test_a_link_is_used_once_however_many_press_it(database: Any, now: datetime) -> None:
    with writing() as session:
        token = proofs.issue(session, people.ada(session).id, "reset", "ada@example.com", now)

    def press() -> str:
        with writing() as session:
            return proofs.use(session, "reset", str(token), now).email

    assert sorted(outcomes([press] * 8)) == ["ada@example.com"] + ["proof"] * 7
