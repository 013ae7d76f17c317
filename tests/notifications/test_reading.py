"""What one was told, on the page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from foundation import clock, words
from foundation.doors import writing
from foundation.quick import ask
from members.models import Member
from notifications import counts, rendering
from notifications.notices import Notice, known
from notifications.telling import tell
from tests import people

TOLD = Notice("member.role_granted", "account")


@pytest.fixture
def ada(client: Any) -> Member:
    with writing() as session:
        made = people.ada(session)
    people.sign_in(client, made)
    return made


def tell_times(member: Member, times: int) -> list[str]:
    with writing() as session:
        return [
            tell(session, member.id, TOLD, clock.now() + timedelta(seconds=n), link="/me")
            for n in range(times)
        ]


def unread(member_id: str) -> int:
    ((number,),) = ask(f"select ({counts.UNREAD}) from member m where m.id = ?", member_id)
    return int(number)


def test_it_works(client: Any, ada: Member) -> None:
    assert "Nothing to tell yet" in client.get("/notifications").text
    (told,) = tell_times(ada, 1)
    page = client.get("/notifications").text
    assert "Your role has changed" in page
    assert "1 unread" in page
    assert client.get(f"/notifications/{told}").location == "/me"
    assert unread(ada.id) == 0
    assert "unread" not in client.get("/notifications").text


def test_long_lists_go_on_by_key(client: Any, ada: Member) -> None:
    told = tell_times(ada, 45)
    seen: list[str] = []
    path = "/notifications"
    while path:
        page = client.get(path).text
        seen += [each for each in reversed(told) if f'href="/notifications/{each}"' in page]
        path = page.split('rel="next" href="')[1].split('"')[0] if 'rel="next"' in page else ""
    assert seen == list(reversed(told))


def test_all_are_marked_read_at_once(client: Any, ada: Member) -> None:
    tell_times(ada, 3)
    assert unread(ada.id) == 3
    people.submit(client, "/notifications", "/notifications/read")
    assert unread(ada.id) == 0


def test_nobody_reads_what_another_was_told(client: Any, ada: Member) -> None:
    with writing() as session:
        ben = people.ben(session)
    (told,) = tell_times(ben, 1)
    assert client.get(f"/notifications/{told}").status_code == 404
    assert unread(ben.id) == 1
    assert "Your role" not in client.get("/notifications").text


def test_a_notice_whose_words_are_gone_still_says_something(client: Any, ada: Member) -> None:
    with writing() as session:
        tell(session, ada.id, Notice("room.removed", "news"), clock.now(), link="/")
    assert "There is something new for you." in client.get("/notifications").text


def test_counting_ends_at_enough(database: Any) -> None:
    with writing() as session:
        ada = people.ada(session)
    tell_times(ada, 120)
    assert unread(ada.id) == counts.ENOUGH


def test_sentences_in_chinese_stand_close_together(client: Any) -> None:
    told = known()["prepaid.used"]
    for code, said in (("en", "at the till. 7 are left."), ("zh_Hant", "一份。還剩 7 份。")):
        with words.use_language(code):
            spoken = rendering.words_of(told.kind, told.example, name="Ada", site_name="Tea")
        assert said in spoken.paragraphs[0]
