"""The owner's book: trial balance, what is outstanding, and the journal."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from beancount import loader

from foundation import clock, worker
from foundation.doors import reading, writing
from ledger import earning, holds, spending
from rewards.book import liability, reckoning
from rewards.first_programme import first_programme
from rewards.rules import Item
from tests import people


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def give(owner: str, amount: int, days_ago: int) -> None:
    at = clock.now() - timedelta(days=days_ago)
    with writing() as session:
        earning.credit(
            session,
            owner=owner,
            commodity="points",
            amount=amount,
            key=f"{owner}{days_ago}",
            now=at,
        )


def spend(owner: str, amount: int) -> None:
    with writing() as session:
        spending.spend(
            session, owner=owner, commodity="points", amount=amount, key="tea", now=clock.now()
        )


def press(client: Any, page: str = "/book") -> Any:
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(page).text)
    assert token
    return client.post("/book/count", data={"csrf_token": token.group(1), "back": "outstanding"})


def test_it_works(client: Any, programme: Any, now: Any) -> None:
    programme.pays(programme.ben, 30_000, now)
    people.sign_in(client, programme.olga)
    page = client.get("/book").text
    assert "Debits equal credits" in page
    assert "Issued by the programme" in page
    assert page.count(">300<") == 4  # debit, credit, and both totals


def test_an_empty_book_says_so(client: Any, house: Any) -> None:
    people.sign_in(client, house.olga)
    assert "The book is empty" in client.get("/book").text
    assert "Nothing is outstanding" in client.get("/book/outstanding").text
    assert table(client.get("/book/trial-balance.csv").text) == []
    assert table(client.get("/book/outstanding.csv").text) == []


def test_staff_see_sums_and_no_journal(client: Any, programme: Any) -> None:
    with writing() as session:
        sam = people.sam(session)
    people.sign_in(client, sam)
    assert "/book/journal" not in client.get("/book").text
    assert client.get("/book/outstanding").status_code == 200
    for page in ("/book/journal", "/book/journal.csv", "/book/journal.beancount"):
        assert client.get(page).status_code == 403


def test_what_is_outstanding_by_tier_and_age(client: Any, programme: Any, now: Any) -> None:
    programme.pays(programme.ben, 30_000, now)
    give(programme.ada, 40, 200)
    people.sign_in(client, programme.olga)
    page = client.get("/book/outstanding").text
    assert "$20.40" in page  # 340 points at 6 cents, the best the catalogue gives
    assert "300 of it on hold" in page
    rows = table(client.get("/book/outstanding.csv").text)
    assert {(row["tier"], row["available"], row["pending"]) for row in rows} >= {
        ("bud", "40", "0"),
    }
    assert {row["age_days"] for row in rows if row["available"] == "40"} == {"181-365"}
    assert sum(int(row["pending"]) for row in rows) == 300


def test_points_are_worth_every_use_of_what_they_buy() -> None:
    rules = first_programme()
    coffees = Item(
        key="coffees", name={"en": "Coffees"}, cost=60, value=300, uses=3, currency="USD"
    )
    more = rules.model_copy(update={"catalogue": (*rules.catalogue, coffees)})
    assert (liability.worth_of(rules, 1_000), liability.worth_of(more, 1_000)) == (6_000, 15_000)


def test_a_short_history_gives_no_estimate(client: Any, programme: Any) -> None:
    give(programme.ada, 40, 100)
    people.sign_in(client, programme.olga)
    assert "The history is too short" in client.get("/book/outstanding").text


def test_only_promises_give_no_estimate(client: Any, programme: Any, now: Any) -> None:
    programme.pays(programme.ben, 30_000, now)
    people.sign_in(client, programme.olga)
    assert "nothing to estimate from" in client.get("/book/outstanding").text


def test_past_cohorts_say_how_much_will_never_be_claimed(client: Any, programme: Any) -> None:
    give(programme.ada, 400, 500)
    give(programme.ada, 100, 10)
    spend(programme.ada, 300)
    people.sign_in(client, programme.olga)
    page = client.get("/book/outstanding").text
    assert "25% of what is outstanding" in page
    assert ">50<" in page  # of 200
    assert "IFRS 15" in page


def test_counting_takes_place_once_a_day_and_when_asked(client: Any, programme: Any) -> None:
    give(programme.ada, 40, 10)
    people.sign_in(client, programme.olga)
    assert press(client).headers["Location"] == "/book/outstanding"
    yesterday = clock.now() - timedelta(days=1)
    reckoning.reckon(yesterday)
    worker.run_once(clock.now())
    with reading() as session:
        days = reckoning.outstanding_by_day(session, "points")
    assert [units for _, units in days] == [40, 40]
    page = client.get("/book/outstanding").text
    assert "Outstanding, day by day" in page


def test_a_large_book_is_shown_as_it_was_counted_last(
    client: Any, programme: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reckoning, "QUICK", -1)
    give(programme.ada, 40, 10)
    reckoning.reckon(clock.now())
    give(programme.ada, 2, 5)
    people.sign_in(client, programme.olga)
    assert ">40<" in client.get("/book").text
    press(client)
    assert ">42<" in client.get("/book").text


def test_bean_check_accepts_the_downloaded_journal(client: Any, programme: Any, now: Any) -> None:
    order = programme.pays(programme.ben, 30_000, now)
    programme.release(now + timedelta(days=20))
    programme.refunds(order, programme.ben, 10_000, 30_000, now + timedelta(days=22))
    people.sign_in(client, programme.olga)
    page = client.get("/book/journal").text
    assert 'action="/book/journal.beancount"' in page
    answer = client.get("/book/journal.beancount?from=&to=")
    assert "journal.beancount" in answer.headers["Content-Disposition"]
    entries, errors, _ = loader.load_string(answer.text)
    assert errors == []
    assert len(entries) > 10
    later = client.get("/book/journal.beancount?from=2026-03-23").text
    assert loader.load_string(later)[1] == []
    rows = table(client.get("/book/journal.csv?to=2026-03-22").text)
    assert [row["kind"] for row in rows] == ["hold"]


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        ("from=2026-03-04&to=2026-03-03", "The last day is before the first one"),
        ("from=tomorrow", "is not a day"),
        ("to=0001-01-01", "is not a day"),
    ],
)
def test_days_that_make_no_sense_are_refused(
    client: Any, programme: Any, days: str, sentence: str
) -> None:
    people.sign_in(client, programme.olga)
    answer = client.get(f"/book/journal.csv?{days}")
    assert answer.status_code == 422
    assert sentence in answer.text


def test_several_commodities_have_a_page_each(client: Any, programme: Any, now: Any) -> None:
    from ledger import accounts

    with writing() as session:
        accounts.define(session, "USD", 2)
        holds.hold(
            session,
            owner=programme.ada,
            commodity="USD",
            amount=1_250,
            key="cash",
            until=now,
            now=now,
        )
    give(programme.ada, 40, 10)
    people.sign_in(client, programme.olga)
    assert "$12.50" in client.get("/book").text
    page = client.get("/book/outstanding?commodity=USD").text
    assert "$12.50" in page
    assert "Worth at most" not in page


def test_a_hundred_items_take_a_line_each_and_show_their_accounts_when_asked(
    client: Any, programme: Any, now: Any
) -> None:
    from ledger import accounts, earning

    with writing() as session:
        for number in range(100):
            code = f"thing:{number}"
            accounts.define(session, code, 0)
            earning.credit(
                session, owner=programme.ada, commodity=code, amount=7, key=code, now=now
            )
    give(programme.ada, 40, 10)
    people.sign_in(client, programme.olga)
    page = client.get("/book").text
    assert page.count("<section") == 1  # points, in full
    assert "100 commodities" in page
    assert page.count("<details") == 1 + client.get("/book/journal").text.count("<details")
    assert page.count("Issued by the programme") == 1
    one = client.get("/book?commodity=thing:42").text
    assert ("thing:42" in one, "thing:43" in one) == (True, False)
    assert one.count("Issued by the programme") == 1
    assert client.get("/book?commodity=nothing").status_code == 200
    choices = client.get("/book/outstanding?commodity=thing:42").text
    assert '<option value="thing:42" selected>' in choices
