"""A click under the real server's caller: its thread goes on, its answer waits for the commit."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from granian.server import mp
from granian.wsgi import _callback_wrapper
from sqlalchemy import func, select
from werkzeug.test import create_environ

from foundation.doors import reading, writing
from foundation.together import Together
from foundation.web import later
from referral import clicking, codes, following
from referral.clicking import MOST, Visit, _keep
from referral.models import Click, ClickCount
from tests import people
from tests.foundation.test_database_away import SENTENCE, VISIT, away
from tests.threads import at_once


def counted() -> int:
    with reading() as session:
        written = session.scalar(select(func.count()).select_from(Click)) or 0
        assert written == (session.scalar(select(func.sum(ClickCount.clicks))) or 0)
        return written


class Answer:
    """Where the server takes an answer: what it was, and how many clicks were kept by then."""

    def __init__(self, answers: SimpleQueue[Answer]) -> None:
        self._answers = answers

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.headers, self.body = status, dict(headers), body
        self.counted = counted() if status == 302 else 0
        self._answers.put(self)

    def response_iter(self, status: int, headers: list[tuple[str, str]], body: Any) -> None:
        parts = []
        while True:
            try:
                parts.append(body.__next__())
            except StopIteration:
                break
        self.response_bytes(status, headers, b"".join(parts))


@pytest.fixture
def ask(app: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Answer]]:
    """Ask for addresses one after the other, as one thread does; the answers as they come."""
    monkeypatch.setattr(mp, later.CALLER, _callback_wrapper)
    # A thread of its own: that of the test before still has that one's SQLite file open.
    monkeypatch.setattr(clicking, "_together", Together(_keep, MOST))
    later.offer_below(following.ROOT)
    call = getattr(mp, later.CALLER)(app.wsgi_app, {"url_path_prefix": None}, None)
    answers: SimpleQueue[Answer] = SimpleQueue()

    def ask_for(*paths: str) -> list[Answer]:
        for path in paths:
            call(Answer(answers), create_environ(path, headers=VISIT))
        return [answers.get(timeout=30) for _ in paths]

    return ask_for


def test_it_works(story: Any, ask: Callable[..., list[Answer]]) -> None:
    [answer] = ask(f"/r/{story.code}/qr")
    assert answer.status == 302
    assert answer.headers["Location"] == "/invited"
    assert f"referral={story.code}~qr~" in answer.headers["Set-Cookie"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.counted == 1


def test_no_answer_comes_before_its_click_is_kept(
    story: Any, ask: Callable[..., list[Answer]]
) -> None:
    answers = ask(*[f"/r/{story.code}"] * 60)
    assert all(answer.counted >= n for n, answer in enumerate(answers, 1))
    assert counted() == 60


def test_an_ended_link_among_others_hurts_nobody(
    story: Any, ask: Callable[..., list[Answer]]
) -> None:
    answers = ask(*[f"/r/{story.code}", "/r/ada-00000000"] * 10, "/invited")
    assert sorted(answer.status for answer in answers) == [200] + [302] * 10 + [404] * 10
    assert all(b"This link has ended" in each.body for each in answers if each.status == 404)
    assert counted() == 10


def test_while_the_database_is_away_it_says_so(
    story: Any, ask: Callable[..., list[Answer]], tmp_path: Path
) -> None:
    with away(tmp_path):
        answers = ask(*[f"/r/{story.code}"] * 3)
        assert [answer.status for answer in answers] == [503] * 3
        assert all(SENTENCE in answer.body.decode() for answer in answers)
    assert [answer.status for answer in ask(f"/r/{story.code}")] == [302]
    assert counted() == 1


def test_processes_that_write_the_same_codes_lose_and_double_nothing(story: Any) -> None:
    """Each stands for a process: batches of its own, through a connection of its own."""
    with writing() as session:
        others = [people.ben(session), people.cleo(session), people.mo(session)]
        links = [codes.ensure(session, each.id, story.now) for each in others]
    known = [story.code, *(link.code for link in links if link), "nobody-00000000"]
    processes = [Together(_keep, MOST) for _ in range(3)]
    told: SimpleQueue[bool | None] = SimpleQueue()

    def many(number: int) -> None:
        for n in range(50):
            visit = Visit(known[(n + number) % 5], ("link", "qr")[n % 2], "/", story.now)
            processes[number % 3].ask(visit, told.put)

    at_once([partial(many, number) for number in range(6)])
    heard = [told.get(timeout=30) for _ in range(300)]
    assert (heard.count(True), heard.count(False)) == (240, 60)
    assert counted() == 240
