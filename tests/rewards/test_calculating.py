"""The calculator asks the engine that pays."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rewards.calculating import ME, Imagined, reckon
from rewards.first_programme import first_programme
from rewards.rules import Condition, StampCard, WelcomeVoucher
from tests.conftest import NOW

FIRST = first_programme()


def test_it_works(client: Any, programme: Any) -> None:
    page = client.get("/how-rewards-work").text
    assert "What would I get?" in page
    page = client.get("/how-rewards-work/calculator?friends=2&friend_total=80").text
    assert "Each friend" in page
    assert "400" in page
    assert "after 14 days" in page


def test_what_is_no_number_comes_back_with_a_sentence(client: Any, programme: Any) -> None:
    answer = client.get("/how-rewards-work/calculator?friends=2&friend_total=lots&orders=-3")
    assert answer.status_code == 422
    assert "“lots” is not an amount of money." in answer.text
    assert 'value="-3"' in answer.text


def test_before_any_programme_there_is_nothing_to_calculate(client: Any, house: Any) -> None:
    assert client.get("/how-rewards-work/calculator").status_code == 303


def test_two_friends_who_each_buy_for_80() -> None:
    reckoned = reckon(FIRST, Imagined(friends=2, friend_total=8_000), NOW)
    assert reckoned.mine == 400
    assert reckoned.totals == {ME: 400, "1": 180, "2": 180}
    assert {(line.rule.key, line.times) for line in reckoned.lines} == {
        ("order", 2),
        ("referrer", 2),
        ("friend", 2),
    }


def test_full_cards_are_counted() -> None:
    card = StampCard(
        key="tea", name={"en": "Tea card"}, orders=3, days=30, points=50, value_min=100
    )
    rules = FIRST.model_copy(update={"cards": (card,)})
    reckoned = reckon(rules, Imagined(orders=7, total=100), NOW)
    assert [(line.rule.key, line.times) for line in reckoned.lines][-1] == ("card_tea", 2)
    assert reckoned.mine == 7 + 100
    assert reckon(rules, Imagined(orders=7, total=99), NOW).mine == 0
    credit = card.model_copy(update={"points": None, "credit": 250})
    rules = FIRST.model_copy(update={"cards": (credit,)})
    reckoned = reckon(rules, Imagined(orders=7, total=100), NOW)
    assert (reckoned.mine, reckoned.credit) == (7, {"me": 500})


def test_what_friends_are_welcomed_with_is_counted() -> None:
    def welcome(key: str, **more: Any) -> WelcomeVoucher:
        return WelcomeVoucher(key=key, name={"en": key}, voucher="voucher-5", **more)

    joined, brought = welcome("joined"), welcome("brought", friends_only=True)
    third = welcome("third", after_orders=3)
    rules = FIRST.model_copy(update={"welcome": (joined, brought, third), "cards": ()})
    reckoned = reckon(rules, Imagined(friends=2, friend_total=8_000, orders=3, total=100), NOW)
    assert reckoned.vouchers == {ME: 1, "1": 2, "2": 2}


def test_a_cap_shows() -> None:
    reckoned = reckon(FIRST, Imagined(reviews=6), NOW)
    assert reckoned.mine == 100
    assert [(line.award.amount, line.award.cause) for line in reckoned.lines] == [
        (20, None),
        (0, "month"),
    ]


def test_conditions_count() -> None:
    only_first = FIRST.earning[0].model_copy(update={"when": Condition(time_until=1)})
    rules = FIRST.model_copy(update={"earning": (only_first,)})
    assert reckon(rules, Imagined(orders=5, total=1_000), NOW).mine == 10


@given(st.integers(0, 20), st.integers(0, 10**6), st.integers(0, 20), st.integers(0, 20))
def test_totals_are_what_the_lines_say(friends: int, total: int, orders: int, reviews: int) -> None:
    imagined = Imagined(friends, total, orders, total, reviews)
    reckoned = reckon(FIRST, imagined, NOW)
    said = sum(line.award.amount * line.times for line in reckoned.lines)
    assert said == sum(reckoned.totals.values())
