"""Ada has a link; Fay follows it, joins, buys, gives back. Each call is its own transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from foundation import facts
from foundation.doors import reading, writing
from members import signing_in
from members.models import Member
from referral import codes, releasing, touches
from referral.models import Referral
from referral.touches import Touch
from rewards import publishing
from shop import ordering
from shop.ordering import OrderDraft
from tests import people

PUBLISHED = people.JOINED


class Story:
    """What the tests of this room tell again and again."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        with writing() as session:
            self.olga = people.olga(session).id
            self.ada = people.ada(session).id
            publishing.publish_first(session, self.olga, PUBLISHED)
            found = codes.ensure(session, self.ada, people.JOINED)
            assert found is not None
            self.code = found.code
        self._orders = iter(range(1, 1_000))

    def cookie(self, at: datetime | None = None, code: str | None = None) -> str:
        return touches.write(Touch(code or self.code, "link", at or self.now))

    def joins(
        self,
        name: str,
        cookie: str | None = None,
        at: datetime | None = None,
        prove: bool = True,
        **more: Any,
    ) -> str:
        """Somebody signs up with a cookie in her browser, and proves her address."""
        at = at or self.now
        with writing() as session:
            member = people.member(session, name, joined_at=at, **more)
            facts.record(
                session,
                "member.joined",
                member.id,
                f"member:{member.id}",
                at,
                referral_cookie=self.cookie() if cookie is None else cookie,
            )
        if prove:
            self.proves(member.id, at)
        return member.id

    def proves(self, member_id: str, at: datetime | None = None) -> None:
        with writing() as session:
            subject = f"member:{member_id}"
            facts.record(session, "member.verified", member_id, subject, at or self.now)

    def buys(
        self,
        member_id: str,
        total: int = 4_000,
        at: datetime | None = None,
        told: datetime | None = None,
    ) -> str:
        """An order is paid; its id."""
        at = at or self.now
        number = f"N-{next(self._orders)}"
        draft = OrderDraft(number, member_id, total, "USD", at)
        with writing() as session:
            order = ordering.place(session, draft, told or at)
            ordering.pay(session, order.id, told or at, at=at)
            return order.id

    def gives_back(self, order: str, amount: int, at: datetime | None = None) -> None:
        with writing() as session:
            ordering.refund(session, order, amount, f"{order}:{amount}", at or self.now)

    def signs_in(self, member_id: str, address: str, browser: str = "Firefox") -> None:
        with writing() as session:
            signing_in.sign_in(session, member_id, self.now, address=address, browser=browser)

    def release(self, days: int) -> str:
        return releasing.release_due(self.now + timedelta(days=days))

    def referral(self, friend_id: str) -> Referral | None:
        from sqlalchemy import select

        with reading() as session:
            found: Referral | None = session.scalar(
                select(Referral).where(Referral.friend_id == friend_id)
            )
            return found

    def state(self, friend_id: str) -> str | None:
        found = self.referral(friend_id)
        return found.state if found else None

    def reason(self, friend_id: str) -> str | None:
        from sqlalchemy import select

        from referral.models import Step

        with reading() as session:
            return session.scalar(
                select(Step.reason)
                .join(Referral, Referral.id == Step.referral_id)
                .where(Referral.friend_id == friend_id)
                .order_by(Step.id.desc())
            )

    def heard(self, kind: str) -> list[Any]:
        from sqlalchemy import select

        with reading() as session:
            return list(session.scalars(select(facts.Fact).where(facts.Fact.kind == kind)))

    def member(self, member_id: str) -> Member:
        with reading() as session:
            return session.get_one(Member, member_id)


@pytest.fixture
def story(database: Any, now: datetime) -> Story:
    return Story(now)


@pytest.fixture
def signed_in(app: Any) -> Callable[[str], Any]:
    """A client in which a member is signed in."""

    def client(member_id: str) -> Any:
        made = app.test_client()
        people.sign_in(made, member_id)
        return made

    return client
