"""What happens at the same moment, with real threads."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from foundation.doors import reading, writing
from referral import codes, releasing
from referral.clicking import click, click_within
from referral.models import Click, ClickCount
from tests import people
from tests.threads import at_once


def test_two_orders_at_once_make_one_purchase(story: Any) -> None:
    fay = story.joins("Fay")
    at_once([lambda: story.buys(fay)] * 4)
    assert len(story.heard("order.paid")) == 4
    assert len(story.heard("referral.purchased")) == 1
    assert story.state(fay) == "pending"


def test_two_workers_release_once(story: Any) -> None:
    friends = [story.joins(f"Friend {number}") for number in range(5)]
    for friend in friends:
        story.buys(friend)
    at_once([lambda: story.release(14)] * 3)
    assert {story.state(friend) for friend in friends} == {"released"}
    assert len(story.heard("referral.qualified")) == 5
    assert releasing.release_due(story.now) == "Referrals released: 0"


def test_two_first_visits_make_one_link(story: Any) -> None:
    with writing() as session:
        ben = people.ben(session).id

    def visit() -> str:
        with writing() as session:
            code = codes.ensure(session, ben, story.now)
            assert code is not None
            return code.code

    assert len(set(at_once([visit] * 4))) == 1


def test_no_click_is_lost(story: Any) -> None:
    def many() -> int:
        return sum(click(story.code, "link", "/", story.now) for _ in range(50))

    assert sum(at_once([many] * 4)) == 200
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Click)) == 200
        assert session.scalar(select(func.sum(ClickCount.clicks))) == 200


def test_a_click_within_a_transaction_is_the_same_click(story: Any) -> None:
    with writing() as session:
        assert click_within(session, story.code, "qr", "/", story.now)
        assert not click_within(session, "nobody-00000000", "qr", "/", story.now)
    click(story.code, "qr", "/", story.now)
    with reading() as session:
        moments = set(session.scalars(select(Click.at)))
        assert session.scalar(select(func.sum(ClickCount.clicks))) == 2
    assert moments == {story.now}
