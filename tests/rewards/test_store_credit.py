"""Rules that give store credit: counted in minor units, held, taken back, limited, replayed."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from foundation import clock, money, words
from foundation.doors import reading, writing
from ledger import statements
from notifications import rendering
from notifications.models import Notification
from rewards import drafting, expiring, explaining, explaining_rules, publishing, replaying
from rewards import programme as programmes
from rewards.budgets import auditing, withholding
from rewards.budgets.models import BudgetCount
from rewards.budgets.rules import ALL, Budget
from rewards.calculating import ME, Imagined, reckon
from rewards.engine import awards
from rewards.first_programme import first_programme
from rewards.given import earned_for
from rewards.models import Grant
from rewards.rules import EarningRule, Happened, Programme, objections
from rewards.standing import tiers
from rewards.tallies import Tallies
from tests import people
from tests.conftest import NOW
from tests.rewards.conftest import PUBLISHED, by_points
from tests.rewards.test_programme_desk import fields, start

END = PUBLISHED + timedelta(days=180)
BACK = EarningRule(
    key="back",
    fact="order.paid",
    name={"en": "Two per cent back", "zh_Hans": "返还百分之二"},
    commodity="money",
    kind="percent",
    amount=2,
    hold="return_period",
)
THANKS = EarningRule(
    key="thanks",
    fact="referral.purchased",
    name={"en": "Five off"},
    commodity="money",
    who="both",
    amount=500,
    friend_amount=300,
)


def crediting(*rules: EarningRule, **changes: Any) -> Programme:
    first = first_programme()
    return first.model_copy(update={"earning": (*first.earning, *rules), **changes})


def paid(total: int, currency: str) -> Happened:
    details = {"total": total, "currency": currency}
    return Happened("f", "order.paid", "order:1", "ada", NOW, details)


def credit_of(member_id: str, currency: str = "USD") -> Any:
    with reading() as session:
        return statements.balances(session, member_id, currency)


def grants_of(rule: str) -> list[Grant]:
    with reading() as session:
        return list(session.scalars(select(Grant).where(Grant.rule == rule).order_by(Grant.id)))


def test_it_works(house: Any, now: Any) -> None:
    house.publish(crediting(BACK))
    order = house.pays(house.ben, 4_299, now)
    [grant] = grants_of("back")
    assert (grant.amount, grant.commodity, grant.state) == (85, "USD", "pending")
    assert (credit_of(house.ben).pending, house.balances(house.ben).pending) == (85, 42)
    house.refunds(order, house.ben, 1_000, 4_299, now + timedelta(days=2))
    assert credit_of(house.ben).pending == 85 - 85 * 1_000 // 4_299
    house.release(now + timedelta(days=15))
    assert (credit_of(house.ben).available, credit_of(house.ben).pending) == (66, 0)
    house.refunds(order, house.ben, 4_299, 4_299, now + timedelta(days=16))
    assert credit_of(house.ben).available == 0
    assert grants_of("back")[0].clawed == 85


@pytest.mark.parametrize(
    ("currency", "total", "given"),
    [("USD", 4_299, 85), ("JPY", 4_299, 85), ("JPY", 49, 0), ("KWD", 1_499, 29), ("USD", 0, 0)],
)
def test_per_cent_is_rounded_down_to_a_minor_unit_of_any_currency(
    currency: str, total: int, given: int
) -> None:
    rules = crediting(BACK, currency=currency)
    fact = Happened(
        "f", "order.paid", "order:1", "ada", NOW, {"total": total, "currency": currency}
    )
    found = [each for each in awards(rules, fact, Tallies(rules, {}, {})) if each.rule == "back"]
    assert [(each.amount, each.commodity) for each in found] == [(given, currency)] * bool(given)
    assert not [
        each
        for each in awards(crediting(BACK, currency="EUR"), fact, Tallies(rules, {}, {}))
        if each.rule == "back"
    ]


@given(
    total=st.integers(-1_000, 10**12),
    share=st.integers(1, 100),
    earn_percent=st.integers(1, 1_000),
    currency=st.sampled_from(["USD", "JPY", "KWD"]),
)
@settings(max_examples=200)
def test_store_credit_is_never_more_than_promised_nor_two_units_less(
    total: int, share: int, earn_percent: int, currency: str
) -> None:
    first = first_programme().tiers[0].model_copy(update={"earn_percent": earn_percent})
    rule = BACK.model_copy(update={"amount": share, "tier_applies": True})
    rules = crediting(rule, currency=currency, tiers=(first,))
    fact = Happened(
        "f", "order.paid", "order:1", "ada", NOW, {"total": total, "currency": currency}
    )
    all_of_it = awards(rules, fact, Tallies(rules, {}, {}))
    given = sum(each.amount for each in all_of_it if each.rule == "back")
    exact = max(total, 0) * share * earn_percent  # times ten thousand
    assert given * 10_000 <= exact
    assert exact == 0 or (given + 1) * 10_000 + earn_percent * 100 > exact


@pytest.mark.parametrize("stars", [1, 5])
def test_one_star_earns_the_credit_of_five(house: Any, now: Any, stars: int) -> None:
    review = EarningRule(
        key="words", fact="review.published", name={"en": "R"}, commodity="money", amount=50
    )
    house.publish(crediting(review))
    subject = house.happens("review.published", house.ada, now, product="x", stars=stars)
    assert credit_of(house.ada).available == 50
    with reading() as session:
        earned = earned_for(session, "review.published", [subject])
    assert earned == {subject: {"points": 20, "USD": 50}}
    assert explaining_rules.given_all(earned[subject]) == "20 points and $0.50 of store credit"


def test_both_sides_of_a_referral_get_it_and_spending_it_costs_no_tier(
    house: Any, now: Any
) -> None:
    rules = by_points()
    rules = rules.model_copy(update={"earning": (*rules.earning, THANKS)})
    house.publish(rules)
    house.refers(house.ada, house.fay, now)
    assert (credit_of(house.ada).available, credit_of(house.fay).available) == (500, 300)
    with reading() as session:
        standing = tiers.standing(session, house.ada, rules, now + timedelta(days=1))
    assert standing.points == 200  # of points only: five dollars are not five hundred of them


def test_caps_are_minor_units_and_what_they_keep_back_is_said_in_money(
    client: Any, house: Any, now: Any
) -> None:
    house.publish(crediting(BACK.model_copy(update={"cap_per_month": 100, "hold": "none"})))
    house.pays(house.ben, 4_000, now)
    house.pays(house.ben, 4_000, now + timedelta(hours=1))
    assert credit_of(house.ben).available == 100
    with reading() as session:
        [stopped] = withholding.of_member(session, house.ben)
    assert (stopped.row.amount, stopped.row.given, stopped.row.commodity) == (60, 20 + 0, "USD")
    people.sign_in(client, house.ben)
    page = client.get("/me/rewards").text
    assert "At most $1.00 of store credit in a calendar month." in page
    assert "$0.60 of store credit not given" in page


def test_a_budget_of_all_in_money_counts_points_and_credit_together(house: Any, now: Any) -> None:
    """40 points cost $2.00 here, and two per cent of 40.00 are $0.80."""
    budget = Budget(key="all", limit=700, unit="money")
    house.publish(crediting(BACK, budgets=(budget,), worth_of_100=500))
    for hour in range(4):
        house.pays(house.ben, 4_000, now + timedelta(hours=hour))
    points = sum(grant.amount for grant in grants_of("order"))
    credit = sum(grant.amount for grant in grants_of("back"))
    assert (points * 5 + credit, points, credit) == (700, 108, 160)
    with reading() as session:
        assert auditing.audit(session) == []
        counted = {
            scope: session.get_one(BudgetCount, ("2026-03", scope)).committed
            for scope in (ALL, f"{ALL}:USD")
        }
        told = session.scalars(
            select(Notification)
            .where(Notification.kind == "budget.used_up")
            .order_by(Notification.id)
        ).all()
        outcome = replaying.replay(
            session, crediting(BACK, budgets=(budget,), worth_of_100=500), PUBLISHED, END
        )
    assert counted == {ALL: points, f"{ALL}:USD": credit}
    assert [(each.params["percent"], each.params["currency"]) for each in told] == [
        (80, "USD"),
        (100, "USD"),
    ]
    assert outcome.costs == outcome.actual_costs == {"points": points, "USD": credit}
    assert outcome.budgets["all"].withheld == {"points": 160 - points, "USD": 320 - credit}


def test_a_budget_of_all_in_points_counts_no_credit(house: Any, now: Any) -> None:
    house.publish(crediting(BACK, budgets=(Budget(key="all", limit=50),)))
    house.pays(house.ben, 10_000, now)
    assert (house.balances(house.ben).pending, credit_of(house.ben).pending) == (50, 200)


def test_a_rule_that_gave_points_before_begins_anew(house: Any, now: Any) -> None:
    """Its cap and its budget count what it gives now, and its cost stands in both."""
    points = BACK.model_copy(update={"commodity": "points", "amount": 100, "cap_per_member": 50})
    house.publish(crediting(points))
    house.pays(house.ben, 4_000, now)
    credit = BACK.model_copy(update={"cap_per_member": 50})
    budget = Budget(key="b", rule="back", period="ever", limit=1_000, unit="money")
    with writing() as session:
        draft = drafting.start(session, house.olga, now)
        rules = crediting(credit, budgets=(budget,))
        draft = drafting.change(session, house.olga, rules, "", draft.revision, now)
        publishing.publish(session, house.olga, draft, now + timedelta(hours=1))
    house.pays(house.ben, 4_000, now + timedelta(hours=2))
    assert [(each.amount, each.commodity) for each in grants_of("back")] == [
        (40, "points"),
        (50, "USD"),
    ]
    with reading() as session:
        assert auditing.audit(session) == []
        actual = replaying.actual(session, PUBLISHED, END)
    assert {key: each.net for key, each in actual.items()} == {
        "order": 80,
        "back": 40,
        "back:USD": 50,
    }


def test_what_cannot_be_published_is_said_at_its_field() -> None:
    bad = crediting(
        BACK.model_copy(update={"amount": 101}),
        BACK.model_copy(update={"key": "unit", "kind": "per_currency_unit"}),
        BACK.model_copy(update={"key": "many", "commodity": "points", "amount": 1_000_001}),
        budgets=(Budget(key="b", rule="back", limit=5), Budget(key="c", limit=5, unit="money")),
    )
    assert [each.field for each in objections(bad)] == [
        "earning-5-amount",
        "earning-6-kind",
        "earning-7-amount",
        "budgets-0-unit",
        "budgets-1-unit",
    ]
    only_credit = first_programme().model_copy(
        update={"earning": (BACK,), "budgets": (Budget(key="c", limit=5, unit="money"),)}
    )
    assert objections(only_credit) == []


def test_it_explains_itself_in_three_languages(house: Any, now: Any) -> None:
    rules = crediting(BACK.model_copy(update={"cap_per_month": 1_000}), THANKS)
    back, thanks = rules.earning[-2:]
    assert explaining.rule(back, rules).sentence == (
        "For every order you pay: 2% of its value in USD, as store credit."
    )
    assert (
        "At most $10.00 of store credit in a calendar month." in explaining.rule(back, rules).limits
    )
    assert "$5.00 of store credit for you" in explaining.rule(thanks, rules).sentence
    before = crediting(THANKS.model_copy(update={"amount": 200}))
    assert (
        "Five off: $5.00 of store credit for you, $3.00 of store credit for your friend instead of"
        " $2.00 of store credit for you, $3.00 of store credit for your friend."
    ) in explaining.changes(before, rules)
    for code, said in (("zh_Hans", "购物金"), ("zh_Hant", "購物金")):
        with words.use_language(code):
            assert said in explaining.rule(thanks, rules).sentence
            assert said in explaining.rule(back, rules).sentence


def test_its_news_are_told_in_money(house: Any, now: Any) -> None:
    expiring_soon = BACK.model_copy(update={"expires_after_days": 20})
    house.publish(crediting(expiring_soon))
    order = house.pays(house.ben, 5_000, now)
    house.release(now + timedelta(days=15))
    expiring.tell_soon(now + timedelta(days=25))
    expiring.tell_soon(now + timedelta(days=26))
    house.refunds(order, house.ben, 2_500, 5_000, now + timedelta(days=27))
    with reading() as session:
        told = session.scalars(
            select(Notification)
            .where(Notification.member_id == house.ben, Notification.kind.like("reward.%"))
            .order_by(Notification.id)
        ).all()
    said = [
        rendering.words_of(each.kind, each.params, name="Ben", site_name="Shop").subject
        for each in told
        if each.params["commodity"] == "USD"
    ]
    assert said == [
        "$1.00 of store credit: Two per cent back",
        "$1.00 of store credit is yours to spend",
        "$1.00 of store credit expires soon",
        "$0.50 of store credit went back with a refund",
    ]


def test_her_page_shows_it_beside_points_and_says_why(client: Any, house: Any, now: Any) -> None:
    house.publish(crediting(BACK))
    house.pays(house.ben, 5_000, now)
    people.sign_in(client, house.ben)
    page = client.get("/me/rewards").text
    assert "+$1.00" in page
    [grant] = grants_of("back")
    why = client.get(f"/me/rewards/{grant.id}").text
    assert "$1.00 of store credit: Two per cent back" in why
    assert "2% of its value in USD, as store credit" in why
    assert "Two per cent back" in client.get("/me/rewards/statement?commodity=USD").text


def test_the_owner_types_money_and_finds_it_again(client: Any, programme: Any) -> None:
    values = start(client, programme) | {
        "earning-3-commodity": "money",
        "earning-3-amount": "5.00",
        "earning-3-cap_per_month": "25",
    }
    answer = client.post("/programme/draft", data=values)
    assert answer.status_code == 303, answer.text
    with reading() as session:
        draft = programmes.draft(session)
    assert draft is not None
    rule = draft.rules.earning[3]
    assert (rule.commodity, rule.amount, rule.cap_per_month) == ("money", 500, 2_500)
    page = client.get("/programme/draft").text
    again = fields(page)
    assert (again["earning-3-amount"], again["earning-3-cap_per_month"]) == ("5.00", "25.00")
    assert "You brought a friend: $5.00 of store credit instead of 200 points." in page
    bad = again | {"earning-3-amount": "5.005", "earning-0-amount": "1.5"}
    answer = client.post("/programme/draft", data=bad)
    assert answer.status_code == 422
    assert "“5.005” has more decimals than USD knows." in answer.text
    assert "“1.5” is not a whole number." in answer.text
    assert 'value="5.005"' in answer.text
    bad = again | {"earning-3-amount": "NaN", "earning-3-kind": "percent"}
    assert "Only orders" not in client.post("/programme/draft", data=bad).text
    bad = again | {"earning-3-amount": "120", "earning-3-kind": "percent"}
    answer = client.post("/programme/draft", data=bad)
    assert "Give back at most 100 per cent of what an order is worth." in answer.text


def test_the_replay_shows_what_it_costs_in_money(client: Any, house: Any) -> None:
    house.publish(crediting(BACK))
    now = clock.now()
    house.pays(house.ben, 5_000, now)
    people.sign_in(client, house.olga)
    assert "Store credit by rule, last 90 days" in client.get("/programme").text
    asked = {"since": f"{now - timedelta(days=9):%Y-%m-%d}", "until": f"{now:%Y-%m-%d}"}
    page = people.submit(client, "/programme/replay", **asked)
    shown = client.get(page.location).text
    assert "It would have cost 50 points and $1.00 of store credit instead of" in shown
    assert re.search(r"Two per cent back</th><td class=\"number\">\$1\.00</td>", shown)


def test_the_calculator_counts_both(client: Any, house: Any) -> None:
    house.publish(crediting(BACK, THANKS))
    reckoned = reckon(crediting(BACK, THANKS), Imagined(friends=2, friend_total=8_000), NOW)
    assert (reckoned.mine, reckoned.credit) == (400, {ME: 1_000, "1": 460, "2": 460})
    page = client.get("/how-rewards-work/calculator?friends=2&friend_total=80").text
    assert "$10.00" in page
    assert "$9.20" in page
    assert "2% of its value in USD, as store credit" in client.get("/how-rewards-work").text


def test_the_ledger_knows_the_decimals_of_a_currency(house: Any, now: Any) -> None:
    house.publish(crediting(BACK, currency="KWD"))
    house.pays(house.ben, 10_000, now, "KWD")
    assert credit_of(house.ben, "KWD").pending == 200
    assert money.format_amount(200, "KWD").endswith("0.200")
