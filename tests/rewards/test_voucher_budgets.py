"""Budgets counted in vouchers: never more than they allow, room again for unused ones, replayed."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from foundation import words
from foundation.doors import reading, writing
from notifications import rendering
from notifications.models import Notification
from rewards import explaining, explaining_rules, replaying
from rewards import programme as programmes
from rewards.budgets import auditing, queries, withholding
from rewards.budgets.rules import Budget
from rewards.cards.rules import StampCard, WelcomeVoucher
from rewards.models import Grant, Voucher
from rewards.replaying.outcomes import BudgetHit
from rewards.rules import objections
from rewards.vouchers import codes
from tests import people
from tests.rewards.conftest import PUBLISHED
from tests.rewards.test_programme_desk import start
from tests.rewards.test_voucher_rules import PRESENT, giving, vouchers_of
from tests.threads import at_once

HOUR = timedelta(hours=1)
FREE = PRESENT.model_copy(update={"cap_per_month": None})


def limited(*budgets: Budget, **changes: Any) -> Any:
    return giving(FREE, budgets=budgets, **changes)


def in_vouchers(key: str = "gifts", limit: int = 3, **more: Any) -> Budget:
    return Budget(key=key, limit=limit, unit="vouchers", **more)


def test_it_works(house: Any, now: Any) -> None:
    house.publish(limited(in_vouchers()))
    house.pays(house.ben, 4_000, now)
    house.pays(house.ada, 4_000, now + HOUR)
    house.pays(house.ada, 4_000, now + 2 * HOUR)
    assert (len(vouchers_of(house.ben)), len(vouchers_of(house.ada))) == (2, 1)
    with reading() as session:
        stopped = withholding.of_member(session, house.ada)
        _version, [used] = queries.used(session, now) or (None, [])
        told = session.scalars(
            select(Notification).where(Notification.kind == "budget.used_up")
        ).all()
        assert auditing.audit(session) == []
    assert [(each.row.amount, each.row.given, each.row.cause) for each in stopped] == [
        (2, 0, "budget:gifts"),
        (1, 1, "budget:gifts"),
    ]
    assert "at most 3 vouchers in a calendar month" in stopped[0].limit
    assert (used.committed, used.limit, used.tone) == (3, 3, "bad")
    assert dict(used.withheld) == {"voucher": 3}
    said = rendering.words_of(told[-1].kind, told[-1].params, name="Olga", site_name="Shop")
    assert "All rules together have given 3 of 3 vouchers." in said.paragraphs[0]


@pytest.mark.parametrize(("at_cap", "adas"), [("stop", 0), ("rest", 1), ("warn", 2)])
def test_what_happens_at_its_end_is_chosen(house: Any, now: Any, at_cap: Any, adas: int) -> None:
    house.publish(limited(in_vouchers(rule="present", period="ever", at_cap=at_cap)))
    house.pays(house.ben, 4_000, now)
    house.pays(house.ada, 4_000, now + HOUR)
    assert len(vouchers_of(house.ada)) == adas
    assert house.balances(house.ada, "voucher:voucher-5").available == adas


def test_a_refund_makes_room_for_those_not_used_and_so_does_its_replay(
    house: Any, now: Any
) -> None:
    """Of Ben's two vouchers one is used: the refund makes room for one, not for two."""
    rules = limited(in_vouchers(limit=2))
    house.publish(rules)
    order = house.pays(house.ben, 4_000, now)
    used = vouchers_of(house.ben)[0]
    with writing() as session:
        codes.use(session, session.get_one(Voucher, used.id), "1", None, now + HOUR)
    house.refunds(order, house.ben, 4_000, 4_000, now + 2 * HOUR)
    house.pays(house.ada, 4_000, now + 3 * HOUR)
    assert len(vouchers_of(house.ada)) == 1
    end = now + timedelta(days=9)
    for since in (PUBLISHED, now + HOUR):  # with what was given before it, too
        with reading() as session:
            outcome = replaying.replay(session, rules, since, end)
        assert outcome.gifts == outcome.actual_gifts
        assert outcome.budgets["gifts"].withheld == {"voucher": 1}
    with reading() as session:
        wider = replaying.replay(session, limited(in_vouchers(limit=9)), PUBLISHED, end)
    assert wider.gifts["present"].times == 4
    assert wider.budgets == {}


def test_eight_buyers_at_once_never_pass_it(house: Any, now: Any) -> None:
    house.publish(limited(in_vouchers(limit=5, period="ever")))
    with writing() as session:
        members = [people.member(session, f"Buyer {n}").id for n in range(8)]
    at_once([partial(house.pays, each, 4_000, now) for each in members])
    with reading() as session:
        grants = session.scalars(select(Grant.amount).where(Grant.commodity == "voucher")).all()
        assert auditing.audit(session) == []
    assert sum(grants) == sum(len(vouchers_of(each)) for each in members) == 5


CARD = StampCard(
    key="pot", name={"en": "Pot card"}, orders=2, days=90, one_a_day=False, voucher="voucher-5"
)
HELLO = WelcomeVoucher(key="hello", name={"en": "Hello"}, voucher="voucher-5")


def test_cards_and_welcomes_are_counted_and_stopped_like_rules(house: Any, now: Any) -> None:
    """And room that a refund makes is there for the next one; a replay says the same."""
    rules = limited(in_vouchers(limit=2), cards=(CARD,), welcome=(HELLO,))
    rules = rules.model_copy(update={"earning": ()})
    house.publish(rules)
    house.happens("member.verified", house.ada, now, f"member:{house.ada}")
    rule = rules.rule("welcome_hello")
    assert rule is not None
    assert explaining.rule(rule, rules).sentence.startswith("Every new member gets a voucher for")
    for hour in (1, 2):
        last = house.pays(house.ben, 4_000, now + hour * HOUR)
    house.happens("member.verified", house.fay, now + 3 * HOUR, f"member:{house.fay}")
    assert [len(vouchers_of(who)) for who in (house.ada, house.ben, house.fay)] == [1, 1, 0]
    with reading() as session:
        (stopped,) = withholding.of_member(session, house.fay)
        _version, [used] = queries.used(session, now) or (None, [])
    assert (stopped.row.rule, stopped.row.cause) == ("welcome_hello", "budget:gifts")
    assert (used.committed, dict(used.withheld)) == (2, {"voucher": 1})
    house.refunds(last, house.ben, 4_000, 4_000, now + 4 * HOUR)
    with reading() as session:
        assert auditing.audit(session) == []
    house.pays(house.ben, 4_000, now + 5 * HOUR)
    states = [each.state(now + 6 * HOUR) for each in vouchers_of(house.ben)]
    assert sorted(states) == ["open", "revoked"]
    with reading() as session:
        outcome = replaying.replay(session, rules, PUBLISHED, now + timedelta(days=9))
    assert outcome.gifts == outcome.actual_gifts
    assert outcome.budgets["gifts"].withheld == {"voucher": 1}


def test_a_replay_says_by_how_much_a_budget_that_only_warns_is_passed(house: Any, now: Any) -> None:
    """It withholds nothing, which does not mean that it was never reached."""
    rules = limited(
        in_vouchers(limit=3, at_cap="warn"),
        Budget(key="points", limit=60, unit="points", at_cap="warn"),
        Budget(key="wide", limit=120, period="ever", unit="points", at_cap="warn"),
    )
    house.publish(rules)
    for hour in range(3):
        house.pays(house.ben, 4_000, now + hour * HOUR)
    with reading() as session:
        outcome = replaying.replay(session, rules, PUBLISHED, now + timedelta(days=9))
        late = replaying.replay(session, rules, now + HOUR, now + timedelta(days=9))
    first = (now + HOUR).isoformat()
    assert outcome.budgets["gifts"] == BudgetHit({}, 2, first, 3)
    assert outcome.budgets["points"] == BudgetHit({}, 2, first, 60)
    assert "wide" not in outcome.budgets
    assert late.budgets["gifts"] == outcome.budgets["gifts"]
    assert replaying.outcome_of(outcome.document()).budgets == outcome.budgets


def test_a_card_or_a_welcome_can_have_a_budget_of_its_own(house: Any, now: Any) -> None:
    rules = limited(
        in_vouchers("card", rule="card_pot", limit=1),
        in_vouchers("hello", rule="welcome_hello", limit=1, at_cap="stop"),
        cards=(CARD,),
        welcome=(HELLO,),
    ).model_copy(update={"earning": ()})
    assert objections(rules) == []
    house.publish(rules)
    for who in (house.ada, house.ben):
        house.happens("member.verified", who, now, f"member:{who}")
        for hour in (1, 2):
            house.pays(who, 4_000, now + hour * HOUR)
    assert [len(vouchers_of(who)) for who in (house.ada, house.ben)] == [2, 0]


def test_who_was_welcomed_before_welcomes_were_facts_is_not_welcomed_again(
    house: Any, now: Any
) -> None:
    house.publish(limited(welcome=(HELLO,)))
    with writing() as session:
        draft = codes.VoucherDraft(
            house.ada, "welcome_hello", "welcome_hello", "voucher-5", 1, 0, 500, "USD"
        )
        codes.issue(session, draft, now)
    house.happens("member.verified", house.ada, now + HOUR, f"member:{house.ada}")
    assert len(vouchers_of(house.ada)) == 1


def test_it_stands_beside_a_budget_in_points_and_says_what_it_counts() -> None:
    rules = limited(in_vouchers(), Budget(key="all", limit=100))
    assert objections(rules) == []
    said = explaining_rules.budget(rules.budgets[0], rules)
    assert said.startswith("All rules together: all members together at most 3 vouchers in a")
    with words.use_language("zh_Hans"):
        assert "3 张礼券" in explaining_rules.budget(rules.budgets[0], rules)


def test_what_it_cannot_count_is_said_at_its_field() -> None:
    bad = limited(
        in_vouchers("a", rule="order"),
        Budget(key="b", rule="present", limit=5),
        in_vouchers("c", rule="present"),
        in_vouchers("d", rule="present"),
    )
    assert [each.field for each in objections(bad)] == [
        "budgets-0-unit",
        "budgets-1-unit",
        "budgets-3-rule",
    ]


def test_the_owner_sets_one_and_sees_how_far_it_is_used(client: Any, house: Any, now: Any) -> None:
    house.publish(limited())
    start(client, house)
    answer = people.submit(
        client,
        "/programme/draft/budgets",
        **{
            "budgets-0-rule": "present",
            "budgets-0-period": "month",
            "budgets-0-limit": "1,000",
            "budgets-0-unit": "vouchers",
            "budgets-0-at_cap": "stop",
            "act": "save",
        },
    )
    assert answer.status_code == 303, answer.text
    with reading() as session:
        draft = programmes.draft(session)
    assert draft is not None
    assert [(each.rule, each.limit, each.unit) for each in draft.rules.budgets] == [
        ("present", 1_000, "vouchers")
    ]
    page = client.get("/programme/draft/budgets").text
    assert "A present" in page
    assert "1,000 vouchers" in page


def test_the_meters_speak_of_vouchers(client: Any, house: Any, now: Any) -> None:
    house.publish(limited(in_vouchers()))
    house.pays(house.ben, 4_000, now)
    people.sign_in(client, house.olga)
    assert "Vouchers given" in client.get("/programme/budgets").text
    assert "at most 3 vouchers in a calendar month" in client.get("/how-rewards-work").text
