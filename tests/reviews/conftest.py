"""A tin of tea, its cast, and short ways to say what one thinks of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from foundation.doors import writing
from members.models import Member
from reviews import publishing, voting
from reviews.models import Review
from reviews.rules import ReviewDraft
from rewards.publishing import publish_first
from shop import ordering, products
from shop.ordering import LineDraft, OrderDraft
from tests import people
from tests.conftest import NOW


class Shelf:
    """Two products and the people around them; each act its own transaction."""

    def __init__(self) -> None:
        with writing() as session:
            self.ada = people.ada(session)
            self.ben = people.ben(session)
            self.cleo = people.cleo(session)
            self.fay = people.fay(session)
            self.olga = people.olga(session)
            self.sam = people.sam(session)
            publish_first(session, self.olga.id, people.JOINED)
            self.tea = products.add(session, self._draft("sencha", "Sencha"), NOW).id
            self.pot = products.add(session, self._draft("pot", "Pot"), NOW).id

    def _draft(self, slug: str, name: str) -> products.ProductDraft:
        return products.ProductDraft(slug, {"en": name, "zh_Hans": "煎茶"}, 1990, "USD")

    def buy(self, member: Member, slug: str = "sencha", now: datetime = NOW) -> str:
        with writing() as session:
            draft = OrderDraft(
                number=f"{member.handle}-{slug}",
                member_id=member.id,
                total=1990,
                currency="USD",
                placed_at=now,
                lines=[LineDraft("Sencha", 1, 1990, slug)],
            )
            order = ordering.place(session, draft, now)
            ordering.pay(session, order.id, now)
            return order.id

    def review(
        self,
        member: Member,
        stars: int = 5,
        title: str = "Smells of spring",
        body: str = "Grassy, a little sweet.",
        product: str | None = None,
        now: datetime = NOW,
    ) -> Review:
        with writing() as session:
            draft = ReviewDraft(stars, title, body)
            return publishing.publish(session, member.id, product or self.tea, draft, now)

    def vote(self, member: Member, review: Review, is_helpful: bool | None = True) -> None:
        with writing() as session:
            voting.vote(session, member.id, review.id, is_helpful, NOW)

    def anybody(self, name: str, **more: Any) -> Member:
        with writing() as session:
            return people.member(session, name, **more)


@pytest.fixture
def shelf(database: Any) -> Shelf:
    return Shelf()
