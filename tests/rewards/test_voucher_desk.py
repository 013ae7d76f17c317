"""The counter takes vouchers by hand: what is said before, and what becomes of it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from foundation import clock
from foundation.doors import reading, writing
from rewards.catalogue.models import VoucherUse
from rewards.models import Voucher
from rewards.topups import codes as till_codes
from rewards.vouchers import auditing
from rewards.vouchers import codes as vouchers
from rewards.vouchers.codes import VoucherDraft
from tests import people


@pytest.fixture
def counter(client: Any, house: Any) -> Any:
    """Sam of the staff at the counter."""
    with writing() as session:
        house.sam = people.sam(session).id
    people.sign_in(client, house.sam)
    return house


def issued(house: Any, key: str = "k", **more: Any) -> str:
    """Ben's voucher; its code."""
    values = {"about": "test", "item": "v", "version": 1, "cost": 100}
    values |= {"value": 500, "currency": "USD"} | more
    with writing() as session:
        return vouchers.issue(session, VoucherDraft(house.ben, key, **values), clock.now()).code


def take(client: Any, code: str, order: str, **typed: str) -> Any:
    return people.submit(
        client, f"/vouchers?code={code}", "/vouchers/take", code=code, order=order, **typed
    )


def give_back(client: Any, code: str, order: str) -> Any:
    page = f"/vouchers?code={code}"
    return people.submit(client, page, "/vouchers/give-back", code=code, order=order)


def test_it_works(client: Any, counter: Any) -> None:
    code = issued(counter, uses=2)
    page = client.get(f"/vouchers?code={code.lower()}").text
    assert "$5.00" in page
    assert "2 of 2 times left" in page
    assert "For Ben only: look whom you have before you." in page
    answer = take(client, code, "2001")
    assert answer.location == f"/vouchers?code={code}"
    page = client.get(answer.location).text
    assert "The voucher was taken off. The member has been told." in page
    assert "Order 2001" in page
    assert "by Sam" in page
    assert "1 of 2 times left" in page
    give_back(client, code, "2001")
    page = client.get(answer.location).text
    assert "Given back. The member has been told." in page
    assert "2 of 2 times left" in page
    with reading() as session:
        assert session.scalars(select(VoucherUse.by_id)).one() == counter.sam
        assert not auditing.audit(session)


def test_a_member_is_found_by_her_name_and_by_her_screen(client: Any, counter: Any) -> None:
    first = issued(counter, "a", expires_at=clock.now() + timedelta(days=9))
    last = issued(counter, "b")
    gone = issued(counter, "c", expires_at=clock.now() - timedelta(days=1))
    with writing() as session:
        till_codes.ensure(session, counter.ben, clock.now())
        shown = till_codes.of(session, counter.ben)
    for typed in ("@ben", "ben@example.com", shown):
        page = client.get(f"/vouchers?code={typed}").text
        assert 0 < page.index(first) < page.index(last)
        assert gone not in page
    assert "Expired" in client.get(f"/vouchers?code={gone}").text
    assert "none that could be used now" in client.get("/vouchers?code=@ada").text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("0000-0000", "There is no voucher with this code."),
        ("@nobody", "Nobody has this name or address. Ask for the voucher’s code."),
    ],
)
def test_what_is_not_found_says_what_to_do(
    client: Any, counter: Any, typed: str, said: str
) -> None:
    answer = client.get(f"/vouchers?code={typed}")
    assert answer.status_code == 404
    assert said in answer.text


def test_every_refusal_comes_back_with_what_was_typed(client: Any, counter: Any) -> None:
    large = issued(counter, "a", order_min=3_000)
    spent = issued(counter, "b")
    take(client, spent, "1")
    cases: list[tuple[str, dict[str, str], str]] = [
        (large, {}, "Say what the order is worth."),
        (large, {"total": "29.99"}, "for orders worth at least $30.00."),
        (large, {"total": "much"}, "is not an amount of money."),
        (large, {"total": "-1"}, "is too small."),
        (spent, {}, "This voucher has been used already."),
        ("0000-0000-0000-0000", {}, "There is no voucher with this code."),
    ]
    for code, typed, said in cases:
        answer = take(client, code, "2001", **typed)
        assert answer.status_code == 422
        assert said in answer.text
    assert "optional" not in take(client, large, "2001").text
    for field in ("order", "total"):
        assert f'id="{field}-{large}"' in take(client, large, "2001", total="1").text
    assert 'value="2001"' in take(client, large, "2001", total="1").text
    assert take(client, large, "2001", total="30").status_code == 303
    answer = give_back(client, large, "2002")
    assert answer.status_code == 422
    assert "No such voucher was taken off this order." in answer.text


def test_an_order_takes_it_once_however_often_the_button_is_pressed(
    client: Any, counter: Any
) -> None:
    code = issued(counter, uses=3)
    for typed in (code, code, code.lower().replace("-", "\n")):
        answer = take(client, typed, "2001")
        assert answer.location == f"/vouchers?code={code}"
    with reading() as session:
        assert session.scalars(select(Voucher.used)).one() == 1


def test_what_comes_back_too_late_is_said_to(
    client: Any, counter: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, real = issued(counter, expires_at=clock.now() + timedelta(days=9)), clock.now
    take(client, code, "2001")
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(days=10))
    people.sign_in(client, counter.sam)
    give_back(client, code, "2001")
    page = client.get(f"/vouchers?code={code}").text
    assert re.search(r"Given back, but it expired on [\w ,]+ and cannot be used\.", page)
