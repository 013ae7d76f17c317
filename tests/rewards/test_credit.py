"""Store credit is spent exactly, once for each order, and comes back with its date."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import DBAPIError

from foundation.doors import reading, writing
from foundation.facts import Fact
from foundation.refusal import Refused
from foundation.tables import new_id
from ledger import clawbacks, earning, expiring, statements
from notifications.models import Notification
from rewards.credit import giving_back, purse
from rewards.credit.models import CreditReturn, CreditTaking
from tests import people
from tests.rewards.purses import DAY, gives, has, returns, takes
from tests.threads import at_once, ended, outcome

SOON, LATER = DAY + timedelta(days=10), DAY + timedelta(days=90)


def happened(member_id: str) -> Counter[str]:
    """Facts and notices about a member's credit, by kind."""
    with reading() as session:
        facts = session.scalars(select(Fact.kind).where(Fact.member_id == member_id)).all()
        notices = session.scalars(
            select(Notification.kind).where(Notification.member_id == member_id)
        ).all()
    assert Counter(facts) == Counter(notices)
    return Counter(facts)


def test_it_works(house: Any) -> None:
    gives(house.ben, 2_000)
    paid = takes(house.ben, "1001", 1_200)
    assert (paid.amount, paid.currency, paid.reference) == (1_200, "USD", "1001")
    assert has(house.ben).available == 800
    assert takes(house.ben, "1001", 1_200).id == paid.id  # the till asks again
    part = returns(paid, "refund-1", 200)
    assert returns(paid, "refund-1", 200).id == part.id
    assert has(house.ben).available == 1_000
    returns(paid, "refund-2")
    assert (has(house.ben).available, has(house.ben).spent) == (2_000, 0)
    assert happened(house.ben) == {"credit.used": 1, "credit.returned": 2}


def test_credit_is_taken_for_an_order_that_has_a_name(house: Any) -> None:
    with pytest.raises(Refused, match="for which order"):
        takes(house.ben, "", 100)


def test_two_members_may_pay_one_order(house: Any) -> None:
    gives(house.ben, 500)
    gives(house.ada, 500)
    takes(house.ben, "1001", 500)
    takes(house.ada, "1001", 300)
    with reading() as session:
        with pytest.raises(Refused, match="More than one customer"):
            giving_back.of_order(session, "1001", None)
        assert giving_back.of_order(session, "1001", house.ada).amount == 300
        with pytest.raises(Refused, match="No credit was taken"):
            giving_back.of_order(session, "1002", None)


class TestRefusals:
    def test_more_than_there_is_names_what_is_there(self, house: Any) -> None:
        gives(house.ben, 1_200)
        with pytest.raises(Refused, match=r"There is \$12.00 of credit; \$12.01 was") as refused:
            takes(house.ben, "1001", 1_201)
        assert (refused.value.status, refused.value.field) == (409, "amount")
        assert refused.value.figures == {"available": 1_200, "currency": "USD"}
        assert has(house.ben).available == 1_200

    def test_another_currency_than_the_credits(self, house: Any) -> None:
        gives(house.ben, 1_200)
        with pytest.raises(Refused, match=r"This credit is \$12.00") as refused:
            takes(house.ben, "1001", 100, currency="EUR")
        assert refused.value.field == "currency"
        with pytest.raises(Refused, match="no currency called XXQ"):
            takes(house.ben, "1001", 100, currency="XXQ")

    @pytest.mark.parametrize("amount", [0, -5, 2**63])
    def test_what_is_no_amount(self, house: Any, amount: int) -> None:
        gives(house.ben, 1_200)
        paid = takes(house.ben, "1001", 100)
        for act in (lambda: takes(house.ben, "2", amount), lambda: returns(paid, "k", amount)):
            with pytest.raises(Refused) as refused:
                act()
            assert refused.value.field == "amount"
        assert has(house.ben).available == 1_100

    def test_an_order_that_was_paid_otherwise_names_the_field(self, house: Any) -> None:
        gives(house.ben, 1_200)
        gives(house.ben, 1_200, currency="EUR")
        paid = takes(house.ben, "1001", 500, key="desk:first press")
        for amount, currency, key, field in (
            (501, "USD", None, "amount"),
            (500, "EUR", None, "currency"),
            (500, "USD", "desk:another", "order"),  # a receipt number used again at the desk
        ):
            with pytest.raises(Refused, match="was taken before") as refused:
                takes(house.ben, "1001", amount, currency=currency, key=key)
            assert (refused.value.status, refused.value.field) == (409, field)
        returns(paid, "all")
        with pytest.raises(Refused, match=r"was given back\. To take it again"):
            takes(house.ben, "1001", 500)

    def test_never_more_comes_back_than_was_taken(self, house: Any) -> None:
        gives(house.ben, 1_200)
        paid = takes(house.ben, "1001", 500)
        returns(paid, "a", 300)
        with pytest.raises(Refused, match=r"\$2.00 is left to give back; \$2.01") as refused:
            returns(paid, "b", 201)
        assert refused.value.figures == {"left": 200, "currency": "USD"}
        with pytest.raises(Refused, match=r"This key gave \$3.00 back before"):
            returns(paid, "a", 200)
        returns(paid, "b")
        with pytest.raises(Refused, match="was given back before"):
            returns(paid, "c")
        assert has(house.ben).available == 1_200


class TestDates:
    def test_what_expires_first_is_taken_first_and_comes_back_with_its_date(
        self, house: Any
    ) -> None:
        gives(house.ben, 500, LATER)
        gives(house.ben, 300, SOON)
        gives(house.ben, 100)
        paid = takes(house.ben, "1001", 450)
        assert [(x.expires_at, x.amount) for x in has(house.ben).expiring] == [(LATER, 350)]
        returns(paid, "part", 200)  # the last taken first: 150 of the later date, 50 of the sooner
        assert [x.amount for x in has(house.ben).expiring] == [50, 500]
        returns(paid, "rest")
        assert [x.amount for x in has(house.ben).expiring] == [300, 500]
        assert has(house.ben).lasting == 100

    def test_a_date_that_passed_meanwhile_has_passed(self, house: Any) -> None:
        gives(house.ben, 300, SOON)
        paid = takes(house.ben, "1001", 300)
        back = SOON + timedelta(days=1)
        returns(paid, "all", at=back)
        assert has(house.ben, back).available == 0
        expiring.expire(back)
        assert (has(house.ben, back).available, has(house.ben, back).expired) == (0, 300)

    def test_what_waits_for_the_sweep_cannot_be_spent(self, house: Any) -> None:
        gives(house.ben, 300, SOON)
        gives(house.ben, 500, LATER)
        assert has(house.ben, SOON).available == 500
        with pytest.raises(Refused, match=r"\$5.00 of credit; \$5.01"):
            takes(house.ben, "1001", 501, SOON)
        takes(house.ben, "1001", 400, SOON)
        assert (has(house.ben, SOON).available, has(house.ben, SOON).expired) == (100, 300)


def test_what_is_owed_takes_its_part_of_what_comes_back(house: Any) -> None:
    """Else a refund of the order that earned the credit and of the one it paid were money."""
    gives(house.ben, 1_000)
    paid = takes(house.ben, "1001", 1_000)
    with writing() as session:
        clawbacks.claw_back(
            session, owner=house.ben, commodity="USD", amount=700, key="refund", now=DAY
        )
    returns(paid, "all")
    assert (has(house.ben).available, has(house.ben).owed) == (300, 0)


class TestTheDatabaseItself:
    def test_refuses_to_give_back_more_than_was_taken(self, house: Any) -> None:
        gives(house.ben, 1_000)
        paid = takes(house.ben, "1001", 500)
        returns(paid, "a", 300)
        values = {"taking_id": paid.id, "request_key": "b", "at": DAY, "transfer_id": "t"}
        row = insert(CreditReturn).values(id=new_id(DAY), amount=201, **values)
        with pytest.raises(DBAPIError, match="more than was taken"), writing() as session:
            session.execute(row)

    @pytest.mark.parametrize("model", [CreditTaking, CreditReturn])
    def test_changes_no_row(self, house: Any, model: Any) -> None:
        gives(house.ben, 1_000)
        returns(takes(house.ben, "1001", 500), "a", 300)
        for statement in (update(model).values(amount=1), delete(model)):
            with pytest.raises(DBAPIError, match="append-only"), writing() as session:
                session.execute(statement)


def test_tills_that_ask_for_three_times_what_there_is_get_what_fits(house: Any) -> None:
    gives(house.ben, 300, SOON)
    gives(house.ben, 700)
    wanted = [(str(n), amount) for n, amount in enumerate((250,) * 12)]  # 3,000 of 1,000

    def ask(order: str, amount: int) -> tuple[str, str]:
        return order, outcome(lambda: takes(house.ben, order, amount).id)

    answers = at_once([partial(ask, *each) for each in wanted for _twice in range(2)])
    assert len(answers) == 24
    taken = {order: code for order, code in answers if code != "not_enough"}
    assert len(taken) == 4  # 1,000 in fours of 250
    assert len(set(answers)) == 12  # both requests of an order got the same
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(CreditTaking)) == 4
    assert (has(house.ben).available, has(house.ben).spent) == (0, 1_000)
    assert happened(house.ben) == {"credit.used": 4}


def test_returns_that_ask_at_once_for_more_than_was_taken_get_what_fits(house: Any) -> None:
    gives(house.ben, 1_000)
    paid = takes(house.ben, "1001", 900)
    answers = ended([partial(returns, paid, str(n % 5), 300) for n in range(10)])
    assert set(answers) == {"ok", "given_back"}
    assert answers.count("ok") == 6  # three keys, each asked twice
    assert has(house.ben).available == 1_000


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    lots=st.lists(
        st.tuples(st.integers(1, 400), st.sampled_from([None, SOON, LATER])), min_size=1, max_size=4
    ),
    acts=st.lists(st.tuples(st.booleans(), st.integers(1, 600)), max_size=8),
)
def test_whatever_is_taken_and_given_back_adds_up(
    house: Any, lots: list[tuple[int, Any]], acts: list[tuple[bool, int]]
) -> None:
    with writing() as session:
        who = people.member(session, "Gus", handle=new_id(DAY)).id
    for amount, expires_at in lots:
        gives(who, amount, expires_at)
    before = has(who)
    paid: list[list[Any]] = []
    for is_taking, amount in acts:
        try:
            if is_taking:
                paid.append([takes(who, f"{len(paid)}", amount), amount])
            elif paid:
                returns(paid[-1][0], new_id(DAY), amount)
                paid[-1][1] -= amount
        except Refused:
            pass
    there = has(who)
    assert there.spent == sum(left for _, left in paid)
    assert there.available + there.spent == before.available
    for taken, left in paid:
        if left:
            returns(taken, "in the end")
    assert has(who).expiring == before.expiring  # every date is where it was
    assert has(who).lasting == before.lasting


def test_a_purse_tells_every_currency_and_nothing_of_a_stranger(house: Any) -> None:
    gives(house.ben, 300)
    gives(house.ben, 90_000, currency="JPY")
    with writing() as session:
        earning.credit(
            session, owner=house.ben, commodity="points", amount=5, key="points", now=DAY
        )
    with reading() as session:
        found = purse.purses(session, house.ben, DAY)
        assert [(x.currency, x.available) for x in found] == [("JPY", 90_000), ("USD", 300)]
        assert purse.purses(session, house.ada, DAY) == []
        assert statements.balances(session, house.ben, "points").available == 5
