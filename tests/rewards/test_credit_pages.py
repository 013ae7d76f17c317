"""Pages of store credit: hers, the counter's, the till's and the owner's book."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from beancount import loader

from foundation import clock
from foundation.doors import reading, writing
from members import api_keys
from rewards.topups import codes
from tests import people
from tests.rewards import documented
from tests.rewards.purses import gives, has, takes

BEN = {"email": "ben@example.com"}


def code_of(member_id: str) -> str:
    with writing() as session:
        codes.ensure(session, member_id, clock.now())
        return codes.of(session, member_id) or ""


def test_it_works(client: Any, programme: Any) -> None:
    people.sign_in(client, programme.ben)
    assert "No store credit yet" in client.get("/me/credit").text
    gives(programme.ben, 1_200, clock.now() + timedelta(days=40))
    gives(programme.ben, 300)
    takes(programme.ben, "1001", 450, clock.now())
    page = client.get("/me/credit").text
    assert "$10.50" in page  # to spend
    assert "$7.50 until" in page
    assert "$3.00 without an end" in page
    assert "Order 1001" in page
    assert "Get my code" in page
    people.submit(client, "/me/credit", "/me/credit/code")
    with reading() as session:
        assert (codes.of(session, programme.ben) or "none") in client.get("/me/credit").text
    assert client.get("/me/credit/code.svg").data.startswith(b"<svg")
    assert "Paid with store credit" in client.get("/me/rewards/statement?commodity=USD").text
    assert "$10.50" in client.get("/me/rewards").text


class TestCounter:
    @pytest.fixture
    def counter(self, client: Any, house: Any) -> Any:
        with writing() as session:
            sam = people.sam(session).id
        people.sign_in(client, sam)
        gives(house.ben, 2_000)
        return house

    def test_it_works(self, client: Any, counter: Any) -> None:
        page = "/credit?code=@ben"
        asked = {"amount": "12.50", "order": "1001", "request_key": "pressed-twice"}
        answer = people.submit(client, page, "/credit/take", **asked)
        again = people.submit(client, page, "/credit/take", **asked)
        assert answer.location == again.location == page
        html = client.get(page).text
        assert "$7.50" in html
        assert "by Sam" in html
        taken = html.partition("/credit/takings/")[2].partition("/")[0]
        back = f"/credit/takings/{taken}/give-back"
        people.submit(client, page, back, amount="2.50", request_key="part-of-it")
        assert "$2.50 of it given back" in client.get(page).text
        people.submit(client, page, back, amount="", request_key="undo-it-all")
        assert "Undone" in client.get(page).text
        assert has(counter.ben).available == 2_000

    def test_what_cannot_be_taken_says_why_and_comes_back_filled_in(
        self, client: Any, counter: Any
    ) -> None:
        for typed, said in (
            ({"amount": "0"}, "It must be more than nothing."),
            ({"amount": "-1"}, "It must be more than nothing."),
            ({"amount": "NaN"}, "is not an amount of money"),
            ({"amount": "1.005"}, "has more decimals than USD knows"),
            ({"amount": "9" * 30}, "is too large"),
            ({"amount": "20.01"}, "There is $20.00 of credit; $20.01 was asked for."),
            ({"currency": "EUR"}, "This credit is $20.00"),
            ({"currency": "QQQ"}, "There is no currency called QQQ."),
            ({"order": ""}, "This field is required."),
        ):
            asked = {"amount": "5", "order": "1001", "currency": "USD"} | typed
            answer = people.submit(client, "/credit?code=@ben", "/credit/take", **asked)
            assert answer.status_code == 422
            assert said in answer.text
            assert f'value="{asked["amount"]}"' in answer.text
        assert has(counter.ben).available == 2_000

    def test_what_cannot_be_given_back_says_why(self, client: Any, counter: Any) -> None:
        paid = takes(counter.ben, "1001", 500)
        back = f"/credit/takings/{paid.id}/give-back"
        answer = people.submit(
            client, "/credit?code=@ben", back, amount="5.01", request_key="too-much"
        )
        assert answer.status_code == 422
        assert "$5.00 is left to give back; $5.01 was asked for." in answer.text
        assert 'value="5.01"' in answer.text
        gone = people.submit(client, "/credit?code=@ben", back.replace(paid.id, "gone"))
        assert gone.status_code == 404

    def test_whoever_is_not_known_is_not_found(self, client: Any, counter: Any) -> None:
        for typed, said in (
            ("0000", "There is no such code."),
            ("@nobody", "Nobody has this name"),
        ):
            answer = client.get(f"/credit?code={typed}")
            assert (answer.status_code, said in answer.text) == (404, True)
        asked = {"amount": "5", "order": "1", "code": "@nobody", "currency": "USD"}
        gone = people.submit(client, "/credit?code=@ben", "/credit/take", **asked)
        assert gone.status_code == 404


class TestTill:
    @pytest.fixture
    def till(self, client: Any, house: Any) -> Any:
        with writing() as session:
            secret = api_keys.make(session, house.olga, "Till", ["credit"], clock.now())
        gives(house.ben, 1_200)

        def say(act: str, once: str | None = None, **body: Any) -> Any:
            headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": once or ""}
            sent = {"data": body.pop("raw")} if "raw" in body else {"json": body}
            return client.post(f"/api/credit/{act}", headers=headers, **sent)

        say.secret = secret  # type: ignore[attr-defined]
        return say

    def test_it_works(self, till: Any, house: Any) -> None:
        (seen,) = till("look", customer=BEN).json["credit"]
        assert seen == {"currency": "USD", "available": 1_200, "on_hold": 0, "expiring": []}
        asked = {"customer": BEN, "order": "1001", "amount": 500, "currency": "USD"}
        first, again = till("take", **asked), till("take", **asked)
        assert (first.json, first.json["available"]) == (again.json, 700)
        part = till("give-back", "refund-1", order="1001", amount=200).json
        assert (part["back"], part["given_back"], part["available"]) == (200, 200, 900)
        rest = till("give-back", "refund-2", order="1001", code=code_of(house.ben)).json
        assert (rest["back"], rest["given_back"], rest["available"]) == (300, 500, 1_200)

    def test_of_strangers_it_tells_what_it_tells_of_members_without_credit(
        self, till: Any, house: Any
    ) -> None:
        paid = {"order": "1", "amount": 5, "currency": "USD"}
        for act, body in (("look", {}), ("take", paid)):
            told = [
                till(act, customer={"email": email}, **body)
                for email in ("ada@example.com", "nobody@example.com")
            ]
            assert told[0].data == told[1].data
        assert till("look", customer=BEN | {"id": "unknown"}).json["credit"] != []

    def test_what_it_refuses_says_why(self, till: Any, house: Any) -> None:
        paid = {"customer": BEN, "order": "1", "amount": 500, "currency": "USD"}
        till("take", **paid)
        asked: list[tuple[Any, int, str, str | None]] = [
            (till("look"), 422, "customer", "customer"),
            (till("look", code="0000-0000-0000-0000"), 404, "unknown_code", "code"),
            (till("take", **paid | {"amount": 501}), 409, "taken_before", "amount"),
            (till("take", **paid | {"order": "2", "amount": 701}), 409, "not_enough", "amount"),
            (till("take", **paid | {"currency": "EUR", "order": "3"}), 409, "other_currency",
             "currency"),
            (till("take", **paid | {"currency": "QQQ"}), 422, "unknown_currency", "currency"),
            (till("give-back", order="1"), 400, "idempotency_key", None),
            (till("give-back", "a", order="2"), 404, "unknown_taking", "order"),
            (till("give-back", "b", order="1", amount=501), 409, "too_much_back", "amount"),
        ]  # fmt: skip
        for answer, status, kind, field in asked:
            assert (answer.status_code, answer.json.get("field")) == (status, field)
            assert answer.json["type"] == f"urn:bellmouth:{kind}"
        assert asked[3][0].json["available"] == 700
        for amount in ("0", "-5", "5.0", "NaN", '"5"', "1e400", str(2**63)):
            rest = '"customer": {"id": "7"}, "order": "1", "currency": "USD"'
            answer = till("take", raw=f'{{{rest}, "amount": {amount}}}')
            assert (answer.status_code, answer.json["field"]) == (422, "amount")

    def test_what_the_page_about_it_says_works_word_for_word(
        self, app: Any, till: Any, house: Any
    ) -> None:
        documented.run(app, "docs/api-credit.md", 4, KEY=till.secret, CODE=code_of(house.ben))


def test_the_owner_sees_it_as_money_and_bean_check_accepts_it(
    client: Any, programme: Any, tmp_path: Any
) -> None:
    gives(programme.ben, 1_234)
    gives(programme.ada, 90_000, currency="JPY")
    takes(programme.ben, "1001", 234, clock.now())
    people.sign_in(client, programme.olga)
    page = client.get("/book/outstanding?commodity=USD").text
    assert "Store credit (USD)" in page
    assert "$10.00" in page
    assert "¥90,000" in client.get("/book/outstanding?commodity=JPY").text
    journal = client.get("/book/journal.beancount?from=&to=").text
    assert "2.34 USD" in journal
    _entries, errors, _options = loader.load_string(journal)
    assert errors == []


def test_no_way_leads_out_of_a_purse_but_a_taking(app: Any) -> None:
    """Credit is never paid out and never handed on: these are all the routes there are."""
    found = {rule.rule for rule in app.url_map.iter_rules() if "/credit" in rule.rule}
    assert found == {
        "/me/credit",
        "/me/credit/code.svg",
        "/me/credit/code",
        "/credit",
        "/credit/take",
        "/credit/takings/<taking_id>/give-back",
        "/api/credit/look",
        "/api/credit/take",
        "/api/credit/give-back",
    }
