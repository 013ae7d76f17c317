"""The owner's pages of products."""

from __future__ import annotations

import pytest

from foundation import clock, search
from foundation.doors import reading, writing
from shop.models import Product
from tests import people
from tests.shop import orders

TYPED = {
    "slug": "alishan",
    "price": "18.50",
    "currency": "usd",
    "name_en": "Alishan Oolong",
    "name_zh_Hant": "阿里山烏龍",
    "summary_en": "High mountain tea.",
    "description_en": "Rolled *by hand*.",
    "shown": "y",
}


@pytest.fixture
def olga(app, client):
    with writing() as session:
        member_id = people.olga(session).id
        orders.a_product(session, clock.now(), description={"en": "Malty."})
    people.sign_in(client, member_id)
    return member_id


def product(slug):
    with reading() as session:
        return session.query(Product).filter_by(slug=slug).one_or_none()


class TestANewProduct:
    def test_it_works(self, client, olga):
        assert "Yunnan" in client.get("/products").text  # and is kept
        answer = people.submit(client, "/products/new", **TYPED)
        assert answer.location == "/products/alishan"
        made = product("alishan")
        assert (made.price, made.currency, made.image) == (1850, "USD", None)
        page = client.get("/products/alishan")
        assert "<em>by hand</em>" in page.text
        assert "Alishan" in client.get("/products").text
        with reading() as session:
            assert search.find(session, "mountain")

    def test_an_empty_form_is_ready_to_be_filled_in(self, client, olga):
        page = client.get("/products/new").text
        assert 'value="USD"' in page
        assert "checked" in page

    @pytest.mark.parametrize(
        ("typed", "sentence"),
        [
            ({"slug": "Not An Address"}, "Use small letters, digits and single hyphens"),
            ({"slug": "manage"}, "in use by a page of its own"),
            ({"slug": "yunnan-black"}, "There is a product “yunnan-black” already"),
            ({"price": "cheap"}, "is not an amount of money"),
            ({"price": "1.005"}, "has more decimals than USD knows"),
            ({"price": "-1"}, "A price cannot be below zero"),
            ({"price": "99999999999999999999"}, "is too large"),
            ({"currency": "zzz"}, "is no currency code"),
            ({"name_en": ""}, "This field is required"),
            ({"name_en": "x" * 121}, "120"),
        ],
        ids=str,
    )
    def test_what_is_wrong_comes_back_filled_in(self, client, olga, typed, sentence):
        answer = people.submit(client, "/products/new", **(TYPED | typed))
        assert answer.status_code == 422
        assert sentence in answer.text
        assert "阿里山烏龍" in answer.text
        assert "Rolled *by hand*." in answer.text
        assert product("alishan") is None

    def test_a_hidden_one_is_seen_by_owners_only(self, client, olga):
        typed = {name: value for name, value in TYPED.items() if name != "shown"}
        answer = people.submit(client, "/products/new", **typed)
        assert answer.location == "/products/manage"
        assert "Alishan" in client.get("/products/manage").text
        assert client.get("/products/alishan").status_code == 404
        assert "Alishan" not in client.get("/products").text


class TestChangingAProduct:
    def test_it_works(self, client, olga):
        page = client.get("/products/yunnan-black/edit").text
        assert 'value="14.00"' in page
        assert "Malty." in page
        typed = {"price": "15", "currency": "USD", "name_en": "Yunnan Red", "shown": "y"}
        typed["description_en"] = ""
        answer = people.submit(client, "/products/yunnan-black/edit", **typed)
        assert answer.location == "/products/yunnan-black"
        page = client.get("/products/yunnan-black").text
        assert "Yunnan Red" in page
        assert "$15.00" in page
        assert "Malty." not in page, "what was emptied is gone"

    def test_a_new_name_shows_on_kept_pages_of_other_rooms(self, app, client, olga):
        visitor = app.test_client()
        assert "Yunnan Black" in visitor.get("/").text
        typed = {"price": "14", "currency": "USD", "name_en": "Yunnan Red", "shown": "y"}
        people.submit(client, "/products/yunnan-black/edit", **typed)
        assert "Yunnan Red" in visitor.get("/").text

    def test_hiding_takes_it_out_of_shop_and_search(self, client, olga):
        typed = {"price": "14", "currency": "USD", "name_en": "Yunnan Black"}
        people.submit(client, "/products/yunnan-black/edit", **typed)
        assert client.get("/products/yunnan-black").status_code == 404
        assert client.get("/products/yunnan-black/edit").status_code == 200
        with reading() as session:
            assert not search.find(session, "Malty")

    def test_what_is_wrong_changes_nothing(self, client, olga):
        typed = {"price": "14", "currency": "USD", "name_en": "", "shown": "y"}
        assert people.submit(client, "/products/yunnan-black/edit", **typed).status_code == 422
        assert product("yunnan-black").name["en"] == "Yunnan Black"

    def test_what_does_not_exist_is_not_found(self, client, olga):
        assert client.get("/products/nothing/edit").status_code == 404

    def test_a_picture_that_was_not_offered_is_not_taken(self, client, olga):
        typed = {"price": "14", "currency": "USD", "name_en": "Y", "image": "../logo", "shown": "y"}
        people.submit(client, "/products/yunnan-black/edit", **typed)
        assert product("yunnan-black").image is None


def test_an_empty_shop_tells_the_owner_what_to_do_and_nobody_else(app, client):
    assert "/products/new" not in client.get("/products").text
    with writing() as session:
        olga, sam = people.olga(session).id, people.sam(session).id
    people.sign_in(client, sam)
    assert "/products/new" not in client.get("/products").text
    people.sign_in(client, olga)
    assert 'href="/products/new"' in client.get("/products").text
    assert 'href="/products/new"' in client.get("/products/manage").text
