"""The owner's pages of clubs."""

from __future__ import annotations

from typing import Any

import pytest

from community import queries
from community.clubs import ClubDraft, open_club
from foundation import clock
from foundation.doors import reading, writing
from tests import people

TYPED = {
    "slug": "tea-table",
    "name_en": "The tea table",
    "name_zh_Hans": "茶桌",
    "description_en": "Leaves and water.",
    "position": "0",
    "promise_hours": "8",
    "time_zone": "Asia/Taipei",
}


@pytest.fixture
def olga(app: Any, client: Any) -> str:
    with writing() as session:
        member_id: str = people.olga(session).id
    people.sign_in(client, member_id)
    return member_id


def club(slug: str = "tea-table") -> Any:
    with reading() as session:
        return queries.club(session, slug)


class TestANewClub:
    def test_it_works(self, client: Any, olga: str) -> None:
        assert 'href="/clubs/new"' in client.get("/clubs").text
        answer = people.submit(client, "/clubs/new", **TYPED)
        assert answer.location == "/clubs/tea-table"
        made = club()
        assert (made.promise_hours, made.time_zone, made.topics) == (8, "Asia/Taipei", 0)
        page = client.get("/clubs/tea-table").text
        assert "The tea table" in page
        assert 'href="/clubs/tea-table/edit"' in page
        assert "The tea table" in client.get("/clubs").text

    def test_a_visitor_is_offered_nothing_of_it(self, app: Any, client: Any, olga: str) -> None:
        people.submit(client, "/clubs/new", **TYPED)
        visitor = app.test_client()
        assert "/clubs/new" not in visitor.get("/clubs").text
        assert "/edit" not in visitor.get("/clubs/tea-table").text

    def test_nothing_need_be_promised(self, client: Any, olga: str) -> None:
        people.submit(client, "/clubs/new", **(TYPED | {"promise_hours": ""}))
        assert club().promise_hours is None

    @pytest.mark.parametrize(
        ("typed", "sentence"),
        [
            ({"slug": "Tea Table"}, "Use small letters, digits and single hyphens"),
            ({"slug": "new"}, "in use by a page of its own"),
            ({"name_en": ""}, "This field is required"),
            ({"promise_hours": "0"}, "Promise 1 to 1000 business hours"),
            ({"promise_hours": "soon"}, "“soon” is not a whole number."),
            ({"position": "-1"}, "The position is a number from 0"),
            ({"position": "9" * 20}, "This number is too large."),
            ({"time_zone": "Mars/Olympus"}, "Not a valid choice"),
        ],
        ids=str,
    )
    def test_what_is_wrong_comes_back_filled_in(
        self, client: Any, olga: str, typed: dict[str, str], sentence: str
    ) -> None:
        answer = people.submit(client, "/clubs/new", **(TYPED | typed))
        assert answer.status_code == 422
        assert sentence in answer.text
        assert "茶桌" in answer.text
        assert club() is None

    def test_an_address_is_taken_once(self, client: Any, olga: str) -> None:
        people.submit(client, "/clubs/new", **TYPED)
        answer = people.submit(client, "/clubs/new", **TYPED)
        assert answer.status_code == 422
        assert "There is a club at this address already" in answer.text


class TestChangingAClub:
    def test_it_works(self, app: Any, client: Any, olga: str) -> None:
        with writing() as session:
            draft = ClubDraft("tea-table", {"en": "Tea"}, {"en": "Leaves."}, 3, 8, "Asia/Taipei")
            open_club(session, draft, clock.now())
        visitor = app.test_client()
        assert "Leaves." in visitor.get("/clubs/tea-table").text
        page = client.get("/clubs/tea-table/edit").text
        assert 'value="Tea"' in page
        assert '<option selected value="Asia/Taipei">' in page
        typed = {name: value for name, value in TYPED.items() if name != "slug"}
        answer = people.submit(client, "/clubs/tea-table/edit", **(typed | {"promise_hours": "4"}))
        assert answer.location == "/clubs/tea-table"
        assert (club().promise_hours, club().position) == (4, 0)
        assert "Leaves and water." in visitor.get("/clubs/tea-table").text
        assert "The tea table" in visitor.get("/clubs").text

    def test_what_does_not_exist_is_not_found(self, client: Any, olga: str) -> None:
        assert client.get("/clubs/nothing/edit").status_code == 404
