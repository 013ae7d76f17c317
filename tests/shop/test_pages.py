from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from foundation import clock
from foundation.doors import reading, writing
from foundation.facts import Fact
from shop import ordering, products, told_facts
from shop.models import Order
from shop.products import ProductDraft
from tests import people
from tests.shop import orders


@pytest.fixture
def cast(app):
    """Ben who bought a tin of tea, and those who look after him."""
    now = clock.now() - timedelta(days=2)
    with writing() as session:
        tea = orders.a_product(
            session, now, summary={"en": "Malty."}, description={"en": "*Spring* harvest."}
        )
        members = {name: getattr(people, name)(session).id for name in ("ben", "cleo", "sam")}
        members["olga"] = people.olga(session).id
        order = orders.paid_order(
            session, members["ben"], now, product=tea, number="1042",
            promised_on=(now + timedelta(days=4)).date(),
        )  # fmt: skip
    return members | {"order": order.id}


def order_of(cast):
    with reading() as session:
        return session.get(Order, cast["order"])


class TestProducts:
    def test_it_works(self, client, cast):
        page = client.get("/products")
        assert page.status_code == 200
        assert "Yunnan Black" in page.text
        assert "$14.00" in page.text

    def test_a_price_shows_at_once_after_a_change(self, client, cast, now):
        assert "$14.00" in client.get("/products/yunnan-black").text
        with writing() as session:
            tea = session.query(products.Product).one()
            draft = ProductDraft("yunnan-black", tea.name, 1500, "USD")
            products.change(session, tea, draft, now)
        assert "$15.00" in client.get("/products/yunnan-black").text
        assert "$15.00" in client.get("/products").text

    def test_a_hidden_product_is_not_there(self, client, cast, now):
        with writing() as session:
            tea = session.query(products.Product).one()
            draft = ProductDraft("yunnan-black", tea.name, 1400, "USD", shown=False)
            products.change(session, tea, draft, now)
        assert client.get("/products/yunnan-black").status_code == 404
        assert "Yunnan" not in client.get("/products").text


class TestAProduct:
    def test_it_works(self, client, cast):
        page = client.get("/products/yunnan-black")
        assert page.status_code == 200
        assert "<em>Spring</em> harvest" in page.text

    def test_its_name_is_in_the_readers_language(self, client, cast):
        page = client.get("/products/yunnan-black", headers={"Accept-Language": "zh-CN"})
        assert "滇红" in page.text

    def test_what_does_not_exist_is_not_found(self, client, cast):
        assert client.get("/products/nothing").status_code == 404


class TestTheDemoCheckout:
    def test_it_works(self, client, cast):
        people.sign_in(client, cast["cleo"])
        answer = people.submit(
            client, "/products/yunnan-black", "/products/yunnan-black/buy", quantity="2"
        )
        assert answer.status_code == 303
        page = client.get(answer.location)
        assert "$28.00" in page.text
        assert "no money moved" in page.text

    def test_a_visitor_signs_in_first(self, client, cast):
        page = client.get("/products/yunnan-black").text
        assert "/sign-in?next=/products/yunnan-black" in page
        assert "<form" not in page.partition("<main")[2].partition("</main>")[0]
        answer = people.submit(client, "/sign-in", "/products/yunnan-black/buy")
        assert "/sign-in" in answer.location

    def test_an_odd_quantity_is_refused(self, client, cast):
        people.sign_in(client, cast["cleo"])
        for quantity in ("0", "-1", "999", "many"):
            answer = people.submit(
                client, "/products/yunnan-black", "/products/yunnan-black/buy", quantity=quantity
            )
            assert answer.location == "/products/yunnan-black"
        assert "Choose between 1 and 20" in client.get("/products/yunnan-black").text

    def test_a_real_business_has_none(self, client, cast, settings):
        people.sign_in(client, cast["cleo"])
        client.get("/products/yunnan-black")
        settings.demo = False
        answer = people.submit(client, "/me/orders", "/products/yunnan-black/buy")
        assert answer.status_code == 404


class TestMyOrders:
    def test_it_works(self, client, cast):
        people.sign_in(client, cast["ben"])
        assert "1042" in client.get("/me/orders").text
        page = client.get(f"/me/orders/{cast['order']}")
        assert page.status_code == 200
        assert "Review Yunnan Black" in page.text

    def test_nobody_sees_anothers_order(self, client, cast):
        people.sign_in(client, cast["cleo"])
        assert client.get(f"/me/orders/{cast['order']}").status_code == 404
        assert "1042" not in client.get("/me/orders").text

    def test_a_broken_promise_is_admitted(self, client, cast):
        with writing() as session:
            order = session.get(Order, cast["order"])
            order.promised_on = (clock.now() - timedelta(days=1)).date()
        people.sign_in(client, cast["ben"])
        assert "That is our fault" in client.get(f"/me/orders/{cast['order']}").text


class TestTheDesk:
    def test_it_works(self, client, cast):
        people.sign_in(client, cast["sam"])
        for path in ("/orders", f"/orders/{cast['order']}", "/customers", "/customers/ben"):
            assert client.get(path).status_code == 200, path
        assert "Paid an order" in client.get("/customers/ben").text

    @pytest.mark.parametrize("wanted", ["1042", "ben@example.com", "BEN@example.com"])
    def test_an_order_is_found_by_number_and_address(self, client, cast, wanted):
        people.sign_in(client, cast["sam"])
        assert "1042" in client.get("/orders", query_string={"q": wanted}).text
        assert "No order fits" in client.get("/orders?q=nobody").text

    def test_a_customer_is_found_by_the_start_of_the_name(self, client, cast):
        people.sign_in(client, cast["sam"])
        assert "/customers/ben" in client.get("/customers?q=be").text
        assert "/customers/ben" not in client.get("/customers?q=b%25").text

    def test_members_have_no_business_there(self, client, cast):
        people.sign_in(client, cast["ben"])
        for path in ("/orders", f"/orders/{cast['order']}", "/customers", "/customers/ben"):
            assert client.get(path).status_code == 403, path

    def test_the_demo_shop_ships_delivers_and_gives_back(self, client, cast):
        people.sign_in(client, cast["sam"])
        path = f"/orders/{cast['order']}"
        for step in ("ship", "deliver"):
            assert people.submit(client, path, step=step).status_code == 303
        assert people.submit(client, path, step="refund", amount="10.00").status_code == 303
        assert order_of(cast).status == "delivered"
        assert order_of(cast).refunded_total == 1000
        answer = people.submit(client, path, step="refund", amount="99.00")
        assert "left to give back" in answer.text
        assert 'value="99.00"' in answer.text

    def test_a_real_shop_is_not_played(self, client, cast, settings):
        people.sign_in(client, cast["sam"])
        settings.demo = False
        answer = people.submit(client, "/orders", f"/orders/{cast['order']}", step="ship")
        assert answer.status_code in (400, 404)
        assert order_of(cast).shipped_at is None


class TestThankYous:
    def test_it_works(self, client, cast):
        people.sign_in(client, cast["sam"])
        page = client.get("/acknowledgements")
        assert page.status_code == 200
        assert "An order arrived" in page.text
        assert "/customers/ben" in page.text

    def test_members_do_not_see_it(self, client, cast):
        people.sign_in(client, cast["ben"])
        assert client.get("/acknowledgements").status_code == 403


def test_a_shipped_order_is_told_on_its_page(client, cast):
    with writing() as session:
        ordering.ship(session, cast["order"], clock.now())
    people.sign_in(client, cast["ben"])
    assert "On its way" in client.get(f"/me/orders/{cast['order']}").text


def test_every_kind_of_fact_has_words_in_the_file_of_a_customer() -> None:
    kinds = re.findall(r"^\| `([a-z_.]+)` \|", Path("docs/facts.md").read_text("utf-8"), re.M)
    assert set(told_facts.WORDS) == set(kinds)


@pytest.mark.parametrize(
    ("kind", "commodity", "said"),
    [
        ("reward.granted", "points", "Earned points: 2"),
        ("reward.granted", "voucher", "Earned vouchers: 2"),
        ("reward.clawed_back", "voucher", "Vouchers went back with a refund: 2"),
        ("reward.released", "USD", "Store credit came off hold: $0.02"),
        ("order.paid", "USD", "Paid an order"),
    ],
)
def test_a_fact_says_what_was_given_in_its_own_unit(kind: str, commodity: str, said: str) -> None:
    fact = Fact(kind=kind, details={"amount": 2, "commodity": commodity})
    assert told_facts.tell(fact) == said
