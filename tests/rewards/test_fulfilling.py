"""Staff at work: taken, prepared, sent, done; cancelled with a reason; everything on record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import clock, versions
from foundation.doors import dialect, reading, writing
from foundation.refusal import Refused
from ledger import accounts
from notifications.models import Notification
from rewards.catalogue import fulfilling, stock
from rewards.catalogue import queries as catalogue_queries
from rewards.catalogue.models import Redemption, RedemptionStep
from rewards.catalogue.redemption_rules import STEPS, possible
from rewards.locking import lock_members
from tests import people
from tests.rewards.shelves import buy, count_in, enrich, open_shelves
from tests.threads import at_once, beside


@pytest.fixture
def shop(house: Any, now: Any) -> Any:
    open_shelves(house)
    for who in (house.ada, house.ben):
        enrich(house, who, 1_000, now)
    count_in(house, "teapot", 5, now)
    with writing() as session:
        house.sam = people.sam(session).id
    return house


def move(shop: Any, order: str, step: str, now: Any, text: str = "", by: str = "") -> Redemption:
    with writing() as session:
        return fulfilling.move(session, order, step, by or shop.sam, text, now)


def teapot() -> tuple[int, int]:
    with reading() as session:
        found = stock.levels(session, ["teapot"])[("teapot", "")]
        assert stock.audit(session) == []
        return found.on_hand, found.reserved


def test_it_works(shop: Any, now: Any) -> None:
    order = buy(shop.ben, "teapot", now, address="1 Tea Lane").redemption.id
    way = (("take", ""), ("prepare", ""), ("send", "DHL 42"), ("finish", ""))
    for hours, (step, text) in enumerate(way, start=1):
        move(shop, order, step, now + timedelta(hours=hours), text)
    assert teapot() == (4, 0)
    with reading() as session:
        steps = session.scalars(select(RedemptionStep).order_by(RedemptionStep.id)).all()
        assert [(each.step, each.by_id == shop.sam) for each in steps] == [
            ("order", False),
            ("take", True),
            ("prepare", True),
            ("send", True),
            ("finish", True),
        ]
        told = session.scalars(
            select(Notification)
            .where(Notification.kind == "redemption.moved")
            .order_by(Notification.id)
        ).all()
        assert [(each.params["state"], each.params["text"]) for each in told] == [
            ("taken", ""),
            ("sent", "DHL 42"),
            ("done", ""),
        ]


def test_the_member_cannot_cancel_what_is_being_prepared(shop: Any, now: Any) -> None:
    order = buy(shop.ben, "teapot", now, address="x").redemption.id
    move(shop, order, "take", now)
    with pytest.raises(Refused, match="being prepared"), writing() as session:
        fulfilling.cancel_own(session, order, shop.ben, now)
    move(shop, order, "put_back", now)
    with writing() as session:
        fulfilling.cancel_own(session, order, shop.ben, now)
    assert shop.balances(shop.ben).available == 1_000


def test_cancelling_waits_for_her_points_before_the_page_of_the_catalogue(
    shop: Any, now: Any
) -> None:
    """Who redeems something else just then has her points, and touches that page last."""
    if dialect() != "postgresql":
        pytest.skip("SQLite has one writer")
    order = buy(shop.ben, "teapot", now, address="x").redemption.id

    def cancels() -> None:
        with writing() as session:
            fulfilling.cancel_own(session, order, shop.ben, now)

    raised = beside(
        cancels,
        lambda session: accounts.standings(session, shop.ben, "points", (), now),
        lambda session: versions.touch(session, "catalogue"),
    )
    assert raised == []
    assert shop.balances(shop.ben).available == 1_000


def test_cancelling_waits_for_whoever_gives_her_something(shop: Any, now: Any) -> None:
    """A refund has what is on hold of hers, and asks for what she can spend after it."""
    if dialect() != "postgresql":
        pytest.skip("SQLite has one writer")
    order = buy(shop.ben, "teapot", now, address="x").redemption.id
    with writing() as session:
        on_hold = accounts.account(session, shop.ben, "pending", "points", now)

    def rewards(session: Session) -> None:
        lock_members(session, [shop.ben])
        accounts.lock(session, [on_hold])

    raised = beside(
        lambda: move(shop, order, "cancel", now, "It has a crack."),
        rewards,
        lambda session: accounts.standings(session, shop.ben, "points", (), now),
    )
    assert raised == []
    assert shop.balances(shop.ben).available == 1_000


def test_cancelling_needs_a_reason_and_gives_everything_back(shop: Any, now: Any) -> None:
    order = buy(shop.ben, "teapot", now, address="x").redemption.id
    with pytest.raises(Refused, match="Say why"):
        move(shop, order, "cancel", now, "  ")
    move(shop, order, "cancel", now, "It has a crack.")
    assert shop.balances(shop.ben).available == 1_000
    assert teapot() == (5, 0)
    with reading() as session:
        told = session.scalars(
            select(Notification.params).where(Notification.kind == "redemption.cancelled")
        ).one()
    assert told["reason"] == "It has a crack."


def test_what_was_sent_is_refunded_and_does_not_come_back(shop: Any, now: Any) -> None:
    order = buy(shop.ben, "teapot", now, address="x").redemption.id
    for step in ("take", "send"):
        move(shop, order, step, now)
    with pytest.raises(Refused, match="not possible"):
        move(shop, order, "cancel", now, "Lost.")
    move(shop, order, "refund", now, "Lost on its way.")
    assert shop.balances(shop.ben).available == 1_000
    assert teapot() == (4, 0)
    with pytest.raises(Refused, match="not possible"):
        move(shop, order, "refund", now, "Again.")
    assert shop.balances(shop.ben).available == 1_000


def test_a_second_press_is_one_step(shop: Any, now: Any, client: Any) -> None:
    order = buy(shop.ben, "teapot", now, address="1 Tea Lane").redemption.id
    for _press in range(2):
        move(shop, order, "take", now + timedelta(minutes=1))
    for _press in range(2):
        move(shop, order, "cancel", now + timedelta(hours=1), "The last one broke.")
    assert (teapot(), shop.balances(shop.ben).available) == ((5, 0), 1_000)
    with reading() as session:
        steps = session.scalars(select(RedemptionStep.step).order_by(RedemptionStep.at)).all()
    assert steps == ["order", "take", "cancel"]
    people.sign_in(client, shop.olga)
    late = people.submit(client, f"/redemptions/{order}", act="send", text="")
    assert "somebody has moved it on" in late.text


def test_every_step_is_refused_where_it_does_not_begin(shop: Any, now: Any) -> None:
    order = buy(shop.ben, "tasting", now).redemption.id
    for step in STEPS.keys() - set(possible("ordered")):
        with pytest.raises(Refused, match="not possible"):
            move(shop, order, step, now, "text")


def test_what_waited_longest_is_taken_first_and_once(shop: Any, now: Any) -> None:
    orders = [
        buy(shop.ben, "tasting", now, f"form-000{number}").redemption.id for number in range(3)
    ]

    def take() -> str | None:
        with writing() as session:
            found = fulfilling.take_next(session, shop.sam, clock.now())
            return found.id if found else None

    taken = at_once([take] * 5)
    assert sorted(each for each in taken if each) == sorted(orders)


def test_the_next_one_is_taken_once_however_often_its_page_is_pressed(shop: Any, now: Any) -> None:
    first, second, third = (
        buy(shop.ben, "tasting", now + timedelta(minutes=number), f"form-000{number}").redemption.id
        for number in range(3)
    )

    def press(who: str, shown: str) -> str:
        with writing() as session:
            found = fulfilling.take_next(session, who, clock.now(), shown)
            assert found is not None
            return found.id

    assert at_once([lambda: press(shop.sam, first)] * 4) == [first] * 4
    assert press(shop.olga, first) == second  # her page was old: it is his by now
    move(shop, first, "prepare", clock.now())
    assert press(shop.sam, first) == third


def test_steps_stand_in_their_order_also_within_one_moment(shop: Any, now: Any) -> None:
    order = buy(shop.ben, "tasting", now).redemption.id
    way = ["take", "put_back"] * 8
    for step in way:
        move(shop, order, step, now - timedelta(seconds=1))  # by a machine whose clock is behind
    with reading() as session:
        page = catalogue_queries.one(session, order, now)
    assert [each.step for each in page.steps] == ["order", *way]
    move(shop, order, "put_back", now)  # pressed twice


def test_the_queue_pages_by_key_and_filters(shop: Any, now: Any) -> None:
    for number in range(5):
        buy(shop.ben, "tasting", now + timedelta(minutes=number), f"form-000{number}")
    buy(shop.ada, "teapot", now + timedelta(minutes=9), address="x")
    with reading() as session:
        page = catalogue_queries.queue(session, "waiting", shop.sam, "", None)
        assert [line.name for line in page.rows] == ["Ben"] * 5 + ["Ada"]
        page = catalogue_queries.queue(session, "waiting", shop.sam, "goods", None)
        assert [line.title for line in page.rows] == ["The teapot"]
        assert catalogue_queries.queue_counts(session, shop.sam) == {
            "waiting": 6,
            "mine": 0,
            "others": 0,
        }
