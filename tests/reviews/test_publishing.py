"""Publishing and revising: public at once, counted, logged, paid alike, once per member."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from foundation.doors import reading, writing
from foundation.facts import Fact
from foundation.refusal import Refused
from reviews import auditing, publishing, queries, rules, witness
from reviews.models import Review, ReviewVersion, StarCount
from reviews.rules import Rating, ReviewDraft, check, wilson
from rewards.models import Grant
from tests.conftest import NOW
from tests.threads import at_once, ended
from transparency import verifying

LATER = NOW + timedelta(days=3)


def revise(member, review, stars=2, title="Gone stale", body="After a month, hay."):
    with writing() as session:
        draft = ReviewDraft(stars, title, body)
        return publishing.revise(session, member.id, review.id, draft, LATER)


def test_it_works(shelf):
    order_id = shelf.buy(shelf.ben)
    review = shelf.review(shelf.ben, 4)
    assert (review.stars, review.version, review.order_id) == (4, 1, order_id)
    with reading() as session:
        assert queries.ratings(session, [shelf.tea])[shelf.tea].counts == {4: 1}
        served = witness.served(session, [f"review:{review.id}", "review:nobody"])
    assert served[f"review:{review.id}"] == publishing.content(review)
    assert served["review:nobody"] is None


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (ReviewDraft(0, "Fine", "Good."), "stars"),
        (ReviewDraft(6, "Fine", "Good."), "stars"),
        (ReviewDraft(True, "Fine", "Good."), "stars"),
        (ReviewDraft(3, "  ", "Good."), "title"),
        (ReviewDraft(3, "x" * 121, "Good."), "title"),
        (ReviewDraft(3, "Fine", "\n "), "body"),
        (ReviewDraft(3, "Fine", "x" * 10_001), "body"),
    ],
)
def test_what_cannot_be_published_names_its_field(draft, field):
    with pytest.raises(Refused) as refused:
        check(draft)
    assert refused.value.field == field


def test_a_second_review_of_the_same_product_is_refused_and_of_another_is_not(shelf):
    shelf.review(shelf.ben)
    with pytest.raises(Refused) as refused:
        shelf.review(shelf.ben)
    assert refused.value.code == "reviewed"
    shelf.review(shelf.ben, product=shelf.pot)


def test_an_unknown_product_cannot_be_reviewed(shelf):
    with pytest.raises(Refused):
        shelf.review(shelf.ben, product="0" * 26)


def test_a_revision_keeps_what_was_said_before_and_moves_the_count(shelf):
    review = shelf.review(shelf.ben, 5)
    revised = revise(shelf.ben, review)
    assert (revised.version, revised.revised_at) == (2, LATER)
    with reading() as session:
        kept = session.scalars(select(ReviewVersion).order_by(ReviewVersion.version)).all()
        counts = queries.ratings(session, [shelf.tea])[shelf.tea].counts
        report = verifying.verify(session)
    assert [(each.stars, each.title) for each in kept] == [
        (5, "Smells of spring"),
        (2, "Gone stale"),
    ]
    assert kept[0].leaf_index < kept[1].leaf_index == revised.leaf_index
    assert counts == {5: 0, 2: 1}
    assert report.fine


def test_revising_without_a_change_writes_nothing(shelf):
    review = shelf.review(shelf.ben)
    revise(shelf.ben, review, review.stars, review.title, review.body)
    with reading() as session:
        assert len(session.scalars(select(ReviewVersion)).all()) == 1


def test_only_its_author_revises_a_review(shelf):
    review = shelf.review(shelf.ben)
    with pytest.raises(Refused) as refused:
        revise(shelf.olga, review)
    assert refused.value.status == 403


def test_a_purchase_made_after_the_review_verifies_its_revision(shelf):
    review = shelf.review(shelf.ben)
    assert review.order_id is None
    order_id = shelf.buy(shelf.ben)
    assert revise(shelf.ben, review).order_id == order_id


def test_one_star_earns_what_five_stars_earn(shelf):
    """For each number of stars the fact says the same, and the grant and its hold are the same."""
    authors = [shelf.anybody(f"Reader {stars}") for stars in range(1, 6)]
    for stars, author in enumerate(authors, start=1):
        shelf.review(author, stars)
    with reading() as session:
        facts = session.scalars(select(Fact).where(Fact.kind == "review.published")).all()
        grants = session.scalars(select(Grant).where(Grant.fact_kind == "review.published")).all()
    assert len(facts) == len(grants) == 5
    assert {tuple(sorted(fact.details)) for fact in facts} == {
        ("order", "product", "slug", "verified")
    }
    assert (
        len({(each.amount, each.release_at, each.released_at, each.tier) for each in grants}) == 1
    )
    assert {grant.member_id for grant in grants} == {author.id for author in authors}


def test_two_clicks_at_once_publish_one_review(shelf):
    assert sorted(ended([partial(shelf.review, shelf.ben)] * 2)) == ["ok", "reviewed"]
    with reading() as session:
        assert len(session.scalars(select(Review)).all()) == 1


def test_opposite_revisions_at_once_do_not_lock_each_other_out(shelf):
    one, other = shelf.review(shelf.ben, 5), shelf.review(shelf.ada, 1)
    at_once([partial(revise, shelf.ben, one, 1), partial(revise, shelf.ada, other, 5)])


def test_a_count_that_was_tampered_with_is_found(shelf):
    shelf.review(shelf.ben, 4)
    with writing() as session:
        count = session.scalars(select(StarCount)).one()
        count.reviews = 7
        session.flush()
        assert len(auditing.audit(session)) == 1
        count.reviews = 1


def test_words_that_were_tampered_with_are_found_by_both_audits(shelf):
    review = shelf.review(shelf.ben, 1, "Mouldy")
    with writing() as session:
        stored = session.get_one(Review, review.id)
        stored.title = "Lovely"
        session.flush()
        assert len(auditing.audit(session)) == 1
        assert [each.check for each in verifying.audit(session)] == ["served"]
        session.get_one(Review, review.id).title = "Mouldy"


def test_a_review_that_somebody_deletes_is_counted_by_the_database_and_missed_by_the_log(shelf):
    review = shelf.review(shelf.ben, 1)
    revise(shelf.ben, review, stars=4)
    with writing() as session:
        attempt = session.begin_nested()
        session.execute(text("delete from review where id = :id"), {"id": review.id})
        assert queries.removals(session)[1] == (0, 1)  # as it was first public
        assert queries.removals(session)[4] == (0, 0)
        assert "is not served" in str(verifying.audit(session))
        attempt.rollback()


@given(st.dictionaries(st.integers(1, 5), st.integers(0, 10_000)))
def test_the_mean_lies_between_the_stars_and_is_shown_with_one_decimal(counts):
    rating = Rating(counts)
    if not rating.total:
        assert rating.mean is None
        assert rating.shown is None
    else:
        assert 1 <= rating.shown <= 5
        assert abs(rating.shown - rating.mean) <= 0.05 + 1e-9


@given(st.integers(0, 500), st.integers(0, 500))
def test_the_wilson_bound_stays_below_the_share_and_grows_with_help(helpful, unhelpful):
    score = wilson(helpful, unhelpful)
    assert score + 1e-9 >= 0
    assert score <= helpful / max(helpful + unhelpful, 1) + 1e-9
    assert wilson(helpful + 1, unhelpful) >= score
    assert wilson(helpful, unhelpful + 1) <= score + 1e-9


def test_the_wilson_bound_is_the_published_one():
    assert (round(wilson(1, 0), 3), round(wilson(10, 0), 3)) == (0.378, 0.859)
    assert wilson(0, 0) == 0
    assert rules.FAVOURABLE == (4, 5)
