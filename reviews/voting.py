"""Voting: whether a review helped. One vote each, changeable, never on one's own words."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from foundation import versions
from foundation.refusal import Refused
from reviews.models import Review, Vote
from reviews.rules import wilson
from shop.models import Product


def vote(
    session: Session, member_id: str, review_id: str, is_helpful: bool | None, now: datetime
) -> None:
    """Say whether a review helped; None takes the vote back. Refused for one's own review.

    The review's row is locked, so its counters move by exactly what its votes do.
    """
    review = session.get(Review, review_id, with_for_update=True)
    if review is None:
        raise Refused("There is no such review.", code="unknown_review", status=404)
    if review.author_id == member_id:
        raise Refused(
            "It is for others to say whether your review helps.", code="own_review", status=403
        )
    before = session.get(Vote, (review_id, member_id))
    was = before.is_helpful if before else None
    if was is is_helpful:
        return
    _keep(session, before, review_id, member_id, is_helpful, now)
    review.helpful += (is_helpful is True) - (was is True)
    review.unhelpful += (is_helpful is False) - (was is False)
    review.score = wilson(review.helpful, review.unhelpful)
    session.flush()
    product = session.get_one(Product, review.product_id)
    versions.touch(session, f"product:{product.slug}", f"review:{review_id}")


def _keep(
    session: Session,
    before: Vote | None,
    review_id: str,
    member_id: str,
    is_helpful: bool | None,
    now: datetime,
) -> None:
    if before is None:
        assert is_helpful is not None
        session.add(Vote(review_id=review_id, member_id=member_id, is_helpful=is_helpful, at=now))
    elif is_helpful is None:
        session.delete(before)
    else:
        before.is_helpful, before.at = is_helpful, now
