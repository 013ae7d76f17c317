"""Standing kept live: counters, places, changes with reasons, notices, and a new programme."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from foundation.doors import reading, writing
from foundation.facts import Fact
from notifications.models import Notification
from rewards import drafting, publishing, replaying
from rewards.first_programme import first_programme
from rewards.models import Grant
from rewards.rules import Programme
from rewards.standing import keeping as standing
from rewards.standing import tiers
from rewards.standing.models import MemberTier, StandingChange, StandingCount
from rewards.standing.past import PastPlaces
from rewards.standing.rules import StandingRules, Weights
from tests.rewards.conftest import PUBLISHED, by_points

END = datetime(2027, 3, 1, tzinfo=UTC)


def weighed(days: int = 60, **changes: Any) -> Programme:
    """The first programme with a window and tiers small enough to be met often."""
    rules = first_programme()
    heights = {"bud": 0, "regular": 12, "advocate": 25, "ambassador": 40}
    return rules.model_copy(
        update={
            "standing": StandingRules(**({"grace_days": 7, "full_days": 300} | changes)),
            "standing_window_days": days,
            "tiers": tuple(
                each.model_copy(update={"standing_min": heights[each.key]}) for each in rules.tiers
            ),
        }
    )


@pytest.fixture
def house(house: Any) -> Any:
    house.publish(weighed())
    return house


def place(member_id: str) -> Any:
    with reading() as session:
        return session.get(MemberTier, member_id)


def changes(member_id: str) -> list[StandingChange]:
    with reading() as session:
        query = select(StandingChange).where(StandingChange.member_id == member_id)
        return list(session.scalars(query.order_by(StandingChange.number)))


def told(member_id: str) -> list[str]:
    with reading() as session:
        kinds = select(Notification.kind).where(
            Notification.member_id == member_id, Notification.kind.like("tier.%")
        )
        return list(session.scalars(kinds.order_by(Notification.id)))


def befriends(house: Any, member_id: str, at: datetime, times: int = 1) -> None:
    for _ in range(times):
        house.happens("referral.qualified", member_id, at, friend="f")


def test_it_works(house: Any, now: Any) -> None:
    """Two friends: influence 40, standing 14, the second tier, with the reason and a notice."""
    befriends(house, house.ada, now, 2)
    where = place(house.ada)
    assert (where.tier, where.standing, where.influence) == ("regular", 14, 40)
    last = changes(house.ada)[-1]
    assert (last.turn, last.cause, last.before, last.after) == ("reached", "fact", "bud", "regular")
    assert last.now == {
        "total": 14,
        "duration": 0,
        "loyalty": 0,
        "reliability": 0,
        "influence": 40,
    }
    [fact] = last.reasons["facts"]
    assert fact["kind"] == "referral.qualified"
    assert told(house.ada) == ["tier.reached"]


def test_counters_move_by_day_and_currency(house: Any, now: Any) -> None:
    order = house.pays(house.ben, 4_000, now)
    house.pays(house.ben, 500, now, currency="JPY")
    house.refunds(order, house.ben, 1_000, 4_000, now + timedelta(days=1))
    with reading() as session:
        rows = session.execute(
            select(StandingCount.day, StandingCount.what, StandingCount.amount)
        ).all()
    today = now.date()
    assert sorted(map(tuple, rows)) == [
        (today, "kept", 2_000),
        (today, "orders", 2),
        (today, "spent:JPY", 500),
        (today, "spent:USD", 4_000),
        (today + timedelta(days=1), "kept", -250),
        (today + timedelta(days=1), "spent:USD", -1_000),
    ]


def test_the_tier_of_before_raises_what_is_earned(house: Any, now: Any) -> None:
    befriends(house, house.ben, now, 2)
    house.pays(house.ben, 10_000, now)  # in the same instant: not seen yet
    house.pays(house.ben, 10_000, now + timedelta(hours=1))
    with reading() as session:
        query = select(Grant.tier, Grant.amount).where(Grant.member_id == house.ben)
        given = session.execute(query.order_by(Grant.id)).all()
    assert [tuple(each) for each in given] == [("bud", 100), ("regular", 105)]


def test_the_nightly_look_begins_grace_and_ends_it(house: Any, now: Any) -> None:
    befriends(house, house.ada, now, 2)
    standing.look(now + timedelta(days=59))
    assert told(house.ada) == ["tier.reached"]
    standing.look(now + timedelta(days=61))
    where = place(house.ada)
    assert (where.tier, where.standing) == ("regular", 0)
    assert where.grace_until == now.date() + timedelta(days=67)
    standing.look(now + timedelta(days=68))
    assert place(house.ada).tier == "bud"
    assert told(house.ada) == ["tier.reached", "tier.grace", "tier.fell"]
    assert [each.turn for each in changes(house.ada)] == ["moved", "reached", "grace", "fell"]
    assert changes(house.ada)[-1].at == datetime.combine(
        now.date() + timedelta(days=67), datetime.min.time(), UTC
    )


def test_a_late_nightly_look_gives_what_a_punctual_one_gives(house: Any, now: Any) -> None:
    for who in (house.ada, house.ben):
        befriends(house, who, now, 2)
        house.pays(who, 6_000, now + timedelta(days=3))
    for day in range(1, 90):
        with writing() as session:
            at = now + timedelta(days=day)
            standing.settle(session, weighed(), 1, [house.ada], at)
    befriends(house, house.ada, now + timedelta(days=90))
    befriends(house, house.ben, now + timedelta(days=90))
    said = [
        [(each.turn, each.at, each.before, each.after) for each in changes(who)]
        for who in (house.ada, house.ben)
    ]
    assert said[0] == said[1]


def test_old_orders_move_standing_and_tell_nobody(house: Any, now: Any) -> None:
    for number in range(4):
        house.happens(
            "order.paid",
            house.ben,
            now - timedelta(days=50 + number),
            f"order:old{number}",
            heard=now,
            order=f"old{number}",
            total=9_000,
            currency="USD",
            number=number + 1,
        )
    assert place(house.ben).tier != "bud"
    assert told(house.ben) == []


def test_spending_and_stars_are_nothing_to_standing(house: Any, now: Any) -> None:
    house.happens("review.published", house.ada, now, product="p", verified=True, stars=5)
    house.happens("review.published", house.ben, now, product="p", verified=True, stars=1)
    assert place(house.ada).standing == place(house.ben).standing == 1


def test_a_change_is_for_good(house: Any, now: Any) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import DatabaseError

    befriends(house, house.ada, now)
    for statement in ("update standing_change set turn = 'kept'", "delete from standing_change"):
        with pytest.raises(DatabaseError), writing() as session:
            session.execute(text(statement))


ACTS = ("pay", "pay", "friend", "answer", "fold", "refund", "review", "late")


def live_through(house: Any, seed: int, days: int = 180) -> None:
    """Orders, refunds, friends, answers, folds; some told late, some in one instant."""
    dice = random.Random(seed)
    orders: list[tuple[str, str, int]] = []
    late: list[tuple[datetime, str, str, datetime]] = []
    for day in range(days):
        at = PUBLISHED + timedelta(days=day, minutes=dice.choice([0, 0, 5, 300]))
        for heard, kind, who, happened in [each for each in late if each[0] <= at]:
            house.happens(kind, who, happened, heard=heard, friend="f")
        late = [each for each in late if each[0] > at]
        who = dice.choice([house.ada, house.ben, house.fay])
        for _ in range(dice.choice([1, 1, 2])):
            act = dice.choice(
                ["pay", "pay", "friend", "answer", "fold", "refund", "review", "late"]
            )
            if act == "pay":
                total = dice.randrange(500, 15_000)
                orders.append((house.pays(who, total, at), who, total))
            elif act == "friend":
                house.happens("referral.qualified", who, at, friend="f")
            elif act == "answer":
                house.happens("answer.accepted", who, at, topic="t")
            elif act == "review":
                house.happens("review.published", who, at, product="p", verified=True)
            elif act == "fold" and day % 5 == 0:
                house.happens("post.folded", who, at, post="p")
            elif act == "refund" and orders:
                order, buyer, total = orders.pop(dice.randrange(len(orders)))
                house.refunds(order, buyer, dice.randrange(1, total + 1), total, at)
            elif act == "late":
                kind = dice.choice(["referral.qualified", "answer.accepted"])
                late.append((at + timedelta(days=dice.randrange(1, 9)), kind, who, at))
        if dice.random() < 0.2:
            standing.look(at)


VARIANTS = {
    "rolling": weighed(),
    "without grace": weighed(30, grace_days=0),
    "by the year": weighed(window="calendar_year"),
    "all influence": weighed(
        30, weights=Weights(duration=0, loyalty=0, reliability=0, influence=100), grace_days=3
    ),
}


@pytest.mark.parametrize(
    ("database_url", "seed", "variant"),
    [
        ("sqlite", 1, "rolling"),
        ("postgresql", 2, "without grace"),
        ("postgresql", 1, "by the year"),
        ("sqlite", 2, "all influence"),
    ],
    indirect=["database_url"],
)
def test_the_programme_in_force_replays_to_the_unit(database: Any, variant: str, seed: int) -> None:
    """Tiers, evaluations, grace and refunds included: the replay is what the ledger holds."""
    from tests.rewards.conftest import House

    house, rules = House(), VARIANTS[variant]
    house.publish(rules)
    live_through(house, seed)
    middle = PUBLISHED + timedelta(days=95, hours=5)
    for start in (PUBLISHED, middle):
        with reading() as session:
            outcome = replaying.replay(session, rules, start, END)
            granted = session.scalar(select(func.sum(Grant.amount)).where(Grant.fact_at >= start))
        for key, cost in outcome.replayed.items():
            real = outcome.actual.get(key, replaying.RuleCost())
            assert (cost.granted, cost.clawed, cost.grants) == (
                real.granted,
                real.clawed,
                real.grants,
            )
        assert sum(cost.granted for cost in outcome.replayed.values()) == granted
        assert outcome.movers == []
    with reading() as session:
        turns = set(session.scalars(select(StandingChange.turn)))
        raised = set(session.scalars(select(Grant.tier)))
    assert {"reached", "moved"} < turns
    assert len(raised) > 1


def test_an_order_worth_nothing_makes_nobody_a_customer_live_or_replayed(house: Any) -> None:
    """A free sample in January, a first order in May: duration counts from May."""
    house.pays(house.ada, 0, PUBLISHED)
    house.pays(house.ada, 5_000, PUBLISHED + timedelta(days=120))
    day = PUBLISHED + timedelta(days=200)
    standing.look(day)
    with reading() as session:
        past = PastPlaces(weighed(), PUBLISHED + timedelta(days=150))
        past.begin(session)
    where = place(house.ada)
    assert past.at(day)[house.ada] == (where.tier, where.standing)
    assert where.duration > 0


def test_a_stricter_draft_moves_people_down_with_grace(house: Any, now: Any) -> None:
    befriends(house, house.ada, now, 2)
    draft = weighed(grace_days=7, friend_counts=5)
    with reading() as session:
        early = replaying.replay(
            session, draft, PUBLISHED, now + timedelta(days=3), in_force=weighed()
        )
    [mover] = early.movers
    assert (mover.member_id, mover.before, mover.after) == (house.ada, "regular", "bud")
    assert not mover.is_up


def test_from_points_to_weights_everybody_keeps_her_tier(database: Any, now: Any) -> None:
    from tests.rewards.conftest import House

    house = House()
    house.publish(by_points())
    house.pays(house.ben, 45_000, now)
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(MemberTier)) == 0
    later = now + timedelta(days=2)
    with writing() as session:
        draft = drafting.start(session, house.olga, later)
        drafting.change(session, house.olga, first_programme(), "Weighed.", draft.revision, later)
        publishing.publish(session, house.olga, drafting.needed(session), later)
    assert place(house.ben).tier == "advocate"
    [carried] = changes(house.ben)
    assert (carried.turn, carried.cause, carried.version) == ("carried", "published", 2)
    standing.look(later + timedelta(days=1))
    assert [each.turn for each in changes(house.ben)] == ["carried", "grace"]
    standing.look(later + timedelta(days=40))
    assert changes(house.ben)[-1].after == "regular"


def test_a_new_version_of_the_weights_is_felt_from_tomorrow(house: Any, now: Any) -> None:
    befriends(house, house.ada, now, 2)
    later = now + timedelta(days=1)
    with writing() as session:
        draft = drafting.start(session, house.olga, later)
        rules = weighed(friend_counts=5)
        drafting.change(session, house.olga, rules, "", draft.revision, later)
        publishing.publish(session, house.olga, drafting.needed(session), later)
    assert place(house.ada).tier == "regular"
    standing.look(later + timedelta(days=1))
    assert [each.turn for each in changes(house.ada)][-1] == "grace"
    with reading() as session:
        mine = tiers.standing(session, house.ada, rules, later + timedelta(days=1))
    assert (mine.tier.key, mine.points, mine.missing) == ("regular", 3, 22)
    assert mine.grace_until == date(2026, 3, 12)


def test_the_migration_counts_the_past_as_hearing_does(house: Any, now: Any) -> None:
    """Counters made from the facts alone are those that were kept as they were heard."""
    from importlib import util
    from pathlib import Path

    path = Path(__file__).parents[2] / "migrations" / "versions" / "1500_standing.py"
    spec = util.spec_from_file_location("standing_migration", path)
    assert spec is not None
    assert spec.loader is not None
    migration = util.module_from_spec(spec)
    spec.loader.exec_module(migration)
    live_through(house, 3, days=60)
    counts: dict[tuple[str, date, str], int] = {}
    with reading() as session:
        for fact in session.scalars(select(Fact).where(Fact.kind.in_(migration.KINDS))):
            for what, amount in migration._counted(fact.kind, fact.details):
                key = (str(fact.member_id), fact.at.date(), what)
                counts[key] = counts.get(key, 0) + amount
        kept = {
            (each.member_id, each.day, each.what): each.amount
            for each in session.scalars(select(StandingCount))
        }
    assert kept == counts
