"""The drawn funnel, a stage's members, one member's way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from foundation import facts
from foundation.doors import writing
from foundation.facts import FactDraft
from funnel import rules, stages
from tests import people


@pytest.fixture
def told(app: Any, now: Any) -> dict[str, str]:
    """Ben bought, Fay joined, Ada reviewed what she bought."""
    facts.listen(dict.fromkeys(rules.KINDS, (stages.hear,)))
    with writing() as session:
        ids = {each.__name__: each(session).id for each in (people.ada, people.ben, people.fay)}
        ids["olga"] = people.olga(session).id
        drafts = [
            FactDraft("member.joined", ids["fay"], f"member:{ids['fay']}", now),
            FactDraft("order.paid", ids["ben"], "order:1", now),
            FactDraft("order.paid", ids["ada"], "order:2", now),
            FactDraft("review.published", ids["ada"], "review:3", now + timedelta(hours=1)),
        ]
        facts.record_many(session, drafts, now)
    return ids


def as_member(app: Any, member_id: str) -> Any:
    client = app.test_client()
    people.sign_in(client, member_id)
    return client


def test_it_works(app: Any, told: dict[str, str]) -> None:
    page = as_member(app, told["olga"]).get("/funnel").text
    assert page.count('class="horn-count">1<') == 3
    assert page.count('class="horn-count">0<') == 2
    assert "33 %" in page


def test_it_prints_the_rules_that_run(app: Any, told: dict[str, str]) -> None:
    page = as_member(app, told["olga"]).get("/funnel").text
    for stage in rules.STAGES:
        assert str(stage.name) in page
        for way in stage.ways:
            for needs in way.needs:
                assert str(needs.words) in page


def test_a_stage_lists_its_members_and_the_facts(app: Any, told: dict[str, str]) -> None:
    client = as_member(app, told["olga"])
    page = client.get("/funnel/participation").text
    assert "Ada" in page
    assert "/customers/ada" in page
    assert "published a review" in page
    assert "/reviews/3" in page
    assert "Ben" not in page
    assert "Nobody stands here" in client.get("/funnel/embedded").text
    assert client.get("/funnel/nowhere").status_code == 404


def test_a_member_has_her_way(app: Any, told: dict[str, str]) -> None:
    client = as_member(app, told["olga"])
    page = client.get("/funnel/members/ada").text
    assert "Stands here" in page
    assert "Not yet" in page
    assert client.get("/funnel/members/nobody").status_code == 404


def test_an_empty_funnel_says_what_to_do(app: Any) -> None:
    with writing() as session:
        olga = people.olga(session).id
    assert "Nobody is in the funnel yet" in as_member(app, olga).get("/funnel").text


@pytest.mark.parametrize("path", ["/funnel", "/funnel/purchase", "/funnel/members/ada"])
def test_members_have_no_access(app: Any, told: dict[str, str], path: str) -> None:
    assert as_member(app, told["ada"]).get(path).status_code == 403
    assert app.test_client().get(path).location.startswith("/sign-in")
