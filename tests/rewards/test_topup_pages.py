"""Pages of prepaid units: hers, the counter's, the till's and the owner's."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from foundation import clock
from foundation.doors import reading, writing
from members import api_keys
from rewards import drafting, publishing
from rewards.topups import codes
from tests import people
from tests.rewards import documented
from tests.rewards.counters import DAY, TEN, buys, open_counter
from tests.rewards.test_programme_desk import fields, start
from tests.shop import orders


@pytest.fixture
def counter(house: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    made = open_counter(house, monkeypatch)
    with writing() as session:
        made.sam = people.sam(session).id
    return made


def code_of(house: Any) -> str:
    with reading() as session:
        return codes.of(session, house.ben) or ""


def test_it_works(client: Any, counter: Any) -> None:
    people.sign_in(client, counter.ben)
    assert "Nothing prepaid" in client.get("/me/prepaid").text
    buys(counter, "pot-card")
    page = client.get("/me/prepaid").text
    assert "9 prepaid left" in page
    assert "1 free left" in page
    assert code_of(counter) in page
    assert "$45.00" in page
    assert client.get("/me/prepaid/code.svg").data.startswith(b"<svg")
    assert "Ten pots for nine" in client.get("/me/rewards").text
    paid = client.get("/me/rewards/statement?commodity=prepaid:ten").text
    assert "Prepaid with an order" in paid
    assert "Ten pots for nine (prepaid)" in paid
    free = client.get("/me/rewards/statement?commodity=prepaid-free:ten").text
    assert "Came free with what you prepaid" in free
    people.submit(client, "/me/prepaid", "/me/prepaid/code")
    assert code_of(counter) not in page


def test_everybody_reads_the_terms(client: Any, counter: Any) -> None:
    page = client.get("/how-rewards-work").text
    assert "Each one you buy is 9 prepaid and 1 free on top." in page
    assert "For every 5 prepaid in one order, 1 more comes free." in page
    assert "What you paid for never expires." in page
    assert "What you have used is never asked back." in page


def test_the_counter_takes_one_and_gives_it_back(client: Any, counter: Any) -> None:
    buys(counter, "pot-card")
    people.sign_in(client, counter.sam)
    assert client.get("/prepaid?code=0000").status_code == 404
    page = f"/prepaid?code={code_of(counter)}"
    answer = people.submit(client, page, "/prepaid/take", request_key="pressed-twice")
    again = people.submit(client, page, "/prepaid/take", request_key="pressed-twice")
    assert answer.location == again.location == "/prepaid?code=@ben"
    html = client.get(answer.location).text
    assert "8 prepaid left" in html
    assert "by Sam" in html
    use = html.partition("/prepaid/uses/")[2].partition("/")[0]
    people.submit(client, page, f"/prepaid/uses/{use}/give-back")
    assert "9 prepaid left" in client.get(page).text


def test_the_counter_may_note_the_receipt(client: Any, counter: Any) -> None:
    """What cannot be noted comes back in its field; what was noted stands at the use."""
    buys(counter, "pot-card")
    people.sign_in(client, counter.sam)
    page = "/prepaid?code=@ben"
    refused = people.submit(client, page, "/prepaid/take", reference="R-" + "7" * 99)
    assert refused.status_code == 422
    assert f'value="R-{"7" * 99}"' in refused.text
    answer = people.submit(client, page, "/prepaid/take", reference="R-2041")
    assert "receipt R-2041" in client.get(answer.location).text


def test_the_counter_says_when_nothing_is_left(client: Any, counter: Any) -> None:
    buys(counter, "pot")
    people.sign_in(client, counter.sam)
    page = f"/prepaid?code={code_of(counter)}"
    for key in ("first-press", "second-press"):
        answer = people.submit(
            client, page, "/prepaid/take", code="@ben", offer="single", request_key=key
        )
    assert answer.status_code == 422
    assert "None of these is left. The member can prepay again in the shop." in answer.text


def test_a_free_one_that_comes_back_too_late_is_not_called_hers(
    client: Any, counter: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: DAY)
    buys(counter, "pot", pieces=5)
    people.sign_in(client, counter.sam)
    for key in ("the-free-one", "a-paid-one"):
        answer = people.submit(
            client, "/prepaid?code=@ben", "/prepaid/take", offer="single", request_key=key
        )
    uses = re.findall(r"/prepaid/uses/(\w+)/", client.get(answer.location).text)
    monkeypatch.setattr(clock, "now", lambda: DAY + timedelta(days=31))
    people.sign_in(client, counter.sam)
    html = ""
    for use in uses:
        people.submit(client, "/prepaid?code=@ben", f"/prepaid/uses/{use}/give-back")
        html += client.get("/prepaid?code=@ben").text
    assert "Given back. The member has been told." in html
    assert "Given back, but it expired on Mar 4, 2026 and cannot be used." in html
    people.sign_in(client, counter.ben)
    told = client.get("/notifications").text
    assert told.count("is yours again") == 1
    assert "so it came back too late to be used." in told


def test_news_names_only_what_there_is(client: Any, counter: Any) -> None:
    """Three single ones bring nothing free."""
    order = buys(counter, "pot", pieces=3, value=1_500)
    counter.refunds(order, counter.ben, 1_500, 1_500, DAY)
    people.sign_in(client, counter.ben)
    told = client.get("/notifications").text
    assert "you have 3 prepaid." in told
    assert "what you had not used: 3 prepaid." in told
    assert "0 free" not in told


class TestTill:
    @pytest.fixture
    def till(self, client: Any, counter: Any) -> Any:
        with writing() as session:
            secret = api_keys.make(session, counter.olga, "Till", ["prepaid"], clock.now())
        buys(counter, "pot-card")

        def say(act: str, once: str | None = None, key: str = secret, **body: Any) -> Any:
            headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": once or ""}
            return client.post(f"/api/prepaid/{act}", json=body, headers=headers)

        say.secret = secret  # type: ignore[attr-defined]
        return say

    def test_it_works(self, till: Any, counter: Any) -> None:
        code = code_of(counter)
        (held,) = till("look", code=code).json["prepaid"]
        assert (held["offer"], held["left"], held["paid"], held["free"]) == ("ten", 10, 9, 1)
        first = till("take", "k1", code=code, offer="ten", reference="2001")
        assert (first.json["left"], first.json["is_free"]) == (9, False)
        assert till("take", "k1", code=code, offer="ten", reference="2001").json == first.json
        back = till("give-back", use=first.json["use"]).json
        assert (back["left"], back["given_back_at"] is not None) == (10, True)

    def test_what_it_refuses_says_why(self, till: Any, counter: Any) -> None:
        code = code_of(counter)
        asked: list[tuple[Any, int, str]] = [
            (till("take", code=code, offer="ten"), 400, "idempotency_key"),
            (till("take", "a", code="0000-0000-0000-0000", offer="ten"), 404, "unknown_code"),
            (till("take", "b", code=code, offer="single"), 409, "none_left"),
            (till("give-back", use="nothing"), 404, "unknown_use"),
            (till("give-back", use="a\0b"), 422, "body"),
            (till("look", code=code, offer="ten"), 422, "body"),
            (till("look", key="bmk_no", code=code), 401, "api_key"),
        ]
        for answer, status, kind in asked:
            assert answer.status_code == status
            assert answer.json["type"] == f"urn:bellmouth:{kind}"
        assert "never prepaid anything of this offer" in asked[2][0].json["title"]

    def test_what_the_page_about_it_says_works_word_for_word(
        self, app: Any, till: Any, counter: Any
    ) -> None:
        code = code_of(counter)
        documented.run(app, "docs/api-prepaid.md", 3, KEY=till.secret, CODE=code)


def test_an_owner_writes_an_offer_and_publishes_it(client: Any, counter: Any) -> None:
    start(client, counter)
    path = "/programme/draft/topups"

    def typed() -> dict[str, str]:
        html = client.get(path).text.replace(f'action="{path}"', 'action="/programme/draft"')
        return fields(html)

    sent = typed()
    assert sent["topups-0-name_en"] == TEN.name["en"]
    answer = client.post(path, data=sent | {"topups-0-every": "0", "act": "save"})
    assert answer.status_code == 422
    answer = client.post(path, data=sent | {"topups-1-product": "pot-card", "act": "save"})
    assert "Each needs a product of its own." in answer.text
    answer = client.post(path, data=sent | {"topups-0-free": "2", "act": "save"})
    assert answer.status_code == 303
    assert "9 prepaid and 2 free on top" in client.get(path).text


def test_a_product_says_what_it_brings_and_never_what_it_brought(
    client: Any, counter: Any, now: Any
) -> None:
    with writing() as session:
        orders.a_product(session, now, "pot-card")
    assert "9 prepaid and 1 free on top" in client.get("/products/pot-card").text
    with writing() as session:
        drafting.start(session, counter.olga, now)
        draft = drafting.needed(session)
        richer = draft.rules.model_copy(update={"topups": (TEN.model_copy(update={"free": 2}),)})
        drafting.change(session, counter.olga, richer, "", draft.revision, now)
        publishing.publish(session, counter.olga, drafting.needed(session), now)
    assert "9 prepaid and 2 free on top" in client.get("/products/pot-card").text


def test_the_owner_sees_the_money_taken_in_ahead(client: Any, counter: Any) -> None:
    order = buys(counter, "pot-card", more=1_000)
    counter.refunds(order, counter.ben, 2_000, 5_500, DAY)  # a thousand of it for the pots
    people.sign_in(client, counter.olga)
    page = client.get("/book/outstanding?commodity=prepaid:ten").text
    assert "Paid for what is left" in page
    assert "$35.00" in page  # seven of nine
    assert "Ten pots for nine (free)" in client.get("/book").text
