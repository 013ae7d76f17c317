"""What is told late counts from when it was told: the own time of each version replays to the unit,
also where its last orders are told of under the next one, and those of the one before under it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from foundation import facts
from foundation.doors import dialect, reading, writing
from foundation.facts import FactDraft
from rewards import programme as programmes
from rewards import releasing, replaying
from rewards.budgets import auditing
from rewards.cards.rules import WelcomeVoucher
from rewards.rules import Programme, objections
from tests import people
from tests.rewards.conftest import HEARERS, PUBLISHED, by_points
from tests.rewards.test_any_programme_replays import (
    PRODUCTS,
    programmes_to_publish,
    publish,
    use_or_give_back,
)

NAME = {"en": "Hello"}
#: How long each version of an example is in force, and after how many days nothing is told late.
SPAN, LATEST = timedelta(days=12), timedelta(days=20)


@st.composite
def welcoming_programmes(draw: Any) -> Programme:
    """Any programme, with welcome vouchers, and tiers that are harder or easier to reach."""
    rules: Programme = draw(programmes_to_publish())
    welcome = [
        WelcomeVoucher(key=key, name=NAME, voucher="voucher-5", **said)
        for key, said in (
            ("hello", {}),
            ("second", {"after_orders": 1}),
            ("friend", {"friends_only": True}),
        )
        if draw(st.booleans())
    ]
    if draw(st.integers(0, 3)) == 0:  # as versions of before: standing is the points granted
        tiers = by_points().tiers
        return rules.model_copy(
            update={"standing": None, "tiers": tiers, "welcome": tuple(welcome)}
        )
    assert rules.standing is not None
    standing = rules.standing.model_copy(update={"full_spend": draw(st.integers(5_000, 90_000))})
    return rules.model_copy(update={"welcome": tuple(welcome), "standing": standing})


class Telling:
    """Members who do things, of which the house is told at once or days later, alone or with
    others of their kind."""

    def __init__(self, house: Any, dice: random.Random, names: str) -> None:
        self.house, self.dice = house, dice
        with writing() as session:
            self.cast = [people.member(session, f"{names} {n}").id for n in range(4)]
        self.orders: list[tuple[str, str, int, int]] = []
        self.strangers = list(self.cast)
        self.names = names
        self.number = 0

    def tell(self, told: datetime) -> None:
        """One to three things of a kind, told of at `told`."""
        act = self.dice.choice(
            ["pay", "pay", "pay", "review", "answer", "refer", "refund", "refund", "verify", "till"]
        )
        if act == "till":
            use_or_give_back(self.dice, self.cast, told)
        drafts = [
            draft
            for _ in range(self.dice.choice([1, 1, 1, 2, 3]))
            for draft in getattr(self, f"_{act}", self._nothing)(self._when(told))
        ]
        facts.listen(HEARERS)
        with writing() as session:
            facts.record_many(session, drafts, told)
        releasing.release_due(told)

    def _when(self, told: datetime) -> datetime:
        if self.dice.random() < 0.5:
            return told
        late = timedelta(minutes=self.dice.randrange(int(LATEST.total_seconds() // 60)))
        return max(told - late * self.dice.random(), PUBLISHED)

    def _named(self, kind: str) -> str:
        self.number += 1
        return f"{kind}:{self.names}-{self.number}"

    def _nothing(self, at: datetime) -> Iterator[FactDraft]:
        yield from ()

    def _pay(self, at: datetime) -> Iterator[FactDraft]:
        who, total = self.dice.choice(self.cast), self.dice.randrange(100, 20_000)
        order = self._named("order")
        self.orders.append((order, who, total, 0))
        details = {
            "order": order.removeprefix("order:"),
            "total": total,
            "currency": "USD",
            "number": sum(1 for _order, buyer, *_ in self.orders if buyer == who),
            "products": {slug: total // 3 for slug in PRODUCTS if self.dice.random() < 0.4},
        }
        yield FactDraft("order.paid", who, order, at, details)

    def _review(self, at: datetime) -> Iterator[FactDraft]:
        slug = self.dice.choice(PRODUCTS)
        details = {"product": slug, "slug": slug, "order": None}
        who = self.dice.choice(self.cast)
        yield FactDraft("review.published", who, self._named("review"), at, details)

    def _answer(self, at: datetime) -> Iterator[FactDraft]:
        who = self.dice.choice(self.cast)
        yield FactDraft("answer.accepted", who, self._named("post"), at, {"topic": "t"})

    def _verify(self, at: datetime) -> Iterator[FactDraft]:
        if self.strangers:
            who = self.strangers.pop()
            yield FactDraft("member.verified", who, f"member:{who}", at, {})
            if self.dice.random() < 0.5:
                friend = {"friend": who}
                other = self.dice.choice([each for each in self.cast if each != who])
                yield FactDraft("referral.lead", other, self._named("referral"), at, friend)

    def _refer(self, at: datetime) -> Iterator[FactDraft]:
        who, friend = self.dice.sample(self.cast, 2)
        paid = [each for each in self.orders if each[1] == friend]
        if paid and self.dice.random() < 0.5:  # part of it may be back already
            order, _friend, total, _back = self.dice.choice(paid)
        else:
            total, order = self.dice.randrange(1_000, 9_000), self._named("order")
            self.orders.append((order, friend, total, 0))
        details = {
            "friend": friend,
            "order": order.removeprefix("order:"),
            "total": total,
            "currency": "USD",
            "channel": self.dice.choice(["link", "qr"]),
            "products": {self.dice.choice(PRODUCTS): total},
        }
        yield FactDraft("referral.purchased", who, self._named("referral"), at, details)

    def _refund(self, at: datetime) -> Iterator[FactDraft]:
        left = [place for place, each in enumerate(self.orders) if each[3] < each[2]]
        if left:
            place = self.dice.choice(left)
            order, who, total, back = self.orders[place]
            more = self.dice.choice([total - back, self.dice.randrange(1, total - back + 1)])
            self.orders[place] = (order, who, total, back + more)
            details = {
                "order": order.removeprefix("order:"),
                "amount": more,
                "refunded_total": back + more,
                "total": total,
                "currency": "USD",
            }
            yield FactDraft("order.refunded", who, self._named("refund"), at, details)


def replays_as_it_was_given(version: programmes.Version, end: datetime) -> None:
    start = version.published_at
    with reading() as session:
        outcome = replaying.replay(session, version.rules, start, end)
    assert outcome.gifts == outcome.actual_gifts, version.number
    for key, cost in outcome.replayed.items():
        real = outcome.actual.get(key, replaying.RuleCost())
        told = (cost.granted, cost.clawed, cost.grants)
        assert told == (real.granted, real.clawed, real.grants), (version.number, key)
    assert outcome.costs == dict.fromkeys(outcome.costs, 0) | outcome.actual_costs, version.number


def test_it_works(house: Any) -> None:
    """Each example is three versions, one after the other, with the past of all those before."""
    begun: list[datetime] = []

    @given(
        wanted=st.lists(welcoming_programmes(), min_size=3, max_size=3),
        seed=st.integers(0, 2**20),
    )
    @settings(
        max_examples=6 if dialect() == "sqlite" else 3,
        deadline=None,
        phases=(Phase.generate,),  # each example has the past of those before: nothing to shrink
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    def told_late(wanted: list[Programme], seed: int) -> None:
        assert not any(objections(rules) for rules in wanted)
        dice = random.Random(seed)
        at = PUBLISHED + len(begun) * 4 * SPAN
        begun.append(at)
        telling = Telling(house, dice, f"Cast {len(begun)}")
        for rules in wanted:
            publish(house, rules, at)
            until = at + SPAN
            while (at := at + timedelta(minutes=dice.randrange(1, 1_500))) < until:
                telling.tell(at)
            at = until
        with reading() as session:
            assert auditing.audit(session) == []
            versions = programmes.versions(session)
        for version in versions:
            if version.published_at >= begun[-1] - 2 * SPAN:
                replays_as_it_was_given(version, version.superseded_at or at)

    told_late()
