"""Votes: one each, changeable, never for oneself; what they move is exact."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from foundation.doors import reading
from foundation.refusal import Refused
from reviews import queries
from reviews.models import Review
from tests.conftest import NOW
from tests.threads import at_once


def counters(review):
    with reading() as session:
        stored = session.get_one(Review, review.id)
    return stored.helpful, stored.unhelpful


def test_it_works(shelf):
    review = shelf.review(shelf.ben)
    shelf.vote(shelf.ada, review, True)
    shelf.vote(shelf.fay, review, False)
    assert counters(review) == (1, 1)


def test_a_vote_can_be_repeated_changed_and_taken_back(shelf):
    review = shelf.review(shelf.ben)
    for said, expected in [
        (None, (0, 0)),
        (True, (1, 0)),
        (True, (1, 0)),
        (False, (0, 1)),
        (None, (0, 0)),
        (True, (1, 0)),
    ]:
        shelf.vote(shelf.ada, review, said)
        assert counters(review) == expected


def test_nobody_votes_on_a_review_of_her_own(shelf):
    review = shelf.review(shelf.ben)
    with pytest.raises(Refused) as refused:
        shelf.vote(shelf.ben, review)
    assert refused.value.status == 403


def test_votes_at_once_are_all_counted(shelf):
    review = shelf.review(shelf.ben)
    voters = [shelf.anybody(f"Voter {n}") for n in range(6)]
    at_once([partial(shelf.vote, voter, review, True) for voter in voters * 2])
    assert counters(review) == (6, 0)


def test_the_most_helpful_of_both_sides_stand_above_the_list_and_ties_go_to_the_newest(shelf):
    names = ["Gus", "Hal", "Ida", "Jon", "Kim"]
    authors = [shelf.anybody(name) for name in names]
    reviews = [
        shelf.review(author, stars, now=NOW + timedelta(minutes=stars))
        for author, stars in zip(authors, (4, 5, 1, 2, 3), strict=True)
    ]
    with reading() as session:
        fresh = queries.section(session, shelf.tea, "/products/sencha")
    assert fresh.favourable.review.id == reviews[1].id
    assert fresh.critical.review.id == reviews[4].id
    for voter in (shelf.ada, shelf.ben):
        shelf.vote(voter, reviews[0])
        shelf.vote(voter, reviews[3])
    shelf.vote(shelf.fay, reviews[2])
    with reading() as session:
        voted = queries.section(session, shelf.tea, "/products/sencha")
    assert voted.favourable.review.id == reviews[0].id
    assert voted.critical.review.id == reviews[3].id
