"""Stamp cards: what stamps them, what a full one gives, and what a refund takes back."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from foundation import facts
from foundation.doors import reading, writing
from ledger import statements
from members import joining, proofs, settings
from members.joining import SignUp
from notifications.models import Notification
from rewards import drafting, publishing, replaying
from rewards.cards import ending
from rewards.cards.models import MemberCard, Stamp
from rewards.cards.rules import Held, StampCard, WelcomeVoucher
from rewards.first_programme import first_programme
from rewards.models import Grant, Voucher
from rewards.rules import Programme, objections
from rewards.vouchers import codes
from tests.rewards.conftest import HEARERS, PUBLISHED
from tests.threads import at_once

POINTS = StampCard(key="tea", name={"en": "Tea card"}, orders=3, days=30, points=150, is_held=False)
CREDIT = StampCard(key="tea", name={"en": "Tea card"}, orders=2, days=30, credit=500)
VOUCHER = StampCard(key="tea", name={"en": "Tea card"}, orders=2, days=30, voucher="voucher-5")
END = datetime(2026, 9, 1, tzinfo=UTC)


def with_cards(*cards: StampCard, **more: Any) -> Programme:
    return first_programme().model_copy(update={"cards": cards} | more)


def day(number: int) -> datetime:
    return PUBLISHED + timedelta(days=number, hours=number % 7)


def pays(house: Any, who: str, *days: int, total: int = 2_000) -> list[str]:
    return [house.pays(who, total, day(each)) for each in days]


def publish(house: Any, wanted: Programme, at: datetime) -> None:
    with writing() as session:
        draft = drafting.start(session, house.olga, at)
        draft = drafting.change(session, house.olga, wanted, "", draft.revision, at)
        publishing.publish(session, house.olga, draft, at)


def filled(house: Any, who: str) -> list[bool]:
    with reading() as session:
        query = select(MemberCard).where(MemberCard.member_id == who).order_by(MemberCard.number)
        return [card.filled_at is not None for card in session.scalars(query)]


def card_points(house: Any, who: str) -> int:
    with reading() as session:
        grants = session.scalars(
            select(Grant).where(Grant.member_id == who, Grant.rule == "card_tea")
        ).all()
        return sum(grant.amount - grant.clawed for grant in grants)


def vouchers(who: str) -> list[Voucher]:
    with reading() as session:
        query = select(Voucher).where(Voucher.member_id == who).order_by(Voucher.id)
        return list(session.scalars(query))


def replays_to_what_was_given(rules: Programme, start: datetime = PUBLISHED) -> None:
    with reading() as session:
        outcome = replaying.replay(session, rules, start, END)
    replayed = {key: cost.net for key, cost in outcome.replayed.items() if cost.grants}
    assert replayed == {key: cost.net for key, cost in outcome.actual.items()}
    assert outcome.gifts == outcome.actual_gifts
    assert replaying.outcome_of(outcome.document()) == outcome


# One card, without a database.


def held(*days: int) -> Held:
    return Held("x", "ada", 1, 1, POINTS, {str(each): day(each) for each in days})


def test_the_days_count_from_the_first_stamp_and_the_last_one_is_included() -> None:
    card = held(0)
    last = datetime(2026, 1, 31, 23, 59, tzinfo=UTC)
    assert card.fits(last)
    assert not card.fits(last + timedelta(minutes=1))


def test_an_order_told_late_moves_the_beginning_but_never_stretches_the_card() -> None:
    card = held(20)
    assert card.fits(day(-5))
    assert not held(20, 25).fits(day(-6))


def test_a_card_needs_one_kind_of_reward_and_a_voucher_of_the_catalogue() -> None:
    def fields(card: StampCard) -> list[str]:
        return [each.field for each in objections(with_cards(card))]

    assert fields(POINTS) == fields(VOUCHER) == fields(CREDIT) == []
    assert fields(CREDIT.model_copy(update={"points": 5})) == ["cards-0-points"]
    assert fields(CREDIT.model_copy(update={"credit": 0})) == ["cards-0-points"]
    assert fields(POINTS.model_copy(update={"voucher": "voucher-5"})) == ["cards-0-points"]
    assert fields(POINTS.model_copy(update={"points": None})) == ["cards-0-points"]
    assert fields(VOUCHER.model_copy(update={"voucher": "gone"})) == ["cards-0-voucher"]


# Live.


def test_a_full_card_gives_its_points_once_and_the_next_order_begins_a_new_one(house: Any) -> None:
    house.publish(with_cards(POINTS))
    pays(house, house.ada, 1, 2)
    assert card_points(house, house.ada) == 0
    pays(house, house.ada, 3, 4)
    assert card_points(house, house.ada) == 150
    assert filled(house, house.ada) == [True, False]
    replays_to_what_was_given(with_cards(POINTS))


def test_a_card_that_is_over_starts_anew(house: Any) -> None:
    house.publish(with_cards(POINTS))
    pays(house, house.ada, 1, 2, 40, 41)
    assert filled(house, house.ada) == [False, False]
    pays(house, house.ada, 42)
    assert filled(house, house.ada) == [False, True]


def test_who_has_stamps_on_a_card_that_ends_is_told_once_in_time(house: Any) -> None:
    """Ben has filled his, Fay's stamp went back, Olga's was begun under terms of 300 days."""

    def told(at: datetime) -> list[tuple[str, str]]:
        ending.tell_soon(at)
        with reading() as session:
            query = select(Notification).where(Notification.kind == "card.ending")
            found = session.scalars(query.order_by(Notification.created_at)).all()
        return [
            (each.member_id, f"{each.params['missing']} {each.params['last_day']}")
            for each in found
        ]

    house.publish(with_cards(POINTS))
    pays(house, house.ada, 0)
    pays(house, house.ben, 0, 1, 2)
    back = house.pays(house.fay, 2_000, day(0))
    house.refunds(back, house.fay, 2_000, 2_000, day(1))
    publish(house, with_cards(POINTS.model_copy(update={"days": 300})), day(3))
    pays(house, house.olga, 4)
    pays(house, house.ada, 5)
    assert told(datetime(2026, 1, 17, 23, 59, tzinfo=UTC)) == []  # the midnight after 31 January
    adas = (house.ada, "1 2026-01-31")
    for at in (datetime(2026, 1, 18, 0, 1, tzinfo=UTC), day(20), day(29), day(40)):
        assert told(at) == [adas]
    assert told(datetime(2026, 10, 25, tzinfo=UTC)) == [adas, (house.olga, "2 2026-11-01")]


def test_small_orders_and_the_second_of_a_day_are_not_stamped(house: Any) -> None:
    house.publish(with_cards(POINTS.model_copy(update={"value_min": 1_000})))
    pays(house, house.ada, 1, total=999)
    house.pays(house.ada, 1_000, day(2))
    house.pays(house.ada, 1_000, day(2) + timedelta(minutes=5))
    with reading() as session:
        assert len(session.scalars(select(Stamp)).all()) == 1


def test_a_card_that_may_be_filled_once_is_not_begun_again(house: Any) -> None:
    house.publish(with_cards(POINTS.model_copy(update={"times": 1})))
    pays(house, house.ada, 1, 2, 3, 4, 5, 6)
    assert filled(house, house.ada) == [True]


def test_a_refund_takes_the_stamp_and_the_points_and_the_next_order_earns_them_again(
    house: Any,
) -> None:
    rules = with_cards(POINTS)
    house.publish(rules)
    first, *_ = pays(house, house.ada, 1, 2, 3)
    house.refunds(first, house.ada, 1_999, 2_000, day(4))
    assert card_points(house, house.ada) == 150  # part of it is no reason
    house.refunds(first, house.ada, 2_000, 2_000, day(5))
    assert card_points(house, house.ada) == 0
    assert filled(house, house.ada) == [False]
    pays(house, house.ada, 6)
    assert card_points(house, house.ada) == 150
    assert filled(house, house.ada) == [True]
    replays_to_what_was_given(rules)


def test_points_that_were_spent_are_owed_after_a_refund(house: Any) -> None:
    house.publish(with_cards(POINTS))
    orders = pays(house, house.ada, 1, 2, 3)
    with writing() as session:
        from rewards.catalogue import redeeming

        redeeming.redeem(session, house.ada, redeeming.Order("voucher-5", "x" * 10), day(4))
    house.refunds(orders[1], house.ada, 2_000, 2_000, day(5))
    with reading() as session:
        assert statements.balances(session, house.ada, "points").negative == 100


def test_an_unused_voucher_is_voided_and_given_anew_when_the_card_is_full_again(house: Any) -> None:
    rules = with_cards(VOUCHER)
    house.publish(rules)
    first, _second = pays(house, house.ada, 1, 2)
    assert [each.state(day(2)) for each in vouchers(house.ada)] == ["open"]
    house.refunds(first, house.ada, 2_000, 2_000, day(3))
    pays(house, house.ada, 4)
    assert [each.state(day(4)) for each in vouchers(house.ada)] == ["revoked", "open"]
    replays_to_what_was_given(rules)


def test_a_used_voucher_stays_and_the_card_gives_no_second_one(house: Any) -> None:
    rules = with_cards(VOUCHER)
    house.publish(rules)
    first, _second = pays(house, house.ada, 1, 2)
    with writing() as session:
        voucher = session.scalars(select(Voucher)).one()
        codes.use(session, voucher, "1001", None, day(2) + timedelta(hours=9))
    house.refunds(first, house.ada, 2_000, 2_000, day(3))
    pays(house, house.ada, 4)
    assert [each.state(day(4)) for each in vouchers(house.ada)] == ["used"]
    replays_to_what_was_given(rules)


def test_a_begun_card_keeps_its_terms_when_the_programme_changes(house: Any) -> None:
    house.publish(with_cards(POINTS))
    pays(house, house.ada, 1, 2)
    dearer = with_cards(POINTS.model_copy(update={"orders": 9, "points": 10}))
    publish(house, dearer, day(3))
    pays(house, house.ada, 4, 5)
    with reading() as session:
        (grant,) = session.scalars(select(Grant).where(Grant.rule == "card_tea"))
    assert (grant.amount, grant.version) == (150, 1)
    assert filled(house, house.ada) == [True, False]
    replays_to_what_was_given(dearer, day(3))


def test_orders_and_refunds_of_one_member_at_once_leave_whole_cards(house: Any) -> None:
    """Eight orders and two refunds from as many threads: no order on two cards, none too many."""
    rules = with_cards(POINTS.model_copy(update={"one_a_day": False}))
    house.publish(rules)
    kept = pays(house, house.ada, 1, 2)
    acts = [partial(house.pays, house.ada, 2_000, day(3)) for _ in range(8)]
    back = (house.ada, 2_000, 2_000, day(3))
    acts += [partial(house.refunds, order, *back) for order in kept]
    at_once(acts)
    with reading() as session:
        stamps = session.scalars(select(Stamp).where(Stamp.taken_back_at.is_(None))).all()
        cards = {card.id: card for card in session.scalars(select(MemberCard))}
    on_card = Counter(each.card_id for each in stamps)
    assert sum(on_card.values()) == 8
    assert all(on_card[each] <= 3 for each in on_card)
    assert {each for each in on_card if on_card[each] == 3} == {
        each for each, card in cards.items() if card.filled_at is not None
    }
    assert card_points(house, house.ada) == 150 * sum(count == 3 for count in on_card.values())


def test_a_batch_of_orders_fills_cards_as_single_ones_do(house: Any) -> None:
    house.publish(with_cards(POINTS))
    facts.listen(HEARERS)
    details = {"total": 2_000, "currency": "USD", "number": 1}
    drafts = [
        facts.FactDraft(
            "order.paid", who, f"order:b{n}{who}", day(n), details | {"order": f"b{n}{who}"}
        )
        for n in range(1, 8)
        for who in (house.ada, house.ben)
    ]
    with writing() as session:
        facts.record_many(session, drafts, day(9))
    for who in (house.ada, house.ben):
        assert filled(house, who) == [True, True, False]
        assert card_points(house, who) == 300
    replays_to_what_was_given(with_cards(POINTS))


@pytest.mark.parametrize(
    ("database_url", "seed"), [("sqlite", 1), ("postgresql", 2)], indirect=["database_url"]
)
def test_a_year_of_cards_replays_to_the_unit(house: Any, seed: int) -> None:
    dice = random.Random(seed)
    second = VOUCHER.model_copy(update={"key": "pot", "orders": 3, "value_min": 1_500})
    rules = with_cards(POINTS.model_copy(update={"days": 25, "is_held": True}), second)
    house.publish(rules)
    orders: list[tuple[str, str, int]] = []
    for number in range(120):
        at = PUBLISHED + timedelta(days=number, minutes=dice.randrange(900))
        who = dice.choice([house.ada, house.ben])
        if orders and dice.random() < 0.25:
            order, buyer, total = orders.pop(dice.randrange(len(orders)))
            part = dice.choice([total, total // 2, 10])
            house.refunds(order, buyer, part, total, at)
        else:
            total = dice.randrange(800, 4_000)
            orders.append((house.pays(who, total, at), who, total))
    replays_to_what_was_given(rules)
    middle = PUBLISHED + timedelta(days=60)
    with reading() as session:
        outcome = replaying.replay(session, rules, middle, END)
    assert outcome.replayed["card_tea"].granted == outcome.actual["card_tea"].granted > 0


# Welcome.


WELCOME = (
    WelcomeVoucher(key="hello", name={"en": "Hello"}, voucher="voucher-5", valid_days=30),
    WelcomeVoucher(key="second", name={"en": "Come again"}, voucher="voucher-12", after_orders=1),
    WelcomeVoucher(
        key="friend", name={"en": "From a friend"}, voucher="voucher-5", friends_only=True
    ),
)


def items(who: str) -> list[str]:
    """The rules that gave her vouchers."""
    with reading() as session:
        abouts = [f"grant:{each}" for each in session.scalars(select(Grant.id))]
        assert {each.about for each in vouchers(who)} <= set(abouts)
        return sorted(
            session.scalars(
                select(Grant.rule).where(Grant.member_id == who, Grant.commodity == "voucher")
            )
        )


def test_a_new_member_is_welcomed_once_her_address_is_confirmed(house: Any) -> None:
    rules = with_cards(welcome=WELCOME)
    house.publish(rules)
    house.pays(house.fay, 2_000, day(1))
    assert items(house.fay) == []
    house.happens("member.verified", house.fay, day(2), f"member:{house.fay}")
    assert items(house.fay) == ["welcome_hello", "welcome_second"]
    house.happens("referral.lead", house.ada, day(2), "referral:1", friend=house.fay)
    house.pays(house.fay, 2_000, day(3))
    assert items(house.fay) == ["welcome_friend", "welcome_hello", "welcome_second"]
    replays_to_what_was_given(rules)


def test_a_full_card_gives_store_credit(house: Any) -> None:
    """On hold like points, taken back with a stamp, replayed, kept by cards that were begun."""
    rules = with_cards(CREDIT)
    house.publish(rules)
    first, _second = pays(house, house.ada, 1, 2)
    has = partial(house.balances, house.ada, "USD")
    assert (has().pending, has().available) == (500, 0)
    pays(house, house.ada, 3)  # begins her second card
    publish(house, with_cards(POINTS), day(4))
    pays(house, house.ada, 5)
    assert has().pending == 1_000
    replays_to_what_was_given(rules)
    house.refunds(first, house.ada, 2_000, 2_000, day(6))
    assert has().pending == 500
    house.release(day(40))
    assert (has().pending, has().available) == (0, 500)
    with reading() as session:
        outcome = replaying.replay(session, rules, PUBLISHED, END)
    assert outcome.costs["USD"] == outcome.actual_costs["USD"] == 500


def test_a_voucher_after_an_order_comes_with_that_order_only(house: Any) -> None:
    house.publish(with_cards(welcome=WELCOME[1:2]))
    house.happens("member.verified", house.fay, day(1), f"member:{house.fay}")
    assert items(house.fay) == []
    house.pays(house.fay, 2_000, day(2))
    house.pays(house.fay, 2_000, day(3))
    assert items(house.fay) == ["welcome_second"]


def test_no_second_welcome_under_a_later_version(house: Any) -> None:
    house.publish(with_cards(welcome=WELCOME[:1]))
    house.happens("member.verified", house.fay, day(1), f"member:{house.fay}")
    publish(house, with_cards(welcome=(WELCOME[0].model_copy(update={"after_orders": 1}),)), day(2))
    house.pays(house.fay, 2_000, day(3))
    (voucher,) = vouchers(house.fay)
    assert (voucher.version, voucher.cost) == (1, 0)
    assert voucher.expires_at == day(1) + timedelta(days=30)


def test_the_second_account_of_a_mailbox_is_welcomed_no_more(house: Any) -> None:
    """By neither way, also after orders and when the first one has moved to another address."""
    rules = with_cards(welcome=WELCOME)
    house.publish(rules)
    facts.listen(HEARERS)

    def joins(email: str, at: datetime) -> str:
        with writing() as session:
            return joining.add(session, SignUp("Gu Yan", email, "hash"), at)

    first = joins("gu.yan@gmail.com", day(1))
    with writing() as session:
        token = proofs.issue(session, first, "move", "gu@example.com", day(2))
        settings.move(session, first, str(token), day(2))
    others = [joins(each, day(3)) for each in ("guyan+2@googlemail.com", "gu+x@example.com")]
    for who in (first, *others):
        house.happens("referral.lead", house.ada, day(3), f"referral:{who}", friend=who)
        house.pays(who, 2_000, day(4))
    assert items(first) == ["welcome_friend", "welcome_hello", "welcome_second"]
    assert [items(who) for who in others] == [[], []]
    with reading() as session:
        told = select(Notification.id).where(Notification.member_id.in_(others))
        assert session.scalars(told.where(Notification.kind == "voucher.welcome")).all() == []
    replays_to_what_was_given(rules)
    replays_to_what_was_given(rules, day(4))
