"""The stage machine: by which facts members move on, in batches, once, and never back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from foundation import facts
from foundation.doors import reading, writing
from foundation.facts import Fact, FactDraft
from foundation.tables import new_id
from funnel import queries, rules, stages
from funnel.models import MemberStage, StageEntry
from tests import people
from tests.statements import sent
from tests.threads import at_once


@pytest.fixture
def alone(database: Any) -> None:
    """Only the stage machine hears, so that facts need no orders and topics behind them."""
    facts.listen(dict.fromkeys(rules.KINDS, (stages.hear,)))


def happens(
    kind: str, member_id: str, now: Any, subject: str | None = None, **details: Any
) -> None:
    with writing() as session:
        draft = FactDraft(kind, member_id, subject or f"x:{new_id(now)}", now, details)
        facts.record_many(session, [draft], now)


def somebody(make: Any = people.ben) -> str:
    with writing() as session:
        return str(make(session).id)


def stage_of(member_id: str) -> str | None:
    with reading() as session:
        return session.scalar(select(MemberStage.stage).where(MemberStage.member_id == member_id))


def reasons(member_id: str) -> list[tuple[str, str]]:
    with reading() as session:
        rows = session.execute(
            select(StageEntry.stage, StageEntry.kind)
            .where(StageEntry.member_id == member_id)
            .order_by(StageEntry.id)
        )
        return [(stage, kind) for stage, kind in rows]


def counted() -> dict[str, int]:
    with reading() as session:
        return {stage.key: count for stage, count in queries.counts(session) if count}


def test_the_whole_way(alone: None, now: Any) -> None:
    ben = somebody()
    way = [
        ("member.joined", "interest"),
        ("order.paid", "purchase"),
        ("topic.started", "engagement"),
        ("review.published", "participation"),
        ("answer.accepted", "participation"),
        ("answer.accepted", "participation"),
        ("answer.accepted", "participation"),
        ("referral.qualified", "embedded"),
    ]
    for hours, (kind, stage) in enumerate(way):
        happens(kind, ben, now + timedelta(hours=hours))
        assert stage_of(ben) == stage
        assert counted() == {stage: 1}
    assert reasons(ben) == [
        ("interest", "member.joined"),
        ("purchase", "order.paid"),
        ("engagement", "topic.started"),
        ("participation", "review.published"),
        ("embedded", "answer.accepted"),
        ("embedded", "answer.accepted"),
        ("embedded", "answer.accepted"),
        ("embedded", "referral.qualified"),
    ]


def test_a_buyer_out_of_an_order_log_is_in_at_once(alone: None, now: Any) -> None:
    ben = somebody()
    happens("order.paid", ben, now)
    assert reasons(ben) == [("interest", "order.paid"), ("purchase", "order.paid")]


def test_whoever_only_talks_is_still_to_be_won(alone: None, now: Any) -> None:
    ben = somebody()
    happens("member.joined", ben, now)
    for _ in range(7):
        happens("post.written", ben, now)
    assert stage_of(ben) == "interest"
    happens("order.paid", ben, now + timedelta(hours=1))
    assert stage_of(ben) == "participation"


def test_the_fifth_word_is_taking_part(alone: None, now: Any) -> None:
    ben = somebody()
    happens("order.paid", ben, now)
    for number in range(5):
        assert stage_of(ben) == ("purchase" if number == 0 else "engagement")
        happens("post.written", ben, now)
    assert stage_of(ben) == "participation"


def test_a_moderator_runs_part_of_it_whatever_he_bought(alone: None, now: Any) -> None:
    mo = somebody(people.mo)
    happens("member.joined", mo, now)
    happens("role.granted", mo, now, role="moderator")
    assert stage_of(mo) == "embedded"
    assert reasons(mo) == [("interest", "member.joined"), ("embedded", "role.granted")]


def test_another_role_embeds_nobody(alone: None, now: Any) -> None:
    ben = somebody()
    happens("order.paid", ben, now)
    happens("role.granted", ben, now, role="member")
    assert stage_of(ben) == "purchase"


def test_the_companys_own_people_are_no_customers(alone: None, now: Any) -> None:
    for make in (people.sam, people.olga):
        who = somebody(make)
        happens("order.paid", who, now)
        assert stage_of(who) is None


def test_facts_told_in_any_order_end_alike(alone: None, now: Any) -> None:
    ben, fay = somebody(), somebody(people.fay)
    kinds = ["member.joined", "order.paid", "topic.started", "review.published"]
    for kind in kinds:
        happens(kind, ben, now)
    for kind in reversed(kinds):
        happens(kind, fay, now)
    assert stage_of(ben) == stage_of(fay) == "participation"


def test_a_fact_that_happened_long_ago_moves_but_is_not_told(alone: None, now: Any) -> None:
    ben, fay = somebody(), somebody(people.fay)
    old = now - timedelta(days=900)
    with writing() as session:
        drafts = [
            FactDraft("order.paid", ben, "order:old", old),
            FactDraft("order.paid", fay, "order:new", now),
        ]
        facts.record_many(session, drafts, now)
        told = session.scalars(select(Fact.subject).where(Fact.kind == "stage.entered")).all()
        since = session.get_one(MemberStage, ben).since
    assert since == old
    assert sorted(told) == [f"stage:{fay}:interest", f"stage:{fay}:purchase"]


def test_it_fails_with_what_it_heard(alone: None, now: Any) -> None:
    ben = somebody()

    def buy_in_vain() -> None:
        with writing() as session:
            facts.record_many(session, [FactDraft("order.paid", ben, "order:1", now)], now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        buy_in_vain()
    assert stage_of(ben) is None


def test_a_second_look_finds_what_two_transactions_missed(alone: None, now: Any) -> None:
    ben = somebody()
    facts.listen({})
    happens("order.paid", ben, now)
    happens("review.published", ben, now)
    assert stages.look_again(now) == "Facts looked at again: 2"
    assert stage_of(ben) == "participation"


def test_an_import_costs_a_few_statements_per_five_hundred_buyers(alone: None, now: Any) -> None:
    with writing() as session:
        buyers = [people.member(session, f"Buyer {number}").id for number in range(600)]
    drafts = [
        FactDraft("order.paid", buyer, f"order:{buyer}:{number}", now - timedelta(days=400))
        for number in range(3)
        for buyer in buyers
    ]
    with writing() as session:
        known = facts.record_many(session, drafts[:600], now)
        assert len(known) == 600
        with sent() as statements:
            stages.hear(session, _unheard(session, drafts[600:], now), now)
    assert len(statements) <= 6, statements
    assert counted() == {"purchase": 600}


def _unheard(session: Any, drafts: Sequence[FactDraft], now: Any) -> Sequence[Fact]:
    return [
        Fact(id=new_id(d.at), kind=d.kind, member_id=d.member_id, subject=d.subject, at=d.at)
        for d in drafts
    ]


def test_two_first_orders_at_once_count_once(alone: None, now: Any) -> None:
    ben = somebody()
    at_once([partial(happens, "order.paid", ben, now, f"order:{n}") for n in range(4)])
    assert counted() == {"purchase": 1}


def test_every_kind_in_the_rules_is_heard_and_has_words(database: Any) -> None:
    import app as application

    assert queries.FACTS.keys() >= rules.KINDS
    for kind in rules.KINDS:
        assert stages.hear in application.HEARERS[kind], kind
