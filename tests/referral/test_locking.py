"""A friend's order rewards two members: who locks both does it at once, in everybody's order.

Each test stops one transaction where another, which keeps that order, holds what it needs next; had
it locked anything out of turn, the two would wait for each other for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from foundation import facts
from foundation.doors import dialect, reading, writing
from foundation.refusal import Refused
from ledger import statements
from members import joining
from members.customers import Customer, known_customers
from members.models import Member
from referral import deciding
from rewards import drafting, publishing
from rewards.budgets import committing
from rewards.budgets.rules import Budget
from rewards.cards.rules import WelcomeVoucher
from rewards.first_programme import first_programme
from rewards.locking import lock_members, lock_programme
from shop import importing, ordering
from shop.order_files import Group, ReadOrder
from shop.ordering import OrderDraft
from tests import people
from tests.threads import beside, started, until_it_waits

pytestmark = pytest.mark.usefixtures("on_postgresql")


@pytest.fixture
def on_postgresql(database: Any) -> None:
    if dialect() != "postgresql":
        pytest.skip("SQLite has one writer")


def locking(*members: str) -> Callable[[Session], None]:
    return lambda session: lock_members(session, members)


def pending(member_id: str) -> int:
    with reading() as session:
        return statements.balances(session, member_id, "points").pending


def under_budgets(story: Any) -> None:
    """What is given in a month is limited, and whoever joins is given something at once."""
    hello = WelcomeVoucher(key="hello", name={"en": "Hello"}, voucher="voucher-5")
    budgets = (
        Budget(key="points", limit=100_000),
        Budget(key="vouchers", unit="vouchers", limit=1_000),
    )
    rules = first_programme().model_copy(update={"welcome": (hello,), "budgets": budgets})
    day = story.now - timedelta(days=55)
    with writing() as session:
        draft = drafting.start(session, story.olga, day)
        draft = drafting.change(session, story.olga, rules, "", draft.revision, day)
        publishing.publish(session, story.olga, draft, day)


def doubted(story: Any) -> tuple[str, str]:
    """A friend who bought from the house of her referrer, her order, and their referral."""
    fay = story.joins("Fay")
    for member in (story.ada, fay):
        story.signs_in(member, "8.8.8.8")
    order = story.buys(fay)
    assert story.state(fay) == "doubted"
    return fay, order


def approves(story: Any, friend: str) -> None:
    with writing() as session:
        deciding.approve(session, story.referral(friend).id, story.olga, story.now)


def test_a_friends_first_order_locks_her_and_her_referrer_together(story: Any) -> None:
    """Releasing what both have on hold locks them in their order; the friend came first here."""
    fay = story.joins("Fay")
    assert beside(lambda: story.buys(fay), locking(story.ada), locking(fay)) == []
    assert story.state(fay) == "pending"


def test_an_import_locks_buyers_and_referrers_together(story: Any) -> None:
    friends = [story.joins(name) for name in ("Fay", "Gus")]

    def imports() -> None:
        with writing() as session:
            importing.take_in(session, [_group(story, each) for each in friends], story.now)

    assert beside(imports, locking(story.ada), locking(*friends)) == []
    assert {story.state(each) for each in friends} == {"pending"}


def _group(story: Any, buyer: str) -> Group:
    at, email = story.now, story.member(buyer).email
    order = ReadOrder(f"I-{email}", None, email, None, 4_000, "USD", at, (), paid_at=at)
    return Group(order.number, [(1, [])], order)


def test_who_becomes_a_friend_while_her_order_waits_is_locked_with_her_referrer(story: Any) -> None:
    """When her order came, nobody had brought her: it looks again once it has waited for her."""
    fay = story.joins("Fay", prove=False)
    raised: list[Exception] = []
    with writing() as session:
        facts.record(session, "member.verified", fay, f"member:{fay}", story.now)
        buying = started(lambda: story.buys(fay), raised)

        def releases() -> None:
            with writing() as other:
                lock_members(other, [story.ada])
                until_it_waits(buying)
                lock_members(other, [fay])

        releasing = started(releases, raised)
    for thread in (buying, releasing):
        thread.join()
    assert raised == []
    assert story.state(fay) == "pending"


def test_releasing_waits_for_a_programme_that_is_being_published_before_it_locks_anybody(
    story: Any,
) -> None:
    fay = story.joins("Fay")
    story.buys(fay)
    assert beside(lambda: story.release(20), lock_programme, locking(story.ada)) == []
    assert story.state(fay) == "released"


def test_approving_and_refunding_the_same_order_do_not_wait_for_each_other(story: Any) -> None:
    fay, order = doubted(story)
    raised = beside(
        lambda: approves(story, fay),
        locking(story.ada, fay),
        lambda session: ordering.refund(session, order, 4_000, "R-1", story.now),
    )
    assert [error.code for error in raised if isinstance(error, Refused)] == ["decided"]
    assert story.state(fay) == "refunded"
    assert (pending(story.ada), pending(fay)) == (0, 0)


def test_a_refund_takes_back_what_is_approved_at_this_moment(story: Any) -> None:
    fay, order = doubted(story)
    referral = story.referral(fay).id
    raised = beside(
        lambda: story.gives_back(order, 4_000),
        lambda session: deciding.approve(session, referral, story.olga, story.now),
        lambda session: None,
    )
    assert raised == []
    assert story.state(fay) == "refunded"
    assert (pending(story.ada), pending(fay)) == (0, 0)


def test_who_joins_with_orders_of_another_month_waits_before_she_counts_anything(
    story: Any,
) -> None:
    under_budgets(story)
    gus, before = story.joins("Gus"), story.now - timedelta(days=30)
    old, new = story.buys(gus, at=before), story.buys(gus)
    cookie = story.cookie(before - timedelta(days=1))
    fay = story.joins("Fay", cookie, at=before, prove=False)
    story.buys(fay, at=before)

    def refunds(session: Session, order: str) -> None:
        ordering.refund(session, order, 4_000, f"R-{order}", story.now)

    raised = beside(
        lambda: story.proves(fay),
        lambda session: refunds(session, old),
        lambda session: refunds(session, new),
    )
    assert raised == []
    assert story.state(fay) == "pending"


def test_who_joins_waits_before_the_stages_count_her(story: Any) -> None:
    """Whoever gives something under a budget moves the stages after it."""
    under_budgets(story)
    hal = story.joins("Hal", cookie="")
    with writing() as session:
        gus = people.member(session, "Gus", email_verified_at=None, claimed_at=None).id

    def joins() -> None:
        with writing() as session:
            joining.claim(session, session.get_one(Member, gus), {"name": "Gus"}, story.now)

    def pays(session: Session) -> None:
        ordering.pay(session, order.id, story.now)

    with writing() as session:
        draft = OrderDraft("N-Hal", hal, 4_000, "USD", story.now)
        order = ordering.take_down(session, draft, story.now)
    assert beside(joins, committing.queue, pays) == []


def test_who_joins_is_locked_before_her_own_row_is_written(story: Any) -> None:
    under_budgets(story)
    with writing() as session:
        gus = people.member(session, "Gus", email_verified_at=None, claimed_at=None).id

    def joins() -> None:
        with writing() as session:
            joining.claim(session, session.get_one(Member, gus), {"name": "Gus H"}, story.now)

    assert beside(joins, committing.queue, locking(gus)) == []


def test_buyers_of_whom_something_is_learned_are_locked_with_the_others(story: Any) -> None:
    """Two imports that learn of the same members met in the order of their files."""
    friends = sorted(story.joins(name) for name in ("Fay", "Gus"))
    emails = [story.member(each).email for each in friends]

    def learns(reference: str) -> Callable[[Session], object]:
        drafts = [Customer(email, f"{reference}-{email}") for email in reversed(emails)]
        return lambda session: known_customers(session, story.now, drafts)

    def imports() -> None:
        with writing() as session:
            learns("A")(session)

    assert beside(imports, locking(friends[0]), locking(friends[1])) == []


def test_who_learns_of_a_buyer_does_not_wait_for_whoever_writes_of_her(story: Any) -> None:
    """An order refers to her; whoever changed a key of her row waited for it."""
    fay = story.joins("Fay", cookie="")
    email = story.member(fay).email

    def learns() -> None:
        with writing() as session:
            known_customers(session, story.now, [Customer(email, "C-1")])

    def orders(session: Session) -> None:
        ordering.take_down(session, OrderDraft("N-1", fay, 4_000, "USD", story.now), story.now)

    assert beside(learns, orders, locking(fay)) == []
    assert story.member(fay).customer_ref == "C-1"
