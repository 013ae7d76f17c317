"""Points carry their expiry from the rule into the book, and their owner is told in time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from foundation.doors import reading, writing
from ledger import expiring as sweep
from ledger.earning import credit
from notifications.models import Notification
from rewards import expiring
from rewards.first_programme import first_programme


def short_lived(days: int = 30) -> Any:
    rules = first_programme()
    earning = tuple(rule.model_copy(update={"expires_after_days": days}) for rule in rules.earning)
    return rules.model_copy(update={"earning": earning})


def told(member_id: str) -> list[Any]:
    with reading() as session:
        query = select(Notification).where(
            Notification.member_id == member_id, Notification.kind == "reward.expiring"
        )
        return [each.params for each in session.scalars(query)]


def test_it_works(house: Any, now: Any) -> None:
    house.publish(short_lived())
    house.happens("review.published", house.ben, now, product="x", order=None)
    house.pays(house.ben, 5_000, now)
    house.release(now + timedelta(days=14))
    assert house.balances(house.ben).available == 70
    sweep.run(now + timedelta(days=30))
    assert house.balances(house.ben).available == 50  # held for 14 days first
    sweep.run(now + timedelta(days=44))
    assert (house.balances(house.ben).available, house.balances(house.ben).expired) == (0, 70)


def test_the_owner_is_told_once_in_time(house: Any, now: Any) -> None:
    house.publish(short_lived())
    for hour in range(2):
        at = now + timedelta(hours=hour)
        house.happens("review.published", house.ben, at, product=f"x{hour}", order=None)
    expiring.tell_soon(now + timedelta(days=10))
    assert told(house.ben) == []
    for day in (17, 18, 20):
        expiring.tell_soon(now + timedelta(days=day))
    [params] = told(house.ben)
    assert params["amount"] == 40


def test_what_comes_after_a_letter_and_ends_before_the_next_has_one_of_its_own(
    house: Any, now: Any
) -> None:
    def arrives(amount: int, day: int, lasting: int) -> None:
        at = now + timedelta(days=day)
        with writing() as session:
            credit(
                session,
                owner=house.ben,
                commodity="points",
                amount=amount,
                key=f"gift:{amount}",
                now=at,
                expires_at=at + timedelta(days=lasting),
            )

    arrives(100, 0, 13)
    expiring.tell_soon(now)
    arrives(20, 1, 7)  # gone before the next letter would be due
    arrives(3, 2, 13)  # and this an hour or so after it
    for half_days in range(2, 31):
        at = now + timedelta(days=half_days / 2)
        sweep.run(at)
        expiring.tell_soon(at)
    found = [(each["amount"], datetime.fromisoformat(each["on"]) - now) for each in told(house.ben)]
    assert found == [(100, timedelta(days=13)), (123, timedelta(days=8))]


def test_without_expiry_nobody_is_told(programme: Any, now: Any) -> None:
    programme.happens("review.published", programme.ben, now, product="x", order=None)
    expiring.tell_soon(now + timedelta(days=1))
    assert told(programme.ben) == []
