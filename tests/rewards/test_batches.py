"""A batch costs as many statements as one of its kind: imports and jobs are made of batches."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from foundation.doors import reading, writing
from foundation.facts import Fact, FactDraft, record_many
from rewards import earning, queries, tallies
from rewards.catalogue import queries as catalogue
from rewards.conditions import Condition
from rewards.first_programme import first_programme
from rewards.perks import granting
from rewards.perks.rules import Perk
from rewards.topups import expiring
from tests import people
from tests.rewards import counters
from tests.statements import sent


def cost(act: Callable[[], object]) -> int:
    with sent() as statements:
        act()
    return len(statements)


def written(kind: str, many: int, now: datetime, first: int = 0) -> list[Fact]:
    """As many facts, each of another member."""
    with writing() as session:
        members = [people.member(session, f"Reader {first + n}").id for n in range(many)]
        drafts = [FactDraft(kind, each, f"post:{each}", now) for each in members]
        return record_many(session, drafts, now)


def test_facts_are_numbered_together(house: Any, now: datetime) -> None:
    rules = first_programme()
    third = rules.earning[0].model_copy(
        update={"fact": "post.written", "when": Condition(time_from=3)}
    )
    rules = rules.model_copy(update={"earning": (third,)})
    heard = [earning.happened(fact) for fact in written("post.written", 9, now)]
    with reading() as session:
        assert set(tallies.numbers(session, rules, heard).values()) == {1}
        one = cost(lambda: tallies.numbers(session, rules, heard[:1]))
        assert cost(lambda: tallies.numbers(session, rules, heard)) == one


def test_facts_that_earn_no_perk_are_asked_about_together(house: Any, now: datetime) -> None:
    perk = Perk(key="tea", name={"en": "Tea"}, earned_for="answer.accepted")
    house.publish(first_programme().model_copy(update={"perks": (perk,)}))
    heard = written("post.written", 9, now)
    with writing() as session:
        one = cost(lambda: granting.hear(session, heard[:1], now))
        assert cost(lambda: granting.hear(session, heard, now)) == one


def test_grants_are_released_together(programme: Any, now: datetime) -> None:
    def release(many: int, at: datetime) -> int:
        for _ in range(many):
            programme.pays(programme.ben, 10_000, at)
        return cost(lambda: programme.release(at + timedelta(days=20)))

    one = release(1, now)
    assert release(6, now + timedelta(days=30)) <= one


def test_pages_read_no_more_of_a_long_past_than_they_show(house: Any, now: datetime) -> None:
    house.publish()
    with sent() as statements, reading() as session:
        catalogue.counted(session)
        assert not [each for each in statements if "stock_movement" in each]
        queries.mine(session, house.ben, now, None)
    vouchers = [each for each in statements if "FROM voucher" in each]
    assert vouchers
    assert all("LIMIT" in each for each in vouchers)


def test_units_that_expire_are_told_of_together(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = counters.open_counter(house, monkeypatch)
    soon = counters.DAY + timedelta(days=20)
    for buyer in range(5):
        counters.buys(counter, "pot", pieces=5, at=counters.DAY + timedelta(minutes=buyer))
    many = cost(lambda: expiring.tell_soon(soon))
    counters.buys(counter, "pot", pieces=5, at=counters.DAY + timedelta(hours=1))
    assert cost(lambda: expiring.tell_soon(soon)) == many
    with reading() as session:
        assert len(session.scalars(select(Fact).where(Fact.kind == "prepaid.bought")).all()) == 6
