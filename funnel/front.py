"""What the front page shows of the rooms: newest reviews, what the clubs talk about, the shop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, case, func, select
from sqlalchemy.orm import Session

from community.models import Club, Fold, Post, Topic
from members.models import Member
from referral import promises
from referral.promises import Promise
from reviews.models import Review, StarCount
from shop.models import Product

REVIEWS = 3
TOPICS = 5
PRODUCTS = 5
#: Newest topics looked at to find some that are not folded.
LOOK = 15

#: Versions of pages that the front page depends on.
KEYS = ("reviews", "clubs", "products", "programme")

Line = Row[*tuple[Any, ...]]


@dataclass(frozen=True)
class Front:
    """The front page: rows of reviews, topics and products, and what a referral brings."""

    reviews: Sequence[Line]
    topics: Sequence[Line]
    products: Sequence[Line]
    promise: Promise
    record: Mapping[str, int]


def front(session: Session) -> Front:
    """Everything the front page needs, in five statements."""
    return Front(
        reviews=_newest_reviews(session),
        topics=_liveliest_topics(session),
        products=_products(session),
        promise=promises.promise(session),
        record=_record(session),
    )


def _newest_reviews(session: Session) -> Sequence[Line]:
    return session.execute(
        select(
            Review.id,
            Review.stars,
            Review.title,
            func.substr(Review.body, 1, 220).label("body"),
            Review.order_id,
            Member.name.label("author"),
            Product.slug,
            Product.name.label("product"),
        )
        .join(Member, Member.id == Review.author_id)
        .join(Product, Product.id == Review.product_id)
        .order_by(Review.id.desc())
        .limit(REVIEWS)
    ).all()


def _liveliest_topics(session: Session) -> Sequence[Line]:
    """Newest talk whose opening post is not folded."""
    found = session.execute(
        select(
            Topic.id,
            Topic.kind,
            Topic.title,
            Topic.posts,
            Topic.last_post_at,
            Topic.accepted_post_id,
            Club.name.label("club"),
            func.count(Fold.id).label("folds"),
        )
        .join(Club, Club.id == Topic.club_id)
        .join(Post, (Post.topic_id == Topic.id) & (Post.number == 1))
        .outerjoin(Fold, (Fold.post_id == Post.id) & Fold.restored_at.is_(None))
        .where(Topic.id.in_(select(Topic.id).order_by(Topic.id.desc()).limit(LOOK)))
        .group_by(Topic.id, Club.id)
        .order_by(Topic.last_post_id.desc())
    ).all()
    return [row for row in found if not row.folds][:TOPICS]


def _products(session: Session) -> Sequence[Line]:
    """The best reviewed products, all reviews counted alike; those without any last."""
    count = func.coalesce(func.sum(StarCount.reviews), 0)
    mean = func.sum(StarCount.stars * StarCount.reviews) * 1.0 / func.nullif(count, 0)
    return session.execute(
        select(
            Product.slug,
            Product.name,
            Product.summary,
            Product.price,
            Product.currency,
            Product.image,
            count.label("reviews"),
            mean.label("mean"),
        )
        .outerjoin(StarCount, StarCount.product_id == Product.id)
        .where(Product.shown)
        .group_by(Product.id)
        .order_by(case((count > 0, 0), else_=1), mean.desc(), Product.slug)
        .limit(PRODUCTS)
    ).all()


def _record(session: Session) -> Mapping[str, int]:
    """How many reviews there are, and how many of them praise little."""
    critical = func.sum(case((StarCount.stars <= 3, StarCount.reviews), else_=0))
    row = session.execute(select(func.sum(StarCount.reviews), critical)).one()
    return {"reviews": int(row[0] or 0), "critical": int(row[1] or 0)}
