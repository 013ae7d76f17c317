"""The link, the friend's page, the member's page, the staff's list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from foundation import quick
from foundation.doors import reading, writing
from referral import codes, queries
from referral.models import Click, ClickCount
from tests import people

NAVIGATION = {
    "User-Agent": "Mozilla/5.0 Firefox/140.0",
    "Accept": "text/html",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
}


def clicks() -> tuple[int, int]:
    """Clicks written and clicks counted."""
    with reading() as session:
        written = session.scalar(select(func.count()).select_from(Click)) or 0
        return written, int(session.scalar(select(func.sum(ClickCount.clicks))) or 0)


def follow(client: Any, address: str, **headers: str) -> Any:
    return client.get(address, headers=NAVIGATION | headers)


class TestTheLink:
    def test_it_works(self, story: Any, client: Any) -> None:
        answer = follow(client, f"/r/{story.code}")
        assert (answer.status_code, answer.location) == (302, "/invited")
        assert answer.headers["Cache-Control"] == "no-store"
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("referral=")
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Max-Age=2592000" in cookie
        assert clicks() == (1, 1)

    def test_every_click_is_counted_by_channel(self, story: Any, client: Any) -> None:
        for channel in ("qr", "qr", "whatsapp", "made-up"):
            follow(client, f"/r/{story.code}/{channel}")
        with reading() as session:
            counted = queries.clicks_by_channel(session, story.ada)
        assert [(str(name), n) for name, n in counted] == [
            ("QR code", 2),
            ("Elsewhere", 1),
            ("WhatsApp", 1),
        ]

    def test_capital_letters_do_not_matter(self, story: Any, client: Any) -> None:
        assert follow(client, f"/r/{story.code.upper()}").status_code == 302
        assert clicks() == (1, 1)

    @pytest.mark.parametrize("dest", ["image", "iframe", "script", "empty", "style"])
    def test_stuffing_leaves_neither_count_nor_cookie(
        self, story: Any, client: Any, dest: str
    ) -> None:
        mode = "navigate" if dest == "iframe" else "no-cors"
        headers = {"Sec-Fetch-Dest": dest, "Sec-Fetch-Mode": mode}
        answer = follow(client, f"/r/{story.code}", **headers)
        assert answer.status_code == 302
        assert "Set-Cookie" not in answer.headers
        assert clicks() == (0, 0)

    def test_looking_ahead_leaves_neither_count_nor_cookie(self, story: Any, client: Any) -> None:
        for headers in ({"Sec-Purpose": "prefetch"}, {"User-Agent": "Googlebot/2.1"}):
            assert "Set-Cookie" not in follow(client, f"/r/{story.code}", **headers).headers
        assert "Set-Cookie" not in client.head(f"/r/{story.code}", headers=NAVIGATION).headers
        assert clicks() == (0, 0)

    def test_the_first_link_keeps_the_friend(self, story: Any, client: Any) -> None:
        with writing() as session:
            ben = people.ben(session).id
            other = codes.ensure(session, ben, story.now)
            assert other is not None
        follow(client, f"/r/{story.code}")
        assert "Set-Cookie" not in follow(client, f"/r/{other.code}").headers
        assert b"Ada sent you" in client.get("/invited").data
        assert clicks() == (2, 2)  # both links were opened, whoever brought her

    def test_an_unknown_or_ended_link_says_so_kindly(self, story: Any, client: Any) -> None:
        with writing() as session:
            codes.revoke(session, story.ada, story.now)
        for code in (story.code, "ada-00000000"):
            answer = follow(client, f"/r/{code}")
            assert answer.status_code == 404
            assert b"This link has ended" in answer.data
            assert "Set-Cookie" not in answer.headers
        assert clicks() == (0, 0)

    def test_a_landing_page_is_one_of_ours(self, story: Any, client: Any) -> None:
        follow(client, f"/r/{story.code}?to=//evil.example/x")
        follow(client, f"/r/{story.code}?to=/products/jade")
        with reading() as session:
            landings = list(session.scalars(select(Click.landing).order_by(Click.id)))
        assert landings == ["/", "/products/jade"]

    def test_a_click_cannot_be_taken_back(self, story: Any, client: Any) -> None:
        follow(client, f"/r/{story.code}")
        with pytest.raises(Exception, match="append-only"):
            quick.tell("delete from referral_click")


class TestInvited:
    def test_it_works(self, story: Any, client: Any) -> None:
        follow(client, f"/r/{story.code}")
        answer = client.get("/invited")
        assert answer.headers["Cache-Control"] == "private, no-store"
        page = answer.text
        assert "Ada sent you" in page
        assert "100 points" in page  # you
        assert "200 points" in page  # Ada
        assert "Ada is rewarded when you buy" in page

    def test_without_a_link_it_is_a_welcome(self, story: Any, client: Any) -> None:
        page = client.get("/invited").text
        assert "Welcome" in page
        assert "Ada sent you" not in page

    def test_your_own_link_says_so(self, story: Any, signed_in: Callable[[str], Any]) -> None:
        client = signed_in(story.ada)
        follow(client, f"/r/{story.code}")
        assert "This is your own link" in client.get("/invited").text

    def test_a_member_of_before_is_promised_nothing(
        self, story: Any, signed_in: Callable[[str], Any]
    ) -> None:
        with writing() as session:
            ben = people.ben(session).id
        client = signed_in(ben)
        follow(client, f"/r/{story.code}")
        page = client.get("/invited").text
        assert "You are a member already" in page
        assert "100 points" not in page
        assert 'href="/join"' not in page
        client = signed_in(story.joins("Fay"))
        follow(client, f"/r/{story.code}")
        assert "100 points" in client.get("/invited").text, "her first order is still awaited"

    def test_one_friend_never_sees_the_page_of_another(
        self, story: Any, app: Any, client: Any
    ) -> None:
        follow(client, f"/r/{story.code}")
        client.get("/invited")
        assert "Ada sent you" not in app.test_client().get("/invited").text


class TestTheFriend:
    def test_she_reads_who_sent_her_and_what_her_first_order_brings_until_she_bought(
        self, story: Any, signed_in: Callable[[str], Any]
    ) -> None:
        fay = story.joins("Fay")
        client = signed_in(fay)
        assert "sent you. Once you place your first order and keep it, you get" in (
            page := client.get("/me").text
        )
        assert "100 points" in page
        story.buys(fay)
        assert "sent you" not in client.get("/me").text


class TestMine:
    def test_it_works(self, story: Any, signed_in: Callable[[str], Any]) -> None:
        fay = story.joins("Fay")
        story.buys(fay)
        page = signed_in(story.ada).get("/me/referrals").text
        assert f"http://localhost/r/{story.code}" in page
        assert "Fay" in page
        assert "Mar 17, 2026" in page  # the day of the release, and why
        assert "can be given back for 14 days" in page
        assert "so that you know, I get 200 points" in page

    def test_the_link_is_there_at_the_first_visit(
        self, story: Any, signed_in: Callable[[str], Any]
    ) -> None:
        with writing() as session:
            ben = people.ben(session).id
        client = signed_in(ben)
        page = client.get("/me/referrals").text
        assert "/r/ben-" in page
        assert "Nobody yet" in page
        with reading() as session:
            first = codes.active(session, ben)
        client.get("/me/referrals")
        with reading() as session:
            second = codes.active(session, ben)
        assert first
        assert second
        assert first.code == second.code

    def test_a_visitor_signs_in_first(self, story: Any, client: Any) -> None:
        assert client.get("/me/referrals").location.startswith("/sign-in")

    def test_the_qr_code_is_a_picture_of_the_link(
        self, story: Any, signed_in: Callable[[str], Any]
    ) -> None:
        client = signed_in(story.ada)
        drawn = client.get("/me/referrals/qr.svg")
        assert drawn.mimetype == "image/svg+xml"
        assert drawn.data.startswith(b"<svg")
        assert client.get("/me/referrals/qr.png").data.startswith(b"\x89PNG")
        saved = client.get("/me/referrals/qr.png?download=1")
        assert "attachment" in saved.headers["Content-Disposition"]

    def test_a_new_link_replaces_the_old_one(
        self, story: Any, app: Any, signed_in: Callable[[str], Any]
    ) -> None:
        app.config["WTF_CSRF_ENABLED"] = False
        client = signed_in(story.ada)
        assert client.post("/me/referrals/renew").status_code == 303
        assert follow(client, f"/r/{story.code}").status_code == 404
        assert client.post("/me/referrals/revoke").status_code == 303
        assert "You have no link at the moment" in client.get("/me/referrals").text

    def test_the_name_is_what_she_chooses(
        self, story: Any, app: Any, signed_in: Callable[[str], Any]
    ) -> None:
        app.config["WTF_CSRF_ENABLED"] = False
        client = signed_in(story.ada)
        wrong = client.post("/me/referrals/name", data={"name": ""})
        assert wrong.status_code == 422
        client.post("/me/referrals/name", data={"name": "A. from the market"})
        follow(client, f"/r/{story.code}")
        assert "A. from the market sent you" in client.get("/invited").text


class TestEverybody:
    def test_it_works(self, story: Any, signed_in: Callable[[str], Any]) -> None:
        story.buys(story.joins("Fay"))
        page = signed_in(story.olga).get("/referrals").text
        assert "Ada" in page
        assert "Fay" in page
        assert "$40.00" in page

    def test_members_have_no_access(self, story: Any, signed_in: Callable[[str], Any]) -> None:
        assert signed_in(story.ada).get("/referrals").status_code == 403

    def test_a_doubted_one_is_decided_here(
        self, story: Any, app: Any, signed_in: Callable[[str], Any]
    ) -> None:
        app.config["WTF_CSRF_ENABLED"] = False
        friends = [story.joins("Fay"), story.joins("Gus")]
        story.signs_in(story.ada, "8.8.8.8")
        for friend in friends:
            story.signs_in(friend, "8.8.8.8")
            story.buys(friend)
        client = signed_in(story.olga)
        assert "same browser" in client.get("/referrals?state=doubted").text
        fay, gus = (story.referral(friend).id for friend in friends)
        assert client.post(f"/referrals/{fay}/approve").status_code == 303
        unsaid = client.post(f"/referrals/{gus}/refuse")
        assert (unsaid.status_code, "Choose a reason" in unsaid.text) == (422, True)
        refused = client.post(f"/referrals/{gus}/refuse", data={"reason": "made_up"})
        assert refused.status_code == 303
        assert [story.state(friend) for friend in friends] == ["pending", "refused"]
