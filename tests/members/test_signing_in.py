"""Signing in, out, and getting back in."""

from __future__ import annotations

import statistics
import time
from datetime import timedelta
from typing import Any

import time_machine

from foundation import clock
from foundation.doors import reading, writing
from members import signing_in
from members.models import Member
from tests import people
from tests.members.conftest import Postbox


def sign_in(
    client: Any,
    email: str = "ada@example.com",
    password: str = people.PASSWORD,
    page: str = "/sign-in",
) -> Any:
    return people.submit(client, page, email=email, password=password)


def test_it_works(client: Any) -> None:
    with writing() as session:
        people.ada(session)
    answer = sign_in(client, "  ADA@example.com ")
    assert (answer.status_code, answer.location) == (303, "/me")
    assert "Hello, Ada" in client.get("/me").text


def test_she_comes_back_to_where_she_was_going(client: Any) -> None:
    with writing() as session:
        people.ada(session)
    page = client.get("/settings").location
    assert page == "/sign-in?next=/settings"
    assert sign_in(client, page=page).location == "/settings"


def test_nobody_is_led_elsewhere(client: Any) -> None:
    with writing() as session:
        people.ada(session)
    assert sign_in(client, page="/sign-in?next=//evil.example").location == "/me"


def test_the_same_answer_whatever_is_wrong(client: Any) -> None:
    with writing() as session:
        people.ada(session)
        people.member(session, "Una", password_hash=None, claimed_at=None)
    pages = {
        sign_in(client, email, "wrong wrong wrong").text.count("do not go together")
        for email in ("ada@example.com", "una@example.com", "nobody@example.com", "nonsense")
    }
    assert len(pages) == 1
    assert pages != {0}


def test_the_same_time_whether_the_address_exists(app: Any) -> None:
    with writing() as session:
        people.ada(session)
    times: dict[str, list[float]] = {"ada@example.com": [], "nobody@example.com": []}
    for n in range(8):
        for email, taken in times.items():
            client = app.test_client()
            page = client.get("/sign-in").text
            token = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
            form = {"csrf_token": token, "email": email, "password": "wrong wrong wrong"}
            start = time.perf_counter()
            client.post("/sign-in", data=form, environ_base={"REMOTE_ADDR": f"10.0.0.{n}"})
            taken.append(time.perf_counter() - start)
    known, unknown = (min(each) for each in times.values())
    assert abs(known - unknown) < 0.5 * max(known, unknown), {
        email: statistics.median(each) for email, each in times.items()
    }


def test_ten_tries_in_five_minutes(client: Any) -> None:
    with writing() as session:
        people.ada(session)
    answers = [sign_in(client, f"n{n}@example.com", "wrong wrong wrong") for n in range(11)]
    assert [answer.status_code for answer in answers] == [422] * 10 + [429]


def test_an_address_tried_from_everywhere_is_closed_for_strangers_only(app: Any) -> None:
    with writing() as session:
        people.ada(session)
    hers = app.test_client()
    assert sign_in(hers).status_code == 303
    people.submit(hers, "/me", to="/sign-out")
    answers = []
    for n in range(11):
        stranger = app.test_client()
        page = stranger.get("/sign-in").text
        token = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
        form = {"csrf_token": token, "email": "ada@example.com", "password": "wrong wrong wrong"}
        where = {"REMOTE_ADDR": f"10.2.2.{n}"}
        answers.append(stranger.post("/sign-in", data=form, environ_base=where).status_code)
    assert answers[-1] == 429
    assert sign_in(hers).status_code == 303, "her own browser is not locked out"


def test_a_new_session_begins_with_signing_in(client: Any) -> None:
    with writing() as session:
        people.ada(session)
    client.get("/sign-in")
    with client.session_transaction() as before:
        before["planted"] = "by somebody else"
    sign_in(client)
    with client.session_transaction() as after:
        assert "planted" not in after
        assert len(after["_user_id"]) > 30


def test_signing_out_ends_it_on_the_server(client: Any) -> None:
    with writing() as session:
        people.ada(session)
    sign_in(client)
    with client.session_transaction() as cookie:
        stolen = dict(cookie)
    assert people.submit(client, "/me", to="/sign-out").location == "/"
    with client.session_transaction() as cookie:
        cookie.update(stolen)
    assert client.get("/me").status_code == 303


def test_a_forgotten_password_is_set_anew_by_letter(app: Any, postbox: Postbox) -> None:
    with writing() as session:
        ada = people.ada(session)
    thief, client = app.test_client(), app.test_client()
    people.sign_in(thief, ada)
    asked = people.submit(client, "/reset", email="ada@example.com")
    assert asked.location == "/reset?sent=1"
    link = postbox.link()
    assert people.submit(client, link, password="a much better one").location == "/me"
    assert thief.get("/me").status_code == 303, "all other browsers are signed out"
    letter = postbox.empty()
    assert letter is not None
    assert letter.subject == "Your password was changed"
    assert client.get(link).status_code == 410
    assert sign_in(app.test_client()).status_code == 422
    assert sign_in(app.test_client(), password="a much better one").status_code == 303


def test_a_reset_for_nobody_answers_the_same_and_sends_nothing(
    client: Any, postbox: Postbox
) -> None:
    answer = people.submit(client, "/reset", email="nobody@example.com")
    assert answer.location == "/reset?sent=1"
    assert postbox.empty() is None


def test_links_lead_to_the_site_whatever_the_request_claims(app: Any, postbox: Postbox) -> None:
    with writing() as session:
        people.ada(session)
    client = app.test_client()
    page = client.get("/reset", base_url="http://evil.example").text
    token = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    form = {"csrf_token": token, "email": "ada@example.com"}
    client.post("/reset", data=form, base_url="http://evil.example")
    letter = postbox.empty()
    assert letter is not None
    assert "evil" not in letter.text + letter.html


def test_old_sign_ins_are_swept_away(database: Any) -> None:
    with writing() as session:
        ada = people.ada(session)
        signing_in.sign_in(session, ada.id, clock.now())
        assert signing_in.sweep(session, clock.now() + timedelta(days=59)) == 0
        assert signing_in.sweep(session, clock.now() + timedelta(days=61)) == 1


def test_last_seen_moves_while_she_is_here(client: Any) -> None:
    with writing() as session:
        ada = people.ada(session)
    with time_machine.travel(clock.now() - timedelta(hours=2)):
        people.sign_in(client, ada)
    client.get("/me")
    with reading() as session:
        seen = signing_in.open_ones(session, ada.id)[0].last_seen_at
        assert session.get_one(Member, ada.id)
    assert clock.now() - seen < timedelta(minutes=1)
