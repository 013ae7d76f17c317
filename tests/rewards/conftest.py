"""The first programme in force since noon of 1 January, and short ways to make things happen."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from foundation import facts
from foundation.doors import reading, writing
from rewards import clawing_back, earning, publishing, releasing
from rewards.cards import keeping as cards
from rewards.cards import welcoming
from rewards.first_programme import first_programme
from rewards.rules import FACTS, Programme
from rewards.standing import keeping as standing
from rewards.standing.rules import KINDS
from tests import people

#: When the first version was published; the cast joined four days later.
PUBLISHED = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)

#: Only this room hears what happens in its tests: their orders and reviews exist as facts alone.
HEARERS = {
    **dict.fromkeys(KINDS, (standing.hear,)),
    **dict.fromkeys(FACTS, (earning.hear, standing.hear)),
    "order.paid": (earning.hear, cards.hear, welcoming.hear, standing.hear),
    "referral.purchased": (earning.hear, clawing_back.hear_late, standing.hear),
    "order.refunded": (clawing_back.hear, cards.hear, standing.hear),
    "member.verified": (earning.hear, standing.hear, welcoming.hear),
    "referral.lead": (welcoming.hear,),
}


def by_points() -> Programme:
    """The first programme as versions of before had it: standing is the points granted."""
    rules = first_programme()
    heights = {"bud": 0, "regular": 100, "advocate": 400, "ambassador": 1_200}
    tiers = tuple(
        each.model_copy(update={"standing_min": heights[each.key]}) for each in rules.tiers
    )
    return rules.model_copy(update={"standing": None, "tiers": tiers})


class House:
    """What tests of this room do again and again, each call its own transaction."""

    def __init__(self) -> None:
        with writing() as session:
            self.ada = people.ada(session).id
            self.ben = people.ben(session).id
            self.fay = people.fay(session).id
            self.olga = people.olga(session).id
        self._numbers = iter(range(1, 1_000_000))

    def publish(self, rules: Programme | None = None) -> None:
        with writing() as session:
            publishing.publish_first(session, self.olga, PUBLISHED, rules)

    def happens(
        self,
        kind: str,
        member_id: str,
        at: datetime,
        subject: str | None = None,
        heard: datetime | None = None,
        **details: Any,
    ) -> str:
        """Record a fact; its subject."""
        facts.listen(HEARERS)
        subject = subject or f"{kind.partition('.')[0]}:{next(self._numbers)}"
        with writing() as session:
            draft = facts.FactDraft(kind, member_id, subject, at, details)
            facts.record_many(session, [draft], heard or at)
        return subject

    def pays(self, member_id: str, total: int, at: datetime, currency: str = "USD") -> str:
        """An order is paid; its subject."""
        number = f"order:{next(self._numbers)}"
        self.happens(
            "order.paid",
            member_id,
            at,
            number,
            order=number.removeprefix("order:"),
            total=total,
            currency=currency,
            number=1,
        )
        return number

    def refunds(self, order: str, member_id: str, so_far: int, total: int, at: datetime) -> None:
        """Part of an order is given back; `so_far` counts all its refunds."""
        self.happens(
            "order.refunded",
            member_id,
            at,
            order=order.removeprefix("order:"),
            amount=so_far,
            refunded_total=so_far,
            total=total,
            currency="USD",
        )

    def refers(self, referrer: str, friend: str, at: datetime, total: int = 4_000) -> str:
        """A referred friend buys; the order's subject."""
        order = self.pays(friend, total, at)
        self.happens(
            "referral.purchased",
            referrer,
            at,
            friend=friend,
            order=order.removeprefix("order:"),
            total=total,
            currency="USD",
            channel="link",
        )
        return order

    def release(self, at: datetime) -> str:
        return releasing.release_due(at)

    def balances(self, member_id: str, commodity: str = "points") -> Any:
        from ledger import statements

        with reading() as session:
            return statements.balances(session, member_id, commodity)


@pytest.fixture
def house(database: Any) -> House:
    """The house with its cast, before any programme."""
    return House()


@pytest.fixture
def programme(house: House) -> House:
    """The house with the first programme in force, its tiers by points."""
    house.publish(by_points())
    return house
