"""A member's statement: words, reasons, past days, and what she can take home."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from foundation.doors import reading, writing
from ledger import accounts, earning, holds, spending, transfers
from rewards.models import Grant
from tests import people
from tests.rewards.test_my_rewards import post

PAGE = "/me/rewards/statement"


def live(house: Any, now: Any) -> str:
    """Ada earned, got it, spent some, and a refund took some of it back; then her order."""
    order: str = house.pays(house.ada, 30_000, now)
    house.release(now + timedelta(days=20))
    house.refunds(order, house.ada, 10_000, 30_000, now + timedelta(days=22))
    return order


def table(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_it_works(client: Any, programme: Any, now: Any) -> None:
    live(programme, now)
    people.sign_in(client, programme.ada)
    page = client.get(PAGE).text
    for words in ("Went back with a refund", "Released: yours to spend", "Granted, on hold until"):
        assert words in page
    assert page.index("Went back") < page.index("Released") < page.index("Granted, on hold")
    assert "−100" in page
    assert "Then: 200 to spend" in page


def test_it_is_for_members(client: Any, programme: Any) -> None:
    for path in (PAGE, f"{PAGE}.csv", f"{PAGE}.json"):
        assert client.get(path).headers["Location"].startswith("/sign-in")


def test_each_line_leads_to_why(client: Any, programme: Any, now: Any) -> None:
    order = live(programme, now)
    with reading() as session:
        grant = session.scalars(select(Grant).where(Grant.basis == order)).one()
    people.sign_in(client, programme.ada)
    page = client.get(PAGE).text
    assert page.count(f'href="/me/rewards/{grant.id}"') == 3
    assert page.count(f'href="/me/orders/{order.removeprefix("order:")}"') == 3
    assert "/how-rewards-work/1#rule-order" in page


def test_a_referrer_is_not_led_to_her_friends_order(client: Any, programme: Any, now: Any) -> None:
    programme.refers(programme.ada, programme.fay, now)
    people.sign_in(client, programme.ada)
    page = client.get(PAGE).text
    assert "Granted, on hold until" in page
    assert "/me/orders/" not in page.partition("<main")[2]


def test_what_was_redeemed_leads_to_it(client: Any, programme: Any, now: Any) -> None:
    live(programme, now)
    people.sign_in(client, programme.ada)
    post(client, "/me/rewards/redeem", "/me/rewards", item="voucher-5", request_key="one-form")
    page = client.get(PAGE).text
    assert "Spent" in page
    assert re.search(r'href="/me/redemptions/\w{26}">[^<]*oucher', page)


def test_somebody_new_sees_how_to_begin(client: Any, programme: Any) -> None:
    people.sign_in(client, programme.fay)
    page = client.get(PAGE).text
    assert "What you are given appears here" in page
    assert "JSON" not in page
    assert len(table(client.get(f"{PAGE}.csv").text)) == 0
    assert client.get(f"{PAGE}.json").get_json()["movements"] == []


def test_a_past_day_is_as_it_was(client: Any, programme: Any, now: Any) -> None:
    live(programme, now)
    people.sign_in(client, programme.ada)
    before = client.get(f"{PAGE}?day={(now + timedelta(days=20)).date()}").text
    assert "at the end of" in before
    assert "Went back" not in before
    assert "Released" in before
    long_ago = client.get(f"{PAGE}?day=2020-01-01").text
    assert "Nothing had happened yet" in long_ago


def test_a_day_ends_where_the_reader_lives(client: Any, programme: Any, now: Any) -> None:
    """Noon in London is the next day on Kiritimati."""
    programme.pays(programme.ada, 30_000, now)
    with writing() as session:
        from members.models import Member

        session.get_one(Member, programme.ada).time_zone = "Pacific/Kiritimati"
    people.sign_in(client, programme.ada)
    assert "Nothing had happened yet" in client.get(f"{PAGE}?day={now.date()}").text
    next_day = (now + timedelta(days=1)).date()
    assert "Granted, on hold" in client.get(f"{PAGE}?day={next_day}").text


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "0001-01-01", "9999-12-31"])
def test_what_is_no_day_is_said(client: Any, programme: Any, day: str) -> None:
    people.sign_in(client, programme.ada)
    assert "This is not a day" in client.get(f"{PAGE}?day={day}").text


def test_pages_lead_on_and_back(client: Any, programme: Any, now: Any) -> None:
    for number in range(25):
        programme.pays(programme.ada, 1_000, now + timedelta(minutes=number))
    people.sign_in(client, programme.ada)
    first = client.get(PAGE).text
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    second = client.get(older.group(1).replace("&amp;", "&")).text
    assert second.count('class="row"') == 5
    newer = re.search(r'rel="prev" href="([^"]+)"', second)
    assert newer
    assert client.get(newer.group(1).replace("&amp;", "&")).text.count('class="row"') == 20


def test_the_spreadsheet_adds_up(client: Any, programme: Any, now: Any) -> None:
    live(programme, now)
    people.sign_in(client, programme.ada)
    answer = client.get(f"{PAGE}.csv")
    assert answer.mimetype == "text/csv"
    assert "statement-points.csv" in answer.headers["Content-Disposition"]
    rows = table(answer.text)
    assert [row["what"] for row in rows] == ["taken_back", "released", "granted_on_hold"]
    for name in ("pending", "available", "spent", "expired", "negative"):
        assert sum(int(row[name]) for row in rows) == int(rows[0][f"{name}_after"])
    assert rows[0]["available_after"] == "200"
    assert rows[2]["until"].startswith("2026-03-17T12:00:00")


def test_the_document_says_the_same(client: Any, programme: Any, now: Any) -> None:
    live(programme, now)
    people.sign_in(client, programme.ada)
    document = json.loads(client.get(f"{PAGE}.json").text)
    assert document["commodity"] == "points"
    assert document["balances"]["available"] == 200
    assert document["movements"][0]["after"] == document["balances"]
    assert [each["amount"] for each in document["movements"]] == [100, 300, 300]


def test_another_commodity_can_be_chosen(client: Any, programme: Any, now: Any) -> None:
    live(programme, now)
    with writing() as session:
        accounts.define(session, "KWD", 3)
        said = {"owner": programme.ada, "commodity": "KWD", "now": now}
        earning.credit(session, amount=12_345, key="cash", **said)
        tea = spending.spend(session, amount=5, key="=1+1", about="=1+1", **said)
        transfers.reverse(session, tea.id, key="back", now=now)
    people.sign_in(client, programme.ada)
    page = client.get(f"{PAGE}?commodity=KWD").text
    assert '<option value="KWD" selected>' in page
    assert "12.345" in page
    rows = table(client.get(f"{PAGE}.csv?commodity=KWD").text)
    assert rows[0]["available_after"] == "12.345"
    assert {row["what"] for row in rows} == {"granted", "spent", "given_back"}
    assert "'=1+1" in {row["about"] for row in rows}
    assert "Points today" in client.get(f"{PAGE}?commodity=nothing").text


def test_nobody_reads_anybody_elses(client: Any, programme: Any, now: Any) -> None:
    live(programme, now)
    people.sign_in(client, programme.ben)
    assert "What you are given appears here" in client.get(PAGE).text
    assert table(client.get(f"{PAGE}.csv").text) == []


def test_units_vest_and_are_never_called_money(client: Any, programme: Any, now: Any) -> None:
    with writing() as session:
        accounts.define(session, "units", 0)
        said = {"owner": programme.ada, "commodity": "units", "now": now}
        held = holds.hold(session, amount=12, key="seat", until=now, **said)
        holds.post(session, held.id, 5, key="month", now=now)
        holds.void(session, held.id, key="left", now=now)
    people.sign_in(client, programme.ada)
    page = client.get(f"{PAGE}?commodity=units").text.partition("<main")[2]
    for words in ("Forfeited before it vested", "Granted, not vested yet", "Units today"):
        assert words in page
    assert "to spend" not in page.lower().replace("yours to spend", "")
