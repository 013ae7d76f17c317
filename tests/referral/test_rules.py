"""Who is too close to be a friend, which requests are people, what states say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from foundation.words import LANGUAGES, use_language
from referral import navigations, rules, statuses, touches
from referral.touches import Touch

PERSON = {"User-Agent": "Mozilla/5.0 Firefox/140.0", "Accept": "text/html,*/*;q=0.8"}
NAVIGATION = PERSON | {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.mark.parametrize(
    "headers",
    [
        PERSON,
        NAVIGATION,
        {},
        NAVIGATION | {"Accept": "*/*"},
    ],
)
def test_a_person_opening_a_page_counts(headers: dict[str, str]) -> None:
    assert navigations.is_person_opening_a_page("GET", headers)


@pytest.mark.parametrize(
    "headers",
    [
        NAVIGATION | {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        NAVIGATION | {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
        NAVIGATION | {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "frame"},
        NAVIGATION | {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "object"},
        NAVIGATION | {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        NAVIGATION | {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"},
        NAVIGATION | {"Sec-Purpose": "prefetch"},
        NAVIGATION | {"Sec-Purpose": "prefetch;prerender"},
        NAVIGATION | {"Purpose": "prefetch"},
        NAVIGATION | {"X-Purpose": "preview"},
        NAVIGATION | {"User-Agent": "WhatsApp/2.23 A"},
        NAVIGATION | {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"},
        NAVIGATION | {"User-Agent": "facebookexternalhit/1.1"},
        PERSON | {"Accept": "image/avif,image/webp,*/*"},
        PERSON | {"Accept": "*/*"},
        PERSON | {"User-Agent": "curl/8.5"},
    ],
)
def test_pictures_frames_scripts_and_programs_do_not_count(headers: dict[str, str]) -> None:
    assert not navigations.is_person_opening_a_page("GET", headers)


def test_asking_for_the_head_does_not_count() -> None:
    assert not navigations.is_person_opening_a_page("HEAD", NAVIGATION)


def test_a_shared_place_is_a_question() -> None:
    ada = [("8.8.8.8", "Firefox")]
    assert rules.doubt([("8.8.8.8", "Firefox")], ada) == "same_device"
    assert rules.doubt([("8.8.8.8", "Safari")], ada) == "same_address"
    assert rules.doubt([("9.9.9.9", "Firefox")], ada) is None


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "192.168.0.7", "::1", "", "unknown"])
def test_an_address_of_the_house_itself_says_nothing(address: str) -> None:
    assert rules.doubt([(address, "Firefox")], [(address, "Firefox")]) is None


def test_every_state_and_reason_has_its_sentence() -> None:
    for code in LANGUAGES:
        with use_language(code):
            for state in rules.STATES:
                assert "%" not in statuses.explain(state, friend="Fay")
            for reason in statuses.REASONS:
                assert str(statuses.REASONS[reason]) in statuses.explain(
                    "refused", friend="Fay", reason=reason
                )


def test_a_cookie_tells_of_the_click(now: Any) -> None:
    touches.sign_with("a key for this test")
    touch = Touch("ada-12345678", "qr", now, "/products/jade")
    assert touches.read(touches.write(touch), now + timedelta(days=29)) == touch


def test_a_cookie_ends_with_the_window_and_is_never_of_the_future(now: Any) -> None:
    touches.sign_with("a key for this test")
    cookie = touches.write(Touch("ada-12345678", "link", now))
    assert touches.read(cookie, now + timedelta(days=30, seconds=1)) is None
    assert touches.read(cookie, now - timedelta(days=1)) is None


@pytest.mark.parametrize("value", [None, "", "x", "W10.abc", 7])
def test_a_forged_cookie_says_nothing(value: object, now: Any) -> None:
    touches.sign_with("another key")
    foreign = touches.write(Touch("ada-12345678", "link", now))
    touches.sign_with("a key for this test")
    assert touches.read(value, now) is None
    assert touches.read(foreign, now) is None
