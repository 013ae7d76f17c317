"""What an owner of an empty house is told to do, until it is done."""

from __future__ import annotations

from typing import Any

import pytest

from community.clubs import ClubDraft, open_club
from foundation import clock
from foundation.doors import reading, writing
from foundation.once import insert_once
from foundation.tables import new_id
from funnel import first_steps
from rewards import publishing
from shop.models import InboundEvent
from tests import people
from tests.shop import orders


@pytest.fixture
def olga(app: Any, client: Any) -> str:
    with writing() as session:
        member_id: str = people.olga(session).id
    people.sign_in(client, member_id)
    return member_id


def done() -> list[bool]:
    with reading() as session:
        return [step.is_done for step in first_steps.steps(session)]


def test_it_works(client: Any, olga: str) -> None:
    page = client.get("/me").text
    assert "First steps" in page
    for place in ("/products/new", "/clubs/new", "/programme", "/orders/import"):
        assert f'href="{place}"' in page
        assert client.get(place).status_code == 200
    assert "docs/webhooks.md" in page
    assert done() == [False] * 5
    assert "Your page says what to do first" in client.get("/").text


@pytest.mark.parametrize("who", ["ada", "mo", "sam"])
def test_it_is_for_owners(app: Any, client: Any, who: str) -> None:
    with writing() as session:
        member_id = getattr(people, who)(session).id
    people.sign_in(client, member_id)
    assert "First steps" not in client.get("/me").text
    assert "Your page says what to do first" not in client.get("/").text


def test_each_step_is_ticked_off_and_the_card_goes(client: Any, olga: str) -> None:
    now = clock.now()
    with writing() as session:
        orders.a_product(session, now)
    assert done() == [True, False, False, False, False]
    assert "Your page says what to do first" not in client.get("/").text
    with writing() as session:
        open_club(session, ClubDraft("tea", {"en": "Tea"}, {}), now)
        publishing.publish_first(session, olga, now)
    assert done() == [True, True, True, False, False]
    assert 'href="/clubs/new"' not in client.get("/me").text
    with writing() as session:
        insert_once(
            session,
            InboundEvent,
            {
                "id": new_id(now),
                "webhook_id": "1",
                "kind": "order.paid",
                "order_number": "1",
                "body": "{}",
                "received_at": now,
                "attempts": 0,
            },
        )
    assert done() == [True, True, True, False, True]
    with writing() as session:
        orders.placed_order(session, people.ben(session).id, now)
    assert done() == [True] * 5
    assert "First steps" not in client.get("/me").text
