"""Prepay so many, get some free: bought by an order, used at the till, back with a refund."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from foundation.doors import reading, writing
from foundation.refusal import Refused
from ledger import clawbacks, expiring, statements
from notifications.models import Notification
from rewards import explaining, replaying
from rewards.first_programme import first_programme
from rewards.happenings import Happened
from rewards.rules import objections, read
from rewards.topups import codes, left, rules, taking
from rewards.topups import expiring as topups_expiring
from rewards.topups.models import TopUpUse
from rewards.topups.rules import asked_back, bought, free_in, paid_in
from rewards.topups.taking import Taking
from tests.rewards import conftest
from tests.rewards.counters import DAY, SINGLE, TEN, buys, open_counter
from tests.threads import ended


@pytest.fixture
def counter(house: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    return open_counter(house, monkeypatch)


def takes(house: Any, offer: str, key: str, at: datetime = DAY) -> TopUpUse:
    with writing() as session:
        return taking.take(session, Taking(house.ben, offer, key), at)


def counted(house: Any, offer: str, at: datetime = DAY) -> tuple[int, int]:
    """What is left, paid and free; the ledger must say the same."""
    with reading() as session:
        lefts = left.of_member(session, house.ben, at, offer)
        sums = sum(each.paid for each in lefts), sum(each.free for each in lefts)
        expired = sum(each.expired for each in lefts)
        booked = [
            statements.balances(session, house.ben, commodity(offer)).available
            for commodity in (paid_in, free_in)
        ]
    assert booked[0] == sums[0]
    assert booked[1] - sums[1] in (0, expired)  # swept in a while
    return sums


def told(house: Any) -> dict[str, int]:
    """How often Ben was told of what."""
    with reading() as session:
        query = select(Notification.kind).where(Notification.member_id == house.ben)
        kinds = session.scalars(query).all()
    return Counter(kind for kind in kinds if kind.startswith("prepaid."))


def test_free_units_that_expire_are_announced_once_for_each_order(counter: Any) -> None:
    """What is used by then, or was paid for, is not spoken of."""

    def told_of(at: datetime) -> list[int]:
        topups_expiring.tell_soon(at)
        with reading() as session:
            query = select(Notification).where(Notification.kind == "prepaid.expiring")
            return [
                each.params["free"] for each in session.scalars(query.order_by(Notification.id))
            ]

    buys(counter, "pot", pieces=10)  # two free ones, for 30 days
    buys(counter, "pot-card")  # its free one never expires
    buys(counter, "pot", pieces=5, at=DAY + timedelta(days=3))
    takes(counter, "single", "first")
    assert told_of(DAY + timedelta(days=16)) == []
    assert told_of(DAY + timedelta(days=16, minutes=1)) == [1]
    with writing() as session:
        for number in range(2):
            key = f"later-{number}"
            use = taking.take(session, Taking(counter.ben, "single", key), DAY + timedelta(days=18))
    assert told_of(DAY + timedelta(days=20)) == [1]  # the other order's one is used too …
    with writing() as session:
        taking.give_back(session, use.id, DAY + timedelta(days=21))
    assert told_of(DAY + timedelta(days=21)) == [1, 1]  # … which was a mistake
    assert told_of(DAY + timedelta(days=29)) == [1, 1]


class TestOffers:
    """Pure: what an order brings, what a refund asks back."""

    def test_so_many_prepaid_bring_so_many_free(self) -> None:
        assert [SINGLE.free_with(n) for n in (1, 4, 5, 9, 10)] == [0, 0, 1, 1, 2]
        details = {"products": {"pot": 2_500}, "pieces": {"pot": 11}}
        order = Happened("f", "order.paid", "order:1", "m", DAY, details)
        found = [(each.offer.key, each.paid, each.free) for each in bought((TEN, SINGLE), order)]
        assert found == [("single", 11, 2)]

    def test_a_refund_counts_for_the_other_goods_first(self) -> None:
        def ask(refunded: int) -> tuple[int, int]:
            back = asked_back(TEN, 9, 4_500, refunded, 6_500)
            return back.paid, back.free

        assert ask(2_000) == (0, 0)  # the other goods
        assert ask(2_499) == (0, 0)
        assert ask(2_500) == (1, 1)  # eight prepaid bring nothing free
        assert ask(6_499) == (8, 1)
        assert ask(6_500) == (9, 1)

    @settings(max_examples=200)
    @given(
        st.integers(1, 1_000),
        st.integers(0, 10**7),
        st.integers(0, 10**7),
        st.integers(0, 2 * 10**7),
    )
    def test_no_refund_asks_more_than_was_bought_and_a_larger_one_asks_no_less(
        self, paid: int, value: int, others: int, refunded: int
    ) -> None:
        total = value + others
        asked = asked_back(SINGLE, paid, value, refunded, total)
        more = asked_back(SINGLE, paid, value, refunded + 1, total)
        assert 0 <= asked.paid <= paid
        assert 0 <= asked.free <= SINGLE.free_with(paid)
        assert (asked.paid, asked.free) <= (more.paid, more.free)
        if value > 0 and refunded < total:  # never more than the money for it was given back
            assert asked.paid * value <= paid * max(refunded - others, 0)

    def test_what_cannot_be_published_says_why(self) -> None:
        twice = TEN.model_copy(update={"name": {}, "unit": {}})
        found = objections(first_programme().model_copy(update={"topups": (TEN, twice)}))
        assert [each.field for each in found] == [
            "topups-1-name_en",
            "topups-1-key",
            "topups-1-unit_en",
            "topups-1-product",
        ]

    def test_versions_of_before_still_load_and_changes_are_told(self) -> None:
        old = first_programme().model_dump(mode="json")
        del old["topups"]
        before = read(old)
        after = before.model_copy(update={"topups": (TEN,)})
        (new,) = explaining.changes(before, after)
        assert "9 prepaid and 1 free" in new
        assert explaining.changes(after, after) == []
        more = after.model_copy(update={"topups": (TEN.model_copy(update={"free": 2}),)})
        assert len(explaining.changes(after, more)) == 1
        assert "stays good" in explaining.changes(after, before)[0]


def test_it_works(counter: Any) -> None:
    buys(counter, "pot-card")
    assert counted(counter, "ten") == (9, 1)
    uses = [takes(counter, "ten", f"k{n}") for n in range(10)]
    assert [use.is_free for use in uses] == [False] * 9 + [True]  # the free one comes last
    assert counted(counter, "ten") == (0, 0)
    with pytest.raises(Refused, match="None of these is left"):
        takes(counter, "ten", "k10")
    assert told(counter) == {"prepaid.bought": 1, "prepaid.used": 10}


def test_asking_again_takes_nothing_twice_and_mistakes_are_given_back_once(counter: Any) -> None:
    buys(counter, "pot-card")
    first = takes(counter, "ten", "same")
    assert takes(counter, "ten", "same").id == first.id
    with pytest.raises(Refused, match="Take a new one"):
        takes(counter, "single", "same")
    assert counted(counter, "ten") == (8, 1)
    for _again in range(2):
        with writing() as session:
            taking.give_back(session, first.id, DAY)
    assert counted(counter, "ten") == (9, 1)
    assert told(counter) == {"prepaid.bought": 1, "prepaid.used": 1, "prepaid.given_back": 1}
    with pytest.raises(Refused, match="no such use"), writing() as session:
        taking.give_back(session, "nothing", DAY)


def test_what_expires_is_used_first_and_what_was_paid_for_never_does(counter: Any) -> None:
    buys(counter, "pot", pieces=10)
    assert counted(counter, "single") == (10, 2)
    assert takes(counter, "single", "a").is_free
    late = DAY + timedelta(days=30)
    assert counted(counter, "single", late) == (10, 0)
    assert not takes(counter, "single", "b", late).is_free
    expiring.expire(late)
    assert counted(counter, "single", late) == (9, 0)
    with reading() as session:
        assert statements.balances(session, counter.ben, free_in("single")).expired == 1


def test_what_is_past_its_date_is_not_taken_for_what_is_not(counter: Any) -> None:
    """Also before the sweep: a unit of the younger order is one of its own in the book."""
    buys(counter, "pot", pieces=10)
    younger = DAY + timedelta(days=10)
    buys(counter, "pot", pieces=10, at=younger)
    late = DAY + timedelta(days=30)
    assert takes(counter, "single", "a", late).is_free
    expiring.expire(late)
    assert counted(counter, "single", late) == (20, 1)
    with reading() as session:
        assert statements.balances(session, counter.ben, free_in("single")).expired == 2


def test_a_refund_takes_what_is_unused_and_nothing_is_ever_owed(counter: Any) -> None:
    order = buys(counter, "pot-card", more=2_000)
    used = takes(counter, "ten", "k")
    for so_far, expected in ((2_000, (8, 1)), (3_000, (6, 0)), (6_500, (0, 0))):
        counter.refunds(order, counter.ben, so_far, 6_500, DAY + timedelta(hours=so_far))
        assert counted(counter, "ten") == expected
    with reading() as session:
        assert statements.balances(session, counter.ben, paid_in("ten")).negative == 0
    with pytest.raises(Refused, match="given back with a refund"), writing() as session:
        taking.give_back(session, used.id, DAY)
    assert told(counter)["prepaid.taken_back"] == 2


def test_what_is_given_back_pays_what_is_owed_of_its_kind_first(counter: Any) -> None:
    """No room lets anybody owe units; if one ever does, a mistake at the till gives none away."""
    buys(counter, "pot-card")
    uses = [takes(counter, "ten", f"k{n}") for n in range(10)]
    same: dict[str, Any] = {"owner": counter.ben, "amount": 1, "now": DAY}
    with writing() as session:
        clawbacks.claw_back(session, commodity=paid_in("ten"), key="by-hand", **same)
    for use in (uses[0], uses[0], uses[9]):  # paid, the same again, free
        with writing() as session:
            taking.give_back(session, use.id, DAY)
    paid, free = (counter.balances(counter.ben, code("ten")) for code in (paid_in, free_in))
    assert (paid.available, paid.negative, paid.spent) == (0, 0, 8)
    assert (free.available, free.negative, free.spent) == (1, 0, 0)
    with writing() as session:
        taking.give_back(session, uses[1].id, DAY)
    assert counter.balances(counter.ben, paid_in("ten")).available == 1


def test_two_purchases_keep_to_themselves(counter: Any) -> None:
    first = buys(counter, "pot-card")
    buys(counter, "pot-card", at=DAY + timedelta(days=1))
    for n in range(10):  # all that was paid for with the first, one of the second
        takes(counter, "ten", f"k{n}", DAY + timedelta(days=2))
    counter.refunds(first, counter.ben, 4_500, 4_500, DAY + timedelta(days=3))
    assert counted(counter, "ten") == (8, 1)


def test_orders_of_a_time_without_the_offer_or_without_its_product_bring_nothing(
    counter: Any,
) -> None:
    buys(counter, "pot-card", at=conftest.PUBLISHED - timedelta(days=1))
    buys(counter, "leaf")
    counter.pays(counter.ben, 1_000, DAY)
    assert counted(counter, "ten") == (0, 0)
    assert told(counter) == {}


def test_of_eight_tills_one_gets_the_last_one(counter: Any) -> None:
    buys(counter, "pot")
    answers = ended([partial(takes, counter, "single", str(number)) for number in range(8)])
    assert sorted(answers) == ["none_left"] * 7 + ["ok"]
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(TopUpUse)) == 1


def test_a_replay_of_what_is_in_force_says_what_was_given(counter: Any) -> None:
    buys(counter, "pot-card", pieces=2, value=9_000)
    buys(counter, "pot", pieces=4)
    programme = first_programme().model_copy(update={"topups": (TEN, SINGLE)})
    richer = programme.model_copy(update={"topups": (TEN, SINGLE.model_copy(update={"every": 2}))})
    end = DAY + timedelta(days=1)
    with reading() as session:
        same = replaying.replay(session, programme, conftest.PUBLISHED, end)
        more = replaying.replay(session, richer, conftest.PUBLISHED, end)
    assert same.topups == same.actual_topups
    assert (same.topups["ten"].paid, same.topups["ten"].free) == (18, 2)
    assert (same.topups["single"].free, more.topups["single"].free) == (0, 2)
    kept = replaying.outcome_of(more.document())
    assert (kept.topups, kept.actual_topups) == (more.topups, more.actual_topups)


def test_a_code_is_read_however_it_comes_and_a_new_one_ends_the_old(counter: Any) -> None:
    buys(counter, "pot")
    with reading() as session:
        code = codes.of(session, counter.ben)
        assert code is not None
        scanned = codes.address("https://shop.example/", code)
        for typed in (code, code.lower().replace("-", " "), scanned):
            assert codes.holder(session, typed) == counter.ben
        for typed in ("@ben", "ben", "ben@example.com", code):
            assert codes.find(session, typed) == counter.ben
        assert codes.find(session, "@nobody") is None
    with writing() as session:
        codes.renew(session, counter.ben, DAY)
    with reading() as session, pytest.raises(Refused, match="no such code"):
        codes.holder(session, code)


def test_the_purchase_is_told_by_the_rules_alone(counter: Any) -> None:
    """Whatever is bought and given back, the two sorts never pay for each other."""
    order = buys(counter, "pot", pieces=7)
    for n in range(3):
        takes(counter, "single", f"k{n}")
    counter.refunds(order, counter.ben, 4_500, 4_500, DAY + timedelta(days=1))
    assert counted(counter, "single") == (0, 0)
    with reading() as session:
        paid = statements.balances(session, counter.ben, paid_in("single"))
        free = statements.balances(session, counter.ben, free_in("single"))
    assert (paid.spent, paid.clawed_back, free.spent, free.clawed_back) == (2, 5, 1, 0)
    assert rules.offer_of(paid_in("single")) == rules.offer_of(free_in("single")) == "single"
