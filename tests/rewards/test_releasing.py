"""Held points are released once the return period is over: once, whoever tries."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from foundation import doors
from foundation.doors import reading, writing
from foundation.facts import Fact
from foundation.outbox import Message
from ledger import spending
from notifications import delivering
from rewards import releasing
from tests import people
from tests.rewards.conftest import by_points
from tests.threads import at_once


def test_nothing_is_released_early(programme: Any, now: Any) -> None:
    programme.pays(programme.ben, 10_000, now)
    assert programme.release(now + timedelta(days=13, hours=23)) == "Rewards released: 0"
    assert programme.release(now + timedelta(days=14)) == "Rewards released: 1"
    assert programme.balances(programme.ben).available == 100


def test_releasing_again_changes_nothing(programme: Any, now: Any) -> None:
    programme.pays(programme.ben, 10_000, now)
    later = now + timedelta(days=20)
    assert [programme.release(later), programme.release(later)] == [
        "Rewards released: 1",
        "Rewards released: 0",
    ]


def test_two_workers_release_each_grant_once(programme: Any, now: Any) -> None:
    for _ in range(12):
        programme.pays(programme.ben, 10_000, now)
        programme.pays(programme.ada, 10_000, now)
    later = now + timedelta(days=20)
    workers = 4 if doors.dialect() == "postgresql" else 2
    at_once([partial(releasing.release_due, later)] * workers)
    with reading() as session:
        told = session.scalars(select(Fact.subject).where(Fact.kind == "reward.released")).all()
    assert len(told) == len(set(told)) == 24
    assert programme.balances(programme.ben).pending == 0


def test_the_member_is_told(programme: Any, now: Any) -> None:
    from notifications.models import Notification

    programme.pays(programme.ben, 10_000, now)
    programme.release(now + timedelta(days=20))
    with reading() as session:
        kinds = session.scalars(
            select(Notification.kind).where(Notification.member_id == programme.ben)
        ).all()
    assert sorted(kinds) == ["reward.granted", "reward.released"]


def test_what_is_held_for_some_days_is_not_said_to_wait_for_a_return(house: Any, now: Any) -> None:
    from notifications import rendering
    from notifications.models import Notification

    rules = by_points()
    held = rules.earning[0].model_copy(update={"hold": "days", "hold_days": 3})
    house.publish(rules.model_copy(update={"earning": (held,)}))
    house.pays(house.ben, 10_000, now)
    house.release(now + timedelta(days=3))
    with reading() as session:
        told = session.scalars(select(Notification).where(Notification.member_id == house.ben))
        said = [
            rendering.words_of(each.kind, each.params, name="Ben", site_name="Shop")
            for each in told
        ]
    words = " ".join(paragraph for each in said for paragraph in each.paragraphs)
    assert "They are on hold until Mar 6, 2026; then you can spend them." in words
    assert "The 100 points for “Your order” are no longer on hold." in words
    assert "return" not in words


def test_what_makes_up_for_a_debt_is_not_said_to_be_hers_to_spend(house: Any, now: Any) -> None:
    from notifications import rendering
    from notifications.models import Notification

    def day(number: int) -> Any:
        return now + timedelta(days=number)

    house.publish(by_points())
    order = house.pays(house.ben, 6_000, now)
    house.release(day(15))
    with writing() as book:
        spending.spend(book, owner=house.ben, commodity="points", amount=60, key="all", now=day(15))
    house.refunds(order, house.ben, 6_000, 6_000, day(16))  # he owes sixty
    house.happens("review.published", house.ben, day(17), product="x", order=None)
    for number in (18, 19):
        house.pays(house.ben, 3_000, day(number))
        house.release(day(number + 14))
    assert house.balances(house.ben).available == 20
    with reading() as session:
        told = session.scalars(
            select(Notification)
            .where(Notification.kind.in_(["reward.granted", "reward.released"]))
            .order_by(Notification.created_at, Notification.id)
        )
        said = [
            rendering.words_of(each.kind, each.params, name="Ben", site_name="Shop")
            for each in told
            if each.params["amount"] < 60 and not each.params.get("until")
        ]
    debt = "of them made up for points you owed"
    assert [each.subject for each in said] == [
        "20 points: Your review",
        "30 points made up for what you owed",
        "20 points are yours to spend",
    ]
    for each, owed in zip(said, (20, 30, 10), strict=True):
        words = " ".join(each.paragraphs)
        assert f"{owed} {debt}" in words
        assert "at once" not in words


@pytest.mark.parametrize("hold", ["return_period", "days"])
def test_what_is_told_after_its_hold_is_not_said_to_wait(
    client: Any, house: Any, now: Any, hold: str
) -> None:
    """An order of three weeks ago, told today: no page and no letter waits for a day gone by."""
    rules = by_points()
    held = rules.earning[0].model_copy(update={"hold": hold, "hold_days": 3})
    house.publish(rules.model_copy(update={"earning": (held,)}))
    house.pays(house.ben, 10_000, now)
    late = now + timedelta(days=20)
    order = f"order:{next(house._numbers)}"
    told = {"order": order.removeprefix("order:"), "total": 5_000, "currency": "USD", "number": 2}
    house.happens("order.paid", house.ben, now, order, heard=late, **told)
    people.sign_in(client, house.ben)
    page = client.get("/notifications").text
    assert page.count("are on hold until") == 1
    assert page.count("That day is past, so this is yours to spend within minutes.") == 1
    statement = client.get("/me/rewards/statement").text
    assert statement.count("Granted, on hold until") == 1
    assert statement.count("Granted, on hold first") == 1
    with reading() as session:
        messages = session.scalars(select(Message).where(Message.channel == "mail")).all()
        drafts = [delivering.draft_of(session, each.payload, late) for each in messages]
    letters = [delivering.compose(draft, "1").text for draft in drafts if draft is not None]
    assert sum("That day is past" in text for text in letters) == 1
