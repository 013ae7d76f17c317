"""The owner changes the programme as a draft, replays it, and publishes it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from foundation import clock
from foundation.doors import reading, writing
from foundation.words import text_in
from members.models import Member
from rewards import drafting, publishing
from rewards import programme as programmes
from tests import people


def fields(page: str, form: str = "/programme/draft") -> dict[str, str]:
    """The values of the draft's form, as a browser would send them."""
    from html import unescape
    from html.parser import HTMLParser

    values: dict[str, str] = {}

    class Reader(HTMLParser):
        select = ""
        area = ""
        inside = False

        def handle_starttag(self, tag: str, attrs: Any) -> None:
            a = dict(attrs)
            if tag == "form":
                self.inside = a.get("action") == form
            if not self.inside:
                return
            if tag == "input" and a.get("type") != "checkbox":
                values[a["name"]] = a.get("value") or ""
            elif tag == "input" and "checked" in a:
                values[a["name"]] = a.get("value") or "y"
            elif tag == "select":
                self.select = a["name"]
            elif tag == "option" and "selected" in a:
                values[self.select] = a["value"]
            elif tag == "textarea":
                self.area = a["name"]
                values[self.area] = ""

        def handle_data(self, data: str) -> None:
            if self.area and data.strip():
                values[self.area] = unescape(data).strip()

        def handle_endtag(self, tag: str) -> None:
            if tag == "textarea":
                self.area = ""
            if tag == "form":
                self.inside = False

    Reader().feed(page)
    return values


def token(client: Any, page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(page).text)
    assert found
    return found.group(1)


def start(client: Any, house: Any) -> dict[str, str]:
    people.sign_in(client, house.olga)
    client.post("/programme/draft/start", data={"csrf_token": token(client, "/programme")})
    return fields(client.get("/programme/draft").text)


def test_it_works(client: Any, programme: Any, now: Any) -> None:
    programme.pays(programme.ben, 10_000, now)
    people.sign_in(client, programme.olga)
    page = client.get("/programme").text
    assert "Version 1 is in force" in page
    assert "Change it in a draft" in page


def test_it_is_for_owners(client: Any, programme: Any) -> None:
    people.sign_in(client, programme.ada)
    for page in ("/programme", "/programme/draft", "/programme/replay"):
        assert client.get(page).status_code == 403


def test_a_house_without_a_programme_publishes_the_proposed_one(client: Any, house: Any) -> None:
    people.sign_in(client, house.olga)
    assert "No programme yet" in client.get("/programme").text
    client.post("/programme/first", data={"csrf_token": token(client, "/programme")})
    assert "Version 1 is in force" in client.get("/programme").text


def test_what_is_proposed_is_in_the_currency_of_the_house(
    client: Any, house: Any, settings: Any
) -> None:
    settings.currency = "JPY"
    people.sign_in(client, house.olga)
    client.post("/programme/draft/start", data={"csrf_token": token(client, "/programme")})
    values = fields(client.get("/programme/draft").text)
    assert values["currency"] == "JPY"
    client.post("/programme/draft/discard", data={"csrf_token": values["csrf_token"]})
    client.post("/programme/first", data={"csrf_token": token(client, "/programme")})
    page = client.get("/how-rewards-work").text
    assert "1% of its value in JPY, as points" in page
    assert 'value="8000"' in page  # the calculator's example is of the size of a purchase too


def test_the_first_draft_says_what_it_changes_and_can_be_published(client: Any, house: Any) -> None:
    people.sign_in(client, house.olga)
    token_of = {"csrf_token": token(client, "/programme")}
    client.post("/programme/draft/start", data=token_of)
    page = client.get("/programme/draft").text
    assert "Nothing yet: the draft is what the house proposes." in page
    values = fields(page) | {"earning-1-amount": "25"}
    client.post("/programme/draft", data=values)
    page = client.get("/programme/draft").text
    assert "Your review: 25 points instead of 20 points." in page
    assert "/programme/publish" in page
    desk = client.get("/programme").text
    assert "/programme/publish" in desk
    assert "/programme/first" not in desk  # it would forget the draft
    assert client.post("/programme/first", data=token_of).status_code == 409


def test_a_draft_comes_back_as_it_was_and_says_what_it_changes(client: Any, programme: Any) -> None:
    values = start(client, programme)
    assert values["earning-1-amount"] == "20"
    values["earning-1-amount"] = "25"
    assert client.post("/programme/draft", data=values).status_code == 303
    page = client.get("/programme/draft").text
    assert "Your review: 25 points instead of 20 points." in page
    with reading() as session:
        draft, latest = programmes.draft(session), programmes.latest(session)
    assert draft is not None
    assert latest is not None
    earning = (
        latest.rules.earning[0],
        latest.rules.earning[1].model_copy(update={"amount": 25}),
        *latest.rules.earning[2:],
    )
    assert draft.rules == latest.rules.model_copy(update={"earning": earning})


def test_a_wrong_draft_comes_back_filled_with_a_sentence(client: Any, programme: Any) -> None:
    values = start(client, programme) | {"currency": "XQQ", "note": "Typed words"}
    answer = client.post("/programme/draft", data=values)
    assert answer.status_code == 422
    assert "“XQQ” is not a currency." in answer.text
    assert "Typed words" in answer.text
    values |= {"earning-0-amount": "many"}
    answer = client.post("/programme/draft", data=values)
    assert answer.status_code == 422
    assert 'value="many"' in answer.text


def test_rows_come_and_go_without_script_and_nothing_typed_is_lost(
    client: Any, programme: Any
) -> None:
    values = start(client, programme) | {"return_days": "21", "act": "add-earning"}
    page = client.post("/programme/draft", data=values).text
    values = fields(page)
    assert values["return_days"] == "21"
    values |= {"earning-5-name_en": "Your topic", "earning-5-amount": "3"}
    values |= {"earning-5-fact": "topic.started"}
    page = client.post("/programme/draft", data=values | {"act": "remove-earning-1"}).text
    values = fields(page)
    assert "earning-5-amount" not in values
    assert client.post("/programme/draft", data=values | {"act": "save"}).status_code == 303
    with reading() as session:
        draft = programmes.draft(session)
    assert draft is not None
    assert draft.rules.earning[-1].key == "your-topic"
    assert draft.rules.return_days == 21
    assert draft.rules.rule("review") is None
    assert len(draft.rules.earning) == 5


def test_two_tabs_notice_each_other(client: Any, programme: Any) -> None:
    values = start(client, programme)
    assert client.post("/programme/draft", data=values | {"return_days": "8"}).status_code == 303
    answer = client.post("/programme/draft", data=values | {"return_days": "7"})
    assert answer.status_code == 409
    assert "Somebody changed this draft" in answer.text
    assert 'value="7"' in answer.text


def test_replay_then_publish(client: Any, programme: Any) -> None:
    programme.pays(programme.ben, 30_000, clock.now())
    values = start(client, programme) | {"earning-0-amount": "2", "act": "replay"}
    assert client.post("/programme/draft", data=values).location == "/programme/replay"
    chosen = fields_of_period(client.get("/programme/replay").text)
    answer = client.post("/programme/replay", data=chosen)
    page = client.get(answer.location).text
    assert "It would have cost 600 instead of 300 points" in page
    assert "Ben" in page
    sure = fields(client.get("/programme/publish").text, "/programme/publish")
    assert client.post("/programme/publish", data=sure).status_code == 422
    assert client.post("/programme/publish", data=sure | {"sure": "y"}).status_code == 303
    with reading() as session:
        latest = programmes.latest(session)
        assert latest is not None
        assert (latest.number, latest.rules.earning[0].amount) == (2, 2)
        assert programmes.draft(session) is None


def test_two_presses_keep_and_publish_once_and_never_what_nobody_read(
    client: Any, programme: Any
) -> None:
    first = start(client, programme) | {"return_days": "7"}
    for _press in range(2):
        assert client.post("/programme/draft", data=first).status_code == 303
    unread = fields(client.get("/programme/publish").text, "/programme/publish") | {"sure": "y"}
    people.submit(client, "/programme/draft/discard")
    values = start(client, programme) | {"return_days": "8"}
    assert client.post("/programme/draft", data=values).status_code == 303
    assert client.post("/programme/draft", data=first | {"return_days": "9"}).status_code == 409
    assert "Read once more what it changes" in client.post("/programme/publish", data=unread).text
    read = fields(client.get("/programme/publish").text, "/programme/publish") | {"sure": "y"}
    for _press in range(2):
        assert client.post("/programme/publish", data=read).location == "/how-rewards-work"
    with reading() as session:
        latest = programmes.latest(session)
    assert latest is not None
    assert (latest.number, latest.rules.return_days) == (2, 8)


def fields_of_period(page: str) -> dict[str, str]:
    return fields(page.replace('action="/programme/replay"', 'action="/programme/draft"'))


def test_amounts_of_every_page_keep_their_digits_in_another_currency(
    client: Any, programme: Any
) -> None:
    start(client, programme)
    people.submit(client, "/programme/draft/budgets", worth="5.00")
    for currency, shown in (("JPY", "5"), ("KWD", "5.000"), ("USD", "5.00")):
        values = fields(client.get("/programme/draft").text) | {"currency": currency}
        values["earning-0-value_min"] = "80"
        assert client.post("/programme/draft", data=values).status_code == 303
        worth = fields(client.get("/programme/draft/budgets").text, "/programme/draft/budgets")
        assert worth["worth"] == shown
    with reading() as session:
        draft = programmes.draft(session)
    assert draft is not None
    assert (draft.rules.earning[0].when.value_min, draft.rules.worth_of_100) == (8_000, 500)


def test_what_another_currency_cannot_say_is_rounded_up() -> None:
    from rewards.first_programme import first_programme
    from rewards.recounting import elsewhere
    from rewards.rules import Budget, StampCard

    rules = first_programme().model_copy(
        update={
            "worth_of_100": 1,
            "budgets": (
                Budget(key="money", limit=1_050, unit="money"),
                Budget(key="points", limit=1_050, unit="points"),
            ),
            "cards": (StampCard(key="c", name={}, orders=2, days=9, value_min=0, credit=10**12),),
        }
    )
    in_yen, in_dinars = elsewhere(rules, "JPY"), elsewhere(rules, "KWD")
    assert in_yen["worth_of_100"] == 1
    assert [each.limit for each in in_yen["budgets"]] == [11, 1_050]
    assert in_yen["standing"].full_spend == 400
    assert (in_yen["cards"][0].value_min, in_yen["cards"][0].credit) == (0, 10**10)
    assert (in_dinars["worth_of_100"], in_dinars["cards"][0].credit) == (10, 10**12)


def test_a_replay_names_the_days_that_were_chosen_in_every_time_zone(
    client: Any, programme: Any
) -> None:
    people.sign_in(client, programme.olga)
    with writing() as session:
        session.execute(update(Member).values(time_zone="Pacific/Kiritimati"))
    chosen = people.submit(client, "/programme/replay", since="2020-01-01", until="2020-01-31")
    for page in (chosen.headers["Location"], "/programme/replay"):
        assert "Jan 1, 2020 – Jan 31, 2020" in client.get(page).text
    last = people.submit(client, "/programme/replay", since="2026-01-01", until="9999-12-29")
    assert last.status_code == 303
    none = people.submit(client, "/programme/replay", since="9998-01-01", until="9999-12-29")
    assert none.status_code == 422
    assert "Nothing has happened in that period yet." in none.text


def test_rules_stand_in_the_owners_order_and_a_rule_that_is_gone_keeps_its_name(
    client: Any, programme: Any
) -> None:
    programme.pays(programme.ada, 4_000, clock.now())
    with writing() as session:
        latest = programmes.latest(session)
        assert latest is not None
        draft = drafting.start(session, programme.olga, clock.now())
        left = latest.rules.model_copy(update={"earning": latest.rules.earning[:0:-1]})
        draft = drafting.change(
            session, programme.olga, left, "", draft.revision, clock.now() + timedelta(hours=1)
        )
        publishing.publish(session, programme.olga, draft, clock.now() + timedelta(hours=1))
    people.sign_in(client, programme.olga)
    today = f"{clock.now():%Y-%m-%d}"
    chosen = people.submit(client, "/programme/replay", since=today, until=today)
    page = client.get(chosen.headers["Location"]).text
    names = [text_in(rule.name) for rule in (*left.earning, latest.rules.earning[0])]
    places = [page.index(f'<th scope="row">{name}</th>') for name in names]
    assert places == sorted(places)
    assert "Your order" in client.get("/programme").text
