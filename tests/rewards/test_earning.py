"""Facts come in, points come out; held ones wait for the return period."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from foundation.doors import reading
from rewards.models import Grant
from tests.threads import at_once


def grants(member_id: str) -> list[Grant]:
    with reading() as session:
        query = select(Grant).where(Grant.member_id == member_id).order_by(Grant.id)
        return list(session.scalars(query))


def test_an_order_earns_a_point_per_unit_held_for_the_return_period(
    programme: Any, now: Any
) -> None:
    programme.pays(programme.ben, 4_299, now)
    [grant] = grants(programme.ben)
    assert (grant.rule, grant.amount, grant.version, grant.state) == ("order", 42, 1, "pending")
    assert grant.release_at == now + timedelta(days=14)
    assert programme.balances(programme.ben).pending == 42
    assert programme.balances(programme.ben).available == 0


def test_a_review_earns_at_once(programme: Any, now: Any) -> None:
    programme.happens("review.published", programme.ben, now, product="x", order=None)
    assert programme.balances(programme.ben).available == 20


def test_facts_before_the_first_publication_earn_nothing(programme: Any, now: Any) -> None:
    programme.happens(
        "order.paid",
        programme.ben,
        now - timedelta(days=400),
        "order:o",
        heard=now,
        order="o",
        total=5000,
        currency="USD",
        number=1,
    )
    assert grants(programme.ben) == []


def test_without_a_programme_nothing_is_earned(house: Any, now: Any) -> None:
    house.pays(house.ben, 5_000, now)
    assert grants(house.ben) == []


def test_a_referral_pays_both_sides(programme: Any, now: Any) -> None:
    programme.refers(programme.ada, programme.fay, now, total=5_000)
    assert [(g.rule, g.amount) for g in grants(programme.ada)] == [("referrer", 200)]
    assert {(g.rule, g.amount) for g in grants(programme.fay)} == {("order", 50), ("friend", 100)}


def test_another_currency_earns_nothing_by_value(programme: Any, now: Any) -> None:
    programme.pays(programme.ben, 5_000, now, currency="JPY")
    assert grants(programme.ben) == []


def test_a_tier_raises_what_an_order_earns(programme: Any, now: Any) -> None:
    programme.pays(programme.ben, 45_000, now)
    programme.pays(programme.ben, 10_100, now + timedelta(days=1))
    assert [(g.tier, g.amount) for g in grants(programme.ben)] == [
        ("bud", 450),
        ("advocate", 126),  # 101 × 125 % = 126.25
    ]


def test_spending_never_costs_standing_and_old_grants_leave_the_window(
    programme: Any, now: Any
) -> None:
    programme.pays(programme.ben, 45_000, now)
    programme.pays(programme.ben, 10_000, now + timedelta(days=366))
    assert [g.tier for g in grants(programme.ben)] == ["bud", "bud"]


def test_a_cap_holds_when_facts_come_at_the_same_time(programme: Any, now: Any) -> None:
    programme.happens("review.published", programme.ada, now, product="p", order=None)

    def review() -> None:
        programme.happens("review.published", programme.ben, now, product="p", order=None)

    at_once([review] * 10)
    assert sum(g.amount for g in grants(programme.ben)) == 100


def test_a_monthly_cap_withholds_the_rest_and_says_so(programme: Any, now: Any) -> None:
    for number in range(6):
        programme.happens("review.published", programme.ben, now, product=f"p{number}", order=None)
    assert [g.amount for g in grants(programme.ben)] == [20] * 5
    programme.happens("review.published", programme.ben, now + timedelta(days=31), product="q")
    assert len(grants(programme.ben)) == 6
