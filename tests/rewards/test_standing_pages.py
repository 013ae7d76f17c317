"""The member's page of standing, the owner's section of the draft, the public explanation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from foundation import clock
from foundation.doors import reading, writing
from rewards import drafting, publishing
from rewards import programme as programmes
from rewards.first_programme import first_programme
from rewards.standing import keeping as standing
from tests import people
from tests.rewards.conftest import by_points


@pytest.fixture
def weighed(house: Any) -> Any:
    house.publish(first_programme())
    return house


def start(client: Any, house: Any) -> dict[str, str]:
    from tests.rewards.test_programme_desk import fields

    people.sign_in(client, house.olga)
    with writing() as session:
        drafting.start(session, house.olga, clock.now())
    page = client.get(EDITOR).text
    return fields(page.replace(f'action="{EDITOR}"', 'action="/programme/draft"'))


EDITOR = "/programme/draft/standing"


def lives(house: Any) -> Any:
    """Ada bought four times in a month and brought two friends; the last order half goes back."""
    today = clock.now()
    orders = [house.pays(house.ada, 4_000, today - timedelta(days=9 - n)) for n in range(4)]
    for _ in range(2):
        house.happens("referral.qualified", house.ada, today - timedelta(days=3), friend="f")
    house.refunds(orders[-1], house.ada, 2_000, 4_000, today - timedelta(days=1))
    return today


def test_it_works(client: Any, weighed: Any) -> None:
    lives(weighed)
    people.sign_in(client, weighed.ada)
    page = client.get("/me/standing").text
    assert "Your tier: Regular" in page
    assert "3.5 of 8 orders kept, $140.00 of $400.00." in page
    assert "3.5 of your 4 orders kept." in page
    assert "Friends 2, accepted answers 0, reviews 0." in page
    assert "What would move you up" in page
    assert "Any one of these reaches Advocate:" in page
    assert "1 friend who buys and keeps it" in page
    assert "You reached Regular" in page
    assert "a friend who bought and kept it" in page
    assert "Your standing moved" in page


def test_it_is_for_members(client: Any, weighed: Any) -> None:
    assert client.get("/me/standing").status_code == 303


def test_somebody_new_sees_how_it_begins(client: Any, weighed: Any) -> None:
    people.sign_in(client, weighed.fay)
    page = client.get("/me/standing").text
    assert "Your tier: Bud" in page
    assert "It begins with your first paid order." in page


def test_where_points_decide_it_leads_to_the_rewards(client: Any, house: Any) -> None:
    people.sign_in(client, house.ada)
    assert "No programme yet" in client.get("/me/standing").text
    house.publish(by_points())
    assert "Standing is counted in points" in client.get("/me/standing").text


def test_grace_is_shown_with_its_last_day(client: Any, weighed: Any) -> None:
    long_ago = clock.now() - timedelta(days=380)
    for _ in range(4):
        weighed.happens("referral.qualified", weighed.ada, long_ago, friend="f")
    standing.look(clock.now())
    people.sign_in(client, weighed.ada)
    page = client.get("/me/standing").text
    assert "You keep the tier until" in page
    assert "it is kept until" in page


def test_her_rewards_and_her_own_page_show_it(client: Any, weighed: Any) -> None:
    lives(weighed)
    people.sign_in(client, weighed.ada)
    assert "/me/standing" in client.get("/me/rewards").text
    assert "/me/standing" in client.get("/me").text


def test_the_public_page_explains_weights_and_tiers(client: Any, weighed: Any) -> None:
    page = client.get("/how-rewards-work").text
    assert "100 once 730 days have passed since your first paid order" in page
    assert "each friend who bought and kept it counts 20" in page
    assert "from a standing of 45" in page
    assert "You never fall by more than one tier at a time." in page


def test_the_owner_sees_how_many_are_in_each_tier(client: Any, weighed: Any) -> None:
    lives(weighed)
    people.sign_in(client, weighed.olga)
    page = client.get("/programme").text
    assert "from a standing of 25 · 1 member" in page
    assert "for everybody, from the start · 3 members" in page


def test_the_editor_comes_back_as_it_was_and_says_what_it_changes(
    client: Any, weighed: Any
) -> None:
    values = start(client, weighed)
    assert values["influence"] == "35"
    assert values["full_spend"] == "400.00"
    values |= {"influence": "45", "loyalty": "20", "grace_days": "14", "window": "calendar_year"}
    values |= {"standing_window_days": "180"}
    values |= {"tiers-1-benefits_en": "Early parcels\nA card at New Year"}
    values |= {"tiers-1-benefits_zh_Hans": "提前发货"}
    assert client.post(EDITOR, data=values).status_code == 303
    page = client.get(EDITOR).text
    assert "Influence weighs 45% instead of 35%." in page
    assert "Standing counts the last" not in page
    assert "A tier is kept for 14 days after falling below it, instead of 30." in page
    assert "Regular, new: Early parcels" in page
    with reading() as session:
        draft = programmes.draft(session)
    assert draft is not None
    rules = draft.rules
    assert rules.standing is not None
    assert (rules.standing.weights.influence, rules.standing.window) == (45, "calendar_year")
    assert rules.tiers[1].benefits == (
        {"en": "Early parcels", "zh_Hans": "提前发货"},
        {"en": "A card at New Year"},
    )
    assert rules.earning == first_programme().earning


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"influence": "36"}, "The four weights are 101 together. They must be 100."),
        ({"tiers-3-standing_min": "101"}, "Standing ends at 100: nobody could reach this."),
        ({"tiers-3-standing_min": "20"}, "Ask for more than the tier before it"),
        ({"full_spend": "many"}, "many"),
        ({"full_spend": "0"}, "Ask for more than nothing."),
        ({"grace_days": "999"}, "Number must be between 0 and 366."),
        (
            {"tiers-0-benefits_en": "One", "tiers-0-benefits_zh_Hans": "一\n二"},
            "A benefit has no English line.",
        ),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    client: Any, weighed: Any, typed: dict[str, str], sentence: str
) -> None:
    values = start(client, weighed) | typed
    answer = client.post(EDITOR, data=values)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_tiers_come_and_go_without_script(client: Any, weighed: Any) -> None:
    from tests.rewards.test_programme_desk import fields

    values = start(client, weighed) | {"act": "add-tiers"}
    page = client.post(EDITOR, data=values).text
    values = fields(page.replace(f'action="{EDITOR}"', 'action="/programme/draft"'))
    values |= {
        "tiers-4-name_en": "Elder",
        "tiers-4-standing_min": "90",
        "tiers-4-earn_percent": "200",
    }
    assert client.post(EDITOR, data=values | {"act": "save"}).status_code == 303
    with reading() as session:
        draft = programmes.draft(session)
    assert draft is not None
    assert draft.rules.tiers[-1].key == "elder"


def test_two_tabs_notice_each_other(client: Any, weighed: Any) -> None:
    values = start(client, weighed)
    assert client.post(EDITOR, data=values | {"grace_days": "9"}).status_code == 303
    assert client.post(EDITOR, data=values | {"grace_days": "8"}).status_code == 409


def test_from_points_to_weights_is_said_in_public(client: Any, house: Any, now: Any) -> None:
    house.publish(by_points())
    with writing() as session:
        draft = drafting.start(session, house.olga, now)
        drafting.change(session, house.olga, first_programme(), "", draft.revision, now)
        publishing.publish(session, house.olga, drafting.needed(session), now)
    page = client.get("/how-rewards-work").text
    assert "Everybody keeps the tier reached by points" in page
    assert "from a standing of 25 instead of from 100 points of standing." in page
    old = client.get("/how-rewards-work/1").text
    assert "from 100 points of standing" in old
