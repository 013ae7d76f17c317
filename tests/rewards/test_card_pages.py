"""Cards and welcome vouchers where people see them: the draft, the public page, a member's own."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from foundation import clock
from foundation.doors import reading, writing
from foundation.words import use_language
from rewards import drafting, explaining, publishing
from rewards.cards.rules import StampCard, WelcomeVoucher
from rewards.first_programme import first_programme
from rewards.rules import Programme
from tests import people

TEA = StampCard(
    key="tea",
    name={"en": "Tea card", "zh_Hans": "茶卡"},
    orders=3,
    days=30,
    points=150,
    value_min=1_000,
)
POT = StampCard(key="pot", name={"en": "Pot card"}, orders=2, days=60, voucher="voucher-5", times=1)
HELLO = WelcomeVoucher(
    key="hello", name={"en": "Hello"}, voucher="voucher-5", valid_days=30, order_min=3_000
)


@pytest.fixture
def carded(house: Any) -> Any:
    house.publish(with_cards())
    return house


def with_cards(*cards: StampCard) -> Programme:
    update = {"cards": cards or (TEA, POT), "welcome": (HELLO,)}
    return first_programme().model_copy(update=update)


def test_it_works(client: Any, carded: Any) -> None:
    page = client.get("/how-rewards-work").text
    assert "3 paid orders within 30 days fill the card; then it gives you 150 points." in page
    assert "An order of which less than $10.00 is kept takes its stamp back." in page
    assert "On hold for 14 days" in page
    assert "a voucher for $5.00" in page
    assert "It can be filled once by each member." in page
    assert "Every new member gets a voucher for $5.00 once the e-mail address is confirmed." in page
    assert "Only for orders worth at least $30.00." in page


def test_a_member_sees_her_stamps_and_why(client: Any, carded: Any) -> None:
    now = clock.now()
    first = carded.pays(carded.ada, 2_000, now - timedelta(days=3))
    people.sign_in(client, carded.ada)
    page = client.get("/me/rewards").text
    assert "1 of 3, until" in page
    assert f'href="/me/orders/{first.removeprefix("order:")}"' in page
    assert "Tea card" in client.get("/me").text
    carded.pays(carded.ada, 2_000, now - timedelta(days=2))
    carded.pays(carded.ada, 2_000, now - timedelta(days=1))
    page = client.get("/me/cards").text
    assert "It gave you 150 points." in page
    assert "It gave you the voucher" in page
    why = re.search(r'150 points\. <a href="(/me/rewards/[0-9a-z]{26})"', page)
    assert why is not None
    page = client.get(why.group(1)).text
    assert "When the card is full: 150 points." in page
    assert "A full stamp card" in page
    assert "/me/cards#" in page
    carded.refunds(first, carded.ada, 2_000, 2_000, now)
    page = client.get("/me/cards").text
    assert "its stamp went back with a refund" in page
    assert "2 of 3, until" in page
    assert "Went back with a refund" in client.get("/me/rewards").text


def test_somebody_new_sees_empty_cards_and_her_welcome(client: Any, carded: Any) -> None:
    carded.happens("member.verified", carded.fay, clock.now(), f"member:{carded.fay}")
    people.sign_in(client, carded.fay)
    page = client.get("/me/rewards").text
    assert "Your next order that counts is the first stamp." in page
    assert "a present" in page
    assert "for orders worth at least $30.00" in page
    assert "Welcome: $5.00 for you" in client.get("/notifications").text


def test_without_cards_nothing_is_said_of_them(client: Any, programme: Any) -> None:
    people.sign_in(client, programme.ada)
    assert "stamp card" not in client.get("/me/rewards").text
    assert "There is no stamp card at present." in client.get("/me/cards").text


def test_changes_of_cards_are_told() -> None:
    dearer = TEA.model_copy(update={"orders": 5})
    with use_language("en"):
        (changed,) = explaining.changes(with_cards(TEA), with_cards(dearer))
        (gone,) = explaining.changes(with_cards(TEA, POT), with_cards(POT))
        (fresh,) = explaining.changes(with_cards(TEA), with_cards(TEA, POT))
    assert "Tea card is now: 5 paid orders within 30 days" in changed
    assert gone.startswith("No longer: Tea card.")
    assert fresh.startswith("New: Pot card. 2 paid orders")


class TestDraft:
    """The owner's section."""

    ROWS: dict[str, str] = {  # noqa: RUF012 - read only
        "cards-0-key": "",
        "cards-0-name_en": "Tea card",
        "cards-0-orders": "6",
        "cards-0-days": "90",
        "cards-0-value_min": "20",
        "cards-0-points": "120",
        "cards-0-voucher": "",
        "welcome-0-key": "",
        "welcome-0-name_en": "Hello",
        "welcome-0-voucher": "voucher-5",
        "welcome-0-who": "everybody",
        "welcome-0-after_orders": "1",
        "welcome-0-order_min": "30.50",
        "act": "save",
    }

    def send(self, client: Any, **typed: Any) -> Any:
        page = client.get("/programme/draft/cards").text
        found = {
            name: re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
            for name in ("csrf_token", "revision")
        }
        hidden = {name: match.group(1) for name, match in found.items() if match}
        return client.post("/programme/draft/cards", data=hidden | typed)

    def start(self, client: Any, house: Any, now: datetime) -> None:
        with writing() as session:
            drafting.start(session, house.olga, now)
        people.sign_in(client, house.olga)

    def test_a_card_and_a_welcome_are_kept_and_published(
        self, client: Any, programme: Any, now: datetime
    ) -> None:
        self.start(client, programme, now)
        sent = self.send(client, **self.ROWS)
        assert sent.status_code == 303, sent.text
        with reading() as session:
            draft = drafting.needed(session)
        (card,), (welcome,) = draft.rules.cards, draft.rules.welcome
        assert (card.key, card.orders, card.days, card.value_min) == ("tea-card", 6, 90, 2_000)
        assert (card.points, card.voucher, card.one_a_day) == (120, None, False)
        assert (welcome.order_min, welcome.after_orders) == (3_050, 1)
        page = client.get("/programme/draft/cards").text
        assert 'value="20.00"' in page
        assert "New: Tea card." in page
        with writing() as session:
            publishing.publish(session, programme.olga, draft, now)
        assert "6 paid orders within 90 days" in client.get("/how-rewards-work").text

    def test_a_card_gives_store_credit(self, client: Any, programme: Any, now: datetime) -> None:
        self.start(client, programme, now)
        sent = self.send(client, **self.ROWS | {"cards-0-points": "", "cards-0-credit": "7.50"})
        assert sent.status_code == 303, sent.text
        assert 'value="7.50"' in client.get("/programme/draft/cards").text
        with writing() as session:
            publishing.publish(session, programme.olga, drafting.needed(session), now)
        page = client.get("/how-rewards-work").text
        assert "fill the card; then it gives you $7.50 of store credit." in page
        assert "If the card was full, its store credit goes back too." in page
        assert "it is never paid out, and nobody else can be given it" in page
        for number in range(6):
            programme.pays(programme.ada, 2_000, now + timedelta(days=number))
        people.sign_in(client, programme.ada)
        assert "It gave you $7.50 of store credit." in client.get("/me/cards").text

    def test_what_is_wrong_shows_at_its_field(
        self, client: Any, programme: Any, now: datetime
    ) -> None:
        self.start(client, programme, now)
        wrong = {"cards-0-voucher": "voucher-5", "cards-0-value_min": "much"}
        answer = self.send(client, **self.ROWS | wrong)
        assert answer.status_code == 422
        assert "is not an amount of money" in answer.text
        answer = self.send(client, **self.ROWS | {"cards-0-voucher": "voucher-5"})
        assert "Give one thing for a full card: points, store credit or a voucher." in answer.text
        gone = self.send(client, **self.ROWS | {"welcome-0-voucher": "gone"})
        assert gone.status_code == 422
