"""Pages of the catalogue: what a visitor, a member, the staff and the owner meet."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from foundation import clock
from foundation.doors import reading, writing
from rewards import programme as programmes
from rewards import publishing
from rewards.catalogue import fulfilment_views, stock
from rewards.catalogue.models import Redemption
from tests import people
from tests.rewards.shelves import VISIT, buy, count_in, enrich, open_shelves, shelves
from tests.rewards.test_programme_desk import fields, start
from tests.rewards.test_publishing import second


@pytest.fixture
def shop(house: Any, now: Any) -> Any:
    open_shelves(house)
    enrich(house, house.ben, 120, now)
    return house


def draft_fields(client: Any) -> dict[str, str]:
    page = client.get("/programme/draft/catalogue").text
    return fields(page.replace('action="/programme/draft/catalogue"', 'action="/programme/draft"'))


def test_it_works(client: Any, shop: Any, now: Any) -> None:
    page = client.get("/rewards/catalogue").text
    assert "The teapot" in page
    assert "None is left at the moment." in page
    assert "Whoever has the code can use it" in page
    count_in(shop, "teapot", 3, now)
    assert "3 left" in client.get("/rewards/catalogue").text  # the kept page was touched


def test_a_member_sees_what_is_missing_and_why(client: Any, shop: Any, now: Any) -> None:
    count_in(shop, "visit", 3, now, VISIT)
    people.sign_in(client, shop.ben)
    page = client.get("/rewards/catalogue").text
    assert "You have 120, 80 points missing." in page
    assert "Redeem 100 points" in page
    assert "None is left at the moment." in page
    page = client.get("/rewards/catalogue/visit").text
    assert "80 points missing" in page


def test_ordering_comes_back_filled_then_goes_through(client: Any, shop: Any, now: Any) -> None:
    count_in(shop, "teapot", 1, now)
    people.sign_in(client, shop.ben)
    path = "/rewards/catalogue/teapot"
    answer = people.submit(client, path, note="Careful, please")
    assert answer.status_code == 422
    assert "Say where we should send it." in answer.text
    assert "Careful, please" in answer.text
    answer = people.submit(client, path, note="Careful", address="1 Tea Lane\nFoochow")
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert "1 Tea Lane" in page
    assert "Ordered" in page
    assert "The teapot" in client.get("/me/redemptions").text
    assert "On its way to you" in client.get("/me/rewards").text
    answer = people.submit(client, answer.location, answer.location + "/cancel")
    assert "Cancelled" in client.get(answer.location).text
    assert shop.balances(shop.ben).available == 120


def test_another_address_from_the_same_form_is_another_order(
    client: Any, shop: Any, now: Any
) -> None:
    """Who goes back, types another address and sends is told, and the next press orders it."""
    count_in(shop, "teapot", 5, now)
    enrich(shop, shop.ben, 1_000, now)
    people.sign_in(client, shop.ben)
    path = "/rewards/catalogue/teapot"
    form = hidden(client.get(path).text)
    first = client.post(path, data={**form, "address": "1 Leaf Lane"})
    assert client.post(path, data={**form, "address": "1 Leaf Lane"}).location == first.location
    other = client.post(path, data={**form, "address": "2 Leaf Lane"})
    assert other.status_code == 422
    assert "ordered something before, and that stands" in other.text
    again = client.post(path, data={**hidden(other.text), "address": "2 Leaf Lane"})
    assert (again.status_code, again.location != first.location) == (303, True)


def test_nobody_pays_a_price_that_her_page_did_not_show(client: Any, shop: Any, now: Any) -> None:
    count_in(shop, "teapot", 5, now)
    enrich(shop, shop.ben, 880, now)
    people.sign_in(client, shop.ben)
    path = "/rewards/catalogue/teapot"
    stale, mine = hidden(client.get(path).text), hidden(client.get("/me/rewards").text)
    draft = second(shop, now, catalogue=dearer(shelves().catalogue))
    with writing() as session:
        publishing.publish(session, shop.olga, draft, now)
    refused = client.post(path, data={**stale, "address": "1 Leaf Lane"})
    assert (refused.status_code, "have changed since" in refused.text) == (422, True)
    at_once = client.post("/me/rewards/redeem", data={**mine, "item": "voucher-5"})
    assert (at_once.status_code, "have changed since" in at_once.text) == (422, True)
    assert shop.balances(shop.ben).available == 1_000
    bought = client.post(path, data={**hidden(refused.text), "address": "1 Leaf Lane"})
    assert bought.status_code == 303
    assert shop.balances(shop.ben).available == 1_000 - 101


def dearer(items: Any) -> Any:
    """Everything costs a point more."""
    return tuple(each.model_copy(update={"cost": each.cost + 1}) for each in items)


def hidden(page: str) -> dict[str, str]:
    """What forms of a page carry along; of several the last one."""
    tags = re.findall(r'<input[^>]*type="hidden"[^>]*>', page)
    pairs = [
        re.findall(r'(?:name|value)="([^"]*)"', re.sub(r' id="[^"]*"', "", tag)) for tag in tags
    ]
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


def test_a_voucher_shows_its_code(client: Any, shop: Any) -> None:
    people.sign_in(client, shop.ben)
    answer = people.submit(client, "/rewards/catalogue/ten")
    assert re.search(r"([0-9A-Z]{4}-){3}[0-9A-Z]{4}", client.get(answer.location).text)
    assert "giving it back" in client.get("/me/rewards").text


def test_who_has_no_points_is_led_to_earning_them(client: Any, shop: Any) -> None:
    people.sign_in(client, shop.fay)
    page = client.get("/me/rewards").text
    assert '<a class="button primary" href="/how-rewards-work">See what earns points' in page
    assert "Choose a reward" not in page


def test_staff_take_the_next_and_send_it(client: Any, shop: Any, now: Any) -> None:
    count_in(shop, "teapot", 1, now)
    order = buy(shop.ben, "teapot", clock.now(), address="1 Tea Lane").redemption.id
    people.sign_in(client, shop.olga)
    assert "Take the next one" in client.get("/redemptions").text
    answer = people.submit(client, "/redemptions", "/redemptions/next")
    assert answer.location == f"/redemptions/{order}"
    assert "1 Tea Lane" in client.get(answer.location).text
    refused = people.submit(client, answer.location, act="cancel", text="")
    assert refused.status_code == 422
    assert "Say why" in refused.text
    people.submit(client, answer.location, act="send", text="DHL 42")
    assert "DHL 42" in client.get(answer.location).text
    assert "The teapot" in client.get("/redemptions?show=mine").text
    people.submit(client, answer.location, act="finish", text="")
    assert "You have nothing in hand" in client.get("/redemptions?show=mine").text
    assert "The teapot" in client.get("/redemptions?show=done&kind=goods").text
    assert "Nothing of this kind" in client.get("/redemptions?show=done&kind=service").text


def test_the_owner_counts_what_came_in(client: Any, shop: Any) -> None:
    people.sign_in(client, shop.olga)
    page = "/programme/stock"
    answer = people.submit(client, page, item="teapot", occasion="", by="4", note="From Yixing")
    assert answer.status_code == 303
    assert "From Yixing" in client.get(page).text
    wrong = people.submit(client, page, item="teapot", occasion="", by="-5", note="Broken")
    assert wrong.status_code == 422
    assert "So many are not there" in wrong.text
    assert 'value="-5"' in wrong.text
    slip = people.submit(client, page, item="teapot", occasion="", by="4,000,000")
    assert "not 0, and at most 1000000" in slip.text
    assert people.submit(client, page, item="a-car", occasion="", by="1").status_code == 422
    one = hidden(client.get(page).text) | {"item": "teapot", "occasion": "", "by": "2"}
    assert [client.post(page, data=one).status_code for _press in range(2)] == [303, 303]
    other = client.post(page, data=one | {"by": "3"})
    assert "counted something before, and that stands" in other.text
    with reading() as session:
        assert stock.levels(session, ["teapot"])["teapot", ""].on_hand == 6


def test_a_visit_that_is_over_is_not_to_be_had(client: Any, shop: Any, monkeypatch: Any) -> None:
    people.sign_in(client, shop.olga)
    page = "/programme/stock"
    people.submit(client, page, item="visit", occasion=VISIT.isoformat(), by="3")
    assert ">Over<" not in client.get(page).text
    monkeypatch.setattr(fulfilment_views, "clock", SimpleNamespace(now=lambda: VISIT))
    assert client.get(page).text.count(">Over<") == 1


def test_the_owner_edits_the_catalogue_and_nothing_is_lost(client: Any, shop: Any) -> None:
    start(client, shop)
    with reading() as session:
        before = programmes.latest(session)
    assert before is not None
    values = draft_fields(client)
    assert client.post("/programme/draft/catalogue", data=values).status_code == 303
    with reading() as session:
        draft = programmes.draft(session)
    assert draft is not None
    assert draft.rules == before.rules
    values = draft_fields(client) | {"catalogue-0-cost": "90", "catalogue-0-limit": "2"}
    client.post("/programme/draft/catalogue", data=values)
    page = client.get("/programme/draft/catalogue").text
    assert "5 USD voucher costs 90 points instead of 100 points." in page
    assert "5 USD voucher, new: At most 2 times for each member." in page


def test_amounts_of_money_are_read_as_money(client: Any, shop: Any) -> None:
    start(client, shop)
    values = draft_fields(client) | {"catalogue-0-value": "5.001"}
    answer = client.post("/programme/draft/catalogue", data=values)
    assert answer.status_code == 422
    assert "“5.001” has more decimals than USD knows." in answer.text
    values |= {"catalogue-0-value": "5", "catalogue-5-dates_text": "soon"}
    answer = client.post("/programme/draft/catalogue", data=values)
    assert "Write a date a line" in answer.text


def test_the_public_page_explains_the_catalogue(client: Any, shop: Any) -> None:
    page = client.get("/how-rewards-work").text
    assert "Expected on" in page
    assert "Takes $5.00 off an order, 3 times." in page
    chinese = client.get("/how-rewards-work", headers={"Accept-Language": "zh-CN"}).text
    assert "teapot 一件" in chinese


def test_keys_are_shown_once_and_ended(client: Any, shop: Any) -> None:
    people.sign_in(client, shop.olga)
    page = people.submit(client, "/api-keys", name="Web shop").text
    assert "Say what the key is for" in page
    assert 'value="Web shop"' in page
    page = people.submit(client, "/api-keys", name="Web shop", scopes=["vouchers", "credit"]).text
    assert re.search(r"bmk_[\w-]{43}", page)
    page = client.get("/api-keys").text
    assert not re.search(r"bmk_[\w-]{43}", page)
    assert "Web shop" in page
    made = page[: page.index('<form class="form"')]
    assert "Store credit: look at it" in made
    assert "Prepaid units" not in made
    [path] = re.findall(r"/api-keys/\w+/revoke", page)
    people.submit(client, "/api-keys", path)
    assert "Ended" in client.get("/api-keys").text


def test_nobody_looks_at_what_another_redeemed(client: Any, shop: Any, now: Any) -> None:
    order = buy(shop.ben, "ten", now).redemption.id
    people.sign_in(client, shop.fay)
    assert client.get(f"/me/redemptions/{order}").status_code == 404
    gone = people.submit(client, "/me", f"/me/redemptions/{order}/cancel")
    assert gone.status_code == 404
    with reading() as session:
        assert session.scalars(select(Redemption.state)).one() == "done"
