"""Budgets in the draft, the meters of the owner, and the page of whom a limit stopped."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from foundation.doors import reading
from rewards import programme as programmes
from rewards.budgets.rules import Budget
from rewards.first_programme import first_programme
from tests import people
from tests.rewards.test_programme_desk import fields, start

BUDGET = Budget(key="all", limit=10_000, unit="money")


def limited() -> Any:
    return first_programme().model_copy(update={"budgets": (BUDGET,), "worth_of_100": 500})


def test_it_works(client: Any, house: Any, now: Any) -> None:
    house.publish(limited())
    people.sign_in(client, house.olga)
    page = client.get("/programme/budgets").text
    assert "All rules together" in page
    assert "0 points" in page
    assert "$0.00 of $100.00" in page
    assert "The budgets count 100 points as $5.00." in page


def test_without_budgets_it_says_so(client: Any, programme: Any) -> None:
    people.sign_in(client, programme.olga)
    assert "No budgets" in client.get("/programme/budgets").text


def test_a_budget_is_kept_in_the_draft_and_told_as_a_change(client: Any, programme: Any) -> None:
    start(client, programme)
    answer = people.submit(
        client,
        "/programme/draft/budgets",
        **{
            "worth": "5.00",
            "budgets-0-rule": "order",
            "budgets-0-period": "month",
            "budgets-0-limit": "100.00",
            "budgets-0-unit": "money",
            "budgets-0-at_cap": "stop",
            "act": "save",
        },
    )
    assert answer.status_code == 303, answer.text
    with reading() as session:
        draft = programmes.draft(session)
    assert draft is not None
    [budget] = draft.rules.budgets
    assert (budget.rule, budget.limit, budget.unit) == ("order", 10_000, "money")
    assert draft.rules.worth_of_100 == 500
    page = client.get("/programme/draft/budgets").text
    assert "all members together at most $100.00 in a calendar month" in page


def test_what_is_wrong_with_a_budget_is_said_at_its_field(client: Any, programme: Any) -> None:
    start(client, programme)
    row = {
        "worth": "",
        "budgets-0-rule": "",
        "budgets-0-period": "ever",
        "budgets-0-limit": "NaN",
        "budgets-0-unit": "points",
        "budgets-0-at_cap": "rest",
        "act": "save",
    }
    answer = people.submit(client, "/programme/draft/budgets", **row)
    assert answer.status_code == 422
    assert "“NaN” is not a whole number." in answer.text
    assert 'value="NaN"' in answer.text
    more = row | {"budgets-0-limit": "5", "budgets-0-unit": "money"}
    answer = people.submit(client, "/programme/draft/budgets", **more)
    assert "Say what 100 points are worth to count a budget in money." in answer.text


def test_rules_keep_their_conditions_through_the_form(client: Any, programme: Any) -> None:
    values = start(client, programme) | {
        "earning-0-value_min": "40",
        "earning-0-products": "oolong, kettle",
        "earning-0-time_from": "1",
        "earning-0-time_until": "1",
        "earning-0-tiers": ["bud"],
        "earning-0-hold": "days",
        "earning-0-hold_days": "3",
        "earning-0-expires_after_days": "365",
        "earning-0-cap_per_day": "50",
        "earning-3-who": "both",
        "earning-3-friend_amount": "70",
        "earning-3-channels": ["qr"],
    }
    answer = client.post("/programme/draft", data=values)
    assert answer.status_code == 303, answer.text
    with reading() as session:
        draft = programmes.draft(session)
    assert draft is not None
    order, referrer = draft.rules.earning[0], draft.rules.earning[3]
    assert (order.when.value_min, order.when.products) == (4_000, ("oolong", "kettle"))
    assert (order.when.time_from, order.when.time_until, order.when.tiers) == (1, 1, ("bud",))
    assert (order.hold, order.hold_days, order.expires_after_days) == ("days", 3, 365)
    assert (referrer.who, referrer.friend_amount, referrer.when.channels) == ("both", 70, ("qr",))
    again = fields(client.get("/programme/draft").text)
    assert again["earning-0-value_min"] == "40.00"
    page = client.get("/programme/draft").text
    assert "Only for orders worth at least $40.00." in page
    assert "Expires 365 days after it can be spent." in page


def test_who_gets_nothing_because_of_a_limit_reads_why(client: Any, house: Any, now: Any) -> None:
    house.publish(
        limited().model_copy(update={"budgets": (BUDGET.model_copy(update={"limit": 250}),)})
    )
    house.pays(house.ben, 5_000, now)
    house.pays(house.ben, 5_000, now + timedelta(hours=1))
    people.sign_in(client, house.ben)
    page = client.get("/me/rewards").text
    assert "Not given, and why" in page
    assert "50 points not given" in page
    assert "all members together at most $2.50 in a calendar month" in page
    assert "It starts again on Apr 1, 2026." in page


def test_rules_are_moved_without_script(client: Any, programme: Any) -> None:
    values = start(client, programme)
    page = client.post("/programme/draft", data=values | {"act": "down-earning-0"}).text
    moved = fields(page)
    assert moved["earning-1-key"] == "order"
    assert moved["earning-0-key"] == "review"
