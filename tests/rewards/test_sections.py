"""What every section of the draft's editor does alike."""

from __future__ import annotations

from typing import Any

import pytest

from foundation.doors import reading, writing
from rewards import programme as programmes
from rewards.sections import SECTIONS
from tests import people
from tests.rewards.test_programme_desk import fields, start
from tests.shop import orders

#: Fields that take a number or an amount, by the end of their names.
COUNTED = ["amount", "cap_per_day", "time_from", "standing_min", "full_spend", "cost", "value"]


def test_it_works(client: Any, programme: Any) -> None:
    start(client, programme)
    for section in SECTIONS:
        page = client.get(section.path).text
        assert f'href="{section.path}" aria-current="page"' in page
        assert "Nothing yet. Change something and keep the draft." in page


def test_without_a_draft_there_is_nothing_to_edit(client: Any, programme: Any) -> None:
    people.sign_in(client, programme.olga)
    answer = client.get("/programme/draft/budgets")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/programme")


def test_what_nobody_looked_at_is_not_written_over(client: Any, programme: Any) -> None:
    values = start(client, programme) | {"return_days": "23"}
    for revision in ("0", "7", "-1", "x", ""):
        answer = client.post("/programme/draft", data=values | {"revision": revision})
        assert answer.status_code == 409
        assert "Somebody changed this draft" in answer.text
        assert 'value="23"' in answer.text


def test_a_section_leaves_the_note_of_the_rules_alone(client: Any, programme: Any) -> None:
    values = start(client, programme)
    client.post("/programme/draft", data=values | {"note": "More for reviews."})
    people.submit(client, "/programme/draft/budgets", worth="5.00")
    with reading() as session:
        draft = programmes.draft(session)
    assert draft is not None
    assert (draft.note, draft.rules.worth_of_100) == ("More for reviews.", 500)


def test_rules_that_wait_for_a_product_say_so_until_there_is_one(
    client: Any, programme: Any, now: Any
) -> None:
    values = start(client, programme) | {"earning-0-products": "yunnan-black, yunan-black"}
    assert client.post("/programme/draft", data=values).status_code == 303
    waits = "waits for a product that is not in the shop: %s<"
    for page in ("/programme/draft", "/programme/publish"):
        assert waits % "yunnan-black" in client.get(page).text
    with writing() as session:
        orders.a_product(session, now, "yunnan-black")
    for page in ("/programme/draft", "/programme/publish"):
        assert waits % "yunnan-black" not in client.get(page).text
        assert waits % "yunan-black" in client.get(page).text


@pytest.mark.parametrize("typed", ["9" * 26, "12,34"])
def test_what_is_wrong_with_a_row_stands_on_top_of_the_page(
    client: Any, programme: Any, typed: str
) -> None:
    start(client, programme)
    for section in SECTIONS:
        values = fields(client.get(section.path).text, section.path)
        counted = {name.rpartition("-")[2]: name for name in values}
        for wrong in {counted[each] for each in COUNTED if each in counted}:
            answer = client.post(section.path, data=values | {wrong: typed})
            assert answer.status_code == 422
            assert f'<a href="#{wrong}">' in answer.text


def test_an_objection_to_a_row_stands_on_top_too(client: Any, programme: Any) -> None:
    values = start(client, programme) | {"earning-0-friend_amount": "7"}
    answer = client.post("/programme/draft", data=values)
    assert answer.status_code == 422
    assert 'href="#earning-0-friend_amount"' in answer.text


def test_what_another_page_still_needs_is_named_with_the_way_there(
    client: Any, programme: Any
) -> None:
    values = start(client, programme)
    key = values["earning-0-key"]
    people.submit(
        client,
        "/programme/draft/budgets",
        **{"budgets-0-rule": key, "budgets-0-limit": "500", "budgets-0-unit": "points"},
        **{"budgets-0-period": "month", "budgets-0-at_cap": "stop"},
    )
    page = client.get("/programme/draft").text
    without = {k: v for k, v in fields(page).items() if not k.startswith("earning-0-")}
    answer = client.post("/programme/draft", data=without)
    assert answer.status_code == 422
    name = values["earning-0-name_en"]
    assert f'<a href="/programme/draft/budgets#budgets-0">Budgets, {name}</a>' in answer.text


def test_a_changed_translation_can_be_published(client: Any, programme: Any) -> None:
    values = start(client, programme)
    assert "Publish now" not in client.get("/programme/publish").text
    client.post("/programme/draft", data=values | {"earning-0-name_zh_Hans": "别的名字"})
    assert "wording in another language" in client.get("/programme/draft").text
    assert "Publish now" in client.get("/programme/publish").text


def test_what_is_dropped_is_told_as_it_was(client: Any, programme: Any) -> None:
    """A return period that changes as well is none of the rule that ends."""
    values = start(client, programme)
    held = next(k for k, v in values.items() if (k[-5:], v) == ("-hold", "return_period"))[:-4]
    less = {k: v for k, v in values.items() if not k.startswith(held)} | {"return_days": "23"}
    client.post("/programme/draft", data=less)
    page = client.get("/programme/draft").text
    assert "on hold for 23 days instead of 14" in page
    assert "On hold for 14 days" in page.partition("No longer: ")[2]
