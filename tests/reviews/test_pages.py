"""The pages of reviews, as visitors, members, authors and staff see them."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from foundation import quick
from foundation.doors import reading, writing
from members.models import Member
from notifications.models import Notification
from reviews import publishing, queries, replying
from reviews.rules import ReviewDraft
from tests import people
from tests.conftest import NOW
from tests.statements import sent
from transparency.receipts import holds

#: What must never reach a page as it is (after the cheat sheets of OWASP and PortSwigger).
EVIL = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "<!--<script>",
    "]]><script>alert(1)</script>",
    "{{ 7 * 7 }} ${7*7}",
    "[click](javascript:alert(1))",
    "\u2028</SCRIPT\t><iframe srcdoc='<script>alert(1)</script>'>",
)


def structured(html: str) -> Any:
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', html, re.S)
    assert found
    return json.loads(found[1])


def tags(html: str) -> list[str]:
    """Tags and attributes that could run something."""
    body = html.partition("<main")[2].partition("</main>")[0]
    inside = re.sub(r'<script type="application/ld\+json">.*?</script>', "", body, flags=re.S)
    pattern = r"<(?:script|iframe|object|embed|base)\b|<[^>]*\son\w+\s*=|href=[\"']?\s*javascript:"
    return re.findall(pattern, inside, re.I)


class TestProductSection:
    def test_it_works(self, client, shelf):
        shelf.buy(shelf.ben)
        review = shelf.review(shelf.ben)
        html = client.get("/products/sencha").text
        assert f'id="review-{review.id}"' in html
        assert "Smells of spring" in html
        assert "Verified purchase" in html
        assert "Earned 20 points, whatever the stars" in html
        assert "Works here" not in html

    def test_without_reviews_it_asks_for_the_first(self, client, shelf):
        html = client.get("/products/sencha").text
        assert "Nobody has reviewed it yet" in html
        assert "aggregateRating" not in structured(html)

    def test_the_next_visitor_sees_a_new_review_and_the_new_numbers(self, client, shelf):
        shelf.review(shelf.ben, 5)
        assert (
            structured(client.get("/products/sencha").text)["aggregateRating"]["ratingValue"] == 5
        )
        shelf.review(shelf.ada, 2, "Not for me")
        html = client.get("/products/sencha").text
        assert "Not for me" in html
        assert structured(html)["aggregateRating"]["reviewCount"] == 2
        assert "3.5" in html
        assert "Not for me" in client.get("/reviews").text
        assert "3.5" in client.get("/products").text

    def test_structured_data_says_what_the_page_says(self, client, shelf):
        for stars, member in ((5, shelf.ben), (4, shelf.ada), (4, shelf.fay)):
            shelf.review(member, stars)
        html = client.get("/products/sencha").text
        data = structured(html)
        assert data["offers"]["price"] == "19.90"
        assert data["aggregateRating"]["ratingValue"] == 4.3
        assert '<span class="score-number">4.3</span>' in html
        assert data["aggregateRating"]["reviewCount"] == len(data["review"]) == 3
        assert all(each["creditText"] in html for each in data["review"])

    def test_staff_are_marked_as_such(self, client, shelf):
        shelf.review(shelf.sam)
        assert "Works here" in client.get("/products/sencha").text

    def test_without_a_programme_nobody_carries_a_label(self, client, database):
        with writing() as session:
            from shop import products

            draft = products.ProductDraft("tea", {"en": "Tea"}, 100, "USD")
            tea = products.add(session, draft, NOW)
            ben = people.ben(session)
            publishing.publish(session, ben.id, tea.id, ReviewDraft(5, "Fine", "Good."), NOW)
        assert "whatever the stars" not in client.get("/products/tea").text

    def test_stars_choose_and_pages_lead_on(self, client, shelf):
        for n in range(13):
            member = shelf.anybody(f"Reader {n}")
            shelf.review(member, 1 + n % 2, f"No {n}.", now=NOW + timedelta(minutes=n))
        first = client.get("/products/sencha").text
        assert first.count('class="review"') == 10
        following = re.search(r'rel="next" href="([^"#]+)#reviews"', first)
        assert following
        second = client.get(following[1]).text
        assert second.count('class="review"') == 3
        ones = client.get("/products/sencha?stars=1").text
        assert ones.count('class="review"') == 7
        assert client.get("/products/sencha?stars=4").text.count('class="review"') == 0
        assert client.get("/products/sencha?stars=9&page=zzz").text.count('class="review"') == 10

    def test_visitors_pages_hold_no_form_and_so_are_kept_whole(self, client, shelf):
        shelf.review(shelf.ben)
        html = client.get("/products/sencha").text
        section = html.partition('id="reviews"')[2]
        assert "<form" not in section.partition("</main>")[0]
        assert "/sign-in?next=/reviews/" in section

    def test_it_costs_five_statements_however_many_reviews_there_are(self, shelf):
        def cost() -> int:
            with sent() as told, reading() as session:
                queries.section(session, shelf.tea, "/products/sencha")
            return len([each for each in told if each.lstrip().lower().startswith("select")])

        shelf.review(shelf.ben)
        few = cost()
        for n in range(14):
            shelf.review(shelf.anybody(f"Reader {n}"), 1 + n % 5)
        assert few == cost() == 5

    @pytest.mark.parametrize("evil", EVIL)
    def test_nothing_that_people_write_runs(self, client, shelf, evil):
        gus = shelf.anybody("Gus")
        with writing() as session:
            session.get_one(Member, gus.id).name = evil[:60]
        review = shelf.review(gus, 3, evil[:110], evil)
        with writing() as session:
            replying.reply(session, shelf.sam, review.id, evil, NOW)
        for page in ("/products/sencha", "/reviews", f"/reviews/{review.id}", "/members/gus"):
            answer = client.get(page)
            assert answer.status_code == 200
            assert tags(answer.text) == []
        data = structured(client.get("/products/sencha").text)
        assert data["review"][0]["name"] == evil[:110].strip()


class TestNew:
    def test_it_works(self, client, shelf):
        shelf.buy(shelf.ben)
        people.sign_in(client, shelf.ben)
        form = client.get("/products/sencha/reviews/new")
        assert "mark of a verified purchase" in form.text
        answer = people.submit(
            client, "/products/sencha/reviews/new", stars="4", title="Fresh", body="Good."
        )
        assert answer.status_code == 303
        assert answer.location.startswith("/products/sencha#review-")
        assert "Fresh" in client.get("/products/sencha").text

    def test_a_visitor_signs_in_first(self, client, shelf):
        answer = client.get("/products/sencha/reviews/new")
        assert answer.location == "/sign-in?next=/products/sencha/reviews/new"

    @pytest.mark.parametrize(
        "typed",
        [
            {"title": "Fresh", "body": "Good."},
            {"stars": "9", "title": "Fresh", "body": "Good."},
            {"stars": "3", "title": "", "body": "Good."},
            {"stars": "3", "title": "y" * 200, "body": "Good."},
        ],
    )
    def test_a_mistake_comes_back_with_everything_typed(self, client, shelf, typed):
        people.sign_in(client, shelf.ben)
        answer = people.submit(client, "/products/sencha/reviews/new", **typed)
        assert answer.status_code == 422
        assert "Good." in answer.text
        assert 'class="field-error"' in answer.text
        if "stars" in typed and typed["stars"] == "3":
            assert re.search(r'checked[^>]*value="3"', answer.text)

    def test_who_reviewed_before_changes_that_review(self, client, shelf):
        review = shelf.review(shelf.ben)
        people.sign_in(client, shelf.ben)
        answer = client.get("/products/sencha/reviews/new")
        assert answer.location == f"/reviews/{review.id}/edit"

    def test_an_unknown_product_is_not_found(self, client, shelf):
        people.sign_in(client, shelf.ben)
        assert client.get("/products/nothing/reviews/new").status_code == 404


class TestReview:
    def test_it_works(self, client, shelf):
        review = shelf.review(shelf.ben)
        html = client.get(f"/reviews/{review.id}").text
        assert "Smells of spring" in html
        assert f"/transparency/leaves/{review.leaf_index}" in html
        assert client.get(f"/transparency/leaves/{review.leaf_index}").status_code == 200

    def test_an_earlier_version_is_one_click_away(self, client, shelf):
        review = shelf.review(shelf.ben)
        people.sign_in(client, shelf.ben)
        edit = f"/reviews/{review.id}/edit"
        assert "Smells of spring" in client.get(edit).text
        answer = people.submit(client, edit, stars="2", title="Gone stale", body="Hay.")
        assert answer.location == f"/reviews/{review.id}"
        html = client.get(f"/reviews/{review.id}").text
        assert "Gone stale" in html
        assert "Smells of spring" in html
        assert "1 earlier version" in client.get("/products/sencha").text

    def test_nobody_else_edits_it(self, client, shelf):
        review = shelf.review(shelf.ben)
        people.sign_in(client, shelf.olga)
        assert client.get(f"/reviews/{review.id}/edit").status_code == 403

    def test_its_author_gets_a_receipt_that_proves_it(self, client, shelf):
        review = shelf.review(shelf.ben)
        people.sign_in(client, shelf.ben)
        receipt = client.get(f"/reviews/{review.id}/receipt.json").json
        assert holds(receipt, receipt["content"])
        assert not holds(receipt, receipt["content"] | {"stars": 1})
        assert receipt["content"]["title"] == "Smells of spring"

    def test_nobody_else_gets_it(self, client, shelf):
        review = shelf.review(shelf.ben)
        people.sign_in(client, shelf.ada)
        assert client.get(f"/reviews/{review.id}/receipt.json").status_code == 403

    def test_what_does_not_exist_is_not_found(self, client, shelf):
        assert client.get("/reviews/nothing").status_code == 404

    def test_a_vote_is_shown_and_counted_at_once(self, client, shelf):
        review = shelf.review(shelf.ben)
        people.sign_in(client, shelf.ada)
        page = f"/reviews/{review.id}"
        answer = people.submit(client, "/products/sencha", f"{page}/vote", vote="helpful")
        assert answer.location == page
        votes = client.get(page).text.partition(f'id="votes-{review.id}"')[2]
        assert votes.index('aria-pressed="true"') < votes.index("Not helpful")
        assert '<span class="number">1</span>' in client.get("/products/sencha").text

    def test_an_odd_vote_is_refused(self, client, shelf):
        review = shelf.review(shelf.ben)
        people.sign_in(client, shelf.ada)
        page = f"/reviews/{review.id}"
        assert people.submit(client, page, f"{page}/vote", vote="10").status_code == 400

    def test_its_author_cannot_vote(self, client, shelf):
        review = shelf.review(shelf.ben)
        people.sign_in(client, shelf.ben)
        page = f"/reviews/{review.id}"
        assert "/vote" not in client.get(page).text
        answer = people.submit(client, "/products/sencha", f"{page}/vote", vote="helpful")
        assert answer.status_code == 403


class TestReply:
    def test_it_works(self, client, shelf):
        review = shelf.review(shelf.ben, 1, "Mouldy")
        people.sign_in(client, shelf.sam)
        page = f"/reviews/{review.id}"
        answer = people.submit(client, page, f"{page}/reply", body="We are sorry, and **look**.")
        assert answer.location == page
        html = client.get("/products/sencha").text
        assert "<strong>look</strong>" in html
        assert "Mouldy" in html
        with reading() as session:
            told = session.scalars(
                select(Notification).where(Notification.kind == "review.replied")
            ).all()
        assert [(each.member_id, each.link) for each in told] == [(shelf.ben.id, page)]

    def test_members_cannot_answer_for_the_company(self, client, shelf):
        review = shelf.review(shelf.ben)
        people.sign_in(client, shelf.ada)
        page = f"/reviews/{review.id}"
        assert people.submit(client, page, f"{page}/reply", body="Hello").status_code == 403

    def test_an_empty_answer_comes_back(self, client, shelf):
        review = shelf.review(shelf.ben)
        people.sign_in(client, shelf.sam)
        page = f"/reviews/{review.id}"
        assert people.submit(client, page, f"{page}/reply", body=" ").status_code == 422

    def test_what_does_not_exist_is_not_found(self, client, shelf):
        review = shelf.review(shelf.ben)
        people.sign_in(client, shelf.sam)
        page = f"/reviews/{review.id}"
        answer = people.submit(client, page, "/reviews/nothing/reply", body="Hello")
        assert answer.status_code == 404


class TestNewest:
    def test_it_works(self, client, shelf):
        shelf.review(shelf.ben, title="In English")
        shelf.review(shelf.ada, title="Of the pot", product=shelf.pot)
        html = client.get("/reviews").text
        assert "In English" in html
        assert "Of the pot" in html
        assert "/products/pot" in html


class TestHowReviewsWork:
    def test_it_works(self, client, shelf):
        shelf.review(shelf.ben, 1)
        html = client.get("/how-reviews-work").text
        assert "For every review you publish, whatever its stars: 20 points." in html
        assert "Removed since the beginning" in html

    def test_it_counts_as_you_read(self, client, shelf):
        client.get("/how-reviews-work")
        shelf.review(shelf.ben, 1)
        with reading() as session:
            assert queries.removals(session) == {
                5: (0, 0), 4: (0, 0), 3: (0, 0), 2: (0, 0), 1: (1, 0)
            }  # fmt: skip
        rows = re.findall(r'<td class="number">(\d+)</td>', client.get("/how-reviews-work").text)
        assert rows == ["0"] * 8 + ["1", "0"]


class TestOwnPages:
    def test_it_works(self, client, shelf):
        shelf.review(shelf.ben)
        people.sign_in(client, shelf.ben)
        assert "Smells of spring" in client.get("/me").text
        assert "Smells of spring" in client.get("/members/ben").text

    def test_who_wrote_nothing_is_told_how(self, client, shelf):
        people.sign_in(client, shelf.ada)
        assert "My reviews" in client.get("/me").text


def test_no_reader_sees_anothers_token(app, shelf):
    """The vote buttons of a cached page carry the token of who reads it."""
    shelf.review(shelf.ben)
    tokens = []
    for member in (shelf.ada, shelf.fay):
        client = app.test_client()
        people.sign_in(client, member)
        html = client.get("/products/sencha").text
        assert "@@form-token@@" not in html
        tokens.append(set(re.findall(r'name="csrf_token" value="([^"]+)"', html)))
        assert len(tokens[-1]) == 1
    assert not tokens[0] & tokens[1]
    quick.close()


class TestOnAnOrder:
    def test_a_buyer_is_asked_once(self, client, shelf):
        order = shelf.buy(shelf.ben)
        people.sign_in(client, shelf.ben)
        asked = client.get(f"/me/orders/{order}").text
        assert "Review Sencha" in asked
        review = shelf.review(shelf.ben)
        answered = client.get(f"/me/orders/{order}").text
        assert "Review Sencha" not in answered
        assert f'href="/reviews/{review.id}"' in answered
