"""A member's own page and her public one."""

from __future__ import annotations

from typing import Any

from foundation import clock
from foundation.doors import writing
from members import page
from members.joining import known_customer
from members.models import Member
from notifications.notices import Notice
from notifications.telling import tell
from tests import people


def test_it_works(client: Any) -> None:
    with writing() as session:
        ada = people.ada(session)
        tell(session, ada.id, Notice("member.role_granted", "account"), clock.now(), link="/me")
    assert client.get("/me").status_code == 303
    people.sign_in(client, ada)
    html = client.get("/me").text
    assert "Hello, Ada" in html
    assert "Your role has changed" in html


def test_rooms_show_what_they_have_to_say(client: Any, monkeypatch: Any) -> None:
    with writing() as session:
        ada = people.ada(session)
    shown = page.Card("macros/ui.html")  # a template that draws nothing
    monkeypatch.setattr(page, "SECTIONS", [lambda member_id: None])
    assert "Nothing written yet" in client.get("/members/ada").text
    monkeypatch.setattr(page, "SECTIONS", [lambda member_id: shown])
    assert "Nothing written yet" not in client.get("/members/ADA").text
    assert ada.email not in client.get("/members/ada").text


def test_a_customer_who_never_joined_has_no_page(client: Any) -> None:
    with writing() as session:
        known = known_customer(session, clock.now(), email="fay@example.com", name="Fay")
        handle = session.get_one(Member, known).handle
    assert client.get(f"/members/{handle}").status_code == 404


def test_she_reads_in_the_language_of_her_settings(client: Any) -> None:
    with writing() as session:
        mei = people.member(session, "Mei", language="zh_Hans")
    people.sign_in(client, mei)
    assert '<html lang="zh-Hans"' in client.get("/me").text
