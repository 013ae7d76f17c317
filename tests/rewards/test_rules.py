"""The engine is pure: what a document promises, to the point, for any fact and any member."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation import money
from rewards.engine import awards
from rewards.first_programme import first_programme
from rewards.rules import (
    EarningRule,
    Happened,
    Programme,
    Tier,
    next_tier,
    objections,
    read,
    share_taken_back,
    tier_of,
)
from rewards.tallies import Tallies
from tests.rewards.conftest import by_points

AT = datetime(2026, 3, 3, 12, tzinfo=UTC)
FIRST = by_points()


def fact(kind: str = "order.paid", **details: Any) -> Happened:
    return Happened("f", kind, "order:1", "ada", AT, {"order": "1", "currency": "USD", **details})


def with_standing(
    points: int, given: dict[Any, int] | None = None, rules: Programme = FIRST
) -> Tallies:
    return Tallies(rules, {"ada": points, "fay": points}, dict(given or {}))


def order_rule(**changes: Any) -> Programme:
    rule = FIRST.earning[0].model_copy(update=changes)
    return FIRST.model_copy(update={"earning": (rule,)})


def test_it_works() -> None:
    [award] = awards(FIRST, fact(total=4_299), with_standing(0))
    assert (award.rule, award.amount, award.basis, award.is_held) == ("order", 42, "order:1", True)


def test_the_first_programme_has_nothing_against_it() -> None:
    assert objections(FIRST) == []
    assert read(FIRST.model_dump(mode="json")) == FIRST


@pytest.mark.parametrize(
    ("currency", "basket", "points", "cost", "value"),
    [
        ("USD", 4_000, 40, 100, 500),
        ("JPY", 4_000, 40, 100, 500),  # whole yen
        ("KWD", 40_000, 40, 100, 5_000),
        ("CNY", 40_000, 40, 100, 5_000),
        ("KRW", 40_000, 400, 1_000, 5_000),
        ("VND", 400_000, 4_000, 10_000, 50_000),
    ],
)
def test_what_is_proposed_gives_back_as_much_in_every_currency(
    currency: str, basket: int, points: int, cost: int, value: int
) -> None:
    proposed = first_programme(currency)
    assert objections(proposed) == []
    paid = fact(total=basket, currency=currency)
    assert awards(proposed, paid, with_standing(0))[0].amount == points
    item = proposed.catalogue[0]
    assert (item.cost, item.value, item.currency) == (cost, value, currency)
    assert value * points * 20 == basket * cost  # 5 per cent


@given(st.integers(1, 5), st.text(max_size=20), st.booleans())
def test_one_star_earns_the_same_as_five(stars: int, words: str, verified: bool) -> None:
    """Even a fact that did carry stars and words would earn what one without them earns."""
    bare = Happened("f", "review.published", "review:1", "ada", AT, {"verified": verified})
    loud = Happened(
        "f",
        "review.published",
        "review:1",
        "ada",
        AT,
        {"verified": verified, "stars": stars, "rating": stars, "body": words},
    )
    assert awards(FIRST, bare, with_standing(0)) == awards(FIRST, loud, with_standing(0))


def test_no_rule_can_speak_of_stars() -> None:
    assert not {name for name in EarningRule.model_fields if "star" in name or "rating" in name}


@given(
    total=st.integers(-1_000, 10**9),
    amount=st.integers(1, 1_000),
    percent=st.integers(1, 1_000),
    currency=st.sampled_from(["USD", "JPY", "KWD"]),
    kind=st.sampled_from(["per_currency_unit", "percent"]),
)
def test_rounding_never_gives_more_than_promised_nor_two_points_less(
    total: int, amount: int, percent: int, currency: str, kind: str
) -> None:
    rules = order_rule(kind=kind, amount=amount).model_copy(
        update={
            "currency": currency,
            "tiers": (Tier(key="all", name={"en": "All"}, standing_min=0, earn_percent=percent),),
        }
    )
    given = awards(rules, fact(total=total, currency=currency), with_standing(0, rules=rules))
    points = sum(award.amount for award in given)
    unit = 10 ** money.exponent(currency) * (100 if kind == "percent" else 1)
    exact_times = total * amount * percent  # times unit and 100
    assert points >= 0
    assert points * unit * 100 <= max(exact_times, 0)
    if exact_times > 0:
        assert (points + 1) * 100 * unit + percent * unit > exact_times


@given(
    room=st.integers(0, 500),
    before=st.integers(0, 500),
    total=st.integers(0, 100_000),
)
def test_a_cap_is_never_crossed_and_nothing_is_lost_silently(
    room: int, before: int, total: int
) -> None:
    rules = order_rule(cap_per_month=room, tier_applies=False)
    state = with_standing(0, {("ada", "order", "2026-03"): before})
    for award in awards(rules, fact(total=total), state):
        assert award.amount + award.capped == total // 100
        assert award.amount == 0 or before + award.amount <= room


@given(
    amount=st.integers(1, 10**9),
    total=st.integers(1, 10**9),
    parts=st.lists(st.integers(0, 10**9), max_size=8),
)
@settings(max_examples=300)
def test_partial_refunds_take_back_the_same_whatever_their_steps(
    amount: int, total: int, parts: list[int]
) -> None:
    """Clawed after each step is what one refund of the sum would take; the whole takes all."""
    so_far, clawed = 0, 0
    for part in [*parts, total]:
        so_far = min(so_far + part, total)
        due = share_taken_back(amount, so_far, total)
        assert clawed <= due <= amount
        assert due * total <= amount * so_far
        clawed = due
    assert clawed == amount


@given(st.integers(0, 5_000))
def test_the_tier_is_the_highest_that_standing_reaches(points: int) -> None:
    tier, after = tier_of(FIRST, points), next_tier(FIRST, points)
    assert tier.standing_min <= points
    assert after is None or after.standing_min > points


def test_nobody_is_rewarded_for_bringing_herself() -> None:
    own = Happened("f", "referral.purchased", "referral:1", "ada", AT, {"friend": "ada"})
    assert awards(FIRST, own, with_standing(0)) == []


def test_a_verified_only_rule_passes_over_other_reviews() -> None:
    rule = FIRST.earning[1].model_copy(update={"verified_only": True})
    rules = FIRST.model_copy(update={"earning": (rule,)})
    plain = Happened("f", "review.published", "review:1", "ada", AT, {"verified": False})
    bought = Happened("f", "review.published", "review:2", "ada", AT, {"verified": True})
    assert awards(rules, plain, with_standing(0)) == []
    assert [award.amount for award in awards(rules, bought, with_standing(0))] == [20]


def test_what_cannot_be_published_is_said_at_its_field() -> None:
    bad = FIRST.model_copy(
        update={
            "currency": "XQQ",
            "perks": (),
            "tiers": (FIRST.tiers[1], FIRST.tiers[1]),
            "earning": (
                FIRST.earning[1].model_copy(update={"kind": "percent", "hold": "return_period"}),
                FIRST.earning[0].model_copy(update={"who": "friend", "fact": "order.paid"}),
                FIRST.earning[0].model_copy(update={"key": "x", "fact": "member.joined"}),
            ),
        }
    )
    assert [objection.field for objection in objections(bad)] == [
        "currency",
        "tiers-1-key",
        "tiers-0-standing_min",
        "tiers-1-standing_min",
        "earning-0-kind",
        "earning-0-hold",
        "earning-1-who",
        "earning-2-fact",
    ]
