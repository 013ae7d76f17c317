"""The public page: rendered from the rules, with every version before it."""

from __future__ import annotations

from typing import Any

from foundation.doors import writing
from rewards import drafting, publishing


def publish_second(house: Any, now: Any) -> None:
    with writing() as session:
        draft = drafting.start(session, house.olga, now)
        rules = draft.rules.model_copy(update={"return_days": 30})
        drafting.change(session, house.olga, rules, "Slower, and safer.", draft.revision, now)
        publishing.publish(session, house.olga, drafting.needed(session), now)


def test_it_works(client: Any, programme: Any) -> None:
    page = client.get("/how-rewards-work").text
    assert "1 point for each 1 USD of its value" in page
    assert "At most 100 points in a calendar month." in page
    assert "Days and calendar months begin at midnight UTC." in page
    assert "Ambassador" in page


def test_without_a_programme_it_says_so(client: Any, house: Any) -> None:
    assert "No rewards yet" in client.get("/how-rewards-work").text


def test_a_new_version_shows_at_once_and_says_what_changed(
    client: Any, programme: Any, now: Any
) -> None:
    assert "Version 1" in client.get("/how-rewards-work").text
    publish_second(programme, now)
    page = client.get("/how-rewards-work").text
    assert "What rests on an order is on hold for 30 days instead of 14." in page
    assert "Slower, and safer." in page
    old = client.get("/how-rewards-work/1").text
    assert "This version was superseded" in old
    assert "On hold for 14 days" in old


def test_an_unknown_version_is_not_found(client: Any, programme: Any) -> None:
    assert client.get("/how-rewards-work/9").status_code == 404


def test_it_is_written_in_three_languages(client: Any, programme: Any) -> None:
    page = client.get("/how-rewards-work", headers={"Accept-Language": "zh-TW"}).text
    assert "知音" in page
