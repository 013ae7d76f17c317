"""Whatever an owner may publish and whatever happens then, a replay gives what the book holds."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from foundation.doors import dialect, reading, writing
from rewards import drafting, publishing, replaying
from rewards import programme as programmes
from rewards.budgets import auditing
from rewards.budgets.rules import Budget
from rewards.cards.rules import StampCard
from rewards.first_programme import first_programme
from rewards.happenings import FACTS
from rewards.models import Grant, Voucher
from rewards.rules import Condition, EarningRule, Programme, objections
from rewards.vouchers import codes
from tests import people
from tests.rewards.conftest import PUBLISHED

NAME = {"en": "Rule"}
PRODUCTS = ("oolong", "kettle", "cup")
SPAN = timedelta(days=45)


def maybe(strategy: Any) -> Any:
    return st.none() | strategy


@st.composite
def conditions(draw: Any, kind: str, who: str) -> Condition:
    known, said = FACTS[kind], dict[str, Any]()
    if known.has_value and draw(st.booleans()):
        said["value_min"] = draw(maybe(st.integers(0, 6_000)))
        said["value_max"] = draw(maybe(st.integers(6_000, 20_000)))
    if known.has_products and draw(st.booleans()):
        said["products"] = tuple(draw(st.lists(st.sampled_from(PRODUCTS), max_size=2, unique=True)))
    if who != "friend" and draw(st.booleans()):
        said["time_from"] = draw(maybe(st.integers(1, 3)))
        said["time_until"] = draw(maybe(st.integers(3, 6)))
        said["every"] = draw(maybe(st.integers(1, 3)))
    if draw(st.integers(0, 3)) == 0:
        said["tiers"] = ("bud", "regular")
    if known.has_channel and draw(st.booleans()):
        said["channels"] = ("link",)
    return Condition(**said)


@st.composite
def rules(draw: Any, number: int) -> EarningRule:
    kind = draw(
        st.sampled_from(["order.paid", "referral.purchased", "review.published", "answer.accepted"])
    )
    known = FACTS[kind]
    who = draw(st.sampled_from(["referrer", "friend", "both"])) if known.has_channel else "member"
    holds = ["none", "days", "return_period"] if known.has_order else ["none", "days"]
    hold = draw(st.sampled_from(holds))
    commodity = draw(st.sampled_from(["points", "money", "voucher"]))
    if commodity == "voucher":
        given: EarningRule = draw(voucher_rules(number, kind, who))
        return given
    kinds = ["fixed", "percent"] if known.has_value else ["fixed"]
    if known.has_value and commodity == "points":
        kinds.append("per_currency_unit")
    return EarningRule(
        key=f"rule-{number}",
        fact=kind,
        name=NAME,
        who=who,
        kind=draw(st.sampled_from(kinds)),
        commodity=commodity,
        amount=draw(st.integers(1, 60)),
        friend_amount=draw(st.integers(1, 60)) if who == "both" else None,
        when=draw(conditions(kind, who)),
        hold=hold,
        hold_days=draw(st.integers(1, 20)) if hold == "days" else None,
        expires_after_days=draw(maybe(st.integers(100, 300))),
        tier_applies=draw(st.booleans()),
        cap_per_day=draw(maybe(st.integers(1, 80))),
        cap_per_month=draw(maybe(st.integers(1, 300))),
        cap_per_member=draw(maybe(st.integers(1, 600))),
    )


@st.composite
def voucher_rules(draw: Any, number: int, kind: str, who: str) -> EarningRule:
    return EarningRule(
        key=f"rule-{number}",
        fact=kind,
        name=NAME,
        who=who,
        amount=draw(st.integers(1, 3)),
        friend_amount=draw(st.integers(1, 3)) if who == "both" else None,
        commodity="voucher",
        voucher=draw(st.sampled_from(["voucher-5", "voucher-12"])),
        when=draw(conditions(kind, who)),
        expires_after_days=draw(maybe(st.integers(100, 300))),
        cap_per_day=draw(maybe(st.integers(1, 3))),
        cap_per_month=draw(maybe(st.integers(1, 5))),
        cap_per_member=draw(maybe(st.integers(1, 9))),
    )


@st.composite
def cards(draw: Any) -> StampCard:
    gives = draw(st.sampled_from(["points", "credit", "voucher"]))
    return StampCard(
        key=draw(st.sampled_from(["cup", "pot"])),
        name=NAME,
        orders=draw(st.integers(2, 3)),
        days=draw(st.integers(3, 40)),
        value_min=draw(maybe(st.integers(1, 9_000))),
        one_a_day=draw(st.booleans()),
        points=draw(st.integers(1, 200)) if gives == "points" else None,
        credit=draw(st.integers(1, 900)) if gives == "credit" else None,
        is_held=draw(st.booleans()),
        voucher="voucher-5" if gives == "voucher" else None,
        times=draw(maybe(st.integers(1, 3))),
    )


@st.composite
def programmes_to_publish(draw: Any) -> Programme:
    earning = tuple(draw(rules(number)) for number in range(draw(st.integers(1, 5))))
    changes: dict[str, Any] = {"earning": earning, "return_days": draw(st.integers(0, 30))}
    changes["cards"] = tuple(draw(st.lists(cards(), max_size=2, unique_by=lambda card: card.key)))
    changes["worth_of_100"] = draw(st.integers(1, 900))
    rules_only = first_programme().model_copy(update=changes)
    places = [
        (rule, period, has_vouchers)
        for rule in (None, "rule-0")
        for has_vouchers in (True, False)
        if (
            ("voucher" in gives(rules_only, rule))
            if has_vouchers
            else gives(rules_only, rule) - {"voucher"}
        )
        for period in ("month", "ever")
    ]
    chosen = draw(st.lists(st.sampled_from(places), max_size=3, unique=True)) if places else []
    found = [draw(budgets(rules_only, number, *place)) for number, place in enumerate(chosen)]
    return rules_only.model_copy(update={"budgets": tuple(found)})


def gives(wanted: Programme, rule: str | None) -> set[str]:
    return {each.commodity for each in wanted.paying if rule in (None, each.key)}


@st.composite
def budgets(
    draw: Any, wanted: Programme, number: int, rule: str | None, period: str, has_vouchers: bool
) -> Budget:
    if has_vouchers:
        limit, at_cap = draw(st.integers(1, 25)), draw(st.sampled_from(["stop", "rest", "warn"]))
        most = limit + (40 if period == "ever" else 0)
        return Budget(
            key=f"budget-{number}",
            rule=rule,
            period=period,
            limit=most,
            unit="vouchers",
            at_cap=at_cap,
        )
    has_points = "points" in gives(wanted, rule)
    return Budget(
        key=f"budget-{number}",
        rule=rule,
        period=period,
        limit=draw(st.integers(50, 2_000)) + (3_000 if period == "ever" else 0),
        unit=draw(st.sampled_from(["points", "money"] if has_points else ["money"])),
        at_cap=draw(st.sampled_from(["stop", "rest", "warn"])),
    )


def publish(house: Any, wanted: Programme, at: datetime) -> None:
    with writing() as session:
        if programmes.latest(session) is None:
            publishing.publish_first(session, house.olga, at, wanted)
            return
        drafting.discard(session)
        draft = drafting.start(session, house.olga, at)
        if draft.rules != wanted:
            draft = drafting.change(session, house.olga, wanted, "", draft.revision, at)
            publishing.publish(session, house.olga, draft, at)


def live_through(house: Any, dice: random.Random, start: datetime, names: str) -> None:
    with writing() as session:
        cast = [people.member(session, f"{names} {n}").id for n in range(4)]
    orders: list[tuple[str, str, int]] = []
    at = start
    for _ in range(50):
        at += timedelta(minutes=dice.randrange(1, 1_100))
        who = dice.choice(cast)
        act = dice.choice(
            ["pay", "pay", "pay", "review", "answer", "answer", "refer", "refund", "till"]
        )
        if act == "pay":
            total = dice.randrange(100, 20_000)
            bought = {slug: total // 3 for slug in PRODUCTS if dice.random() < 0.4}
            number = sum(1 for _order, buyer, _total in orders if buyer == who) + 1
            order = house.happens(
                "order.paid", who, at, total=total, currency="USD", number=number, products=bought
            )
            orders.append((order, who, total))
        elif act == "review":
            slug = dice.choice(PRODUCTS)
            house.happens("review.published", who, at, product=slug, slug=slug, order=None)
        elif act == "answer":
            told = at + timedelta(days=dice.choice([0, 0, 2]))
            house.happens("answer.accepted", who, at, heard=told, topic="t")
            at = told
        elif act == "refer":
            friend = dice.choice([each for each in cast if each != who])
            total = dice.randrange(1_000, 9_000)
            house.happens(
                "referral.purchased",
                who,
                at,
                friend=friend,
                order=f"friend-{at:%s}",
                total=total,
                currency="USD",
                channel=dice.choice(["link", "qr"]),
                products={dice.choice(PRODUCTS): total},
            )
            orders.append((f"order:friend-{at:%s}", friend, total))
        elif act == "till":
            use_or_give_back(dice, cast, at)
        elif orders:
            order, buyer, total = orders[dice.randrange(len(orders))]
            house.refunds(order, buyer, dice.randrange(1, total + 1), total, at)
        house.release(at)


def use_or_give_back(dice: random.Random, cast: list[str], at: datetime) -> None:
    """Somebody uses a voucher of hers, or an order of hers falls through."""
    with writing() as session:
        query = select(Voucher).where(Voucher.member_id.in_(cast)).order_by(Voucher.id)
        hers = list(session.scalars(query))
        voucher = dice.choice(hers) if hers else None
        if voucher is not None and voucher.state(at) == "open":
            codes.use(session, voucher, "till", None, at)
        elif voucher is not None and voucher.used:
            codes.give_back(session, voucher, "till", at)


def test_it_works(house: Any) -> None:
    """Each example is a version of its own, with the past of those before it."""
    started: list[datetime] = []

    @given(wanted=programmes_to_publish(), seed=st.integers(0, 2**20))
    @settings(
        max_examples=8 if dialect() == "sqlite" else 4,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    def any_programme(wanted: Programme, seed: int) -> None:
        assert objections(wanted) == []
        start = PUBLISHED + len(started) * SPAN
        started.append(start)
        publish(house, wanted, start)
        live_through(house, random.Random(seed), start, f"Cast {len(started)}")
        with reading() as session:
            outcome = replaying.replay(session, wanted, start, start + SPAN)
            grants = session.scalars(select(Grant).where(Grant.fact_at >= start)).all()
            assert auditing.audit(session) == []
        assert outcome.gifts == outcome.actual_gifts
        assert outcome.costs == dict.fromkeys(outcome.costs, 0) | outcome.actual_costs
        for key, cost in outcome.replayed.items():
            real = outcome.actual.get(key, replaying.RuleCost())
            told = (cost.granted, cost.clawed, cost.grants)
            assert told == (real.granted, real.clawed, real.grants), key
        for code, total in outcome.costs.items():
            given = sum(g.amount - g.clawed for g in grants if g.commodity == code)
            held = [house.balances(each, code) for each in {grant.member_id for grant in grants}]
            in_the_book = sum(b.pending + b.available + b.spent - b.negative for b in held)
            assert in_the_book == given == total

    any_programme()
