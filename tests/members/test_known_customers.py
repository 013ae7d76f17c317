"""Customers known from orders become members once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from foundation.doors import reading, writing
from foundation.refusal import Refused
from members.joining import Customer, known_customer, known_customers
from members.models import Member
from tests import people


def count() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(Member)) or 0


def test_an_order_makes_an_unclaimed_member(database: Any, now: datetime) -> None:
    with writing() as session:
        who = known_customer(session, now, email="Ada@Example.COM", name="Ada  Lovelace")
    with reading() as session:
        member = session.get_one(Member, who)
    assert (member.email, member.name) == ("ada@example.com", "Ada Lovelace")
    assert member.password_hash is None
    assert member.email_verified_at is None


def test_the_second_order_finds_her_by_address_and_by_number(database: Any, now: datetime) -> None:
    with writing() as session:
        first = known_customer(session, now, email="ada@example.com")
        second = known_customer(session, now, email="ADA@example.com", customer_ref="17")
        third = known_customer(session, now, customer_ref="17")
    assert first == second == third
    assert count() == 1


def test_a_number_counts_before_an_address(database: Any, now: datetime) -> None:
    with writing() as session:
        by_number = known_customer(session, now, customer_ref="17")
        ada = people.ada(session)
        found = known_customer(session, now, email=ada.email, customer_ref="17")
    assert found == by_number != ada.id


def test_an_order_of_nobody_is_refused(database: Any, now: datetime) -> None:
    with pytest.raises(Refused), writing() as session:
        known_customer(session, now, email="not an address")


def test_many_customers_become_members_once(database: Any, now: datetime) -> None:
    drafts = [
        Customer(email=f"c{n % 700}@example.com", customer_ref=str(n % 700)) for n in range(1500)
    ]
    with writing() as session:
        known_customer(session, now, email="c3@example.com")
        found = known_customers(session, now, drafts)
        again = known_customers(session, now, drafts)
    assert count() == 700
    assert found == again
    with reading() as session:
        assert (
            session.scalar(select(Member.customer_ref).where(Member.email == "c3@example.com"))
            == "3"
        )


def test_two_drafts_of_one_person_are_one_member(database: Any, now: datetime) -> None:
    drafts = [Customer(customer_ref="9"), Customer(email="a@example.com", customer_ref="9")]
    drafts.append(Customer(email="a@example.com"))
    with writing() as session:
        found = known_customers(session, now, drafts)
    assert len(set(found.values())) == 1
    assert count() == 1
