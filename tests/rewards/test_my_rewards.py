"""A member's rewards: numbers, tier, catalogue, vouchers, statement, and why she got each."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from foundation.doors import reading, writing
from rewards.catalogue import redeeming
from rewards.models import Grant, Voucher
from tests import people


def rich(house: Any, now: Any) -> str:
    """Ada with 300 points to spend and some on hold; the released order."""
    order: str = house.pays(house.ada, 30_000, now)
    house.release(now + timedelta(days=20))
    house.pays(house.ada, 5_000, now + timedelta(days=21))
    return order


def post(client: Any, path: str, page: str, **data: Any) -> Any:
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(page).text)
    return client.post(path, data={"csrf_token": token.group(1) if token else "", **data})


def test_it_works(client: Any, programme: Any, now: Any) -> None:
    rich(programme, now)
    people.sign_in(client, programme.ada)
    page = client.get("/me/rewards").text
    assert ">300<" in page
    assert "On hold" in page
    assert "+52" in page  # 50 at the Regular's 105 %, rounded down
    assert "Redeem 100 points" in page


def test_it_is_for_members(client: Any, programme: Any) -> None:
    assert client.get("/me/rewards").status_code == 303


def test_her_own_page_has_a_card_about_them(client: Any, programme: Any, now: Any) -> None:
    rich(programme, now)
    people.sign_in(client, programme.ada)
    page = client.get("/me").text
    assert "52 on hold" in page
    assert "Standing towards" in page


def test_somebody_new_sees_how_to_begin(client: Any, programme: Any) -> None:
    people.sign_in(client, programme.fay)
    page = client.get("/me/rewards").text
    assert "Points you can spend appear here" in page
    assert "Bud" in page


def test_redeeming_gives_a_voucher_once_however_often_it_is_sent(
    client: Any, programme: Any, now: Any
) -> None:
    rich(programme, now)
    people.sign_in(client, programme.ada)
    for _ in range(2):
        answer = post(
            client,
            "/me/rewards/redeem",
            "/me/rewards",
            item="voucher-5",
            request_key="the-same-form",
        )
        assert answer.status_code == 303
    with reading() as session:
        [voucher] = session.scalars(select(Voucher)).all()
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", voucher.code)
    assert voucher.code in client.get("/me/rewards").text
    assert programme.balances(programme.ada).available == 200


def test_too_few_points_are_refused_in_a_sentence(client: Any, programme: Any, now: Any) -> None:
    rich(programme, now)
    people.sign_in(client, programme.ada)
    answer = post(
        client, "/me/rewards/redeem", "/me/rewards", item="voucher-30", request_key="form-0001"
    )
    assert answer.status_code == 422
    assert "This costs 500 points and you have 300 to spend." in answer.text


def test_each_line_says_why(client: Any, programme: Any, now: Any) -> None:
    order = rich(programme, now)
    programme.refunds(order, programme.ada, 10_000, 30_000, now + timedelta(days=22))
    with reading() as session:
        grant = session.scalars(select(Grant).where(Grant.basis == order)).one()
    people.sign_in(client, programme.ada)
    page = client.get(f"/me/rewards/{grant.id}").text
    assert "1 point for each 1 USD of its value" in page
    assert "−100" in page
    assert "/how-rewards-work/1#rule-order" in page
    assert f'href="/me/orders/{order.removeprefix("order:")}"' in page  # what it was for
    assert "Gone back entirely" not in page
    programme.refunds(order, programme.ada, 30_000, 30_000, now + timedelta(days=23))
    after = client.get(f"/me/rewards/{grant.id}").text
    assert after.index("Yours to spend") < after.index("Gone back entirely with a refund")


def test_it_says_what_made_up_for_a_debt(client: Any, programme: Any, now: Any) -> None:
    """Whether it was given at once or released, in part or as a whole."""
    order = rich(programme, now)
    later = now + timedelta(days=22)
    with writing() as session:
        redeeming.redeem(session, programme.ada, redeeming.Order("voucher-12", "form-1"), later)
    programme.refunds(order, programme.ada, 30_000, 30_000, later)
    owed = programme.balances(programme.ada).negative
    programme.happens("review.published", programme.ada, later, product="x", order=None)
    programme.pays(programme.ada, 100 * owed, later)
    programme.release(later + timedelta(days=22))
    with reading() as session:
        grants = session.scalars(select(Grant).where(Grant.member_id == programme.ada)).all()
    people.sign_in(client, programme.ada)
    pages = [client.get(f"/me/rewards/{grant.id}").text for grant in grants]
    said = [re.search(r"Made up for what you owed</dt><dd>(\d+) points", page) for page in pages]
    paid_off = [int(each[1]) if each else 0 for each in said]
    assert sum(paid_off) == owed > 0
    assert [0 < part <= grant.amount for part, grant in zip(paid_off, grants, strict=True)] == [
        grant.basis != order for grant in grants
    ]
    whole = [part == grant.amount for part, grant in zip(paid_off, grants, strict=True)]
    assert any(whole)
    for page, is_debt in zip(pages, whole, strict=True):
        assert ("made up for what you owed</span>" in page) is is_debt
        assert ("ours to spend" in page) is not is_debt
    owing = client.get("/me/rewards/statement").text
    grown = owing[owing.index("now owed") :]
    assert "+" in grown[: grown.index("Then:")], "the debt grew"
    assert "gain" not in grown[: grown.index("Then:")], "which is no gain"


def test_each_side_of_a_referral_is_led_to_what_it_can_see(
    client: Any, programme: Any, now: Any
) -> None:
    details = {"friend": programme.ben, "order": "order:1", "total": 5_000, "currency": "USD"}
    subject = programme.happens("referral.purchased", programme.ada, now, channel="link", **details)
    places = {programme.ada: f"/me/referrals#{subject.replace(':', '-')}"}
    places[programme.ben] = "/me/orders/1"
    for member_id, place in places.items():
        with reading() as session:
            grants = session.scalars(select(Grant.id).where(Grant.member_id == member_id)).all()
        people.sign_in(client, member_id)
        assert grants
        for grant_id in grants:
            assert f'href="{place}"' in client.get(f"/me/rewards/{grant_id}").text


def test_a_grant_of_somebody_else_is_not_found(client: Any, programme: Any, now: Any) -> None:
    order = rich(programme, now)
    with reading() as session:
        grant = session.scalars(select(Grant).where(Grant.basis == order)).one()
    people.sign_in(client, programme.ben)
    assert client.get(f"/me/rewards/{grant.id}").status_code == 404
