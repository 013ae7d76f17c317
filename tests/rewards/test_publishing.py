"""A version is for good: immutable, dated, on the record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from foundation import versions
from foundation.doors import reading, writing
from foundation.refusal import Refused
from rewards import drafting, publishing
from rewards import programme as programmes
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
