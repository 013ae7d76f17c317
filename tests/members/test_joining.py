"""Joining: a letter, a button, and nothing that tells who has an account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select

from foundation import clock
from foundation.doors import reading, writing
from foundation.facts import Fact
from members import consents
from members.joining import known_customer
from members.models import Member
from tests import people
from tests.members.conftest import Postbox

TYPED = {
    "name": "Gu Yan",
    "email": "Gu.Yan@Example.com",
    "password": "tea grows on hills",
    "rewards": "y",
}


def join(client: Any, **more: Any) -> Any:
    """Fill in the form in five seconds."""
    with time_machine.travel(clock.now() - timedelta(seconds=5), tick=False):
        html = client.get("/join").text
    token, opened = (html.split(f'name="{name}"')[1].split('value="')[1].split('"')[0]
                     for name in ("csrf_token", "opened"))  # fmt: skip
    return client.post("/join", data={"csrf_token": token, "opened": opened, **TYPED, **more})


def member(email: str = "gu.yan@example.com") -> Member | None:
    with reading() as session:
        return session.scalars(select(Member).where(Member.email == email)).first()


def test_it_works(client: Any, postbox: Postbox) -> None:
    client.set_cookie("referral", "opaque")
    assert join(client).location == "/verify"
    link = postbox.link()
    assert link.startswith("/verify/")
    page = client.get(link)
    assert 'name="password"' not in page.text, "the browser that joined needs no password again"
    assert people.submit(client, link).location == "/me"
    assert "Gu Yan" in client.get("/me").text
    who = member()
    assert who is not None
    assert who.email_verified_at
    assert who.handle == "gu_yan"
    with reading() as session:
        facts = {fact.kind: fact for fact in session.scalars(select(Fact))}
        chosen = consents.choices(session, who.id)
    assert facts["member.joined"].details == {"referral_cookie": "opaque"}
    assert facts["member.verified"].member_id == who.id
    assert chosen == {"rewards": True, "community": False, "news": False}


def test_nobody_has_joined_before_the_letter_came_back(client: Any, postbox: Postbox) -> None:
    join(client)
    postbox.empty()
    who = member()
    assert who is not None
    assert who.password_hash is None
    assert who.claimed_at is None
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Fact)) == 0
    assert client.get(f"/members/{who.handle}").status_code == 404
    answer = people.submit(client, "/sign-in", email=TYPED["email"], password=TYPED["password"])
    assert answer.status_code == 422


def test_a_link_works_once(client: Any, postbox: Postbox) -> None:
    join(client)
    link = postbox.link()
    people.submit(client, link)
    assert client.get(link).status_code == 410


def test_a_link_grows_old(client: Any, postbox: Postbox) -> None:
    join(client)
    link = postbox.link()
    with time_machine.travel(clock.now() + timedelta(minutes=61)):
        assert client.get(link).status_code == 410


def test_a_taken_address_gets_the_same_page_and_a_friendly_letter(
    app: Any, postbox: Postbox
) -> None:
    with writing() as session:
        ada = people.ada(session)
    client, other = app.test_client(), app.test_client()
    taken, free = join(client, email=ada.email), join(other)
    assert (taken.status_code, taken.location) == (free.status_code, free.location)
    postbox.empty()
    by_address = {letter.to: letter for letter in postbox.letters}
    assert by_address["ada@example.com"].subject == "You have an account already"
    assert "/verify/" not in by_address["ada@example.com"].text
    with reading() as session:
        unchanged = session.get_one(Member, ada.id)
    assert (unchanged.name, unchanged.password_hash) == ("Ada", people.PASSWORD_HASH)


def test_a_customer_known_from_orders_claims_her_account(client: Any, postbox: Postbox) -> None:
    with writing() as session:
        known = known_customer(session, clock.now(), email="gu.yan@example.com", customer_ref="7")
    join(client)
    people.submit(client, postbox.link())
    who = member()
    assert who is not None
    assert who.id == known
    assert who.claimed_at


def test_whoever_typed_my_address_first_does_not_choose_my_password(
    app: Any, postbox: Postbox
) -> None:
    thief, owner = app.test_client(), app.test_client()
    join(thief, password="the thief chose this")
    link = postbox.link()
    answer = people.submit(owner, link, password="what the owner thinks of")
    assert answer.status_code == 422
    who = member()
    assert who is not None
    assert who.claimed_at is None


def test_the_letter_in_another_browser_asks_for_the_password(app: Any, postbox: Postbox) -> None:
    join(app.test_client())
    phone, link = app.test_client(), postbox.link()
    assert 'name="password"' in phone.get(link).text
    assert people.submit(phone, link, password=TYPED["password"]).location == "/me"


def test_the_letter_can_be_sent_again(client: Any, postbox: Postbox) -> None:
    join(client)
    first = postbox.link()
    people.submit(client, "/verify", email=TYPED["email"])
    second = postbox.link()
    assert first != second
    assert people.submit(client, second).location == "/me"
    assert client.get(first).status_code == 410


def test_nobody_is_bombed_with_letters(client: Any, postbox: Postbox) -> None:
    join(client)
    for _ in range(6):
        people.submit(client, "/verify", email=TYPED["email"])
    postbox.empty()
    assert len(postbox.letters) == 3


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "at least 10"),
        ("1234567890", "among the first"),
        ("Password123!", "among the first"),
        ("aaaaaaaaaaaa", "among the first"),
        ("qwertyuiop", "among the first"),
        ("gu.yan@example.com", "among the first"),
        ("guyan20202020", "among the first"),
    ],
)
def test_easy_passwords_are_refused(client: Any, password: str, why: str) -> None:
    answer = join(client, password=password)
    assert answer.status_code == 422
    assert why in answer.text
    assert "Gu Yan" in answer.text, "nothing typed is lost"


def test_a_bad_address_is_refused_in_a_sentence(client: Any) -> None:
    answer = join(client, email="gu at example")
    assert "does not look like an e-mail address" in answer.text


def test_a_form_sent_back_at_once_is_refused(client: Any) -> None:
    answer = people.submit(client, "/join", **TYPED)
    assert answer.status_code == 422
    assert "quicker than people type" in answer.text


def test_a_program_that_fills_every_field_joins_nobody(client: Any, postbox: Postbox) -> None:
    assert join(client, website="https://spam.example").location == "/verify"
    assert postbox.empty() is None
    assert member() is None
