"""The audit of reviews: every number that is kept beside the rows, held against the rows."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Executable, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from reviews.models import Review, ReviewVersion, StarCount, Tally, Vote
from reviews.rules import wilson


def audit(session: Session) -> list[str]:
    """What is wrong, a sentence each; empty when nothing is."""
    return [*_stars(session), *_tally(session), *_votes(session), *_versions(session)]


def _stars(session: Session) -> Iterator[str]:
    counted = {
        (product_id, stars): count
        for product_id, stars, count in session.execute(
            select(Review.product_id, Review.stars, func.count()).group_by(
                Review.product_id, Review.stars
            )
        )
    }
    kept = {
        (product_id, stars): count
        for product_id, stars, count in session.execute(
            select(StarCount.product_id, StarCount.stars, StarCount.reviews)
        )
    }
    for key in sorted({*counted, *kept}):
        if counted.get(key, 0) != kept.get(key, 0):
            yield (
                f"product {key[0]} counts {kept.get(key, 0)} reviews of {key[1]} stars,"
                f" there are {counted.get(key, 0)}"
            )


def _tally(session: Session) -> Iterator[str]:
    """The tally against the reviews that stand and the first versions of those that do not."""
    standing = _by_stars(session, select(Review.stars, func.count()).group_by(Review.stars))
    removed = _by_stars(
        session,
        select(ReviewVersion.stars, func.count())
        .where(ReviewVersion.version == 1, ~exists().where(Review.id == ReviewVersion.review_id))
        .group_by(ReviewVersion.stars),
    )
    for stars, stand, gone in session.execute(
        select(Tally.stars, Tally.standing, Tally.removed).order_by(Tally.stars)
    ):
        if (stand, gone) != (standing.get(stars, 0), removed.get(stars, 0)):
            yield (
                f"{stand} reviews of {stars} stars are said to stand and {gone} to be removed,"
                f" there are {standing.get(stars, 0)} and {removed.get(stars, 0)}"
            )


def _by_stars(session: Session, statement: Executable) -> dict[int, int]:
    return {stars: int(count) for stars, count in session.execute(statement)}


def _votes(session: Session) -> Iterator[str]:
    votes = (
        select(
            Vote.review_id,
            func.sum(case((Vote.is_helpful, 1), else_=0)).label("helpful"),
            func.sum(case((Vote.is_helpful, 0), else_=1)).label("unhelpful"),
        )
        .group_by(Vote.review_id)
        .subquery()
    )
    rows = session.execute(
        select(
            Review.id,
            Review.helpful,
            Review.unhelpful,
            Review.score,
            func.coalesce(votes.c.helpful, 0),
            func.coalesce(votes.c.unhelpful, 0),
        )
        .outerjoin(votes, votes.c.review_id == Review.id)
        .where(or_(Review.helpful + Review.unhelpful > 0, votes.c.review_id.is_not(None)))
    )
    for review_id, helpful, unhelpful, score, yes, no in rows:
        if (helpful, unhelpful) != (yes, no):
            yield f"review {review_id} counts {helpful}/{unhelpful} votes, there are {yes}/{no}"
        if abs(score - wilson(helpful, unhelpful)) > 1e-9:
            yield f"review {review_id} is ranked by {score}, its votes say otherwise"


def _versions(session: Session) -> Iterator[str]:
    """What stands must be the newest version on record, word for word."""
    same = and_(
        ReviewVersion.review_id == Review.id,
        ReviewVersion.version == Review.version,
        ReviewVersion.stars == Review.stars,
        ReviewVersion.title == Review.title,
        ReviewVersion.body == Review.body,
        ReviewVersion.leaf_index == Review.leaf_index,
    )
    rows = session.scalars(
        select(Review.id).outerjoin(ReviewVersion, same).where(ReviewVersion.id.is_(None))
    )
    for review_id in rows:
        yield f"review {review_id} does not stand as its newest version says"
