"""A replay of the programme in force over its own time is what the ledger holds, to the unit."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from foundation import facts
from foundation.doors import reading, writing
from members import joining
from members.joining import SignUp
from rewards import drafting, publishing, replaying
from rewards.first_programme import first_programme
from rewards.models import Clawback, Grant
from rewards.replaying.outcomes import BudgetHit
from rewards.rules import Condition, EarningRule, Programme
from tests import people
from tests.rewards.conftest import HEARERS, PUBLISHED, by_points

END = datetime(2026, 7, 1, tzinfo=UTC)


def capped_programme() -> Programme:
    """The first programme with caps and tiers low enough to be met often."""
    rules = by_points()
    earning = [
        each.model_copy(update={"cap_per_month": 60}) if each.key in ("review", "order") else each
        for each in rules.earning
    ]
    return rules.model_copy(update={"earning": tuple(earning)})


def live_through(house: Any, seed: int, days: int = 150) -> None:
    """Half a year of orders, refunds, reviews, answers and referrals, some told late."""
    dice = random.Random(seed)
    orders: list[tuple[str, str, int]] = []
    late: list[tuple[datetime, str, datetime]] = []
    for day in range(days):
        at = PUBLISHED + timedelta(days=day, minutes=dice.randrange(600))
        for heard, who, happened in [each for each in late if each[0] <= at]:
            house.happens("answer.accepted", who, happened, heard=heard, topic="t")
        late = [each for each in late if each[0] > at]
        who = dice.choice([house.ada, house.ben, house.fay])
        act = dice.choice(["pay", "pay", "pay", "review", "answer", "refer", "refund"])
        if act == "pay":
            total = dice.randrange(100, 20_000)
            orders.append((house.pays(who, total, at), who, total))
        elif act == "review":
            house.happens("review.published", who, at, product=f"p{day}", order=None)
        elif act == "answer":
            if dice.random() < 0.3:
                late.append((at + timedelta(days=3), who, at))
            else:
                house.happens("answer.accepted", who, at, topic="t")
        elif act == "refer":
            total = dice.randrange(1_000, 9_000)
            friend = house.fay if who != house.fay else house.ben
            orders.append((house.refers(who, friend, at, total), friend, total))
        elif orders:
            order, buyer, total = orders.pop(dice.randrange(len(orders)))
            part = dice.randrange(1, total)
            house.refunds(order, buyer, part, total, at)
            if dice.random() < 0.5:
                house.refunds(order, buyer, total, total, at + timedelta(minutes=5))
        house.release(at)


@pytest.mark.parametrize("commodity", ["points", "money", "voucher"])
def test_a_second_account_of_a_mailbox_earns_nothing_for_its_address(
    house: Any, client: Any, commodity: str
) -> None:
    """Live as in a replay, and she reads why; what was paid before replays as it was paid."""
    rules = by_points()
    item = rules.catalogue[0].key if commodity == "voucher" else None
    rule = {"key": "confirmed", "fact": "member.verified", "name": {"en": "Your address"}}
    given = {"amount": 2, "commodity": commodity, "voucher": item}
    confirmed = EarningRule.model_validate(rule | given)
    rules = rules.model_copy(update={"earning": (*rules.earning, confirmed)})
    house.publish(rules)
    facts.listen(HEARERS)
    at = PUBLISHED + timedelta(days=1)
    with writing() as session:
        joining.add(session, SignUp("Gu Yan", "gu.yan@gmail.com", "hash"), at)
        second = joining.add(session, SignUp("Gu Yan", "guyan+2@googlemail.com", "hash"), at)
    house.happens("member.verified", house.ben, at)  # as facts were before they said so
    with reading() as session:
        grants = session.scalars(select(Grant).where(Grant.rule == "confirmed")).all()
        outcome = replaying.replay(session, rules, PUBLISHED, END)
    assert len(grants) == 2
    assert second not in {grant.member_id for grant in grants}
    costs = sum(cost.granted for key, cost in outcome.replayed.items() if "confirmed" in key)
    gift = outcome.gifts.get("confirmed")
    assert (gift.times if gift else costs) == 4
    people.sign_in(client, second)
    page = client.get("/me/rewards").text
    assert "Another account of your mailbox was confirmed before this one." in page
    assert "only the first gets it" in client.get("/how-rewards-work").text


def held_by_the_book() -> int:
    with reading() as session:
        granted = session.scalar(select(func.sum(Grant.amount))) or 0
        clawed = session.scalar(select(func.sum(Clawback.amount))) or 0
    return int(granted) - int(clawed)


@pytest.mark.parametrize(
    ("database_url", "seed"),
    [("sqlite", 1), ("sqlite", 2), ("postgresql", 3)],
    indirect=["database_url"],
)
def test_the_programme_in_force_replays_to_the_unit(house: Any, seed: int) -> None:
    rules = capped_programme()
    house.publish(rules)
    live_through(house, seed)
    with reading() as session:
        outcome = replaying.replay(session, rules, PUBLISHED, END)
    everybody = [house.balances(each) for each in (house.ada, house.ben, house.fay)]
    in_the_ledger = sum(b.pending + b.available + b.spent - b.negative for b in everybody)
    assert outcome.cost == outcome.actual_cost == held_by_the_book() == in_the_ledger
    for key, cost in outcome.replayed.items():
        real = outcome.actual.get(key, replaying.RuleCost())
        assert (cost.granted, cost.clawed, cost.grants) == (real.granted, real.clawed, real.grants)
    assert outcome.movers == []
    assert sum(cost.capped for cost in outcome.replayed.values()) > 0
    assert sum(cost.clawed for cost in outcome.replayed.values()) > 0


def test_it_starts_from_what_was_really_granted_before(house: Any) -> None:
    rules = capped_programme()
    house.publish(rules)
    live_through(house, 7)
    middle = PUBLISHED + timedelta(days=75, hours=5)
    with reading() as session:
        outcome = replaying.replay(session, rules, middle, END)
    assert outcome.cost == outcome.actual_cost
    assert outcome.movers == []


def test_a_dearer_draft_costs_more_and_moves_people_up(programme: Any, now: Any) -> None:
    programme.pays(programme.ben, 30_000, now)
    programme.pays(programme.ada, 5_000, now)
    rules = by_points()
    doubled = tuple(
        each.model_copy(update={"amount": 2}) if each.key == "order" else each
        for each in rules.earning
    )
    draft = rules.model_copy(update={"earning": doubled})
    with reading() as session:
        outcome = replaying.replay(session, draft, PUBLISHED, END, in_force=rules)
    assert (outcome.cost, outcome.actual_cost) == (700, 350)
    moves = {mover.member_id: (mover.before, mover.after) for mover in outcome.movers}
    assert moves == {
        programme.ben: ("regular", "advocate"),
        programme.ada: ("bud", "regular"),
    }
    assert "answer" in outcome.silent


def test_a_past_period_may_have_had_a_tier_that_is_no_more(house: Any, now: datetime) -> None:
    """Ben was in it when the period ended, and climbed on before it was given up."""
    rules = first_programme()
    without = tuple(each for each in rules.tiers if each.key != "regular")
    house.publish(rules)
    for days in (0, 1, 20, 21, 22, 23):
        house.pays(house.ben, 30_000, now + timedelta(days=days))
    end = now + timedelta(days=2)
    later = now + timedelta(days=30)
    with writing() as session:
        draft = drafting.start(session, house.olga, later)
        fewer = rules.model_copy(update={"tiers": without})
        draft = drafting.change(session, house.olga, fewer, "", draft.revision, later)
        publishing.publish(session, house.olga, draft, later)
    with reading() as session:
        before = replaying.replay(session, rules, PUBLISHED, end, in_force=fewer)
        today = replaying.replay(session, fewer, PUBLISHED, end, in_force=fewer)
    assert before.movers == []
    assert [(each.before, each.after, each.is_up) for each in today.movers] == [
        ("regular", "bud", False)
    ]


def test_an_outcome_survives_being_kept(programme: Any, now: Any) -> None:
    programme.pays(programme.ben, 30_000, now)
    with reading() as session:
        outcome = replaying.replay(session, by_points(), PUBLISHED, END)
    assert replaying.outcome_of(outcome.document()) == outcome


def test_things_of_the_same_instant_do_not_see_each_other(house: Any) -> None:
    house.publish(by_points())
    dice = random.Random(11)
    orders: list[tuple[str, int]] = []
    for day in range(60):
        at = PUBLISHED + timedelta(days=day)
        for _ in range(3):
            total = dice.randrange(3_000, 9_000)
            orders.append((house.pays(house.ada, total, at), total))
        order, paid = orders.pop(dice.randrange(len(orders)))
        house.refunds(order, house.ada, paid, paid, at)
        house.happens("answer.accepted", house.ada, at, topic="t")
    with reading() as session:
        outcome = replaying.replay(session, by_points(), PUBLISHED, END)
    assert outcome.cost == outcome.actual_cost == held_by_the_book()


def test_a_history_that_was_imported_in_one_evening_is_replayed_as_it_was_lived(house: Any) -> None:
    """Before there is a programme, and in a period that began before there was one."""
    rules = first_programme()
    climbed = Condition(tiers=tuple(tier.key for tier in rules.tiers[1:]))
    earning = EarningRule(key="loyal", fact="order.paid", name={"en": "L"}, amount=1, when=climbed)
    rules = rules.model_copy(update={"earning": (earning,)})
    months = [PUBLISHED - timedelta(days=day) for day in range(330, 0, -30)]
    evening = PUBLISHED - timedelta(hours=1)

    def given(start: datetime) -> int:
        with reading() as session:
            return replaying.replay(session, rules, start, END).cost

    for at in months:
        house.pays(house.ada, 8_000, at)
    lived = given(months[0]), given(months[5])
    assert 0 < lived[0] < len(months)
    for at in months:
        details = {"order": f"b{at:%m%d}", "total": 8_000, "currency": "USD", "number": 1}
        house.happens("order.paid", house.ben, at, f"order:b{at:%m%d}", evening, **details)
    assert (given(months[0]), given(months[5])) == (2 * lived[0], 2 * lived[1])
    house.publish(by_points())
    assert (given(months[0]), given(months[5])) == (2 * lived[0], 2 * lived[1])


def test_a_budget_first_stopped_what_happened_first_not_what_was_heard_first() -> None:
    hit = BudgetHit()
    for day in (28, 8, 9):
        hit.happened(datetime(2026, 12, day, tzinfo=UTC))
    assert (hit.times, hit.first) == (3, "2026-12-08T00:00:00+00:00")
