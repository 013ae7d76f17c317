"""Refunds take back their share, before and after release, and whatever was spent is owed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from foundation.doors import reading, writing
from rewards import programme as programmes
from rewards import replaying
from rewards.catalogue import redeeming
from rewards.models import Clawback, Grant
from tests.rewards.conftest import PUBLISHED

LATER = timedelta(days=15)


def test_a_partial_refund_voids_its_share_of_what_is_held(programme: Any, now: Any) -> None:
    order = programme.pays(programme.ben, 10_000, now)
    programme.refunds(order, programme.ben, 2_500, 10_000, now)
    balances = programme.balances(programme.ben)
    assert (balances.pending, balances.available, balances.clawed_back) == (75, 0, 0)
    programme.release(now + LATER)
    assert programme.balances(programme.ben).available == 75


def test_after_release_it_is_taken_from_what_is_available(programme: Any, now: Any) -> None:
    order = programme.pays(programme.ben, 10_000, now)
    programme.release(now + LATER)
    programme.refunds(order, programme.ben, 5_000, 10_000, now + LATER)
    balances = programme.balances(programme.ben)
    assert (balances.available, balances.clawed_back, balances.negative) == (50, 50, 0)


def test_what_was_spent_is_owed_and_paid_off_by_what_comes_next(programme: Any, now: Any) -> None:
    order = programme.pays(programme.ben, 10_000, now)
    programme.release(now + LATER)
    with writing() as session:
        voucher = redeeming.Order("voucher-5", "form-1")
        redeeming.redeem(session, programme.ben, voucher, now + LATER)
    programme.refunds(order, programme.ben, 10_000, 10_000, now + LATER)
    assert programme.balances(programme.ben).negative == 100
    programme.happens("review.published", programme.ben, now + LATER, product="x", order=None)
    balances = programme.balances(programme.ben)
    assert (balances.negative, balances.available) == (80, 0)


def test_both_sides_of_a_referral_give_back_their_share(programme: Any, now: Any) -> None:
    order = programme.refers(programme.ada, programme.fay, now, total=4_000)
    programme.release(now + LATER)
    programme.refunds(order, programme.fay, 1_000, 4_000, now + LATER)
    assert programme.balances(programme.ada).available == 150
    assert programme.balances(programme.fay).available == (100 - 25) + (40 - 10)


def test_what_went_back_before_it_is_rewarded_is_taken_back_at_once(
    programme: Any, now: Any
) -> None:
    """A friend's order waits for somebody's eyes, or for her to prove her address, and part of it
    is back by then; what comes back later is counted from there."""
    house = programme
    order = house.pays(house.fay, 4_000, now)
    house.refunds(order, house.fay, 1_000, 4_000, now + timedelta(days=1))
    said = {"friend": house.fay, "order": order.removeprefix("order:"), "total": 4_000}
    late = now + timedelta(days=2)
    more = {"currency": "USD", "channel": "link"}
    house.happens("referral.purchased", house.ada, now, heard=late, **said, **more)
    assert house.balances(house.ada).pending == 150
    assert house.balances(house.fay).pending == (100 - 25) + (40 - 10)
    house.refunds(order, house.fay, 2_000, 4_000, late)
    assert house.balances(house.ada).pending == 100
    with reading() as session:
        rules = programmes.current(session)
        for start in (PUBLISHED, now + timedelta(hours=30)):
            assert rules is not None
            outcome = replaying.replay(session, rules, start, late + LATER)
            assert outcome.costs == outcome.actual_costs


def test_a_full_refund_ends_a_held_grant(programme: Any, now: Any) -> None:
    order = programme.pays(programme.ben, 10_000, now)
    programme.refunds(order, programme.ben, 4_000, 10_000, now)
    programme.refunds(order, programme.ben, 10_000, 10_000, now)
    assert programme.release(now + LATER) == "Rewards released: 0"
    with reading() as session:
        grant = session.scalars(select(Grant)).one()
        taken = session.scalars(select(Clawback.amount).order_by(Clawback.id)).all()
    assert grant.state == "voided"
    assert sorted(taken) == [40, 60]


def test_a_refund_of_an_unknown_order_does_nothing(programme: Any, now: Any) -> None:
    programme.refunds("order:nobody", programme.ben, 100, 100, now)
    assert programme.balances(programme.ben).negative == 0
