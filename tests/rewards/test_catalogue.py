"""What points buy: every kind of item, its terms, its stock, and taking it back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError

from foundation import clock
from foundation.doors import reading, writing
from foundation.facts import Fact
from foundation.refusal import Refused
from notifications.models import Notification
from rewards.catalogue import fulfilling, items, stock
from rewards.catalogue.items import occasion
from rewards.catalogue.models import Redemption, RedemptionStep, Stock, StockMovement
from rewards.models import Voucher
from rewards.rules import objections
from rewards.vouchers import codes
from tests.rewards.shelves import (
    LATER_VISIT,
    VISIT,
    buy,
    count_in,
    enrich,
    item,
    open_shelves,
    shelves,
)
from tests.threads import ended


@pytest.fixture
def shop(house: Any, now: Any) -> Any:
    """One of everything on the shelves, and Ben with 1,000 points."""
    open_shelves(house)
    enrich(house, house.ben, 1_000, now)
    return house


def level(key: str, at: Any = None) -> tuple[int, int]:
    with reading() as session:
        found = stock.levels(session, [key]).get((key, occasion(at) if at else ""), stock.Level())
        assert stock.audit(session) == []
    return found.on_hand, found.reserved


def count(model: Any) -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_it_works(shop: Any, now: Any) -> None:
    count_in(shop, "teapot", 2, now)
    done = buy(shop.ben, "teapot", now, address="1 Tea Lane\nFoochow")
    assert (done.redemption.state, done.redemption.stock, done.voucher) == (
        "ordered",
        "reserved",
        None,
    )
    assert level("teapot") == (2, 1)
    assert shop.balances(shop.ben).available == 900
    with reading() as session:
        [_told] = session.scalars(
            select(Notification.kind).where(Notification.kind == "redemption.ordered")
        )
        assert session.scalar(select(Fact.kind).where(Fact.kind == "reward.redeemed"))


def test_the_same_form_again_orders_nothing_more(shop: Any, now: Any) -> None:
    count_in(shop, "teapot", 2, now)
    one = buy(shop.ben, "teapot", now, address="1 Tea Lane")
    again = buy(shop.ben, "teapot", now, address="1 Tea Lane")
    assert one.redemption.id == again.redemption.id
    assert level("teapot") == (2, 1)
    assert count(RedemptionStep) == 1


@pytest.mark.parametrize(
    ("key", "more", "code"),
    [
        ("teapot", {}, "no_address"),
        ("teapot", {"address": "  \n"}, "no_address"),
        ("teapot", {"address": "1 Tea Lane"}, "out_of_stock"),
        ("visit", {}, "unknown_occasion"),
        ("visit", {"occasion": "20200101T0000Z"}, "unknown_occasion"),
        ("visit", {"occasion": occasion(VISIT)}, "out_of_stock"),
        ("tasting", {"occasion": occasion(VISIT)}, "unknown_occasion"),
        ("a-car", {}, "unknown_item"),
    ],
)
def test_what_cannot_be_had_is_refused_and_costs_nothing(
    shop: Any, now: Any, key: str, more: Any, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        buy(shop.ben, key, now, **more)
    assert refused.value.code == code
    assert shop.balances(shop.ben).available == 1_000
    assert count(Redemption) == 0


def test_each_date_has_its_own_places(shop: Any, now: Any) -> None:
    count_in(shop, "visit", 1, now, VISIT)
    count_in(shop, "visit", 5, now, LATER_VISIT)
    buy(shop.ben, "visit", now, occasion=occasion(VISIT))
    assert (level("visit", VISIT), level("visit", LATER_VISIT)) == ((1, 1), (5, 0))
    with pytest.raises(Refused, match="last one has just gone"):
        buy(shop.ben, "visit", now, "form-0002", occasion=occasion(VISIT))


def test_a_multi_use_voucher_carries_its_terms(shop: Any, now: Any) -> None:
    voucher = buy(shop.ben, "ten", now).voucher
    assert voucher is not None
    assert (voucher.uses, voucher.used, voucher.bearer) == (3, 0, True)
    assert voucher.expires_at == now + timedelta(days=30)


class TestTerms:
    def test_the_limit_holds_until_one_is_cancelled(self, house: Any, now: Any) -> None:
        open_shelves(house, item("cup", limit=1))
        enrich(house, house.ben, 500, now)
        first = buy(house.ben, "cup", now)
        with pytest.raises(Refused, match="once, and you have had it"):
            buy(house.ben, "cup", now, "form-0002")
        with writing() as session:
            fulfilling.cancel_own(session, first.redemption.id, house.ben, now)
        assert buy(house.ben, "cup", now, "form-0003").redemption.state == "ordered"

    def test_a_tier_and_a_time_are_asked_for(self, house: Any, now: Any) -> None:
        day = timedelta(days=1)
        today = now.date()
        open_shelves(
            house,
            item("crown", tier="ambassador"),
            item("soon", available_from=today + day),
            item("gone", available_until=today - day),
            item("today", available_from=today, available_until=today),
        )
        enrich(house, house.ben, 500, now)
        for key, code in (("crown", "tier"), ("soon", "not_yet"), ("gone", "over")):
            with pytest.raises(Refused) as refused:
                buy(house.ben, key, now, f"form-{key}")
            assert refused.value.code == code
        buy(house.ben, "today", now)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"kind": "voucher", "currency": "USD"}, "value"),
            ({"kind": "voucher", "value": 5, "currency": "???"}, "currency"),
            ({"kind": "voucher", "value": 5, "currency": "USD", "sent": True}, "sent"),
            ({"cost": 0}, "cost"),
            ({"tier": "dukes"}, "tier"),
            ({"dates": (VISIT,)}, "dates_text"),
            ({"kind": "experience", "dates": (VISIT, VISIT)}, "dates_text"),
            (
                {"available_from": date(2026, 2, 1), "available_until": date(2026, 1, 1)},
                "available_until",
            ),
        ],
    )
    def test_what_makes_no_sense_is_not_published(self, changes: Any, field: str) -> None:
        rules = shelves(catalogue=(item("thing", **changes),))
        assert [each.field for each in objections(rules)] == [f"catalogue-0-{field}"]

    def test_documents_from_before_still_load(self) -> None:
        stored = {"key": "v", "name": {"en": "V"}, "cost": 1, "value": 5, "currency": "USD"}
        assert items.Item.model_validate(stored).uses == 1


class TestRaces:
    def test_the_last_one_goes_to_one(self, house: Any, now: Any) -> None:
        open_shelves(house)
        count_in(house, "teapot", 1, now)
        wanting = [house.ada, house.ben, house.fay, house.olga]
        for each in wanting:
            enrich(house, each, 300, now)
        done = ended(
            [lambda who=who: buy(who, "teapot", clock.now(), address="x") for who in wanting * 2]
        )
        assert done.count("ok") in (1, 2)  # a double click may find its own
        assert count(Redemption) == 1
        assert level("teapot") == (1, 1)
        assert sum(house.balances(each).available for each in wanting) == 1_100

    def test_a_limit_is_not_crossed_by_two_forms(self, house: Any, now: Any) -> None:
        open_shelves(house, item("cup", limit=2))
        enrich(house, house.ben, 1_000, now)
        done = ended(
            [lambda n=n: buy(house.ben, "cup", clock.now(), f"form-000{n}") for n in range(6)]
        )
        assert sorted(done) == ["limit"] * 4 + ["ok"] * 2
        assert house.balances(house.ben).available == 800

    def test_cancelling_and_taking_at_once_ends_one_way(self, shop: Any, now: Any) -> None:
        order = buy(shop.ben, "tasting", now).redemption.id

        def cancel() -> None:
            with writing() as session:
                fulfilling.cancel_own(session, order, shop.ben, clock.now())

        def take() -> None:
            with writing() as session:
                fulfilling.move(session, order, "take", shop.olga, "", clock.now())

        done = ended([cancel, take, cancel, take])
        with reading() as session:
            state = session.get_one(Redemption, order).state
        assert done.count("ok") == (1 if state == "cancelled" else 2)  # to take it twice is once
        assert shop.balances(shop.ben).available == (1_000 if state == "cancelled" else 850)


class TestTakingBack:
    def test_points_and_stock_come_back(self, shop: Any, now: Any) -> None:
        count_in(shop, "teapot", 1, now)
        order = buy(shop.ben, "teapot", now, address="x").redemption.id
        with writing() as session:
            fulfilling.cancel_own(session, order, shop.ben, now)
        assert shop.balances(shop.ben).available == 1_000
        assert level("teapot") == (1, 0)
        with pytest.raises(Refused, match="cancelled already"), writing() as session:
            fulfilling.cancel_own(session, order, shop.ben, now)

    def test_an_unused_voucher_can_be_given_back_and_is_dead(self, shop: Any, now: Any) -> None:
        done = buy(shop.ben, "ten", now)
        with writing() as session:
            fulfilling.cancel_own(session, done.redemption.id, shop.ben, now)
        with reading() as session:
            voucher = session.scalars(select(Voucher)).one()
            assert voucher.state(now) == "revoked"
        assert shop.balances(shop.ben).available == 1_000

    def test_a_used_voucher_cannot(self, shop: Any, now: Any) -> None:
        done = buy(shop.ben, "ten", now)
        with writing() as session:
            codes.use(session, session.scalars(select(Voucher)).one(), "1001", None, now)
        with pytest.raises(Refused, match="was used"), writing() as session:
            fulfilling.cancel_own(session, done.redemption.id, shop.ben, now)
        assert shop.balances(shop.ben).available == 900

    def test_an_expired_voucher_cannot(self, shop: Any, now: Any) -> None:
        done = buy(shop.ben, "ten", now)
        with pytest.raises(Refused, match="has expired"), writing() as session:
            fulfilling.cancel_own(session, done.redemption.id, shop.ben, now + timedelta(days=30))
        assert shop.balances(shop.ben).available == 900

    def test_somebody_elses_does_not_exist(self, shop: Any, now: Any) -> None:
        order = buy(shop.ben, "tasting", now).redemption.id
        with pytest.raises(Refused) as refused, writing() as session:
            fulfilling.cancel_own(session, order, shop.ada, now)
        assert refused.value.status == 404


class TestDatabase:
    """What no bug of ours may bring about."""

    @pytest.mark.parametrize(
        "values",
        [{"on_hand": 0}, {"reserved": 9}, {"on_hand": -1, "reserved": -1}, {"reserved": -1}],
    )
    def test_stock_is_never_below_what_is_promised(self, shop: Any, now: Any, values: Any) -> None:
        count_in(shop, "teapot", 2, now)
        buy(shop.ben, "teapot", now, address="x")
        with pytest.raises(DBAPIError), writing() as session:
            session.execute(update(Stock).values(**values))

    @pytest.mark.parametrize("table", [StockMovement, RedemptionStep])
    def test_what_happened_is_not_rewritten(self, shop: Any, now: Any, table: Any) -> None:
        count_in(shop, "teapot", 2, now)
        buy(shop.ben, "teapot", now, address="x")
        with pytest.raises(DBAPIError), writing() as session:
            session.execute(update(table).values(at=now))
        with pytest.raises(DBAPIError), writing() as session:
            session.execute(table.__table__.delete())

    def test_a_voucher_is_never_used_more_than_it_may(self, shop: Any, now: Any) -> None:
        buy(shop.ben, "ten", now)
        for used in (4, -1):
            with pytest.raises(DBAPIError), writing() as session:
                session.execute(update(Voucher).values(used=used))


@pytest.mark.parametrize("by", [0, 10**7, -3])
def test_a_count_that_makes_no_sense_is_refused(shop: Any, now: Any, by: int) -> None:
    count_in(shop, "teapot", 2, now)
    with pytest.raises(Refused):
        count_in(shop, "teapot", by, now)
    assert level("teapot") == (2, 0)


def test_points_come_back_with_the_expiry_they_had(shop: Any, now: Any) -> None:
    from ledger import earning, expiring

    ends = now + timedelta(days=30)
    with writing() as session:
        earning.credit(
            session,
            owner=shop.fay,
            commodity="points",
            amount=150,
            key="gift:fay",
            now=now,
            expires_at=ends,
        )
    order = buy(shop.fay, "tasting", now).redemption.id
    with writing() as session:
        fulfilling.cancel_own(session, order, shop.fay, now + timedelta(days=1))
    assert shop.balances(shop.fay).available == 150
    expiring.expire(ends + timedelta(minutes=1))
    assert (shop.balances(shop.fay).available, shop.balances(shop.fay).expired) == (0, 150)
