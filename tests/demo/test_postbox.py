"""The demo's postbox: open on the demo's own machine, and nowhere else."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from demo import greeting
from foundation import clock, worker
from foundation.doors import writing
from foundation.settings import Settings
from foundation.web import postbox
from tests import people

SAID = "This demo has no mail server."


def join(client: Any, email: str = "gu.yan@example.com") -> None:
    """Fill in the form in five seconds, and let the worker write the letter."""
    typed = {"name": "Gu Yan", "email": email, "password": "tea grows on hills"}
    with time_machine.travel(clock.now() - timedelta(seconds=5), tick=False):
        html = client.get("/join").text
    token, opened = (
        html.split(f'name="{name}"')[1].split('value="')[1].split('"')[0]
        for name in ("csrf_token", "opened")
    )
    answer = client.post("/join", data={"csrf_token": token, "opened": opened, **typed})
    assert answer.location == "/verify"
    worker.run_once(clock.now())
    worker.run_once(clock.now())


def first_letter(client: Any) -> str:
    found = re.search(r'href="(/demo/postbox/\w+)"', client.get("/demo/postbox").text)
    assert found, "no letter waits"
    return found[1]


def test_it_works(client: Any) -> None:
    """From joining to one's own page with nothing but a browser."""
    join(client)
    assert SAID in client.get("/verify").text
    box = client.get("/demo/postbox")
    assert box.status_code == 200
    assert "gu.yan@example.com" in box.text
    assert box.headers["Cache-Control"] == "no-store"
    letter = client.get(first_letter(client)).text
    link = re.search(r'href="(/verify/[^"]+)"', letter)
    assert link, "the letter's link leads to this site, whatever name it was opened under"
    assert people.submit(client, link[1]).location == "/me"
    assert "Gu Yan" in client.get("/me").text


def test_an_empty_postbox_says_so_and_looks_again(client: Any) -> None:
    page = client.get("/demo/postbox")
    assert "No letter yet" in page.text
    assert page.headers["Refresh"] == "5"


def test_a_letter_that_is_gone_is_not_found(client: Any) -> None:
    assert client.get("/demo/postbox/nothing").status_code == 404


def test_other_kinds_of_messages_are_no_letters(app: Any, client: Any) -> None:
    from foundation import outbox
    from foundation.outbox import Message

    with writing() as session:
        outbox.put(session, "sign-up", {"email": "a@example.com"}, clock.now(), key="k")
        other = session.query(Message.id).filter(Message.key == "k").scalar()
    assert client.get(f"/demo/postbox/{other}").status_code == 404


@pytest.mark.parametrize(
    "changed",
    [
        {"demo": False},
        {"smtp_url": "smtp://localhost"},
        {"behind_proxy": 1},
        {"host": "0.0.0.0"},
        {"host": "::"},
        {"host": "shop.example"},
        {"site_url": "https://shop.example"},
    ],
    ids=str,
)
def test_settings_close_it(app: Any, client: Any, changed: dict[str, Any]) -> None:
    join(client)
    letter = first_letter(client)
    app.extensions["settings"] = app.extensions["settings"].model_copy(update=changed)
    assert client.get("/demo/postbox").status_code == 404
    assert client.get(letter).status_code == 404
    assert SAID not in client.get("/verify").text


@pytest.mark.parametrize("address", ["192.0.2.1", "10.0.0.1", "", "::ffff:192.0.2.1"])
def test_other_machines_do_not_see_it(client: Any, address: str) -> None:
    join(client)
    letter = first_letter(client)
    client.environ_base["REMOTE_ADDR"] = address
    assert client.get("/demo/postbox").status_code == 404
    assert client.get(letter).status_code == 404
    assert SAID not in client.get("/verify").text


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "shop.example"},
        {"Host": "localhost.evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "evil@shop.example"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Forwarded-Host": "localhost"},
        {"Forwarded": "for=127.0.0.1"},
        {"Via": "1.1 somewhere"},
        {"X-Real-IP": "127.0.0.1"},
    ],
    ids=str,
)
def test_what_was_passed_on_does_not_open_it(client: Any, headers: dict[str, str]) -> None:
    assert client.get("/demo/postbox", headers=headers).status_code == 404
    assert SAID not in client.get("/verify", headers=headers).text


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000"])
def test_the_machines_own_names_open_it(client: Any, host: str) -> None:
    assert client.get("/demo/postbox", headers={"Host": host}).status_code == 200
    assert SAID in client.get("/verify", headers={"Host": host}).text


def test_who_asks_for_a_new_password_is_led_there_too(client: Any) -> None:
    assert SAID in client.get("/reset?sent=1").text


def test_links_to_other_sites_lead_nowhere(client: Any) -> None:
    join(client, "a@example.com")
    hrefs = re.findall(r'letter-text">(.*?)</p>', client.get(first_letter(client)).text, re.S)
    assert hrefs
    assert 'href="http' not in hrefs[0]


class TestTheFirstStart:
    """What is said on the terminal."""

    def test_it_names_the_postbox(self, settings: Settings) -> None:
        assert postbox.serves(settings)

    def test_without_the_demo_nothing_is_said(self, database: Any, settings: Settings) -> None:
        assert postbox.PATH not in greeting.greeting(settings)

    def test_with_the_demo_it_is(self, database: Any, settings: Settings) -> None:
        from demo.people import HOUSE

        with writing() as session:
            people.member(session, "Olga", role="owner", email=HOUSE[0].email)
        assert postbox.PATH in greeting.greeting(settings)
        with_server = settings.model_copy(update={"smtp_url": "smtp://localhost"})
        assert postbox.PATH not in greeting.greeting(with_server)
