"""A version is for good: immutable, dated, on the record."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from foundation import facts, versions
from foundation.doors import dialect, reading, writing
from foundation.facts import FactDraft
from foundation.refusal import Refused
from rewards import drafting, publishing, replaying
from rewards import programme as programmes
from rewards.models import Grant
from tests.rewards.conftest import HEARERS, PUBLISHED
from tests.threads import at_once, until_it_waits
from transparency import verifying


def second(house: Any, now: Any, **changes: Any) -> Any:
    with writing() as session:
        draft = drafting.start(session, house.olga, now)
        rules = draft.rules.model_copy(update=changes)
        return drafting.change(session, house.olga, rules, "", draft.revision, now)


def test_the_next_version_supersedes_the_one_before(programme: Any, now: Any) -> None:
    house = programme
    draft = second(house, now, return_days=30)
    before = versions.stamp(["programme"])
    with writing() as session:
        publishing.publish(session, house.olga, draft, now)
    with reading() as session:
        two, one = programmes.versions(session)
        assert programmes.current(session) == two.rules
        assert programmes.draft(session) is None
    assert (one.number, one.superseded_at, two.number, two.published_at) == (1, now, 2, now)
    assert versions.stamp(["programme"]) != before


@pytest.mark.parametrize(
    "act", ["update programme_version set note = 'x'", "delete from programme_version"]
)
def test_the_database_refuses_to_change_a_version(programme: Any, act: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), writing() as session:
        session.execute(text(act))


def test_it_is_on_the_public_log_and_the_auditor_finds_it_served(programme: Any) -> None:
    with reading() as session:
        report = verifying.verify(session, witnesses={"programme.published": publishing.served})
    assert report.fine
    assert report.served == 1


def test_a_draft_that_changes_nothing_is_refused(programme: Any, now: Any) -> None:
    draft = second(programme, now)
    with pytest.raises(Refused, match="Change something"), writing() as session:
        publishing.publish(session, programme.olga, draft, now)


def test_a_draft_of_an_older_version_is_refused(programme: Any, now: Any) -> None:
    draft = second(programme, now, return_days=30)
    with writing() as session:
        publishing.publish(session, programme.olga, draft, now)
    with pytest.raises(Refused, match="Version 2 was published"), writing() as session:
        publishing.publish(session, programme.olga, draft, now)


def test_publishing_first_twice_gives_the_same_version(programme: Any, now: Any) -> None:
    with writing() as session:
        again = publishing.publish_first(session, None, now)
    assert again.number == 1


def test_what_counts_is_the_version_of_the_day(programme: Any, now: Any) -> None:
    house = programme
    dearer = tuple(
        rule.model_copy(update={"amount": 3}) if rule.key == "order" else rule
        for rule in publishing.first_programme().earning
    )
    draft = second(house, now, earning=dearer)
    with writing() as session:
        publishing.publish(session, house.olga, draft, now)
    house.happens(
        "order.paid",
        house.ben,
        now - timedelta(days=1),
        "order:late",
        heard=now,
        order="late",
        total=10_000,
        currency="USD",
        number=1,
    )
    house.pays(house.ben, 10_000, now + timedelta(seconds=1))
    assert house.balances(house.ben).pending == 100 + 315  # the second one as a Regular


def told(house: Any, at: datetime) -> FactDraft:
    details = {"order": "9", "total": 2_000, "currency": "USD", "number": 1}
    return FactDraft("order.paid", house.ada, "order:9", at, details)


def test_a_version_begins_after_what_was_heard_by_the_one_before(house: Any, now: Any) -> None:
    """Who publishes read the clock, and an order came in before he was at it: it was given by the
    version before, so its moment belongs to that one's time."""
    house.publish()
    draft = second(house, now, return_days=30)
    paid = now + timedelta(seconds=2)
    house.pays(house.ada, 2_000, paid)
    with writing() as session:
        two = publishing.publish(session, house.olga, draft, now)
    assert two.published_at == paid + timedelta(microseconds=1)
    with reading() as session:
        assert {grant.version for grant in session.scalars(select(Grant))} == {1}
        one = programmes.version(session, 1)
        assert one is not None
        outcome = replaying.replay(session, one.rules, PUBLISHED, two.published_at)
    assert outcome.costs == outcome.actual_costs
    assert outcome.cost > 0


def test_whoever_publishes_waits_for_what_is_being_heard(house: Any, now: Any) -> None:
    if dialect() != "postgresql":
        pytest.skip("SQLite has one writer")
    house.publish()
    draft = second(house, now, return_days=30)
    thread = Thread(target=lambda: in_force(house, draft.revision, now))
    paid = now + timedelta(seconds=2)
    facts.listen(HEARERS)
    with writing() as session:
        facts.record_many(session, [told(house, paid)], paid)
        thread.start()
        until_it_waits(thread)
        assert thread.is_alive()
    thread.join()
    with reading() as session:
        two = programmes.latest(session)
        assert {grant.version for grant in session.scalars(select(Grant))} == {1}
    assert two is not None
    assert (two.number, two.published_at) == (2, paid + timedelta(microseconds=1))


def test_what_is_heard_while_somebody_publishes_waits_for_the_new_version(
    house: Any, now: Any
) -> None:
    if dialect() != "postgresql":
        pytest.skip("SQLite has one writer")
    house.publish()
    draft = second(house, now, return_days=30)
    thread = Thread(target=lambda: house.pays(house.ada, 2_000, now + timedelta(seconds=2)))
    with writing() as session:
        publishing.publish(session, house.olga, draft, now)
        thread.start()
        until_it_waits(thread)
        assert thread.is_alive()
    thread.join()
    with reading() as session:
        assert {grant.version for grant in session.scalars(select(Grant))} == {2}


def test_two_owners_who_publish_in_one_instant_read_that_it_is_published(
    house: Any, now: Any
) -> None:
    house.publish()
    draft = second(house, now, return_days=30)
    acts = [lambda: in_force(house, draft.revision, now).number] * 2
    assert at_once(acts) == [2, 2]


def in_force(house: Any, revision: str, now: Any) -> programmes.Version:
    with writing() as session:
        return drafting.publish(session, house.olga, revision, now)
