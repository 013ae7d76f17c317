"""What the pages of reviews need, each in a fixed, small number of statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select, union_all
from sqlalchemy.orm import Session

from foundation.paging import Page, read_page
from foundation.tables import table_of
from members.models import Member
from reviews.models import Reply, Review, ReviewVersion, StarCount, Tally, Vote
from reviews.rules import FAVOURABLE, PAGE, Rating
from rewards.given import earned_for
from shop.models import Product

Line = Row[*tuple[Any, ...]]

#: Reviews of one member on her pages.
MINE = 10

_REVIEW: tuple[ColumnElement[Any] | Any, ...] = (
    Review.id,
    Review.product_id,
    Review.author_id,
    Review.order_id,
    Review.stars,
    Review.title,
    Review.body,
    Review.body_html,
    Review.version,
    Review.helpful,
    Review.unhelpful,
    Review.score,
    Review.leaf_index,
    Review.created_at,
    Review.revised_at,
    Member.name.label("author"),
    Member.handle,
    Member.role,
)
_PRODUCT: tuple[ColumnElement[Any] | Any, ...] = (Product.slug, Product.name.label("product"))


@dataclass(frozen=True)
class Said:
    """A review as it is shown: its row, what its author was given for it, the company's answers."""

    review: Line
    earned: Mapping[str, int]  # by commodity
    replies: Sequence[Line]


@dataclass(frozen=True)
class Section:
    """What a product's page says of its reviews. `stars` is the filter, 0 for none."""

    rating: Rating
    favourable: Said | None
    critical: Said | None
    page: Page[Said]
    stars: int


@dataclass(frozen=True)
class ReviewPage:
    """One review with everything on record about it. `vote`: True helpful, False not, None none."""

    said: Said
    versions: Sequence[ReviewVersion]
    vote: bool | None


def section(
    session: Session, product_id: str, path: str, stars: int = 0, cursor: str | None = None
) -> Section:
    """The reviews of a product, in five statements however many there are.

    The first page without a filter also holds the most helpful favourable and critical reviews.
    """
    rating = ratings(session, [product_id])[product_id]
    best = [] if stars or cursor else _most_helpful(session, product_id)
    page = _list(session, product_id, path, stars, cursor)
    said = _with_labels(session, [*best, *page.rows])
    shown = [said[row.id] for row in best]
    return Section(
        rating=rating,
        favourable=next((each for each in shown if each.review.stars in FAVOURABLE), None),
        critical=next((each for each in shown if each.review.stars not in FAVOURABLE), None),
        page=_said(page, said),
        stars=stars,
    )


def ratings(session: Session, product_ids: Sequence[str]) -> dict[str, Rating]:
    """How the reviews of each product stand."""
    counts: dict[str, dict[int, int]] = {each: {} for each in product_ids}
    rows = session.execute(
        select(StarCount.product_id, StarCount.stars, StarCount.reviews).where(
            StarCount.product_id.in_(product_ids)
        )
    )
    for product_id, stars, reviews in rows:
        counts[product_id][stars] = reviews
    return {product_id: Rating(found) for product_id, found in counts.items()}


def addresses(session: Session, author_id: str, product_ids: Sequence[str]) -> dict[str, str]:
    """Where this author's reviews of products stand, by product id (shop.page.WORDS)."""
    rows = session.execute(
        select(Review.product_id, Review.id).where(
            Review.author_id == author_id, Review.product_id.in_(product_ids)
        )
    )
    return {product_id: f"/reviews/{review_id}" for product_id, review_id in rows}


def _most_helpful(session: Session, product_id: str) -> list[Line]:
    """The most helpful review of each number of stars, best first, then newest: five seeks."""
    tops = [
        select(Review.id)
        .where(Review.product_id == product_id, Review.stars == stars)
        .order_by(Review.score.desc(), Review.id.desc())
        .limit(1)
        .subquery()
        for stars in range(1, 6)
    ]
    ids = union_all(*(select(top.c.id) for top in tops)).subquery()
    return list(
        session.execute(
            select(*_REVIEW)
            .join(Member, Member.id == Review.author_id)
            .where(Review.id.in_(select(ids.c.id)))
            .order_by(Review.score.desc(), Review.id.desc())
        )
    )


def _list(
    session: Session, product_id: str, path: str, stars: int, cursor: str | None
) -> Page[Line]:
    statement: Select[Any] = (
        select(*_REVIEW)
        .join(Member, Member.id == Review.author_id)
        .where(Review.product_id == product_id)
    )
    if stars:
        statement = statement.where(Review.stars == stars)
        path = f"{path}?stars={stars}"
    page = read_page(session, statement, Review.id, cursor=cursor, size=PAGE, path=path)
    return replace(
        page,
        next=page.next and f"{page.next}#reviews",
        previous=page.previous and f"{page.previous}#reviews",
    )


def newest(session: Session, cursor: str | None, path: str) -> Page[Said]:
    """Everybody's reviews of everything, newest first; four statements at most."""
    page = read_page(session, _everywhere(), Review.id, cursor=cursor, size=PAGE, path=path)
    return _said(page, _with_labels(session, page.rows))


def of_member(session: Session, member_id: str) -> tuple[Sequence[Said], int]:
    """A member's newest reviews, and how many there are in all."""
    rows = session.execute(
        _everywhere().where(Review.author_id == member_id).order_by(Review.id.desc()).limit(MINE)
    ).all()
    said = _with_labels(session, rows)
    total = session.scalar(select(func.count()).where(Review.author_id == member_id)) or 0
    return [said[row.id] for row in rows], total


def review_page(session: Session, review_id: str, viewer_id: str | None) -> ReviewPage | None:
    """One review, its versions newest first, and how the viewer voted."""
    row = session.execute(_everywhere().where(Review.id == review_id)).first()
    if row is None:
        return None
    versions = session.scalars(
        select(ReviewVersion)
        .where(ReviewVersion.review_id == review_id)
        .order_by(ReviewVersion.version.desc())
    ).all()
    vote = session.scalar(
        select(Vote.is_helpful).where(Vote.review_id == review_id, Vote.member_id == viewer_id)
    )
    return ReviewPage(_with_labels(session, [row])[review_id], versions, vote)


def review_by(session: Session, author_id: str, product_id: str) -> str | None:
    """The review a member wrote of a product."""
    return session.scalar(
        select(Review.id).where(Review.product_id == product_id, Review.author_id == author_id)
    )


def removals(session: Session) -> dict[int, tuple[int, int]]:
    """By stars, most first: how many reviews stand, how many were public and are not there."""
    rows = session.execute(select(*table_of(Tally).c).order_by(Tally.stars.desc()))
    return {stars: (standing, removed) for stars, standing, removed in rows}


def _everywhere() -> Select[Any]:
    return (
        select(*_REVIEW, *_PRODUCT)
        .join(Member, Member.id == Review.author_id)
        .join(Product, Product.id == Review.product_id)
    )


def _with_labels(session: Session, rows: Sequence[Line]) -> dict[str, Said]:
    """Rows with what the ledger gave for them and what the company answered, by review id."""
    ids = {row.id for row in rows}
    earned = earned_for(session, "review.published", [f"review:{each}" for each in ids])
    replies: dict[str, list[Line]] = {each: [] for each in ids}
    for reply in _replies(session, ids):
        replies[reply.review_id].append(reply)
    return {row.id: Said(row, earned.get(f"review:{row.id}", {}), replies[row.id]) for row in rows}


def _said(page: Page[Line], said: Mapping[str, Said]) -> Page[Said]:
    return Page([said[row.id] for row in page.rows], page.next, page.previous)


def _replies(session: Session, review_ids: set[str]) -> Sequence[Line]:
    if not review_ids:
        return []
    return session.execute(
        select(
            Reply.id,
            Reply.review_id,
            Reply.body_html,
            Reply.at,
            Member.name.label("author"),
            Member.handle,
        )
        .join(Member, Member.id == Reply.author_id)
        .where(Reply.review_id.in_(review_ids))
        .order_by(Reply.id)
    ).all()
