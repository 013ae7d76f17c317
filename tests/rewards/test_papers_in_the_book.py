"""A paper open to a member by name is a unit in the book, for as long as it is open to her."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

import pytest
from sqlalchemy import update

from foundation import clock
from foundation.doors import writing
from foundation.words import use_language
from rewards.book import statement_words
from rewards.papers import auditing
from rewards.papers import writing as papers
from rewards.papers.models import PaperGuest
from rewards.papers.writing import PaperDraft
from tests import people
from tests.rewards.conftest import House
from tests.threads import ended


class Desk:
    """The owner's desk, with one paper on it."""

    def __init__(self, house: House, now: datetime) -> None:
        self.house, self.now = house, now
        with writing() as session:
            draft = self.draft("@ada")
            self.paper = papers.write(session, house.olga, draft, None, now).id

    def draft(self, *guests: str, is_listed: bool = True) -> PaperDraft:
        said = {"title": {"en": "Harvest plans"}, "body": {"en": "Early."}, "opens_at": self.now}
        return PaperDraft(**said, tier_from="bud", guests=guests, is_listed=is_listed)

    def change(self, *guests: str, **more: Any) -> None:
        with writing() as session:
            draft = self.draft(*guests, **more)
            papers.change(session, self.house.olga, self.paper, draft, None, self.now)

    def revoke(self, handle: str | None) -> str:
        with writing() as session:
            owner = self.house.olga
            return papers.revoke(session, owner, self.paper, handle, "So it is.", self.now).id

    def lift(self, revocation: str) -> None:
        with writing() as session:
            papers.lift(session, self.house.olga, revocation, self.now)

    def units(self, *members: str) -> list[tuple[int, int]]:
        """Open and closed, of each."""
        found = [self.house.balances(each, f"paper:{self.paper}") for each in members]
        return [(each.available, each.clawed_back) for each in found]


@pytest.fixture
def desk(programme: House) -> Desk:
    return Desk(programme, clock.now())


def test_it_works(desk: Desk) -> None:
    ada, ben, fay = desk.house.ada, desk.house.ben, desk.house.fay
    assert desk.units(ada, ben, fay) == [(1, 0), (0, 0), (0, 0)]
    desk.change("@ada", "@ben")
    desk.change("@ben", "@ben", "@ada")
    assert desk.units(ada, ben, fay) == [(1, 0), (1, 0), (0, 0)]
    desk.change("@ben")
    assert desk.units(ada, ben, fay) == [(0, 1), (1, 0), (0, 0)]
    desk.change("@ada")
    assert desk.units(ada, ben, fay) == [(1, 1), (0, 1), (0, 0)]


def test_access_that_ended_is_taken_back_and_given_again(desk: Desk) -> None:
    ada, ben = desk.house.ada, desk.house.ben
    desk.change("@ada", "@ben")
    hers = desk.revoke("@ada")
    assert desk.units(ada, ben) == [(0, 1), (1, 0)]
    all_of_it = desk.revoke(None)
    desk.lift(hers)
    assert desk.units(ada, ben) == [(0, 1), (0, 1)]
    desk.change("@ada", "@ben", "@fay")  # while it is closed to all
    assert desk.units(desk.house.fay) == [(0, 0)]
    desk.lift(all_of_it)
    assert desk.units(ada, ben, desk.house.fay) == [(1, 1), (1, 1), (1, 0)]


def test_two_who_change_it_at_once_open_it_once(desk: Desk) -> None:
    changes = [("@ben",), ("@ben", "@fay"), ("@ada", "@ben"), ("@fay", "@ada", "@ben")]
    assert ended([partial(desk.change, *each) for each in changes]) == ["ok"] * 4
    assert desk.units(desk.house.ben) == [(1, 0)]


def test_the_audit_names_what_does_not_agree(desk: Desk) -> None:
    with writing() as session:
        assert auditing.audit(session) == []
        session.execute(update(PaperGuest).values(member_id=desk.house.ben))
        assert len(auditing.audit(session)) == 2
        session.rollback()


def test_the_pages_speak_of_it_and_tell_no_title_that_is_not_listed(
    client: Any, desk: Desk
) -> None:
    path = f"/me/rewards/statement?commodity=paper:{desk.paper}"
    people.sign_in(client, desk.house.ada)
    page = client.get(path).text
    for words in ("Harvest plans (paper) today", "Opened to you", f"/papers/{desk.paper}"):
        assert words in page
    people.sign_in(client, desk.house.olga)
    assert "Harvest plans (paper)" in client.get("/book").text
    desk.change("@ada", is_listed=False)
    for page in ("/book", f"/book/outstanding?commodity=paper:{desk.paper}"):
        assert "A paper that is not listed" in client.get(page).text
        assert "Harvest plans" not in client.get(page).text
    for language, words in (("zh_Hans", "已向你开放"), ("zh_Hant", "已向你開放")):
        with use_language(language):
            assert statement_words.sentence("granted", f"paper:{desk.paper}", None) == words
