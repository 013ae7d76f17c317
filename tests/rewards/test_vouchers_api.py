"""A till asks: one use is one use, whoever asks how often; docs/api-vouchers.md tells the truth."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from foundation import clock
from foundation.doors import reading, writing
from foundation.facts import Fact
from members import api_keys
from members.models import ApiKey
from rewards.catalogue import fulfilling
from rewards.catalogue.models import ApiAnswer, VoucherUse
from rewards.models import Voucher
from rewards.vouchers import answers as api_answers
from rewards.vouchers import codes as vouchers
from rewards.vouchers.codes import VoucherDraft
from tests.rewards import documented
from tests.rewards.shelves import buy, enrich, open_shelves
from tests.threads import at_once

BEN = {"email": "ben@example.com"}
HERE = Path(__file__).parent.parent.parent


@pytest.fixture
def till(app: Any, house: Any) -> Any:
    """A till with a key, and what it says."""
    with writing() as session:
        secret = api_keys.make(session, house.olga, "Till", ["vouchers"], clock.now())

    def say(act: str, client: Any = None, key: str | None = secret, **body: Any) -> Any:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        if once := body.pop("once", None):
            headers["Idempotency-Key"] = once
        client = client or app.test_client()
        return client.post(f"/api/vouchers/{act}", json=body, headers=headers)

    say.secret = secret  # type: ignore[attr-defined]
    return say


def issued(house: Any, **more: Any) -> str:
    """Ben's voucher; its code."""
    values = {"key": "k", "about": "test", "item": "v", "version": 1, "cost": 100}
    values |= {"value": 500, "currency": "USD"} | more
    with writing() as session:
        return vouchers.issue(session, VoucherDraft(house.ben, **values), clock.now()).code


def kept(model: Any) -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_it_works(till: Any, house: Any) -> None:
    code = issued(house)
    answer = till("validate", code=code, customer=BEN)
    assert answer.json == {
        "code": code,
        "state": "open",
        "value": "5.00",
        "currency": "USD",
        "uses_left": 1,
        "expires_at": None,
        "order_min": None,
    }
    used = till("redeem", code=code, customer=BEN, order="1001")
    assert (used.status_code, used.json["state"], used.json["uses_left"]) == (200, "used", 0)
    back = till("release", code=code, order="1001")
    assert (back.status_code, back.json["state"]) == (200, "open")
    with reading() as session:
        kinds = session.scalars(select(Fact.kind).where(Fact.kind.like("voucher.%"))).all()
    assert sorted(kinds) == ["voucher.released", "voucher.used"]


def test_an_order_must_be_worth_what_the_voucher_asks_for(till: Any, house: Any) -> None:
    code = issued(house, order_min=3_000, cost=0)
    assert till("validate", code=code, customer=BEN).json["order_min"] == "30.00"
    asked = {"code": code, "customer": BEN, "order": "1001"}
    for more, why in (({}, "total_needed"), ({"total": "29.99"}, "order_too_small")):
        answer = till("redeem", **asked, **more)
        assert (answer.status_code, answer.json["type"]) == (422, f"urn:bellmouth:{why}")
    assert till("redeem", **asked, total="30").json["state"] == "used"
    assert till("redeem", **asked).status_code == 200  # asking again, it is the same use


def test_what_is_over_is_said_before_what_the_order_lacks(till: Any, house: Any) -> None:
    """Nobody buys more for a voucher that is worth nothing any more."""
    late = issued(house, order_min=3_000, cost=0, expires_at=clock.now() - timedelta(seconds=1))
    spent = issued(house, key="k2", order_min=3_000, cost=0, uses=2)
    for number in "12":
        assert till("redeem", code=spent, customer=BEN, order=number, total="30").status_code == 200
    for code, why in ((late, "voucher_expired"), (spent, "voucher_used")):
        for more in ({}, {"total": "29.99"}, {"total": "30", "currency": "EUR"}):
            answer = till("redeem", code=code, customer=BEN, order="3", **more)
            assert answer.json["type"] == f"urn:bellmouth:{why}"
    assert "It was good until" in till("redeem", code=late, customer=BEN, order="3").json["title"]
    assert "has been used 2 times" in till("redeem", code=spent, customer=BEN, order="3").text


def test_an_order_in_another_currency_takes_no_voucher(till: Any, house: Any) -> None:
    asked = {"code": issued(house, order_min=3_000, cost=0), "customer": BEN, "order": "1001"}
    answer = till("redeem", **asked, total="4000", currency="JPY")
    assert (answer.status_code, answer.json["type"]) == (422, "urn:bellmouth:wrong_currency")
    assert answer.json["field"] == "currency"
    assert "for orders in USD. This order is in JPY." in answer.json["title"]
    assert kept(VoucherUse) == 0
    assert till("redeem", **asked, total="30", currency="USD").json["state"] == "used"


def test_who_names_no_customer_is_told_that_most_vouchers_are_for_one(
    till: Any, house: Any
) -> None:
    told = till("validate", code=issued(house)).json["title"]
    assert "send the customer’s address or number" in told
    told = till("validate", code="0000", customer=BEN).json["title"]
    assert "the address the customer signed up with" in told


def test_a_voucher_that_came_back_too_late_is_not_called_usable(
    till: Any, house: Any, client: Any
) -> None:
    from tests import people

    people.sign_in(client, house.ben)
    for key, days in (("early", 9), ("late", -1)):
        code = issued(house, key=key, expires_at=clock.now() + timedelta(days=9))
        till("redeem", code=code, customer=BEN, order=key)
        with writing() as session:
            voucher = vouchers.taken_off(session, code, key)
            assert voucher.expires_at is not None
            vouchers.give_back(session, voucher, key, voucher.expires_at - timedelta(days=days))
    page = client.get("/notifications").text
    assert page.count("so it cannot be used again.") == 1
    assert page.count("can be used again.") == 1
    assert "came back too late" in page


def test_codes_are_read_as_people_type_them(till: Any, house: Any) -> None:
    code = issued(house)
    for typed in (code.lower(), code.replace("-", ""), f" {code.replace('-', ' ')} "):
        assert till("validate", code=typed, customer=BEN).json["code"] == code
    assert vouchers.read_code("iLoU-0000-0000-0000") == "110V-0000-0000-0000"


class TestKeys:
    @pytest.mark.parametrize("key", [None, "", "bmk_", "nonsense", "bmk_" + "x" * 43])
    def test_without_one_nothing_is_told(self, till: Any, house: Any, key: str | None) -> None:
        answer = till("validate", key=key, code=issued(house), customer=BEN)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.content_type == "application/problem+json"
        assert answer.json["type"] == "urn:bellmouth:api_key"

    def test_only_its_hash_is_kept(self, till: Any, house: Any) -> None:
        till("validate", code="x", customer=BEN)
        with reading() as session:
            key = session.scalars(select(ApiKey)).one()
            assert till.secret not in repr(vars(key))
            assert key.secret_hash == api_keys.token_hash(till.secret)
            assert key.seen_at is not None

    def test_a_revoked_one_ends_at_once(self, till: Any, house: Any) -> None:
        code = issued(house)
        assert till("validate", code=code, customer=BEN).status_code == 200
        with writing() as session:
            key = session.scalars(select(ApiKey.id)).one()
            api_keys.revoke(session, key, house.olga, clock.now())
        assert till("validate", code=code, customer=BEN).status_code == 401


class TestWhoseItIs:
    def test_nobody_elses_answer_tells_that_the_code_exists(self, till: Any, house: Any) -> None:
        code = issued(house)
        for customer in ({"email": "ada@example.com"}, {"id": "C-1"}, {}):
            wrong = till("validate", code=code, customer=customer)
            unknown = till("validate", code="0000-0000-0000-0000", customer=customer)
            assert wrong.status_code == unknown.status_code == 404
            assert wrong.data == unknown.data
        assert till("redeem", code=code, customer={}, order="1").status_code == 404
        assert kept(VoucherUse) == 0

    def test_a_members_address_is_hers_however_it_is_written(self, till: Any, house: Any) -> None:
        code = issued(house)
        answer = till("validate", code=code, customer={"email": " BEN@example.com "})
        assert answer.status_code == 200

    def test_a_bearers_voucher_asks_for_nobody(self, till: Any, house: Any) -> None:
        code = issued(house, bearer=True)
        assert till("redeem", code=code, order="1").status_code == 200

    def test_a_release_of_a_foreign_code_is_as_unknown_as_any(self, till: Any, house: Any) -> None:
        code = issued(house)
        known = till("release", code=code, order="7")
        unknown = till("release", code="0000-0000-0000-0000", order="7")
        assert (known.status_code, known.data) == (404, unknown.data)


class TestUse:
    def test_an_order_uses_it_once_however_often_the_till_asks(self, till: Any, house: Any) -> None:
        code = issued(house, uses=2)
        answers = [till("redeem", code=code, customer=BEN, order="1001") for _ in range(3)]
        assert {each.json["use"] for each in answers} == {answers[0].json["use"]}
        assert answers[-1].json["uses_left"] == 1
        assert till("redeem", code=code, customer=BEN, order="1002").json["uses_left"] == 0
        third = till("redeem", code=code, customer=BEN, order="1003")
        assert (third.status_code, third.json["type"]) == (409, "urn:bellmouth:voucher_used")

    def test_what_is_over_is_refused_with_its_reason(self, till: Any, house: Any) -> None:
        late = issued(house, expires_at=clock.now() - timedelta(seconds=1))
        answer = till("redeem", code=late, customer=BEN, order="1")
        assert (answer.status_code, answer.json["type"]) == (422, "urn:bellmouth:voucher_expired")
        assert till("validate", code=late, customer=BEN).json["state"] == "expired"
        dead = issued(house, key="k2")
        with writing() as session:
            voucher = vouchers.known(session, dead, vouchers.Customer("ben@example.com"))
            vouchers.revoke(session, voucher.id, clock.now())
        answer = till("redeem", code=dead, customer=BEN, order="1")
        assert answer.json["type"] == "urn:bellmouth:voucher_revoked"
        assert kept(VoucherUse) == 0

    def test_releasing_twice_gives_back_once(self, till: Any, house: Any) -> None:
        code = issued(house, uses=2)
        till("redeem", code=code, customer=BEN, order="1")
        till("redeem", code=code, customer=BEN, order="2")
        for _ in range(2):
            assert till("release", code=code, order="1").json["uses_left"] == 1
        assert till("redeem", code=code, customer=BEN, order="1").json["uses_left"] == 0
        assert kept(VoucherUse) == 3

    def test_of_eight_tills_one_gets_the_last_use(self, app: Any, till: Any, house: Any) -> None:
        code = issued(house)

        def ask(number: int) -> int:
            answer = till("redeem", app.test_client(), code=code, customer=BEN, order=str(number))
            return int(answer.status_code)

        answers = at_once([partial(ask, number) for number in range(8)])
        assert sorted(answers) == [200] + [409] * 7
        with reading() as session:
            assert session.scalars(select(Voucher.used)).one() == 1
        assert kept(VoucherUse) == 1
        booked = house.balances(house.ben, "voucher:v")
        assert (booked.available, booked.spent) == (0, 1)

    def test_the_member_sees_it(self, till: Any, house: Any, client: Any, now: Any) -> None:
        from tests import people

        open_shelves(house)
        enrich(house, house.ben, 100, now)
        done = buy(house.ben, "ten", clock.now())
        assert done.voucher is not None
        till("redeem", code=done.voucher.code, order="1001")
        people.sign_in(client, house.ben)
        page = client.get(f"/me/redemptions/{done.redemption.id}").text
        assert "Taken off order 1001" in page
        assert "2 of 3 times left" in page
        with writing() as session, pytest.raises(Exception, match="was used"):
            fulfilling.cancel_own(session, done.redemption.id, house.ben, now)


class TestIdempotency:
    def test_the_same_request_gets_the_same_answer(self, till: Any, house: Any) -> None:
        code = issued(house)
        first = till("redeem", code=code, customer=BEN, order="1", once="a")
        till("release", code=code, order="1")
        again = till("redeem", code=code, customer=BEN, order="1", once="a")
        assert (again.status_code, again.json) == (200, first.json)
        with reading() as session:
            assert session.scalars(select(Voucher.used)).one() == 0

    def test_another_request_under_the_key_is_refused(self, till: Any, house: Any) -> None:
        code = issued(house, uses=2)
        till("redeem", code=code, customer=BEN, order="1", once="a")
        answer = till("redeem", code=code, customer=BEN, order="2", once="a")
        assert (answer.status_code, answer.json["type"]) == (
            422,
            "urn:bellmouth:idempotency_conflict",
        )

    def test_refusals_are_not_kept_and_answers_only_for_a_month(
        self, till: Any, house: Any
    ) -> None:
        till("redeem", code="0000", customer=BEN, order="1", once="a")
        assert kept(ApiAnswer) == 0
        till("redeem", code=issued(house), customer=BEN, order="1", once="a")
        api_answers.forget(clock.now() + timedelta(days=29))
        assert kept(ApiAnswer) == 1
        api_answers.forget(clock.now() + timedelta(days=31))
        assert kept(ApiAnswer) == 0


class TestGuessing:
    def test_after_twenty_wrong_codes_a_customer_waits(self, till: Any, house: Any) -> None:
        code = issued(house)
        for _ in range(20):
            assert till("validate", code="0000", customer=BEN).status_code == 404
        assert till("validate", code=code, customer=BEN).status_code == 429
        other = till("validate", code=code, customer={"email": "ada@example.com"})
        assert other.status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "code"),
        ({"code": 5}, "code"),
        ({"code": "x", "customer": {"mail": "x"}}, "customer.mail"),
        ({"code": "x", "order": ""}, "order"),
        ({"code": "x", "order": "1", "amount": "5"}, "amount"),
        ({"code": "x" * 65, "order": "1"}, "code"),
        ({"code": "x", "customer": {"email": "nobody"}, "order": "1"}, "customer.email"),
        ({"code": "x", "customer": {"id": "a\0b"}, "order": "1"}, "customer.id"),
    ],
)
def test_a_body_that_is_not_as_described_names_the_field(
    till: Any, house: Any, body: Any, field: str
) -> None:
    answer = till("redeem", **body)
    assert (answer.status_code, answer.json["field"]) == (422, field)
    assert "Value error" not in answer.json["title"]
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": None},
        {"code": 5},
        {"code": ""},
        {"code": "x" * 65},
        {"order": " 1"},
        {"total": 42.5},
        {"total": "-3"},
        {"total": "42,50"},
        {"currency": "usd"},
        {"customer": {"email": "nobody"}},
        {"customer": {"id": "a\0b"}},
        {"customer": "ben"},
        {"amount": "5"},
    ],
)
def test_what_is_wrong_with_a_field_is_said_in_the_readers_words(
    client: Any, till: Any, wrong: dict[str, Any]
) -> None:
    headers = {"Authorization": f"Bearer {till.secret}", "Accept-Language": "zh-TW"}
    body = {"code": "x", "order": "1"} | wrong
    answer = client.post("/api/vouchers/redeem", json=body, headers=headers)
    assert answer.status_code == 422
    why = answer.json["title"].partition("：")[2]
    assert why.endswith("。")
    assert not re.search("[a-z]{4}", why.replace("ada@example.com", ""))
    raw = client.post("/api/vouchers/redeem", data="{", headers=headers)
    assert "這不是 JSON" in raw.json["title"]


def test_a_total_with_too_many_decimals_names_its_field(till: Any, house: Any) -> None:
    answer = till("redeem", code=issued(house), customer=BEN, order="1", total="30.123")
    assert (answer.status_code, answer.json["field"]) == (422, "total")


def test_a_body_that_is_sent_as_a_form_is_told_how_it_should_be_sent(
    client: Any, till: Any
) -> None:
    """What `curl -d` does by itself."""
    headers = {"Authorization": f"Bearer {till.secret}"}
    form = "application/x-www-form-urlencoded"
    answer = client.post(
        "/api/vouchers/validate", data='{"code": "x"}', headers=headers, content_type=form
    )
    assert answer.status_code == 415
    assert "Content-Type: application/json" in answer.json["title"]


def test_a_field_that_is_there_twice_is_not_one_of_the_two(client: Any, till: Any) -> None:
    headers = {"Authorization": f"Bearer {till.secret}"}
    for twice in (
        '{"code": "x", "code": "y"}',
        '{"code": "x", "customer": {"id": "1", "id": "2"}}',
    ):
        answer = client.post(
            "/api/vouchers/validate", data=twice, headers=headers, content_type="application/json"
        )
        assert answer.status_code == 422
        assert answer.json["title"].endswith("is there twice. Send it once.")


def test_a_wrong_method_is_told_the_right_ones(client: Any) -> None:
    """RFC 9110, section 15.5.6."""
    for path in ("/api/vouchers/redeem", "/how-rewards-work"):
        answer = client.delete(path)
        assert (answer.status_code, bool(answer.headers["Allow"])) == (405, True), path


def test_what_the_page_about_it_says_works_word_for_word(app: Any, till: Any, house: Any) -> None:
    """Every sh block of docs/api-vouchers.md, run against a real server."""
    documented.run(app, "docs/api-vouchers.md", 4, KEY=till.secret, CODE=issued(house))


def test_a_till_can_do_nothing_that_its_key_was_not_made_for(client: Any, till: Any) -> None:
    headers = {"Authorization": f"Bearer {till.secret}"}
    bodies = ("credit/look", "credit/take", "credit/give-back", "prepaid/look", "prepaid/take")
    for path in bodies:
        answer = client.post(f"/api/{path}", json={"code": "x"}, headers=headers)
        assert answer.status_code == 403, path
        assert answer.json["type"] == "urn:bellmouth:scope"
        assert answer.json["scope"] == path.partition("/")[0]
        assert answer.json["title"].startswith("This key was not made for that (")
    assert till("validate", code="0000").status_code == 404


def test_every_api_asks_what_a_key_is_for(app: Any, house: Any) -> None:
    with writing() as session:
        keys = {
            scope: api_keys.make(session, house.olga, scope, [scope], clock.now())
            for scope in api_keys.SCOPES
        }
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/"):
            scope = rule.rule.split("/")[2]
            for other, secret in keys.items():
                headers = {"Authorization": f"Bearer {secret}"}
                answer = app.test_client().post(rule.rule, json={}, headers=headers)
                assert (answer.status_code == 403) == (other != scope), (rule.rule, other)
