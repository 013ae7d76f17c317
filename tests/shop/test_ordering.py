from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from foundation.doors import reading, writing
from foundation.facts import Fact
from foundation.once import insert_once
from foundation.refusal import Refused
from foundation.tables import new_id
from members.models import Member
from shop import ordering, queries
from shop.models import Order, Refund
from tests.shop import orders


@pytest.fixture
def ben(database, now):
    """A buyer."""
    member_id = new_id(now)
    with writing() as session:
        insert_once(
            session,
            Member,
            {
                "id": member_id,
                "handle": "ben",
                "name": "Ben",
                "email": "ben@example.com",
                "role": "member",
                "language": "en",
                "time_zone": "UTC",
                "joined_at": now,
            },
        )
    return member_id


def facts_of(kind):
    with reading() as session:
        return session.scalars(select(Fact).where(Fact.kind == kind).order_by(Fact.id)).all()


def test_an_order_goes_its_way_and_tells_each_step_once(ben, now):
    for _again in range(2):
        with writing() as session:
            order = orders.delivered_order(session, ben, now, number="1")
    assert order.status == "delivered"
    for kind in ("order.placed", "order.paid", "order.shipped", "order.delivered"):
        (fact,) = facts_of(kind)
        assert (fact.member_id, fact.subject) == (ben, f"order:{order.id}")
        assert fact.details["total"] == 4200


def test_a_paid_order_says_how_manieth_it_is(ben, now):
    with writing() as session:
        orders.paid_order(session, ben, now)
        orders.paid_order(session, ben, now + timedelta(days=1))
    assert [fact.details["number"] for fact in facts_of("order.paid")] == [1, 2]


def test_refunds_add_up_to_the_total_and_no_further(ben, now):
    with writing() as session:
        order = orders.paid_order(session, ben, now)
        ordering.refund(session, order.id, 1000, "r1", now)
        ordering.refund(session, order.id, 1000, "r1", now)  # told twice
        ordering.refund(session, order.id, 3200, "r2", now)
    assert sorted(f.details["refunded_total"] for f in facts_of("order.refunded")) == [1000, 4200]
    with pytest.raises(Refused, match="left to give back"), writing() as session:
        ordering.refund(session, order.id, 1, "r3", now)


def test_a_refund_number_used_for_something_else_is_refused(ben, now):
    with writing() as session:
        order = orders.paid_order(session, ben, now)
        ordering.refund(session, order.id, 1000, "r1", now)
    with pytest.raises(Refused, match="another order or amount"), writing() as session:
        ordering.refund(session, order.id, 999, "r1", now)


def test_nothing_is_given_back_of_an_unpaid_order(ben, now):
    with writing() as session:
        order = orders.placed_order(session, ben, now)
    with pytest.raises(Refused, match="not paid yet"), writing() as session:
        ordering.refund(session, order.id, 100, "r1", now)


def test_a_known_order_told_with_another_total_is_refused(ben, now):
    with writing() as session:
        orders.placed_order(session, ben, now, number="7")
    with pytest.raises(Refused, match="is known with a total of"), writing() as session:
        orders.placed_order(session, ben, now, number="7", total=1)


def test_an_order_of_nothing_is_an_order(ben, now):
    with writing() as session:
        order = orders.paid_order(session, ben, now, total=0)
    assert order.status == "paid"


def test_a_purchase_is_found_until_all_is_given_back(ben, now):
    with writing() as session:
        tea = orders.a_product(session, now)
        order = orders.paid_order(session, ben, now, product=tea)
        assert queries.purchase(session, ben, tea.id) == order.id
        ordering.refund(session, order.id, order.total, "all", now)
        assert queries.purchase(session, ben, tea.id) is None


def test_a_cancelled_order_stays_cancelled_when_late_news_comes(ben, now):
    with writing() as session:
        order = orders.placed_order(session, ben, now)
        ordering.cancel(session, order.id, now)
        ordering.pay(session, order.id, now)
    with reading() as session:
        assert session.get(Order, order.id).status == "cancelled"
        assert session.scalars(select(Refund)).all() == []
