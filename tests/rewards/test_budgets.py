"""Budgets are never exceeded, however many earn at once; what does not fit is explained."""

from __future__ import annotations

import threading
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from foundation import facts
from foundation.doors import dialect, reading, writing
from foundation.facts import FactDraft
from notifications.models import Notification
from rewards.budgets import auditing, withholding
from rewards.budgets.models import BudgetCount
from rewards.budgets.rules import ALL, EVER, Budget, allow, cost, objections, ready
from rewards.cards.rules import StampCard
from rewards.first_programme import first_programme
from rewards.models import Grant
from rewards.rules import Programme
from tests import people
from tests.rewards.conftest import HEARERS
from tests.rewards.test_cards import publish
from tests.threads import at_once, until_it_waits


def with_budgets(*budgets: Budget, **changes: Any) -> Programme:
    return first_programme().model_copy(update={"budgets": budgets, **changes})


def committed(scope: str = ALL, period: str = "2026-03") -> int:
    with reading() as session:
        count = session.get(BudgetCount, (period, scope))
        return count.committed if count else 0


def granted() -> int:
    with reading() as session:
        return sum(grant.amount - grant.clawed for grant in session.scalars(select(Grant)))


def test_it_works(house: Any, now: Any) -> None:
    house.publish(with_budgets(Budget(key="all", limit=100)))
    house.pays(house.ben, 7_000, now)
    house.pays(house.ben, 7_000, now + timedelta(hours=1))
    assert committed() == granted() == 100
    with reading() as session:
        [stopped] = withholding.of_member(session, house.ben)
        assert auditing.audit(session) == []
    assert (stopped.row.amount, stopped.row.given, stopped.row.cause) == (40, 30, "budget:all")
    assert str(stopped.again_on) == "2026-04-01"


def test_one_that_stops_gives_nothing_that_does_not_fit_whole(house: Any, now: Any) -> None:
    house.publish(with_budgets(Budget(key="all", limit=100, at_cap="stop")))
    house.pays(house.ben, 7_000, now)
    house.pays(house.ben, 7_000, now + timedelta(hours=1))
    house.pays(house.ben, 3_000, now + timedelta(hours=2))
    assert committed() == granted() == 100


def test_one_that_warns_gives_all_and_tells_the_owners_once_per_level(house: Any, now: Any) -> None:
    house.publish(with_budgets(Budget(key="all", limit=100, at_cap="warn")))
    for hour in range(4):
        house.pays(house.ben, 4_500, now + timedelta(hours=hour))
    assert granted() > 100
    with reading() as session:
        told = session.scalars(
            select(Notification)
            .where(Notification.kind == "budget.used_up")
            .order_by(Notification.created_at)
        ).all()
    assert [(each.member_id, each.params["percent"]) for each in told] == [
        (house.olga, 80),
        (house.olga, 100),
    ]


def test_a_budget_of_one_rule_leaves_the_others_alone(house: Any, now: Any) -> None:
    house.publish(with_budgets(Budget(key="orders", rule="order", period="ever", limit=50)))
    house.pays(house.ben, 7_000, now)
    house.happens("review.published", house.ben, now, product="x", order=None)
    assert (committed("order", EVER), granted()) == (50, 70)


def test_a_refund_makes_room_again(house: Any, now: Any) -> None:
    house.publish(with_budgets(Budget(key="all", limit=100)))
    order = house.pays(house.ben, 10_000, now)
    house.refunds(order, house.ben, 5_000, 10_000, now + timedelta(hours=1))
    assert committed() == 50
    house.pays(house.ada, 9_000, now + timedelta(hours=2))
    assert committed() == granted() == 100


def test_a_month_starts_again_and_a_new_budget_counts_what_was_given_before(
    house: Any, now: Any
) -> None:
    house.publish()
    house.pays(house.ben, 6_000, now)
    later = with_budgets(Budget(key="all", limit=100))
    from rewards import drafting, publishing

    with writing() as session:
        draft = drafting.start(session, house.olga, now)
        draft = drafting.change(session, house.olga, later, "", draft.revision, now)
        publishing.publish(session, house.olga, draft, now + timedelta(hours=1))
    house.pays(house.ada, 6_000, now + timedelta(hours=2))
    assert committed() == granted() == 100
    house.pays(house.ada, 6_000, now + timedelta(days=31))
    assert committed(period="2026-04") == 60


def test_eight_threads_never_exceed_a_thousand(house: Any, now: Any) -> None:
    budget = Budget(key="all", period="ever", limit=1_000)
    house.publish(with_budgets(budget))
    with writing() as session:
        members = [people.member(session, f"Buyer {n}").id for n in range(8)]

    def buy(member_id: str, offset: int) -> None:
        for n in range(5):
            house.pays(member_id, 4_000, now + timedelta(seconds=offset + n))

    at_once([partial(buy, member_id, n * 10) for n, member_id in enumerate(members)])
    assert committed(ALL, EVER) == granted() == 1_000


def test_a_budget_that_begins_counts_what_is_just_being_given(house: Any, now: Any) -> None:
    """An order of before the budget is told while the first one under it is paid."""
    if dialect() != "postgresql":
        pytest.skip("SQLite has one writer")
    house.publish()
    publish(house, with_budgets(Budget(key="all", limit=1_000)), now)
    late = {"order": "late", "total": 4_000, "currency": "USD", "number": 1}
    draft = FactDraft("order.paid", house.ada, "order:late", now - timedelta(hours=1), late)
    soon = threading.Thread(target=house.pays, args=(house.ben, 4_000, now))
    facts.listen(HEARERS)
    with writing() as session:
        facts.record_many(session, [draft], now)
        soon.start()
        until_it_waits(soon)
    soon.join()
    assert committed() == granted() == 80


@pytest.mark.parametrize("under", ["two versions", "a card"])
def test_who_begin_a_budget_at_once_do_not_wait_for_each_other(
    house: Any, now: Any, under: str
) -> None:
    """Each gives something without the budget, then something by it, in one transaction."""
    budget = with_budgets(Budget(key="all", limit=10_000))
    if under == "two versions":
        house.publish()
        publish(house, budget, now)
        at = [now - timedelta(days=1), now]
    else:
        card = StampCard(key="tea", name={"en": "Tea card"}, orders=2, days=30, points=150)
        house.publish(budget.model_copy(update={"cards": (card,), "earning": ()}))
        at = [now - timedelta(days=1), now]
    with writing() as session:
        members = [people.member(session, f"Buyer {n}").id for n in range(6)]

    def buy(who: str) -> None:
        details = {"order": "", "total": 4_000, "currency": "USD", "number": 1}
        drafts = [
            FactDraft("order.paid", who, f"order:{n}{who}", each, details | {"order": f"{n}{who}"})
            for n, each in enumerate(at)
        ]
        with writing() as session:
            facts.record_many(session, drafts, now)

    facts.listen(HEARERS)
    at_once([partial(buy, member_id) for member_id in members])
    assert committed() == granted() == 6 * (80 if under == "two versions" else 150)


def test_the_database_itself_refuses_to_pass_a_ceiling(house: Any, now: Any) -> None:
    house.publish(with_budgets(Budget(key="all", limit=100)))
    house.pays(house.ben, 7_000, now)
    with pytest.raises(DatabaseError, match="ceiling"), writing() as session:
        session.execute(text("update reward_budget_count set committed = committed + 31"))
    house.pays(house.ben, 7_000, now + timedelta(hours=1))
    with pytest.raises(DatabaseError, match="append-only"), writing() as session:
        session.execute(text("delete from reward_withheld"))


@given(
    limit=st.integers(1, 10**9),
    worth=st.integers(1, 10**6),
    amount=st.integers(1, 10**6),
    points=st.integers(0, 10**9),
    credit=st.integers(0, 10**9),
    commodity=st.sampled_from(["points", "USD"]),
    at_cap=st.sampled_from(["stop", "rest"]),
)
@settings(max_examples=300)
def test_what_is_allowed_fits_and_a_budget_in_money_is_never_overspent(
    limit: int, worth: int, amount: int, points: int, credit: int, commodity: str, at_cap: Any
) -> None:
    """Points and store credit together, in the one budget of all rules."""
    budget = Budget(key="b", limit=limit, unit="money", at_cap=at_cap)
    [allowance] = ready([budget], worth, "USD", {"order": "points", "back": "money"})
    before = {"*": points, "*:USD": credit}
    allowed = allow([allowance], "any", commodity, amount, lambda _allowance, scope: before[scope])
    assert 0 <= allowed.amount <= amount
    assert at_cap != "stop" or allowed.amount in (0, amount)
    if allowed.amount:
        before["*" if commodity == "points" else "*:USD"] += allowed.amount
        assert (cost(before["*"], worth) or 0) + before["*:USD"] <= limit
        assert allowance.committed(before.__getitem__) <= limit
    elif at_cap == "rest":  # not one more would have fitted
        before["*" if commodity == "points" else "*:USD"] += 1
        assert (cost(before["*"], worth) or 0) + before["*:USD"] > limit


def test_what_cannot_be_published_is_said_at_its_field() -> None:
    budgets = [
        Budget(key="a", rule="gone", limit=1),
        Budget(key="b", limit=5, unit="money"),
        Budget(key="c", limit=5),
    ]
    found = [each.field for each in objections(budgets, {"order": "points"}, None)]
    assert found == ["budgets-0-rule", "budgets-1-unit", "budgets-2-rule"]
