"""Whoever waits for a member holds none of his grants: so nobody waits for each other for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

import app
from foundation.doors import dialect, writing
from referral import attributing, purchasing
from rewards import clawing_back, drafting, earning, publishing
from rewards.budgets.models import BudgetCount
from rewards.budgets.rules import EVER, Budget
from rewards.cards import keeping as cards
from rewards.cards import welcoming
from rewards.cards.rules import StampCard
from rewards.first_programme import first_programme
from rewards.locking import lock_members
from rewards.models import Grant
from rewards.perks import granting
from rewards.standing import keeping as standing
from rewards.standing.models import MemberTier
from rewards.topups import buying as prepaying
from rewards.topups import refunding as unused_back
from tests.threads import until_it_waits

#: How many make counters of budgets at this moment.
MAKING = text(
    "select count(*) from pg_locks join pg_database on pg_database.oid = database"
    " where datname = current_database() and locktype = 'advisory' and mode = 'ExclusiveLock'"
    " and granted"
)


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


def test_standing_waits_for_a_member_before_it_touches_what_is_hers(
    house: Any, now: datetime
) -> None:
    """Who gives her something has locked her and asks for her tier: they waited for each other."""
    if dialect() != "postgresql":
        pytest.skip("SQLite has one writer")
    house.publish()
    house.pays(house.ben, 10_000, now)
    thread = threading.Thread(target=lambda: house.happens("post.folded", house.ben, now))
    with writing() as session:
        lock_members(session, [house.ben])
        thread.start()
        until_it_waits(thread)
        assert thread.is_alive()
        hers = select(MemberTier).where(MemberTier.member_id == house.ben)
        session.scalars(hers.with_for_update(nowait=True)).one()
    thread.join()


def test_whoever_gives_for_an_order_makes_the_counters_of_a_running_card_first(
    house: Any, now: datetime
) -> None:
    """It keeps the terms of an older version, whose budget has no counter for this month yet; made
    when the card is full, with a member locked, it let two buyers wait for each other."""
    if dialect() != "postgresql":
        pytest.skip("SQLite has one writer")
    card = StampCard(key="tea", name={"en": "Tea card"}, orders=2, days=90, points=150)
    budget = Budget(key="all", limit=10_000)
    older = first_programme().model_copy(update={"cards": (card,), "budgets": (budget,)})
    house.publish(older)
    house.pays(house.ben, 10_000, now)
    with writing() as session:
        draft = drafting.start(session, house.olga, now)
        draft = drafting.change(session, house.olga, first_programme(), "", draft.revision, now)
        publishing.publish(session, house.olga, draft, now + timedelta(days=1))
    buying = threading.Thread(
        target=lambda: house.pays(house.ben, 10_000, now + timedelta(days=35))
    )
    with writing() as session:
        lock_members(session, [house.ben])
        buying.start()
        until_it_waits(buying)
        assert session.scalar(MAKING) == 1
    buying.join()
    assert house.balances(house.ben).pending == 350


def test_who_may_need_counters_hears_before_who_only_locks_members() -> None:
    first = {earning.hear, clawing_back.hear, cards.hear, welcoming.hear}
    first |= {purchasing.hear, attributing.hear}
    after = {standing.hear, prepaying.hear, unused_back.hear, granting.hear}
    for kind, hearers in app.HEARERS.items():
        places = [hear in after for hear in hearers if hear in first | after]
        assert places == sorted(places), kind
