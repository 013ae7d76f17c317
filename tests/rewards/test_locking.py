"""Whoever waits for a member holds none of his grants: so nobody waits for each other for ever."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

import app
from foundation import versions
from foundation.doors import dialect, reading, writing
from foundation.facts import FactDraft, listen, record_many
from foundation.tables import new_id
from ledger.accounts import standings
from referral import attributing, expecting, purchasing
from rewards import clawing_back, drafting, earning, publishing
from rewards.awarding import award_files, giving, starting, taking_back
from rewards.awarding.starting import Terms
from rewards.budgets.rules import Budget
from rewards.cards import keeping as cards
from rewards.cards import welcoming
from rewards.cards.rules import StampCard
from rewards.first_programme import first_programme
from rewards.locking import lock_members, lock_programme
from rewards.models import Grant
from rewards.perks import granting
from rewards.programme import in_force, timeline
from rewards.standing import keeping as standing
from rewards.standing.models import MemberTier
from rewards.topups import buying as prepaying
from rewards.topups import refunding as unused_back
from tests.rewards.conftest import HEARERS
from tests.rewards.shelves import enrich
from tests.threads import at_once, beside, started, until_it_waits

#: How many have the counters of budgets to themselves at this moment: one at most.
COUNTING = text(
    "select count(*) from pg_locks join pg_database on pg_database.oid = database"
    " where datname = current_database() and locktype = 'advisory' and mode = 'ExclusiveLock'"
    " and granted"
)


def refunding(house: Any, order: str, now: datetime) -> Callable[[], object]:
    return lambda: house.refunds(order, house.ben, 10_000, 10_000, now + timedelta(days=1))


def releasing(house: Any, _order: str, now: datetime) -> Callable[[], object]:
    return lambda: house.release(now + timedelta(days=20))


@pytest.mark.parametrize("doing", [refunding, releasing])
def test_who_waits_for_a_member_holds_none_of_his_grants(
    programme: Any, now: datetime, doing: Callable[..., Callable[[], object]]
) -> None:
    if dialect() != "postgresql":
        pytest.skip("SQLite has one writer")
    order = programme.pays(programme.ben, 10_000, now)
    thread = threading.Thread(target=doing(programme, order, now))
    with writing() as session:
        lock_members(session, [programme.ben])
        thread.start()
        until_it_waits(thread)
        session.scalars(select(Grant.id).with_for_update(nowait=True)).one()
    thread.join()
    assert programme.balances(programme.ben).pending == 0


def test_a_refund_has_the_counters_to_itself_before_it_waits_for_a_member(
    house: Any, now: datetime
) -> None:
    """Its card has stamps of other months: two refunds of one member would wait for each other."""
    if dialect() != "postgresql":
        pytest.skip("SQLite has one writer")
    card = StampCard(key="tea", name={"en": "Tea card"}, orders=3, days=90, points=150)
    budget = Budget(key="all", limit=10_000)
    house.publish(first_programme().model_copy(update={"cards": (card,), "budgets": (budget,)}))
    order = house.pays(house.ben, 10_000, now)
    house.pays(house.ben, 10_000, now + timedelta(days=35))
    thread = threading.Thread(target=refunding(house, order, now))
    with writing() as session:
        lock_members(session, [house.ben])
        thread.start()
        until_it_waits(thread)
        assert session.scalar(COUNTING) == 1
    thread.join()
    assert house.balances(house.ben).pending == 100


def test_standing_waits_for_a_member_before_it_touches_what_is_hers(
    house: Any, now: datetime
) -> None:
    """Who gives her something has locked her and asks for her tier: they waited for each other."""
    if dialect() != "postgresql":
        pytest.skip("SQLite has one writer")
    house.publish()
    house.pays(house.ben, 10_000, now)
    thread = threading.Thread(target=lambda: house.happens("post.folded", house.ben, now))
    with writing() as session:
        lock_members(session, [house.ben])
        thread.start()
        until_it_waits(thread)
        assert thread.is_alive()
        hers = select(MemberTier).where(MemberTier.member_id == house.ben)
        session.scalars(hers.with_for_update(nowait=True)).one()
    thread.join()


def test_evaluations_wait_while_a_programme_is_published_which_evaluates_everybody(
    house: Any, now: datetime
) -> None:
    if dialect() != "postgresql":
        pytest.skip("SQLite has one writer")
    house.publish()
    house.pays(house.ben, 10_000, now)
    with writing() as session:
        lock_programme(session)
        looking = started(lambda: standing.look(now + timedelta(days=1)), [])
        assert looking.is_alive()
        session.execute(update(MemberTier).values(look_on=now.date() + timedelta(days=1)))
    looking.join()


def test_whatever_is_told_while_versions_are_published_is_given_by_the_version_of_its_moment(
    house: Any, now: datetime
) -> None:
    """Each batch is of several members, and publishing evaluates all of them."""
    house.publish()
    moments = itertools.count(1)
    members = (house.ada, house.ben, house.fay)

    def moment() -> datetime:
        return now + timedelta(seconds=next(moments))

    def tells() -> None:
        for _ in range(5):
            at = moment()
            drafts = [_paid(each, at) for each in members]
            with writing() as session:
                record_many(session, drafts, at)

    def publishes() -> None:
        for amount in range(2, 7):
            with writing() as session:
                draft = drafting.start(session, house.olga, now)
                first = draft.rules.earning[0].model_copy(update={"amount": amount})
                rules = draft.rules.model_copy(update={"earning": (first,)})
                draft = drafting.change(session, house.olga, rules, "", draft.revision, now)
                publishing.publish(session, house.olga, draft, moment())

    listen(HEARERS)
    at_once([tells, tells, tells, publishes])
    with reading() as session:
        dated = timeline(session)
        grants = session.scalars(select(Grant)).all()
    assert len(dated) == 6
    assert len(grants) == 45
    assert [each.version for each in grants] == [in_force(dated, each.fact_at) for each in grants]


def _paid(buyer: str, at: datetime) -> FactDraft:
    order = new_id(at)
    details = {"order": order, "total": 10_000, "currency": "USD", "number": 1}
    return FactDraft("order.paid", buyer, f"order:{order}", at, details)


def test_publishing_has_the_log_before_it_touches_pages(house: Any, now: datetime) -> None:
    """As reviews do, which touch the page of a product that the programme may speak of as well."""
    if dialect() != "postgresql":
        pytest.skip("SQLite has one writer")
    raised = beside(
        house.publish,
        lambda session: session.execute(text("select 1 from log_head for update")),
        lambda session: versions.touch(session, "programme"),
    )
    assert raised == []


def test_whoever_gives_for_an_order_makes_the_counters_of_a_running_card_first(
    house: Any, now: datetime
) -> None:
    """It keeps the terms of an older version, whose budget has no counter for this month yet; made
    when the card is full, with a member locked, it let two buyers wait for each other."""
    if dialect() != "postgresql":
        pytest.skip("SQLite has one writer")
    card = StampCard(key="tea", name={"en": "Tea card"}, orders=2, days=90, points=150)
    budget = Budget(key="all", limit=10_000)
    older = first_programme().model_copy(update={"cards": (card,), "budgets": (budget,)})
    house.publish(older)
    house.pays(house.ben, 10_000, now)
    with writing() as session:
        draft = drafting.start(session, house.olga, now)
        draft = drafting.change(session, house.olga, first_programme(), "", draft.revision, now)
        publishing.publish(session, house.olga, draft, now + timedelta(days=1))
    buying = threading.Thread(
        target=lambda: house.pays(house.ben, 10_000, now + timedelta(days=35))
    )
    with writing() as session:
        lock_members(session, [house.ben])
        buying.start()
        until_it_waits(buying)
        assert session.scalar(COUNTING) == 1
    buying.join()
    assert house.balances(house.ben).pending == 350


def test_a_set_of_awards_waits_for_its_members_before_it_locks_what_they_have(
    house: Any, now: datetime, tmp_path: Path
) -> None:
    """Whoever rewards several has locked them, and moves what each has as it comes."""
    if dialect() != "postgresql":
        pytest.skip("SQLite has one writer")
    both = house.ada, house.ben
    for each in both:
        enrich(house, each, 100, now)
    path = tmp_path / "awards.csv"
    path.write_text("member,amount\n@ada,5\n@ben,5\n")
    source = award_files.look_at(path)
    with writing() as session:
        set_id = starting.start(session, source, Terms("Tea", "Thanks"), "running", now).id

    def moves(session: Session) -> None:
        for each in both:
            standings(session, each, "points", (), now)

    def locks(session: Session) -> None:
        lock_members(session, both)
        standings(session, house.ben, "points", (), now)

    def takes_back() -> None:
        with writing() as session:
            taking_back.ask(session, set_id, None, now)
        taking_back.take_back(set_id, now)

    assert beside(lambda: giving.give(set_id, source, now), locks, moves) == []
    assert beside(takes_back, locks, moves) == []
    assert house.balances(house.ada).available == 100


def test_who_may_need_counters_hears_before_who_only_locks_members() -> None:
    first = {earning.hear, clawing_back.hear, cards.hear, welcoming.hear}
    first |= {purchasing.hear, attributing.hear}
    ahead = {expecting.purchases, expecting.newcomers}
    after = {standing.hear, prepaying.hear, unused_back.hear, granting.hear}
    for kind, hearers in app.HEARERS.items():
        places = [hear in after for hear in hearers if hear in first | after]
        assert places == sorted(places), kind
        assert not ahead.intersection(hearers[1:]), kind
