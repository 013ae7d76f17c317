"""Whoever waits for a member holds none of his grants: so nobody waits for each other for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from foundation.doors import dialect, writing
from rewards.budgets.models import BudgetCount
from rewards.budgets.rules import EVER, Budget
from rewards.cards.rules import StampCard
from rewards.first_programme import first_programme
from rewards.locking import lock_members
from rewards.models import Grant
from tests.threads import until_it_waits


def refunding(house: Any, order: str, now: datetime) -> Callable[[], object]:
    return lambda: house.refunds(order, house.ben, 10_000, 10_000, now + timedelta(days=1))


def releasing(house: Any, _order: str, now: datetime) -> Callable[[], object]:
    return lambda: house.release(now + timedelta(days=20))


@pytest.mark.parametrize("doing", [refunding, releasing])
def test_who_waits_for_a_member_holds_none_of_his_grants(
    programme: Any, now: datetime, doing: Callable[..., Callable[[], object]]
) -> None:
    if dialect() != "postgresql":
        pytest.skip("SQLite has one writer")
    order = programme.pays(programme.ben, 10_000, now)
    thread = threading.Thread(target=doing(programme, order, now))
    with writing() as session:
        lock_members(session, [programme.ben])
        thread.start()
        until_it_waits(thread)
        session.scalars(select(Grant.id).with_for_update(nowait=True)).one()
    thread.join()
    assert programme.balances(programme.ben).pending == 0


def test_a_refund_holds_all_counters_it_will_need_before_it_waits_for_a_member(
    house: Any, now: datetime
) -> None:
    """Its card has stamps of other months: two refunds of one member would wait for each other."""
    if dialect() != "postgresql":
        pytest.skip("SQLite has one writer")
    card = StampCard(key="tea", name={"en": "Tea card"}, orders=3, days=90, points=150)
    budget = Budget(key="all", limit=10_000)
    house.publish(first_programme().model_copy(update={"cards": (card,), "budgets": (budget,)}))
    order = house.pays(house.ben, 10_000, now)
    house.pays(house.ben, 10_000, now + timedelta(days=35))
    thread = threading.Thread(target=refunding(house, order, now))
    with writing() as session:
        lock_members(session, [house.ben])
        thread.start()
        until_it_waits(thread)
        free = select(BudgetCount.period).where(BudgetCount.period != EVER)
        assert session.scalars(free.with_for_update(skip_locked=True)).all() == []
    thread.join()
    assert house.balances(house.ben).pending == 100
